//! Ratings and judgements: what is said about an output, next to what is done with it.

use chrono::{DateTime, Utc};

use super::super::profile::Scale;
use super::super::words;
use super::{Decided, Life, later};
use crate::domain::event::{EventKind, JudgementSource};

/// A model judge's chance to call a right output right, and a wrong one wrong.
const MODEL_JUDGE: (f64, f64) = (0.92, 0.68);
const MODEL_JUDGE_NAME: &str = "judge-model-2";

impl Life<'_> {
    /// A rating, now and then a second thought, rarely none after all.
    pub(super) fn rate(&mut self, decided: Option<&Decided>) {
        if !self.draw.chance(self.profile.opinions.rated) {
            return;
        }
        let pleased = match decided.map(|decided| decided.taken) {
            Some(true) if self.right => 0.93,
            Some(true) => 0.65,
            Some(false) if self.right => 0.35,
            Some(false) => 0.08,
            None => 0.60,
        };
        let pause = self.draw.exponential(20.0);
        let at = later(decided.map_or(self.shown_at, |decided| decided.at), 1.0 + pause);
        let liked = self.opinion(pleased, at);
        if self.draw.chance(0.04) {
            self.opinion(pleased, later(at, 8.0));
        }
        if self.draw.chance(0.02)
            && let Some(rating) = self.events.last().and_then(|event| event.id.clone())
            && let Some(event) = self.follow(EventKind::Retract, later(at, 60.0))
        {
            event.retracts = Some(rating);
        }
        if liked && self.draw.chance(0.15) {
            let words = words::comment(&mut self.draw, "praise").to_owned();
            if let Some(event) = self.follow(EventKind::Comment, later(at, 15.0)) {
                event.comment = Some(words);
            }
        }
    }

    /// One rating; whether it is a good one.
    fn opinion(&mut self, pleased: f64, at: DateTime<Utc>) -> bool {
        let (rating, lowest, highest) = match self.profile.opinions.scale {
            Scale::Thumbs => (f64::from(u8::from(self.draw.chance(pleased))), 0.0, 1.0),
            Scale::Stars => (
                1.0 + (0..4).filter(|_| self.draw.chance(pleased)).count() as f64,
                1.0,
                5.0,
            ),
        };
        if let Some(event) = self.follow(EventKind::Rate, at) {
            event.rating = Some(rating);
            event.rating_min = Some(lowest);
            event.rating_max = Some(highest);
        }
        rating >= 0.75 * highest
    }

    pub(super) fn judge(&mut self) {
        let judging = &self.profile.judging;
        if !self.draw.chance(judging.share) {
            return;
        }
        let hours = self.draw.log_normal(judging.median_hours, 0.5);
        let (right, at) = (self.right, later(self.shown_at, 3_600.0 * hours));
        self.judgement(at, judging.source, judging.judge, right);
        if self.draw.chance(judging.by_model) {
            let (sensitivity, specificity) = MODEL_JUDGE;
            let says_right = self.draw.chance(if right { sensitivity } else { 1.0 - specificity });
            // After the better judge: were it before, the model's word would stand alone on the latest outputs.
            self.judgement(later(at, 600.0), JudgementSource::Llm, MODEL_JUDGE_NAME, says_right);
        }
    }

    fn judgement(&mut self, at: DateTime<Utc>, source: JudgementSource, judge: &str, correct: bool) {
        if let Some(event) = self.follow(EventKind::Judge, at) {
            event.source = Some(source);
            event.judge = Some(judge.to_owned());
            event.correct = Some(correct);
        }
    }
}
