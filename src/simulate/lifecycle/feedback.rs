//! Ratings and judgements: what is said about an output, next to what is done with it.

use chrono::{DateTime, Utc};

use super::super::profile::Scale;
use super::super::words;
use super::{Decided, Life, later};
use crate::domain::event::{Event, EventKind, JudgementSource};

/// A model judge's chance to call a right output right, and a wrong one wrong.
const MODEL_JUDGE: (f64, f64) = (0.92, 0.68);
const MODEL_JUDGE_NAME: &str = "judge-model-2";

const REVIEWERS: [&str; 3] = ["reviewer-1", "reviewer-2", "reviewer-3"];
/// The share of the outputs of a reviewed feature whose usefulness the model judges.
const MODEL_REVIEWS: f64 = 0.6;

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

    /// Two of three reviewers rate qualities from 1 to 5. Tone is plain to see, beauty is in the eye of each, and useful is what is
    /// right. What they and the model say of a quality says nothing of the output as a whole.
    pub(super) fn review(&mut self) {
        let reviewed = self.profile.judging.reviewed;
        if reviewed == 0.0 {
            return;
        }
        let at = later(self.shown_at, 3_600.0 * self.draw.log_normal(30.0, 0.4));
        if self.draw.chance(MODEL_REVIEWS) {
            let (sensitivity, specificity) = MODEL_JUDGE;
            let says_useful = self
                .draw
                .chance(if self.right { sensitivity } else { 1.0 - specificity });
            if let Some(event) = self.judgement(at, JudgementSource::Llm, MODEL_JUDGE_NAME, says_useful) {
                event.rubric = Some("usefulness".to_owned());
            }
        }
        if !self.draw.chance(reviewed) {
            return;
        }
        let tone = self.draw.chance(0.7);
        let absent = self.draw.index(REVIEWERS.len());
        for (number, reviewer) in REVIEWERS.iter().enumerate().filter(|(number, _)| *number != absent) {
            let at = later(at, 600.0 * (number + 1) as f64);
            let heard = if self.draw.chance(0.99) { tone } else { !tone };
            let taste = 1.0 + self.draw.index(5) as f64;
            let useful = self.right;
            let grade = |good: bool| if good { 5.0 } else { 2.0 };
            for (rubric, rating) in [("tone", grade(heard)), ("beauty", taste), ("usefulness", grade(useful))] {
                if let Some(event) = self.follow(EventKind::Rate, at) {
                    event.rater = Some((*reviewer).to_owned());
                    event.rubric = Some(rubric.to_owned());
                    event.rating = Some(rating);
                    event.rating_min = Some(1.0);
                    event.rating_max = Some(5.0);
                }
            }
        }
    }

    fn judgement(
        &mut self,
        at: DateTime<Utc>,
        source: JudgementSource,
        judge: &str,
        correct: bool,
    ) -> Option<&mut Event> {
        let event = self.follow(EventKind::Judge, at)?;
        event.source = Some(source);
        event.judge = Some(judge.to_owned());
        event.correct = Some(correct);
        Some(event)
    }
}
