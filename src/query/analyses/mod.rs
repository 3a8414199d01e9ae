//! Analyses: questions that need more than one slice, or the outputs in their order. One file each.

pub mod agreement;
mod clusters;
pub mod compare;
pub mod drift;
pub mod experiment;
pub mod explain;
pub mod exposures;
pub mod opinions;
pub mod quality;
pub mod recovery;
pub mod trajectory;
