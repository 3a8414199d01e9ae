//! Random events over a few outputs, made to collide: same instants, shared names, changed minds.

use calibrant::domain::event::{Event, EventKind, InitialAnswer, JudgementSource};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

/// Names of outputs, and names that are aliases of some.
const NAMES: [&str; 7] = ["o0", "o1", "o2", "o3", "trace", "span", "response"];
const WORDS: [&str; 4] = ["abcd efgh", "abxd efgh", "", "straße"];

/// What makes one event: small numbers, each used for something.
type Seed = (usize, usize, i64, [usize; 6], bool);

pub fn start() -> DateTime<Utc> {
    // Two hours before midnight, so that events fall on two days.
    "2026-03-01T22:00:00Z".parse().unwrap()
}

/// One to forty events with ids `e0`, `e1`, ….
pub fn events() -> impl Strategy<Value = Vec<Event>> {
    let seed = (
        0..EventKind::ALL.len(),
        0..NAMES.len(),
        0..40i64,
        proptest::array::uniform6(0..12usize),
        any::<bool>(),
    );
    proptest::collection::vec(seed, 1..40).prop_map(|seeds| {
        seeds
            .into_iter()
            .enumerate()
            .map(|(number, seed)| event(number, seed))
            .collect()
    })
}

fn event(number: usize, (kind, name, time, dice, flag): Seed) -> Event {
    let mut event = Event::new(EventKind::ALL[kind], NAMES[name]);
    let some = |die: usize, text: &str| (die < 6).then(|| format!("{text}{}", die % 3));
    event.id = Some(format!("e{number}"));
    // Few distinct instants.
    let mut seconds = time / 4 * 931;
    if matches!(event.kind, EventKind::Undo | EventKind::Retained) {
        seconds += 30 * (dice[5] as i64 % 3);
    }
    event.occurred_at = Some(start() + TimeDelta::seconds(seconds));
    event.feature = some(dice[0] * 2, "feature");
    event.version = some(dice[1], "v");
    event.user_id = some(dice[2], "user");
    event.confidence = (dice[3] < 8).then(|| dice[3] as f64 / 7.0);
    event.output = WORDS.get(dice[4]).map(|text| (*text).to_owned());
    event.final_text = WORDS.get(dice[5]).map(|text| (*text).to_owned());
    event.initial = flag.then_some(InitialAnswer {
        agrees: (dice[0] > 3).then_some(dice[0] > 7),
        correct: (dice[1] > 3).then_some(dice[1] > 7),
        value: (dice[2] > 3).then_some(dice[2] as f64 / 7.0),
    });
    event.output_value = (dice[1] < 8).then_some(dice[1] as f64 / 7.0);
    event.final_value = (dice[0] % 3 == 0).then_some(dice[0] as f64 / 7.0);
    event.chars_shown = (dice[2] > 9).then_some(40);
    event.chars_retained = (dice[2] > 10).then_some(13);
    event.chars_final = (dice[3] > 9).then_some(20 + dice[2] as u32);
    event.generation_ms = (dice[4] > 6).then_some(100 * dice[5] as u32);
    if dice[5] > 8 {
        event.attributes.insert("plan".to_owned(), format!("p{}", dice[4] % 2));
    }
    if event.kind == EventKind::Shown || dice[3] == 0 {
        event.aliases = dice[4..]
            .iter()
            .filter_map(|die| NAMES.get(*die))
            .map(|alias| (*alias).to_owned())
            .collect();
    }
    match event.kind {
        EventKind::Rate => {
            event.rating = Some(dice[3] as f64 / 11.0);
            event.rater = some(dice[4], "rater");
            event.rubric = some(dice[5], "rubric");
        }
        EventKind::Judge => {
            event.correct = Some(flag);
            event.judge = some(dice[4], "judge");
            event.rubric = some(dice[3], "rubric");
            event.source = [
                JudgementSource::Human,
                JudgementSource::Outcome,
                JudgementSource::Code,
                JudgementSource::Llm,
            ]
            .get(dice[5])
            .copied();
        }
        EventKind::Accept => event.auto = (dice[3] > 5).then_some(flag),
        EventKind::Retained => {
            event.retained_share = Some(dice[3] as f64 / 11.0);
            event.after_seconds = [28, 32, 120, 300, 640].get(dice[4]).copied();
        }
        EventKind::Retract => event.retracts = Some(format!("e{}", number.saturating_sub(dice[3]))),
        EventKind::Comment => event.comment = Some(WORDS[dice[3] % 4].to_owned()),
        EventKind::Reject => event.reason = some(dice[3], "reason"),
        _ => {}
    }
    event
}
