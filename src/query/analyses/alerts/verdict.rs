//! Is the verdict on trust another one?
//!
//! A gap that stands between zero and the margin may be told as calibrated or not, both rightly, so that a verdict counts as another one
//! only when it was told at [`CONFIRMED`] looks in a row.

use super::look::{AlertCause, AlertLook, AlertState, Looked, Transition};
use super::reader::Reader;
use super::{Memory, words};
use crate::metrics::families::trust::{self, Verdict};
use crate::query::request::QueryError;

/// Looks in a row that must tell a verdict before it is believed.
const CONFIRMED: u32 = 3;

pub fn look(reader: &mut Reader, memory: &mut Memory, day: i32) -> Result<Looked, QueryError> {
    let estimate = reader.lately(day)?;
    let mut look = AlertLook::at(reader.rule, day, reader.level.get(), &estimate);
    let verdict = trust::verdict(&estimate);
    look.verdict = Some(verdict);
    let told = look.is_told() && verdict != Verdict::Insufficient;
    let before = memory.verdict;
    let step = told
        .then(|| step(memory, verdict, day, reader.rule.window_days))
        .flatten();
    let transition = step.map(|(to, cause)| Transition {
        to,
        cause,
        sentence: words::verdict(reader.rule, &look, before, verdict, cause),
    });
    Ok(Looked {
        look,
        state: memory.state,
        transition,
    })
}

fn step(memory: &mut Memory, told: Verdict, day: i32, lasting: i32) -> Option<(AlertState, AlertCause)> {
    let Some(standing) = memory.verdict else {
        (memory.verdict, memory.state) = (Some(told), AlertState::Ok);
        return None;
    };
    if told == standing {
        memory.candidate = None;
        let lasted = memory.fired_on.is_some_and(|fired| day - fired >= lasting);
        return (memory.state == AlertState::Firing && lasted).then(|| {
            memory.turn(AlertState::Ok, day);
            (AlertState::Ok, AlertCause::Settled)
        });
    }
    let looks = match memory.candidate {
        Some((candidate, looks)) if candidate == told => looks + 1,
        _ => 1,
    };
    memory.candidate = Some((told, looks));
    if looks < CONFIRMED {
        return None;
    }
    (memory.verdict, memory.candidate) = (Some(told), None);
    if memory.state == AlertState::Firing && memory.verdict_before == Some(told) {
        memory.turn(AlertState::Ok, day);
        return Some((AlertState::Ok, AlertCause::Recovered));
    }
    if memory.state != AlertState::Firing {
        memory.verdict_before = Some(standing);
    }
    memory.turn(AlertState::Firing, day);
    Some((AlertState::Firing, AlertCause::VerdictChanged))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_verdict_counts_when_it_has_stood() {
        let mut memory = Memory::default();
        let mut day = 0;
        let mut see = |verdict| {
            day += 1;
            step(&mut memory, verdict, day, 10).map(|(_, cause)| cause)
        };
        assert_eq!(see(Verdict::Calibrated), None);
        // It flickers.
        for verdict in [
            Verdict::Over,
            Verdict::Over,
            Verdict::Calibrated,
            Verdict::Over,
            Verdict::Over,
        ] {
            assert_eq!(see(verdict), None);
        }
        assert_eq!(see(Verdict::Over), Some(AlertCause::VerdictChanged));
        for _ in 0..9 {
            assert_eq!(see(Verdict::Over), None);
        }
        assert_eq!(see(Verdict::Over), Some(AlertCause::Settled));
        for _ in 0..2 {
            assert_eq!(see(Verdict::Under), None);
        }
        assert_eq!(see(Verdict::Under), Some(AlertCause::VerdictChanged));
        for _ in 0..2 {
            assert_eq!(see(Verdict::Over), None);
        }
        assert_eq!(see(Verdict::Over), Some(AlertCause::Recovered));
    }
}
