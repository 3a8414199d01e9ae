//! Analyses: questions that need more than one slice, or the outputs in their order. One file each.

pub mod agreement;
pub mod approvals;
mod clusters;
pub mod compare;
pub mod coverage;
pub mod drift;
pub mod experiment;
pub mod explain;
pub mod exposures;
pub mod fading;
pub mod growth;
pub mod opinions;
pub mod quality;
pub mod ranking;
pub mod recovery;
pub mod trajectory;
pub mod trigger;
