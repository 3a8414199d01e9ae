//! Do those who judge agree?
//!
//! [`pair`] compares two who judge the same outputs; [`raters`] any number of them, where each output may have other ones. Both work
//! on counts that add up over disjoint outputs. Categories have a value each, in ascending order, so that being near can count for
//! something.
//!
//! How large a coefficient must be is a convention, not a theorem; Krippendorff (2004) asks for 0.8, and accepts 0.667 for
//! tentative conclusions.

pub mod pair;
pub mod raters;

/// From here on, those who judge may stand in for each other.
pub const RELIABLE: f64 = 0.8;
/// From here on, tentative conclusions may be drawn.
pub const TENTATIVE: f64 = 0.667;
