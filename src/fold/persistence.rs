//! What of an output was in place at each horizon after it was taken.
//!
//! Time runs from the decision that stands, which is the last one; reports from before it are about an earlier one. A report is of so
//! many seconds after the decision as it says, else of when it happened. Of those near enough to a horizon the nearest speaks for
//! it, of two as near the later one, of two about the same moment the one that came last. An undo ends it: from there on nothing is
//! in place, and reports about later moments say nothing of earlier ones.
//!
//! Nothing is known of what was refused, of what was taken back without a word of its being taken (since when is unknown), and of
//! horizons without a report near enough.

use std::collections::HashMap;

use uuid::Uuid;

use super::columns::is_decision;
use super::history::Entry;
use crate::domain::event::EventKind;
use crate::domain::persistence::{HORIZONS, Kept, NEARNESS, TAKEN_BACK, stored};

const MICROS: i64 = 1_000_000;

/// What was in place of each output of which anything is known. The entries are in the order of what users did.
pub fn kept(entries: &[Entry]) -> HashMap<Uuid, Kept> {
    entries
        .chunk_by(|a, b| a.target == b.target)
        .filter_map(|own| Some((own.first()?.target, of_output(own)?)))
        .collect()
}

/// `None` where nothing is known at any horizon.
fn of_output(entries: &[Entry]) -> Option<Kept> {
    let last = entries.iter().rposition(|entry| is_decision(entry.kind))?;
    let (decision, later) = entries.get(last..)?.split_first()?;
    if !matches!(
        decision.kind,
        EventKind::Accept | EventKind::PartialAccept | EventKind::Edit
    ) {
        return None;
    }
    let after = |entry: &Entry| entry.occurred_at - decision.occurred_at;
    let undone = later.iter().find(|entry| entry.kind == EventKind::Undo).map(after);
    let reports: Vec<(i64, f64)> = later
        .iter()
        .filter(|entry| entry.kind == EventKind::Retained)
        .filter_map(|entry| {
            let stated = entry.event.after_seconds.map(|seconds| i64::from(seconds) * MICROS);
            Some((stated.unwrap_or_else(|| after(entry)), entry.event.retained_share?))
        })
        .filter(|(moment, _)| undone.is_none_or(|undone| *moment < undone))
        .collect();
    let at = |horizon: u32| {
        let horizon = i64::from(horizon) * MICROS;
        if undone.is_some_and(|undone| undone <= horizon) {
            return Some(TAKEN_BACK);
        }
        let near = reports
            .iter()
            .filter(|(moment, _)| (moment - horizon).abs() * NEARNESS <= horizon);
        // The first of the nearest is the last that came.
        let nearest = near.rev().min_by_key(|(moment, _)| ((moment - horizon).abs(), -moment));
        nearest.map(|(_, share)| stored(*share))
    };
    let kept = HORIZONS.map(at);
    kept.iter().any(Option::is_some).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::Event;
    use crate::domain::event::EventKind::{Accept, Edit, Reject, Undo};

    /// An event so many seconds after the start.
    fn at(seconds: f64, kind: EventKind) -> Entry {
        let micros = (seconds * MICROS as f64) as i64;
        Entry::of(Uuid::nil(), micros, Event::new(kind, "o"))
    }

    fn report(seconds: f64, share: f64, after_seconds: Option<u32>) -> Entry {
        let mut entry = at(seconds, EventKind::Retained);
        entry.event.retained_share = Some(share);
        entry.event.after_seconds = after_seconds;
        entry
    }

    const UNKNOWN: Option<Kept> = None;

    #[test]
    fn the_nearest_report_speaks_for_a_horizon() {
        let events = [
            at(5.0, Accept),
            report(30.0, 1.0, None),
            report(36.0, 0.5, None),
            report(80.0, 0.2, None),
        ];
        // 25 s, 31 s and 75 s after the decision: the last is near to nothing.
        assert_eq!(of_output(&events), Some([Some(5_000), None, None, None]));
    }

    #[test]
    fn what_a_report_says_of_its_time_outranks_when_it_came() {
        let events = [
            at(0.0, Accept),
            report(0.0, 0.9, Some(300)),
            report(33.0, 0.8, Some(600)),
        ];
        assert_eq!(of_output(&events), Some([None, None, Some(9_000), Some(8_000)]));
    }

    #[test]
    fn of_two_as_near_the_later_one_counts_and_of_one_moment_the_last_word() {
        let events = [
            at(0.0, Accept),
            report(25.0, 0.1, None),
            report(35.0, 0.2, None),
            report(60.0, 0.3, Some(120)),
            report(90.0, 0.4, Some(120)),
        ];
        assert_eq!(of_output(&events), Some([Some(2_000), Some(4_000), None, None]));
    }

    #[test]
    fn a_report_a_quarter_away_is_near_and_one_beyond_is_not() {
        let of = |seconds| of_output(&[at(0.0, Accept), report(seconds, 1.0, None)]);
        assert_eq!(of(22.5), Some([Some(10_000), None, None, None]));
        assert_eq!(of(37.5), Some([Some(10_000), None, None, None]));
        assert_eq!(of(22.4), UNKNOWN);
        assert_eq!(of(37.6), UNKNOWN);
    }

    #[test]
    fn from_an_undo_on_nothing_is_in_place() {
        let events = [
            at(0.0, Edit),
            report(30.0, 1.0, None),
            at(120.0, Undo),
            report(300.0, 1.0, None),
        ];
        let back = Some(TAKEN_BACK);
        assert_eq!(of_output(&events), Some([Some(10_000), back, back, back]));
        assert_eq!(of_output(&[at(0.0, Accept), at(0.0, Undo)]), Some([back; 4]));
        assert_eq!(of_output(&[at(0.0, Accept), at(601.0, Undo)]), UNKNOWN);
    }

    #[test]
    fn a_report_about_what_was_after_an_undo_says_nothing_of_before() {
        let events = [at(0.0, Accept), at(31.0, Undo), report(32.0, 0.0, None)];
        let back = Some(TAKEN_BACK);
        assert_eq!(of_output(&events), Some([None, back, back, back]));
        // Told later, but about before.
        let events = [at(0.0, Accept), at(31.0, Undo), report(40.0, 1.0, Some(30))];
        assert_eq!(of_output(&events), Some([Some(10_000), back, back, back]));
    }

    #[test]
    fn time_runs_from_the_decision_that_stands() {
        let events = [
            at(0.0, Accept),
            report(30.0, 0.3, Some(30)),
            at(40.0, Undo),
            at(50.0, Accept),
            report(80.0, 0.8, None),
        ];
        assert_eq!(of_output(&events), Some([Some(8_000), None, None, None]));
    }

    #[test]
    fn nothing_is_known_of_what_was_not_taken_or_not_said_to_be() {
        assert_eq!(of_output(&[at(0.0, Reject), report(30.0, 0.0, None)]), UNKNOWN);
        assert_eq!(of_output(&[at(0.0, Undo), report(30.0, 0.0, None)]), UNKNOWN);
        assert_eq!(of_output(&[report(30.0, 1.0, Some(30))]), UNKNOWN);
        assert_eq!(of_output(&[at(0.0, Accept)]), UNKNOWN);
        assert_eq!(
            of_output(&[at(0.0, Accept), report(30.0, 1.0, None), at(60.0, Reject)]),
            UNKNOWN
        );
    }
}
