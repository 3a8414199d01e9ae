//! The form of the events: the same each time, valid, complete, and out of order by the promised amount.

use std::collections::{BTreeSet, HashMap};

use chrono::{Datelike, Weekday};

use super::*;

fn small() -> Options {
    Options {
        outputs: 3_000,
        users: 60,
        days: 14,
        ..Options::ending(end())
    }
}

fn lines(options: Options) -> Vec<String> {
    Simulation::new(options)
        .into_deliveries()
        .map(|event| serde_json::to_string(&event).unwrap())
        .collect()
}

#[test]
fn equal_options_make_equal_events() {
    let first = lines(small());
    assert_eq!(first, lines(small()));
    let other: BTreeSet<String> = lines(Options { seed: 8, ..small() }).into_iter().collect();
    assert!(first.iter().all(|line| !other.contains(line)));
}

#[test]
fn every_event_has_an_id_and_a_past_time_and_survives_json() {
    let mut seen: HashMap<String, Event> = HashMap::new();
    for event in Simulation::new(small()).into_deliveries() {
        let json = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
        assert!(event.occurred_at.unwrap() < end());
        assert!(event.confidence.is_none_or(|p| p > 0.0 && p < 1.0));
        // The same id is the same event, or it would be a conflict and not a duplicate.
        if let Some(before) = seen.insert(event.id.clone().unwrap(), event.clone()) {
            assert_eq!(before, event);
        }
    }
    let kinds: BTreeSet<i16> = seen.values().map(|event| event.kind.code()).collect();
    let all: BTreeSet<i16> = EventKind::ALL.iter().map(|kind| kind.code()).collect();
    assert_eq!(kinds, all);
}

#[test]
fn the_counts_are_what_is_delivered() {
    let simulation = Simulation::new(small());
    let (total, counts) = (simulation.total_events(), simulation.truth().counts);
    let events: Vec<Event> = simulation.into_deliveries().collect();
    let ids: BTreeSet<_> = events.iter().map(|event| event.id.as_deref()).collect();
    let is_shown = |event: &&Event| event.kind == EventKind::Shown;
    let outputs: BTreeSet<_> = events.iter().filter(is_shown).map(|event| &event.output_id).collect();
    assert_eq!(
        (total, counts.events, counts.outputs),
        (events.len(), ids.len(), outputs.len())
    );
    assert_eq!(counts.duplicates, events.len() - ids.len());
}

#[test]
fn disorder_has_the_promised_size() {
    let Known { truth, events, .. } = known_world();
    let counts = truth.counts;
    let share = |n: usize| n as f64 / counts.events as f64;
    assert!(
        (0.025..0.035).contains(&share(counts.late)),
        "late {}",
        share(counts.late)
    );
    assert!(
        (0.007..0.013).contains(&share(counts.early)),
        "early {}",
        share(counts.early)
    );
    assert!(
        (0.018..0.022).contains(&share(counts.duplicates)),
        "repeated {}",
        share(counts.duplicates)
    );
    assert!(share(counts.by_alias) > 0.01);
    assert!(
        (0.0002..0.003).contains(&share(counts.unlinked)),
        "unlinked {}",
        share(counts.unlinked)
    );

    // Seen from outside: an answer without any `shown` before it, of an output that is shown at some time.
    let (mut known, mut waiting) = (BTreeSet::new(), Vec::new());
    for event in events {
        if event.feature.is_some() {
            known.extend(event.aliases.iter().chain([&event.output_id]));
        } else if !known.contains(&event.output_id) {
            waiting.push(event);
        }
    }
    let (early, lost): (Vec<&Event>, Vec<&Event>) = waiting.iter().partition(|event| known.contains(&event.output_id));
    let distinct = |events: &[&Event]| {
        events
            .iter()
            .map(|event| event.id.clone())
            .collect::<BTreeSet<_>>()
            .len()
    };
    assert_eq!(distinct(&early), counts.early);
    assert_eq!(distinct(&lost), counts.unlinked);
}

#[test]
fn weeks_have_weekends_and_texts_come_from_one_locale() {
    let outputs = &known_world().outputs;
    let weekend = outputs
        .iter()
        .filter(|output| matches!(output.shown.occurred_at.unwrap().weekday(), Weekday::Sat | Weekday::Sun));
    assert!(weekend.count() * 5 < outputs.len());
    for output in outputs {
        assert!(output.shown.output.is_none() || output.shown.attributes["locale"] == "en");
        assert_ne!(output.shown.output.is_some(), output.shown.chars_shown.is_some());
    }
}

#[test]
fn numbers_agree_where_users_say_that_they_do() {
    let (mut agreed, mut differed) = (0, 0);
    for output in &known_world().outputs {
        let shown = &output.shown;
        let is_asked = shown.feature.as_deref() == Some("chat.answer");
        let Some(initial) = shown.initial.filter(|_| is_asked) else {
            assert!(shown.output_value.is_none() && shown.initial.is_none_or(|initial| initial.value.is_none()));
            continue;
        };
        assert!(initial.value.is_some());
        assert_eq!(initial.agrees, Some(initial.value == shown.output_value));
        *if initial.agrees == Some(true) {
            &mut agreed
        } else {
            &mut differed
        } += 1;
    }
    assert!(agreed > 100 && differed > 100, "{agreed} and {differed}");
}

#[test]
fn any_size_works() {
    for (days, users, outputs) in [(0, 0, 0), (1, 1, 10), (1, 3, 500), (400, 2, 50)] {
        let simulation = Simulation::new(Options {
            days,
            users,
            outputs,
            ..Options::ending(end())
        });
        let truth = simulation.truth();
        assert!(truth.features.iter().all(|feature| feature.acceptance.is_finite()));
        assert_eq!(simulation.into_deliveries().count(), truth.counts.deliveries);
    }
}
