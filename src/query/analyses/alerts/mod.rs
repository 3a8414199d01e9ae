//! Has something happened that somebody wants to be told of?
//!
//! A rule looks once a day, when the day is *mature*, at what was shown in its last days (`no_data` looks at hours). Each look moves a
//! small state machine, the rule's [`Memory`], so that watching goes on where it stood, on any server, and a dry run over past days is
//! the same walk from an empty memory. Each day is looked at once: what arrives after its horizon fires nothing any more.
//!
//! What is promised is said in `docs/alerts.md`: looks share the error of 30 days ([`crate::stats::watch`]), changes are found with
//! evidence that may be looked at for ever ([`crate::stats::drift::monitor`]).

mod change;
mod look;
mod reader;
mod silence;
mod threshold;
mod verdict;
mod words;

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::look::{AlertBaseline, AlertCause, AlertLook, AlertState, LookStanding, Looked, Transition};
use self::reader::Reader;
pub use self::words::subject;
use crate::domain::clock;
use crate::metrics::Metric;
use crate::metrics::families::trust::Verdict;
use crate::query::plan;
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::store::projects;

/// Days that a rule catches up with after nobody looked for long; older ones are passed over.
const CAUGHT_UP: i32 = 31;
/// Looks in a row that a rule must see well before it clears.
const CALM_LOOKS: u32 = 2;

/// The side of a level that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AlertSide {
    Above,
    Below,
    Either,
}

/// What a rule looks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Watch {
    /// The whole interval on one side of a level. It clears when the interval reaches `hysteresis` beyond the level again.
    Threshold {
        side: AlertSide,
        level: f64,
        hysteresis: f64,
    },
    /// Another level than in the days before.
    Change { baseline_days: i32, side: AlertSide },
    /// Nothing shown for so many hours, when something was due.
    NoData { hours: i64 },
    /// Another verdict on trust.
    Verdict,
}

/// A rule, checked.
#[derive(Clone)]
pub struct Rule {
    /// Project, filters, and the one metric.
    pub query: Query,
    pub metric: &'static Metric,
    pub watch: Watch,
    /// What was shown in so many days is looked at.
    pub window_days: i32,
    /// Units that a look must rest on to count; of `no_data`, outputs that must have been due.
    pub min_n: u64,
    pub min_users: u64,
    /// The chance of a false alarm in 30 days.
    pub alpha: f64,
}

/// What a rule knows of its earlier looks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    pub state: AlertState,
    /// The end of what was looked at last.
    pub looked_to: Option<DateTime<Utc>>,
    /// Looks in a row that say that it is over.
    calm: u32,
    /// The UTC day whose look fired.
    fired_on: Option<i32>,
    course: Option<change::Course>,
    /// The verdict that stands, the one that stood before it fired, and one that has been told for so many looks.
    verdict: Option<Verdict>,
    verdict_before: Option<Verdict>,
    candidate: Option<(Verdict, u32)>,
}

/// Looks at whatever is due, from one state of the database, and moves the memory on.
pub fn look(
    conn: &mut PgConnection,
    sources: &Sources,
    rule: &Rule,
    memory: &mut Memory,
    now: DateTime<Utc>,
) -> Result<Vec<Looked>, QueryError> {
    conn.build_transaction().read_only().repeatable_read().run(|conn| {
        if let Watch::NoData { hours } = rule.watch {
            let at = clock::start_of_hour(now);
            let mut reader = Reader::new(conn, sources, rule, now);
            return silence::looks(&mut reader, memory, hours, at..at + TimeDelta::hours(1), true);
        }
        let project = projects::find(conn, rule.query.project)?;
        let end = clock::day_of(plan::horizon(&project, now));
        let days = due(memory, end);
        days_looked_at(&mut Reader::new(conn, sources, rule, now), memory, days)
    })
}

/// Whether a rule that looks at days has any to look at. `horizon` is that of the project.
pub fn is_due(memory: &Memory, horizon: DateTime<Utc>) -> bool {
    !due(memory, clock::day_of(horizon)).is_empty()
}

/// The mature days that were not looked at: the newest of a new rule, and for others those since the last look.
fn due(memory: &Memory, end: i32) -> Range<i32> {
    let next = memory.looked_to.map_or(end - 1, clock::day_of);
    next.max(end - CAUGHT_UP)..end
}

/// Looks at the past as known now: at each mature day of a range, or each hour.
pub fn dry_run(
    conn: &mut PgConnection,
    sources: &Sources,
    rule: &Rule,
    days: Range<i32>,
    now: DateTime<Utc>,
) -> Result<Vec<Looked>, QueryError> {
    conn.build_transaction().read_only().repeatable_read().run(|conn| {
        let mut memory = Memory::default();
        let project = projects::find(conn, rule.query.project)?;
        let mut reader = Reader::new(conn, sources, rule, now);
        if let Watch::NoData { hours } = rule.watch {
            let end = clock::midnight(days.end).min(clock::start_of_hour(now)) + TimeDelta::hours(1);
            let start = clock::midnight(days.start) + TimeDelta::hours(1);
            return silence::looks(&mut reader, &mut memory, hours, start..end, false);
        }
        let ripe = clock::day_of(plan::horizon(&project, now));
        days_looked_at(&mut reader, &mut memory, days.start..days.end.min(ripe))
    })
}

fn days_looked_at(reader: &mut Reader, memory: &mut Memory, days: Range<i32>) -> Result<Vec<Looked>, QueryError> {
    reader.read_lately(days.clone())?;
    if let Watch::Change { baseline_days, .. } = reader.rule.watch {
        reader.read_days(change::needed(memory, days.clone(), baseline_days))?;
    }
    days.map(|day| {
        let looked = match reader.rule.watch {
            Watch::Threshold {
                side,
                level,
                hysteresis,
            } => threshold::look(reader, memory, day, side, level, hysteresis),
            Watch::Change { baseline_days, side } => change::look(reader, memory, day, baseline_days, side),
            Watch::Verdict | Watch::NoData { .. } => verdict::look(reader, memory, day),
        }?;
        memory.looked_to = Some(clock::midnight(day + 1));
        Ok(looked)
    })
    .collect()
}

impl Memory {
    /// Moves to a state, with what caused it.
    fn turn(&mut self, to: AlertState, day: i32) {
        self.state = to;
        self.calm = 0;
        self.fired_on = (to == AlertState::Firing).then_some(day);
    }

    /// Counts looks in a row that say that it is over; whether they are enough.
    fn is_calm(&mut self, calm: bool) -> bool {
        self.calm = if calm { self.calm + 1 } else { 0 };
        self.calm >= CALM_LOOKS
    }
}
