//! One file per family of metrics.

pub mod acceptance;
pub mod advice;
pub mod approvals;
pub mod calibration;
pub mod correctness;
pub mod coverage;
pub mod decision_time;
pub mod edits;
pub mod generation;
pub mod persistence;
mod quantiles;
pub mod ratings;
pub mod reliance;
pub mod retries;
pub mod team;
pub mod trigger;
pub mod trust;
pub mod users;
pub mod volumes;

/// What the catalogue says of intervals for proportions of outputs.
const PROPORTION: &str = "Wilson score with the effective number of outputs, clustered by user (Korn & Graubard 1998); t with G-1 degrees of freedom below 50 users; plain Wilson where no user has two outputs; where all are of one user, as of one output";
/// What the catalogue says of intervals for means and differences.
const LINEAR: &str = "linearised ratio of sums, clustered by user (Deng, Knoblich & Lu 2018); t with G-1 degrees of freedom below 50 users";
/// Counts have none.
const NONE: &str = "none: a count is exact";
