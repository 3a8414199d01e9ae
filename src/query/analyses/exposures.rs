//! The outputs of a feature in the order in which each user met them: of all of it, or of each part of it by itself.

use std::ops::Range;

use polars::prelude::*;

use crate::domain::clock;
use crate::domain::decision::{Decision, Manner};
use crate::domain::window::Window;
use crate::metrics::facts as f;
use crate::query::request::QueryError;
use crate::query::snapshot::Snapshot;
use crate::store::cells::CellId;

/// What is needed of all outputs, also of those before the window, which only count.
const COUNTED: [&str; 4] = [f::CELL, f::USER, f::SHOWN_AT, f::MISSED];

/// The part of the feature that each cell belongs to. Cells that are not there are not followed.
pub type Parts = PlHashMap<CellId, u32>;

/// A part of the feature, and a user who met it.
type Meeting = (u32, i64);

/// How often each user met each part so far.
#[derive(Default)]
pub struct Exposures {
    met: PlHashMap<Meeting, u32>,
    /// Users who first met a part before the window.
    returning: PlHashSet<Meeting>,
}

/// One day's outputs in the window with a user, in the order in which they were shown.
pub struct Met {
    pub stated: DataFrame,
    /// Per output: which part of the feature it is of.
    pub parts: Vec<u32>,
    /// Per output: the number of this exposure of its user to the part, from 1.
    pub numbers: Vec<u32>,
    /// Per output: whether its user met the part before the window.
    pub returning: Vec<bool>,
}

impl Met {
    /// The decision of each output, where its user took one.
    pub fn decisions(&self) -> PolarsResult<impl Iterator<Item = Option<Decision>>> {
        let decisions = self.stated.column(f::DECISION)?.i32()?.iter();
        let manners = self.stated.column(f::MANNER)?.i32()?.iter();
        Ok(decisions.zip(manners).map(|(decision, manner)| {
            let decision = Decision::from_code(i16::try_from(decision?).ok()?)?;
            let is_automatic = manner == Some(i32::from(Manner::Automatic.code()));
            (decision.is_decided() && !is_automatic).then_some(decision)
        }))
    }
}

impl Exposures {
    /// Walks over a feature's outputs from the first on, and hands out those in the window day by day, with some columns more.
    pub fn walk(
        snapshot: &mut Snapshot,
        parts: &Parts,
        window: &Window,
        columns: &[&str],
        mut visit: impl FnMut(Met) -> Result<(), QueryError>,
    ) -> Result<Exposures, QueryError> {
        let mut exposures = Exposures::default();
        let last = clock::day_of(window.to);
        let all: Vec<&str> = COUNTED
            .into_iter()
            .chain(columns.iter().copied().filter(|name| !COUNTED.contains(name)))
            .collect();
        let days: Vec<i32> = snapshot.view.touched(i32::MIN..last + 1).map(|(day, _)| day).collect();
        for day in days {
            let is_before = clock::midnight(day + 1) <= window.from;
            let stated = snapshot.segment(day, Some(if is_before { &COUNTED } else { &all }))?;
            let met = exposures.count(stated, parts, window)?;
            if met.stated.height() > 0 {
                visit(met)?;
            }
        }
        Ok(exposures)
    }

    /// How often a user met a part until the end of the window.
    pub fn of(&self, part: u32, user: i64) -> u32 {
        self.met.get(&(part, user)).copied().unwrap_or_default()
    }

    fn count(&mut self, stated: DataFrame, parts: &Parts, window: &Window) -> PolarsResult<Met> {
        let times: Range<i64> = window.from.timestamp_micros()..window.to.timestamp_micros();
        let mut inside = Vec::with_capacity(stated.height());
        let (mut of_part, mut numbers, mut returning) = (Vec::new(), Vec::new(), Vec::new());
        let columns = stated
            .column(f::CELL)?
            .i32()?
            .iter()
            .zip(stated.column(f::USER)?.i64()?.iter());
        let columns = columns.zip(stated.column(f::SHOWN_AT)?.i64()?.iter());
        for (((cell, user), time), missed) in columns.zip(stated.column(f::MISSED)?.bool()?.iter()) {
            let (Some(cell), Some(user), Some(time), Some(false)) = (cell, user, time, missed) else {
                inside.push(false);
                continue;
            };
            let part = parts.get(&cell).copied();
            let is_inside = part.is_some() && times.contains(&time);
            inside.push(is_inside);
            let Some(part) = part.filter(|_| time < times.end) else {
                continue;
            };
            let meeting = (part, user);
            let number = self.met.entry(meeting).or_default();
            *number += 1;
            if is_inside {
                of_part.push(part);
                numbers.push(*number);
                returning.push(self.returning.contains(&meeting));
            } else {
                self.returning.insert(meeting);
            }
        }
        let inside: BooleanChunked = inside.into_iter().map(Some).collect();
        Ok(Met {
            stated: stated.filter(&inside)?,
            parts: of_part,
            numbers,
            returning,
        })
    }
}
