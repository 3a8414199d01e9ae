//! Analyses: questions that need more than one slice, or the outputs in their order. One file each.

pub mod autonomy;
pub mod calibration;
pub mod compare;
pub mod drift;
pub mod explain;
pub mod exposures;
pub mod outcomes;
pub mod recalibration;
pub mod recovery;
pub mod trajectory;
