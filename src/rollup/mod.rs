//! Sufficient statistics as tables of integers that add up.
//!
//! A rollup is a sum over outputs, cut by UTC day and along an [`Axis`]. The same [`Table`] is what a step of the fold adds,
//! what PostgreSQL keeps of a day, and what a question reads: columns of integers at their narrowest width. Adding tables in
//! any order gives the same table.

pub mod codec;
pub mod column;
pub mod table;

use crate::domain::key::USER_GROUPS;

pub use column::Column;
pub use table::Table;

/// What the rows of a table are, besides cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Axis {
    /// Random groups of users: `bucket` is the group; a column of outputs, then one per sum of the registry.
    Groups,
    /// Hours of the day: `bucket` is 0 to 23; columns as in `Groups`.
    Hours,
    /// A histogram of the registry by its kind: columns of positives and of negatives.
    Histogram(i16),
}

/// The number under which the first histogram is stored.
const FIRST_HISTOGRAM: i16 = 100;

/// Hours of a UTC day.
const HOURS: usize = 24;

impl Axis {
    /// How many buckets each cell has at most; histograms have no bound.
    pub fn width(self) -> usize {
        match self {
            Axis::Groups => USER_GROUPS as usize,
            Axis::Hours => HOURS,
            Axis::Histogram(_) => 0,
        }
    }

    /// The number under which it is stored.
    pub fn code(self) -> i16 {
        match self {
            Axis::Groups => 0,
            Axis::Hours => 1,
            Axis::Histogram(kind) => FIRST_HISTOGRAM + kind,
        }
    }

    pub fn from_code(code: i16) -> Axis {
        match code {
            0 => Axis::Groups,
            1 => Axis::Hours,
            other => Axis::Histogram(other - FIRST_HISTOGRAM),
        }
    }
}
