//! Calibrant: trust-calibration analytics for AI features.
//!
//! Events come in through `ingest`, become outputs and rollups in `fold`, and are asked about through `query`. Statistics are
//! in `stats`, metric definitions in `metrics`, SQL in `store`, HTTP in `api`. ARCHITECTURE.md has the map.

pub mod alerts;
pub mod api;
pub mod cli;
pub mod config;
pub mod connections;
pub mod docs;
pub mod domain;
pub mod fold;
pub mod import;
pub mod ingest;
pub mod metrics;
pub mod query;
pub mod rollup;
pub mod server;
pub mod simulate;
pub mod state;
pub mod stats;
pub mod store;
pub mod telemetry;
pub mod webhooks;
