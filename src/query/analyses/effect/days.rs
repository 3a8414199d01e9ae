//! Which days a change can be judged by.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::TimeDelta;

use super::Question;
use super::designs::{own, version};
use super::measured::Meter;
use crate::domain::clock;
use crate::domain::window::Granularity;
use crate::metrics;
use crate::query::filter::Operator;
use crate::query::plan;
use crate::query::request::{EXACT_OUTPUTS, Query, QueryError};
use crate::query::snapshot::Snapshot;

const WEEK: i32 = 7;
/// A version with less of a day's outputs than this is not being shown on it, but for stragglers.
const STRAGGLERS: f64 = 0.1;
/// So many days on which both versions were shown are compared with each other.
const LEAST_SHARED: usize = 7;

/// What there is to compare.
pub struct Days {
    /// What one must know, however it is compared.
    pub warnings: Vec<String>,
    pub shared: Option<Shared>,
    pub apart: Result<Apart, Refusal>,
}

/// Both versions were shown while users moved over.
pub struct Shared {
    /// From the first to the last of the days that both were shown.
    pub days: Range<i32>,
    /// Outputs of those days.
    pub outputs: f64,
    /// Days before them, each with the outputs from there to the last of the shared.
    pub earlier: BTreeMap<i32, f64>,
}

/// Whole weeks before and after.
pub struct Apart {
    pub before: Range<i32>,
    pub after: Range<i32>,
    pub warnings: Vec<String>,
}

/// Why there is nothing to compare yet, and how long it takes until there is.
#[derive(Clone, Default)]
pub struct Refusal {
    pub why: String,
    pub more_days: Option<u64>,
}

impl Refusal {
    pub fn new(why: impl Into<String>) -> Refusal {
        Refusal {
            why: why.into(),
            more_days: None,
        }
    }
}

impl Days {
    pub fn of(meter: &mut Meter) -> Result<Days, QueryError> {
        let question = meter.question;
        let length = WEEK * question.weeks as i32;
        let made_at = question.change.made_at;
        // The day of the change is on neither side, unless it was made at midnight.
        let stop = clock::day_of(made_at);
        let start = if clock::is_whole_day(made_at) { stop } else { stop + 1 };
        let near = neighbours(question, stop);
        let known = known_until(meter)?;
        let until = near.after.map_or(known, |day| day.min(known));
        let shown = Shown::of(meter, &(stop - length..until.min(start + 2 * length).max(start)))?;
        meter.settle(shown.outputs(), stop - length)?;

        let mut warnings = Vec::new();
        if near.beside {
            warnings.push(
                "Other changes of the feature were logged for that day: their effects cannot be told apart.".to_owned(),
            );
        }
        let ahead = start..start + weeks(question, until - start);
        Ok(Days {
            warnings,
            shared: shown.shared(ahead, near.before),
            apart: shown.apart(question, stop, start..until, &near, known),
        })
    }
}

/// The days of whole weeks, as many as are looked at at most.
fn weeks(question: &Question, days: i32) -> i32 {
    WEEK * (days / WEEK).clamp(0, question.weeks as i32)
}

/// Other changes of the feature.
struct Neighbours {
    /// The first whole day after the last change before.
    before: Option<i32>,
    /// The day of the next change.
    after: Option<i32>,
    /// Whether there are others on the same day.
    beside: bool,
}

fn neighbours(question: &Question, day: i32) -> Neighbours {
    let own = question
        .others
        .iter()
        .filter(|other| other.feature == question.change.feature);
    let days: Vec<i32> = own.map(|other| clock::day_of(other.made_at)).collect();
    Neighbours {
        before: days.iter().filter(|other| **other < day).max().map(|day| day + 1),
        after: days.iter().filter(|other| **other > day).min().copied(),
        beside: days.contains(&day),
    }
}

/// The day up to which all decisions have arrived that will.
fn known_until(meter: &mut Meter) -> Result<i32, QueryError> {
    let horizon = TimeDelta::seconds(i64::from(meter.project.horizon_seconds));
    let everything = Query::new(meter.project.id, Vec::new());
    let mut snapshot = Snapshot::new(meter.conn, meter.sources, &meter.project)?;
    let last = clock::day_of(plan::window(&mut snapshot, &everything)?.to);
    Ok(clock::day_of(meter.now - horizon).min(last))
}

/// Outputs of each day that has any: of the versions before, and of those that came with the change.
struct Shown {
    by_day: BTreeMap<i32, (f64, f64)>,
}

