//! The one integration binary: linking this stack twice costs more than all tests together.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that meets what it did not expect should stop there"
)]

mod support;

mod agreement;
mod alerts;
mod analyses;
mod crash;
mod dashboard;
mod demo;
mod disorder;
mod doctor;
mod erasure;
mod evals;
mod exports;
mod faults;
mod golden;
mod grafana;
mod ingest;
mod intervals;
mod origins;
mod overload;
mod position;
mod promises;
mod questions;
mod readers;
mod reference;
mod report;
mod retention;
mod smoke;
mod snapshots;
mod structure;
mod tenants;
mod upgrade;
mod verify;
