//! The simulation against its own truth, by a small and independent reading of the events.

mod events;
mod findings;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::*;
use crate::domain::event::{EventKind, JudgementSource};

fn end() -> DateTime<Utc> {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

/// What is left of one output: enough for rates.
struct Resolved {
    shown: Event,
    /// Whether the last decision took it.
    taken: Option<bool>,
    correct: Option<bool>,
}

/// All deliveries and the truth about them, of one run: the truth alone takes a run of its own.
fn run(options: &Options) -> (Truth, Vec<Event>) {
    let world = Arc::new(World::new(options));
    let mut run = Deliveries::new(Arc::clone(&world));
    let events = run.by_ref().collect();
    (run.tally.into_truth(&world), events)
}

/// Reads deliveries: by name or alias, each event once, decisions by time.
fn resolve(events: &[Event]) -> Vec<Resolved> {
    let mut outputs: Vec<Resolved> = Vec::new();
    let mut names = HashMap::new();
    for event in events.iter().filter(|event| event.kind == EventKind::Shown) {
        if !names.contains_key(&event.output_id) {
            let all = event.aliases.iter().chain([&event.output_id]);
            all.for_each(|name| assert!(names.insert(name.clone(), outputs.len()).is_none()));
            outputs.push(Resolved {
                shown: event.clone(),
                taken: None,
                correct: None,
            });
        }
    }
    for event in events {
        let Some(output) = names.get(&event.output_id).map(|at| &mut outputs[*at]) else {
            continue;
        };
        match event.kind {
            EventKind::Accept | EventKind::Edit | EventKind::PartialAccept => output.taken = Some(true),
            EventKind::Reject | EventKind::Dismiss | EventKind::Respond => output.taken = Some(false),
            EventKind::Judge if event.source != Some(JudgementSource::Llm) => output.correct = event.correct,
            _ => {}
        }
    }
    outputs
}

/// The default world, run and read once for all tests.
struct Known {
    truth: Truth,
    events: Vec<Event>,
    outputs: Vec<Resolved>,
}

fn known_world() -> &'static Known {
    static WORLD: OnceLock<Known> = OnceLock::new();
    WORLD.get_or_init(|| {
        let (truth, events) = run(&Options::ending(end()));
        Known {
            truth,
            outputs: resolve(&events),
            events,
        }
    })
}

impl Resolved {
    fn is(&self, feature: &str) -> bool {
        self.shown.feature.as_deref() == Some(feature)
    }

    fn user(&self) -> &str {
        self.shown.user_id.as_deref().unwrap()
    }

    fn taken(&self) -> Option<f64> {
        self.taken.map(|taken| f64::from(u8::from(taken)))
    }

    fn right(&self) -> Option<f64> {
        self.correct.map(|correct| f64::from(u8::from(correct)))
    }
}

/// Mean, number, and standard error with users as clusters.
struct Mean {
    value: f64,
    n: usize,
    error: f64,
}

fn mean<'a>(outputs: impl Iterator<Item = &'a Resolved>, value: impl Fn(&Resolved) -> Option<f64>) -> Mean {
    let mut users: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for output in outputs {
        if let Some(value) = value(output) {
            let (sum, n) = users.entry(output.user()).or_default();
            *sum += value;
            *n += 1.0;
        }
    }
    let (sum, n) = users
        .values()
        .fold((0.0, 0.0), |(sum, n), user| (sum + user.0, n + user.1));
    let value = sum / n;
    let g = users.len() as f64;
    let spread: f64 = users.values().map(|user| (user.0 - value * user.1).powi(2)).sum();
    Mean {
        value,
        n: n as usize,
        error: (g / (g - 1.0) * spread).sqrt() / n,
    }
}
