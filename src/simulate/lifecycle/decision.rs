//! Taking and refusing, and what users do with what they took.

use chrono::{DateTime, Utc};

use super::super::profile::Profile;
use super::super::words;
use super::{Life, later};
use crate::domain::event::{Event, EventKind};

/// How alike the changes to outputs are whose texts are not sent.
const CHANGE_EVENNESS: f64 = 6.0;

impl Life<'_> {
    pub(super) fn take(&mut self, at: DateTime<Utc>) {
        let response = &self.profile.response;
        // Wrong outputs that are taken are mended twice as often.
        let mended = if self.right {
            response.edited
        } else {
            (2.0 * response.edited).min(0.9)
        };
        let roll = self.draw.unit();
        let kind = match roll {
            roll if roll < mended => EventKind::Edit,
            roll if roll < mended + response.partial => EventKind::PartialAccept,
            _ => EventKind::Accept,
        };
        let change = self.change(kind);
        if let Some(event) = self.follow(kind, at) {
            change.write(event);
        }
        let undone = if self.right {
            response.undone.0
        } else {
            response.undone.1
        };
        let undone_after = self.draw.chance(undone).then(|| self.draw.log_normal(40.0, 1.2));
        if let Some(seconds) = undone_after {
            self.follow(EventKind::Undo, later(at, seconds));
        }
        for &seconds in response.retained_after {
            let gone = undone_after.is_some_and(|undone| undone < f64::from(seconds));
            let share = if gone { 0.0 } else { self.kept() };
            if let Some(event) = self.follow(EventKind::Retained, later(at, seconds.into())) {
                event.retained_share = Some(share);
                event.after_seconds = Some(seconds);
            }
        }
        if self.draw.chance(response.copied) {
            let pause = self.draw.exponential(5.0);
            self.follow(EventKind::Copy, later(at, pause));
        }
    }

    pub(super) fn refuse(&mut self, at: DateTime<Utc>) {
        let Profile { response, opinions, .. } = self.profile;
        let kind = self
            .draw
            .weighted(response.refusals, |row| row.1)
            .map_or(EventKind::Reject, |row| row.0);
        let complaint = self.complaint.filter(|_| !self.right);
        let reasoned = complaint.map_or(opinions.reasoned, |complaint| complaint.named);
        let reason = self.draw.chance(reasoned).then(|| {
            let blamed = !self.right && self.draw.chance(0.55);
            let listed = self
                .draw
                .weighted(opinions.reasons, |row| row.1)
                .map_or("other", |row| row.0);
            // Drawn all the same, so that the rest of the output's life stays as it is without the complaint.
            let usual = if blamed { "incorrect" } else { listed };
            complaint.map_or(usual, |complaint| complaint.reason)
        });
        let words = reason.filter(|_| self.draw.chance(opinions.commented));
        let words = words.map(|reason| words::comment(&mut self.draw, reason).to_owned());
        // Words come with the refusal or in a box that opens after it.
        let apart = self.draw.chance(0.5);
        if let Some(event) = self.follow(kind, at) {
            event.reason = reason.map(str::to_owned);
            event.comment = words.clone().filter(|_| !apart);
        }
        if let Some(words) = words.filter(|_| apart)
            && let Some(event) = self.follow(EventKind::Comment, later(at, 12.0))
        {
            event.comment = Some(words);
        }
        if self.draw.chance(response.regenerated) {
            let pause = self.draw.exponential(4.0);
            self.follow(EventKind::Regenerate, later(at, pause));
        }
    }

    /// How much of a taken output is left when the app looks.
    fn kept(&mut self) -> f64 {
        let (whole, part) = if self.right { (0.75, 0.85) } else { (0.40, 0.60) };
        if self.draw.chance(whole) {
            1.0
        } else {
            hundredths(self.draw.beta(part, CHANGE_EVENNESS))
        }
    }

    /// What the user made of the output: their text where texts are sent, otherwise its measures.
    fn change(&mut self, kind: EventKind) -> Change {
        let output = self.events.first().and_then(|shown| shown.output.as_deref());
        match (kind, output) {
            (EventKind::Edit, Some(output)) => Change::Text(words::revise(&mut self.draw, output, self.right)),
            (EventKind::PartialAccept, Some(output)) => Change::Text(words::first_part(&mut self.draw, output)),
            (EventKind::Edit | EventKind::PartialAccept, None) => {
                let distance = self.draw.beta(if self.right { 0.12 } else { 0.30 }, CHANGE_EVENNESS);
                // Some of the changed characters are additions: less is lost than was changed.
                let part = |share: f64| (f64::from(self.length) * share).round() as u32;
                let kept = part(1.0 - 0.7 * distance);
                Change::Measures {
                    distance: hundredths(distance),
                    kept,
                    // What is taken in part is only shortened.
                    finished: kept + if kind == EventKind::Edit { part(distance) } else { 0 },
                }
            }
            _ => Change::Nothing,
        }
    }
}

enum Change {
    Nothing,
    Text(String),
    Measures { distance: f64, kept: u32, finished: u32 },
}

impl Change {
    fn write(self, event: &mut Event) {
        match self {
            Change::Nothing => {}
            Change::Text(text) => event.final_text = Some(text),
            Change::Measures {
                distance,
                kept,
                finished,
            } => {
                event.edit_distance = Some(distance);
                event.chars_retained = Some(kept);
                event.chars_final = Some(finished);
            }
        }
    }
}

fn hundredths(share: f64) -> f64 {
    (100.0 * share).round() / 100.0
}
