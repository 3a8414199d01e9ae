//! Which UTC days buckets are made of.

use std::collections::BTreeSet;
use std::ops::Range;

use chrono::TimeDelta;

use crate::domain::clock;
use crate::domain::window::Window;

/// The distinct ranges of days that cover buckets: all hours of a day share one.
pub struct Blocks {
    /// Sorted by their first day, then by their last.
    pub ranges: Vec<(i32, i32)>,
}

impl Blocks {
    pub fn new(spans: &[Range<i32>]) -> Blocks {
        let distinct: BTreeSet<(i32, i32)> = spans.iter().map(|span| (span.start, span.end)).collect();
        Blocks {
            ranges: distinct.into_iter().collect(),
        }
    }

    pub fn of(&self, span: &Range<i32>) -> usize {
        self.ranges.partition_point(|range| *range < (span.start, span.end))
    }

    /// The blocks that a day is in.
    pub fn with(&self, day: i32) -> impl Iterator<Item = usize> {
        // Both ends grow together, since buckets follow one another.
        let first = self.ranges.partition_point(|(_, end)| *end <= day);
        let after = self.ranges.partition_point(|(start, _)| *start <= day);
        first..after
    }

    /// All days of all blocks.
    pub fn days(&self) -> Range<i32> {
        let first = self.ranges.first().map_or(0, |(start, _)| *start);
        first..self.ranges.last().map_or(first, |(_, end)| *end)
    }
}

/// The UTC days that a window touches.
pub fn days_covering(window: &Window) -> Range<i32> {
    clock::day_of(window.from)..clock::day_of(window.to - TimeDelta::microseconds(1)) + 1
}

pub fn is_whole_days(window: &Window) -> bool {
    clock::is_whole_day(window.from) && clock::is_whole_day(window.to)
}
