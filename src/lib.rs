//! Calibrant: trust-calibration analytics for AI features.
//!
//! Events come in through `ingest`, become outputs and rollups in `fold`, and are asked about through `query`. Statistics are
//! in `stats`, metric definitions in `metrics`, SQL in `store`, HTTP in `api`. ARCHITECTURE.md has the map.

pub mod domain;
pub mod fold;
pub mod ingest;
pub mod metrics;
pub mod stats;
pub mod store;
