//! Analyses: questions that need more than one slice, or the outputs in their order. One file each.

pub mod approvals;
pub mod compare;
pub mod coverage;
pub mod drift;
pub mod explain;
pub mod exposures;
pub mod fading;
pub mod growth;
pub mod ranking;
pub mod recovery;
pub mod trajectory;
pub mod trigger;
