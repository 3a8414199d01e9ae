//! Is the level another one than in the days before?
//!
//! The first days, the *baseline*, say what is normal; each further day adds to the evidence that the level has shifted since
//! ([`drift::evidence`]). It fires when the evidence reaches what the rate of false alarms asks for. Then it clears when the level is back, or
//! when it has lasted for as many days as the baseline has: then those are the new baseline. A watch without an alarm begins anew
//! after [`RENEWED`] days, with the newest days as its baseline, which only makes alarms rarer.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::look::{AlertBaseline, AlertCause, AlertLook, AlertState, LookStanding, Looked, Transition};
use super::reader::Reader;
use super::{AlertSide, Memory, words};
use crate::domain::clock;
use crate::query::analyses::drift::{Day, read};
use crate::query::request::QueryError;
use crate::stats::drift;
use crate::stats::watch;

/// Days of a watch before it takes a newer baseline.
const RENEWED: i32 = 90;
/// It is over when so much of the change is gone.
const GONE: f64 = 0.5;

/// UTC days from one to another, which is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Days {
    from: i32,
    to: i32,
}

/// How far watching is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    /// Since a day.
    Watching { baseline: Days, since: i32 },
    /// It fired, on a move of this size.
    Fired { baseline: Days, size: f64 },
    /// It moved to the other side: nothing is watched until there is a new baseline.
    Settling { until: i32 },
}

/// What a look with a baseline is for: to watch since a day, or to see whether a move of that size is over.
enum Phase {
    Watching(i32),
    Fired(f64),
}

/// The days that looks at some days may need. Read at once they know their users by the same numbers.
pub fn needed(memory: &Memory, looks: Range<i32>, baseline_days: i32) -> Range<i32> {
    let newest = looks.start - baseline_days;
    let first = match &memory.course {
        Some(Course::Watching { baseline, .. } | Course::Fired { baseline, .. }) => newest.min(baseline.from),
        None | Some(Course::Settling { .. }) => newest,
    };
    first..looks.end
}

pub fn look(
    reader: &mut Reader,
    memory: &mut Memory,
    day: i32,
    baseline_days: i32,
    side: AlertSide,
) -> Result<Looked, QueryError> {
    let estimate = reader.lately(day)?;
    let mut look = AlertLook::at(reader.rule, day, reader.level.get(), &estimate);
    let (baseline, phase) = match memory.course.take() {
        Some(Course::Settling { until }) if day < until => {
            look.standing = LookStanding::Settling;
            memory.course = Some(Course::Settling { until });
            return Ok(Looked {
                look,
                state: memory.state,
                transition: None,
            });
        }
        Some(Course::Watching { baseline, since }) => (baseline, Phase::Watching(since)),
        Some(Course::Fired { baseline, size }) => (baseline, Phase::Fired(size)),
        None | Some(Course::Settling { .. }) => {
            let newest = Days {
                from: day - baseline_days,
                to: day,
            };
            (newest, Phase::Watching(day))
        }
    };
    let before = reader.days(baseline.from..baseline.to)?;
    look.baseline = level_of(&before).map(|value| AlertBaseline {
        from: clock::midnight(baseline.from),
        to: clock::midnight(baseline.to),
        value,
    });
    let turned = match phase {
        Phase::Watching(since) => {
            let days: Vec<Day> = before.into_iter().chain(reader.days(since..day + 1)?).collect();
            let alpha = watch::per_look(reader.rule.alpha);
            let baseline_days = (baseline.to - baseline.from) as usize;
            look.evidence = read(&days, |days| drift::evidence(days, baseline_days));
            look.evidence_needed = Some(-alpha.ln());
            watching(memory, &mut look, day, (baseline, since), side)
        }
        Phase::Fired(size) => fired(memory, &look, day, (baseline, size)),
    };
    let transition = turned.map(|(to, cause)| Transition {
        to,
        cause,
        sentence: words::change(reader.rule, &look, cause),
    });
    Ok(Looked {
        look,
        state: memory.state,
        transition,
    })
}

/// The value over all of some days.
fn level_of(days: &[Day]) -> Option<f64> {
    let sums = days
        .iter()
        .map(|day| day.bucket)
        .fold((0.0, 0.0), |sum, day| (sum.0 + day.numerator, sum.1 + day.denominator));
    (sums.1 > 0.0).then(|| sums.0 / sums.1)
}

fn watching(
    memory: &mut Memory,
    look: &mut AlertLook,
    day: i32,
    (baseline, since): (Days, i32),
    side: AlertSide,
) -> Option<(AlertState, AlertCause)> {
    let (Some(evidence), Some(needed)) = (look.evidence, look.evidence_needed) else {
        // The days before say too little: the next look has newer ones.
        look.standing = LookStanding::NoBaseline;
        return None;
    };
    memory.course = Some(Course::Watching { baseline, since });
    let (Some(value), Some(before), true) = (look.value, look.baseline, look.is_told()) else {
        return None;
    };
    if memory.state == AlertState::Waiting {
        memory.state = AlertState::Ok;
    }
    let moved = value - before.value;
    if evidence < needed {
        if day - since >= RENEWED {
            memory.course = None;
        }
        return None;
    }
    let wanted = match side {
        AlertSide::Above => moved > 0.0,
        AlertSide::Below => moved < 0.0,
        AlertSide::Either => true,
    };
    if !wanted {
        let until = day + (baseline.to - baseline.from);
        memory.course = Some(Course::Settling { until });
        return None;
    }
    memory.course = Some(Course::Fired {
        baseline,
        size: moved.abs(),
    });
    memory.turn(AlertState::Firing, day);
    Some((AlertState::Firing, AlertCause::Changed))
}

fn fired(
    memory: &mut Memory,
    look: &AlertLook,
    day: i32,
    (baseline, size): (Days, f64),
) -> Option<(AlertState, AlertCause)> {
    let lasted = memory
        .fired_on
        .is_some_and(|fired| day - fired >= baseline.to - baseline.from);
    if lasted {
        memory.course = None;
        memory.turn(AlertState::Ok, day);
        return Some((AlertState::Ok, AlertCause::Settled));
    }
    memory.course = Some(Course::Fired { baseline, size });
    let (Some(value), Some((lower, upper)), Some(before), true) =
        (look.value, look.lower.zip(look.upper), look.baseline, look.is_told())
    else {
        return None;
    };
    let back = (value - before.value).abs() <= GONE * size && (lower..=upper).contains(&before.value);
    memory.is_calm(back).then(|| {
        memory.course = Some(Course::Watching {
            baseline,
            since: day + 1,
        });
        memory.turn(AlertState::Ok, day);
        (AlertState::Ok, AlertCause::Recovered)
    })
}
