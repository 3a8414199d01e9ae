//! The one integration binary: linking this stack twice costs more than all tests together.

mod support;

mod agreement;
mod disorder;
mod golden_stats;
mod ingest;
mod questions;
mod smoke;
mod tenants;
