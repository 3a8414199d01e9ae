//! Analyses: questions that need more than one slice, or the outputs in their order. One file each.

pub mod compare;
pub mod drift;
pub mod explain;
pub mod exposures;
pub mod fading;
pub mod growth;
pub mod recovery;
pub mod trajectory;