impl Shown {
    fn of(meter: &mut Meter, days: &Range<i32>) -> Result<Shown, QueryError> {
        let question = meter.question;
        let metrics = metrics::find("shown").map(|(_, metric)| metric);
        let mut query = meter.about(metrics.into_iter().collect(), days);
        query.filters = vec![own(question)];
        query.arms = [Operator::NotIn, Operator::In]
            .map(|operator| vec![version(question, operator)])
            .to_vec();
        query.granularity = Some(Granularity::Day);
        query.exact_outputs = EXACT_OUTPUTS;
        let mut by_day: BTreeMap<i32, (f64, f64)> = BTreeMap::new();
        for row in meter.answer(&query)? {
            let shown = row.estimates.first().and_then(|shown| shown.value).unwrap_or_default();
            let Some(bucket) = row.bucket.filter(|_| shown > 0.0) else {
                continue;
            };
            let day = by_day.entry(clock::day_of(bucket.to_utc())).or_default();
            match row.number {
                0 => day.0 += shown,
                _ => day.1 += shown,
            }
        }
        Ok(Shown { by_day })
    }

    fn outputs(&self) -> f64 {
        self.by_day.values().map(|(old, new)| old + new).sum()
    }

    /// The share of the new versions in some days.
    fn share(&self, days: Range<i32>) -> Option<f64> {
        let (old, new) = self
            .by_day
            .range(days)
            .fold((0.0, 0.0), |sum, (_, day)| (sum.0 + day.0, sum.1 + day.1));
        (old + new > 0.0).then(|| new / (old + new))
    }

    /// Whether old and new were both shown, to more than stragglers.
    fn both(&self, day: i32) -> bool {
        let share = self.share(day..day + 1);
        share.is_some_and(|share| (STRAGGLERS..=1.0 - STRAGGLERS).contains(&share))
    }

    /// The days in which users moved over, if they are enough.
    fn shared(&self, ahead: Range<i32>, changed_before: Option<i32>) -> Option<Shared> {
        let shared: Vec<i32> = ahead.filter(|day| self.both(*day)).collect();
        if shared.len() < LEAST_SHARED {
            return None;
        }
        let days = *shared.first()?..*shared.last()? + 1;
        let both = |(day, (old, new)): (&i32, &(f64, f64))| (*day, old + new);
        let outputs = self
            .by_day
            .range(days.clone())
            .map(both)
            .map(|(_, outputs)| outputs)
            .sum();
        let earlier = self.by_day.range(changed_before.unwrap_or(i32::MIN)..days.start).rev();
        let earlier = earlier.map(both).scan(outputs, |sum, (day, outputs)| {
            *sum += outputs;
            Some((day, *sum))
        });
        Some(Shared {
            earlier: earlier.collect(),
            outputs,
            days,
        })
    }

    /// Whole weeks before the change at `stop`, and after users had moved over.
    fn apart(
        &self,
        question: &Question,
        stop: i32,
        since: Range<i32>,
        near: &Neighbours,
        known: i32,
    ) -> Result<Apart, Refusal> {
        let settled = if question.versions.is_empty() {
            since.start
        } else if !self.by_day.range(since.start..).any(|(_, day)| day.1 > 0.0) {
            return Err(Refusal::new("none of its versions has been shown since"));
        } else {
            self.settled(since.clone())
                .ok_or_else(|| Refusal::new("its versions are not shown to most users yet"))?
        };
        let mut warnings = Vec::new();
        if settled > since.start {
            warnings.push(format!(
                "{} days in which users moved over are on neither side.",
                settled - since.start
            ));
        }
        let after = settled..settled + weeks(question, since.end - settled);
        if after.is_empty() {
            return Err(if near.after.is_some_and(|day| day <= known) {
                Refusal::new("the feature was changed again within a week")
            } else {
                Refusal {
                    why: "there is no full week after it whose decisions have arrived".to_owned(),
                    more_days: Some(
                        (settled + WEEK - since.end.max(since.start))
                            .max(1)
                            .unsigned_abs()
                            .into(),
                    ),
                }
            });
        }
        let Some(first) = self.by_day.range(..stop).next().map(|(day, _)| *day) else {
            return Err(Refusal::new("the feature has no outputs before it"));
        };
        let earliest = near.before.map_or(first, |day| day.max(first));
        let before = stop - weeks(question, stop - earliest)..stop;
        if before.is_empty() {
            return Err(Refusal::new(if near.before.is_some_and(|day| day > first) {
                "the feature had been changed less than a week before"
            } else {
                "there is no full week before it"
            }));
        }
        Ok(Apart {
            before,
            after,
            warnings,
        })
    }

    /// The first day from which on the new versions are shown to all but stragglers.
    fn settled(&self, mut days: Range<i32>) -> Option<i32> {
        let end = days.end;
        let is_new = |days: Range<i32>| self.share(days).is_some_and(|share| share >= 1.0 - STRAGGLERS);
        days.find(|day| is_new(*day..day + 1) && is_new(*day..end.min(day + WEEK)))
    }
}
