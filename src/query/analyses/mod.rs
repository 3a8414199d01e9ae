//! Analyses: questions that need more than one slice, or the outputs in their order. One file each.

pub mod agreement;
pub mod approvals;
pub mod autonomy;
pub mod calibration;
pub mod catalogue;
mod clusters;
pub mod compare;
pub mod complaints;
pub mod coverage;
pub mod drift;
pub mod effect;
pub mod experiment;
pub mod explain;
pub mod exposures;
pub mod fading;
pub mod growth;
pub mod opinions;
pub mod outcomes;
pub mod priorities;
pub mod quality;
pub mod ranking;
pub mod reasons;
pub mod recalibration;
pub mod recovery;
pub mod texts;
pub mod trajectory;
pub mod trigger;
