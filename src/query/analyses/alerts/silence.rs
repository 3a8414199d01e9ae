//! Is nothing shown although something was due?
//!
//! Compared are the same hours of the four weeks before: if each of them had outputs, and that with least had `min_n` of them, some were
//! due. Weeks before the first output do not count, and there must be two at least. Were hours like those of the leanest week, chance would
//! leave them empty once in `e^min_n` looks, when outputs come independently.

use std::ops::Range;

use chrono::{DateTime, TimeDelta, Utc};

use super::look::{AlertCause, AlertLook, AlertState, LookStanding, Looked, Transition};
use super::reader::Reader;
use super::{Memory, words};
use crate::domain::clock;
use crate::query::request::QueryError;

const WEEKS: i64 = 4;
const LEAST_WEEKS: usize = 2;
const WEEK_HOURS: i64 = 7 * 24;

/// Looks at each whole hour of a range: at what was shown before it; and in the hour that it begins, if that is the present one.
pub fn looks(
    reader: &mut Reader,
    memory: &mut Memory,
    hours: i64,
    at: Range<DateTime<Utc>>,
    present: bool,
) -> Result<Vec<Looked>, QueryError> {
    let start = at.start - TimeDelta::hours(hours + WEEKS * WEEK_HOURS);
    let counts = reader.hours(start, at.end)?;
    let looks = (at.end - at.start).num_hours();
    let mut found = Vec::new();
    for place in 0..looks {
        let to = at.start + TimeDelta::hours(place);
        let (mut shown, due) = compared(&counts, (to - start).num_hours(), hours);
        if present {
            shown += counts.last().copied().unwrap_or_default();
        }
        let look = look(reader, to, hours, shown, due);
        let turned = step(memory, &look, shown, clock::day_of(to));
        let transition = turned.map(|(to, cause)| Transition {
            to,
            cause,
            sentence: words::silence(reader.rule, &look, hours, cause),
        });
        memory.looked_to = Some(to);
        found.push(Looked {
            look,
            state: memory.state,
            transition,
        });
    }
    Ok(found)
}

/// Outputs in the hours before a place, and in those of the leanest week before; `None` with too few weeks.
fn compared(counts: &[u64], place: i64, hours: i64) -> (u64, Option<u64>) {
    let sum = |end: i64| -> u64 {
        let (from, to) = (usize::try_from(end - hours), usize::try_from(end));
        let part = from.ok().zip(to.ok()).and_then(|(from, to)| counts.get(from..to));
        part.map_or(0, |part| part.iter().sum())
    };
    let first = counts
        .iter()
        .position(|count| *count > 0)
        .map_or(i64::MAX, |at| at as i64);
    let weeks: Vec<u64> = (1..=WEEKS)
        .map(|week| place - week * WEEK_HOURS)
        .filter(|end| end - hours >= first)
        .map(sum)
        .collect();
    let due = weeks.iter().min().copied().filter(|_| weeks.len() >= LEAST_WEEKS);
    (sum(place), due)
}

fn look(reader: &Reader, to: DateTime<Utc>, hours: i64, shown: u64, due: Option<u64>) -> AlertLook {
    let count = Some(shown as f64);
    AlertLook {
        from: to - TimeDelta::hours(hours),
        to,
        value: count,
        lower: count,
        upper: count,
        level: 1.0,
        n: shown,
        users: None,
        standing: match due {
            None => LookStanding::NoBaseline,
            Some(due) if due < reader.rule.min_n.max(1) => LookStanding::TooFew,
            Some(_) => LookStanding::Told,
        },
        verdict: None,
        baseline: None,
        evidence: None,
        evidence_needed: None,
        due,
    }
}

fn step(memory: &mut Memory, look: &AlertLook, shown: u64, day: i32) -> Option<(AlertState, AlertCause)> {
    match (memory.state, shown) {
        (AlertState::Firing, 1..) => {
            memory.turn(AlertState::Ok, day);
            Some((AlertState::Ok, AlertCause::Recovered))
        }
        (AlertState::Firing, _) => None,
        (_, 0) if look.is_told() => {
            memory.turn(AlertState::Firing, day);
            Some((AlertState::Firing, AlertCause::Silent))
        }
        (AlertState::Waiting, _) if look.is_told() => {
            memory.state = AlertState::Ok;
            None
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hours of which those from 8 to 18 o'clock on the first five days of a week have 3 outputs.
    fn week_hours(weeks: usize) -> Vec<u64> {
        (0..weeks * 168)
            .map(|hour| {
                if hour / 24 % 7 < 5 && (8..18).contains(&(hour % 24)) {
                    3
                } else {
                    0
                }
            })
            .collect()
    }

    #[test]
    fn what_is_due_follows_the_week() {
        let counts = week_hours(5);
        let monday = 4 * 168;
        // Monday at noon, the four hours before.
        assert_eq!(compared(&counts, monday + 12, 4), (12, Some(12)));
        // Saturday at noon.
        assert_eq!(compared(&counts, monday + 5 * 24 + 12, 4), (0, Some(0)));
        // One week of history is none.
        assert_eq!(compared(&counts, 168 + 12, 4), (12, None));
        let mut holiday = counts.clone();
        holiday[168 + 8..168 + 12].fill(0);
        assert_eq!(compared(&holiday, monday + 12, 4), (12, Some(0)));
    }

    #[test]
    fn the_first_output_after_silence_clears() {
        let mut memory = Memory::default();
        let at = |shown: u64| AlertLook {
            from: DateTime::UNIX_EPOCH,
            to: DateTime::UNIX_EPOCH,
            value: None,
            lower: None,
            upper: None,
            level: 1.0,
            n: shown,
            users: None,
            standing: LookStanding::Told,
            verdict: None,
            baseline: None,
            evidence: None,
            evidence_needed: None,
            due: Some(30),
        };
        let mut see = |shown| step(&mut memory, &at(shown), shown, 1).map(|(_, cause)| cause);
        assert_eq!(see(5), None);
        assert_eq!(see(0), Some(AlertCause::Silent));
        assert_eq!(see(0), None);
        assert_eq!(see(1), Some(AlertCause::Recovered));
    }
}
