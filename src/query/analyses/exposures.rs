//! The outputs of a feature in the order in which each user met them: of all of it, or of each part of it by itself.
//!
//! Outputs before the window only count. Of days whose outputs are no longer kept the histogram of users still knows how many there were.

use std::collections::BTreeMap;
use std::sync::mpsc;
use std::thread;

use polars::prelude::*;

use crate::domain::clock;
use crate::domain::decision::{Decision, Manner};
use crate::domain::window::Window;
use crate::metrics::facts as f;
use crate::query::blocks::days_covering;
use crate::query::origin::check_kept;
use crate::query::request::QueryError;
use crate::query::snapshot::Snapshot;
use crate::query::users;
use crate::rollup::Column;
use crate::store::cells::CellId;

/// What is needed of all outputs, also of those before the window, which only count.
const COUNTED: [&str; 4] = [f::CELL, f::USER, f::SHOWN_AT, f::MISSED];

/// The part of the feature that each cell belongs to. Cells that are not there are not followed.
pub type Parts = PlHashMap<CellId, u32>;

/// A part of the feature and a user who meets it.
#[derive(Default)]
struct Meeting {
    /// How often so far.
    exposures: u32,
    /// Whether the first one was before the window.
    is_returning: bool,
}

/// How often each user met each part so far.
#[derive(Default)]
pub struct Exposures {
    /// The number of each meeting, by part and user.
    numbers: PlHashMap<(u32, i64), u32>,
    meetings: Vec<Meeting>,
}

/// One day's outputs in the window with a user, in the order in which they were shown.
#[derive(Default)]
pub struct Met {
    pub stated: DataFrame,
    /// Per output: which part of the feature it is of.
    pub parts: Vec<u32>,
    /// Per output: the number of its part and user, from 0 in the order in which they first met.
    pub meetings: Vec<u32>,
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
    /// Walks over a feature's outputs from the first on, and hands out those in the window day by day, with some columns more. An error
    /// where not all of those in the window are kept.
    pub fn walk(
        snapshot: &mut Snapshot,
        parts: &Parts,
        window: &Window,
        columns: &[&str],
        mut visit: impl FnMut(Met) -> Result<(), QueryError>,
    ) -> Result<Exposures, QueryError> {
        check_kept(snapshot, window)?;
        let mut exposures = Exposures::default();
        let (first, last) = (days_covering(window).start, clock::day_of(window.to));
        exposures.count_gone(snapshot, parts, first)?;
        let all: Vec<&str> = COUNTED
            .into_iter()
            .chain(columns.iter().copied().filter(|name| !COUNTED.contains(name)))
            .collect();
        let gone: Vec<i32> = snapshot.view.gone_before(first).collect();
        let touched = snapshot.view.touched(i32::MIN..last + 1).map(|(day, _)| day);
        let days: Vec<i32> = touched.filter(|day| gone.binary_search(day).is_err()).collect();
        thread::scope(|scope| {
            // The next day is read while one is counted.
            let (give, read) = mpsc::sync_channel(1);
            scope.spawn(move || {
                for day in days {
                    let is_before = clock::midnight(day + 1) <= window.from;
                    let columns: &[&str] = if is_before { &COUNTED } else { &all };
                    let own = snapshot
                        .segment(day, Some(columns))
                        .and_then(|all| of_parts(all, parts));
                    if give.send(own).is_err() {
                        return;
                    }
                }
            });
            for own in read {
                let met = exposures.count(own?, parts, window)?;
                if met.stated.height() > 0 {
                    visit(met)?;
                }
            }
            Ok(exposures)
        })
    }

    /// How often a user met a part until the end of the window.
    pub fn of(&self, part: u32, user: i64) -> u32 {
        let number = self.numbers.get(&(part, user));
        let meeting = number.and_then(|number| self.meetings.get(*number as usize));
        meeting.map_or(0, |meeting| meeting.exposures)
    }

    /// Counts the outputs of days before the window that are not kept. An output that came after its day went is in the histogram too.
    fn count_gone(&mut self, snapshot: &mut Snapshot, parts: &Parts, before: i32) -> Result<(), QueryError> {
        let gone: Vec<i32> = snapshot.view.gone_before(before).collect();
        users::each_day(snapshot, &gone, |_, same| {
            let mut met: BTreeMap<(u32, i64), i64> = BTreeMap::new();
            for part in same {
                let counts: Vec<Option<&Column>> = part.columns().collect();
                for (row, (cell, user)) in part.keys().enumerate() {
                    if let Some(number) = parts.get(&(cell as CellId)) {
                        let outputs = counts.iter().flatten().map(|column| column.get(row));
                        *met.entry((*number, user)).or_default() += outputs.sum::<i64>();
                    }
                }
            }
            for ((part, user), outputs) in met.into_iter().filter(|(_, outputs)| *outputs > 0) {
                let number = self.number(part, user);
                if let Some(meeting) = self.meetings.get_mut(number as usize) {
                    meeting.exposures = meeting.exposures.saturating_add(outputs as u32);
                    meeting.is_returning = true;
                }
            }
        })
    }

    /// The number of a part's and a user's meeting.
    fn number(&mut self, part: u32, user: i64) -> u32 {
        let next = self.meetings.len() as u32;
        let number = *self.numbers.entry((part, user)).or_insert(next);
        if number == next {
            self.meetings.push(Meeting::default());
        }
        number
    }

    fn count(&mut self, stated: DataFrame, parts: &Parts, window: &Window) -> PolarsResult<Met> {
        let (from, to) = (window.from.timestamp_micros(), window.to.timestamp_micros());
        let mut inside = Vec::with_capacity(stated.height());
        let mut met = Met::default();
        let columns = stated
            .column(f::CELL)?
            .i32()?
            .iter()
            .zip(stated.column(f::USER)?.i64()?.iter());
        let columns = columns.zip(stated.column(f::SHOWN_AT)?.i64()?.iter());
        for (((cell, user), time), missed) in columns.zip(stated.column(f::MISSED)?.bool()?.iter()) {
            let part = cell.and_then(|cell| parts.get(&cell).copied());
            let time = time.filter(|time| *time < to);
            let (Some(part), Some(user), Some(time), Some(false)) = (part, user, time, missed) else {
                inside.push(false);
                continue;
            };
            let is_inside = time >= from;
            inside.push(is_inside);
            let number = self.number(part, user);
            let Some(meeting) = self.meetings.get_mut(number as usize) else {
                continue;
            };
            meeting.exposures += 1;
            if is_inside {
                met.parts.push(part);
                met.meetings.push(number);
                met.numbers.push(meeting.exposures);
                met.returning.push(meeting.is_returning);
            } else {
                meeting.is_returning = true;
            }
        }
        let inside: BooleanChunked = inside.into_iter().map(Some).collect();
        met.stated = stated.filter(&inside)?;
        Ok(met)
    }
}

/// The outputs of the parts; most are of other features.
fn of_parts(stated: DataFrame, parts: &Parts) -> Result<DataFrame, QueryError> {
    let cells = stated.column(f::CELL)?.i32()?.iter();
    let followed: BooleanChunked = cells.map(|cell| Some(parts.contains_key(&cell?))).collect();
    Ok(stated.filter(&followed)?)
}
