//! The neutral event: one thing that happened to an output, whatever protocol it came by.

mod attributes;
mod kind;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::attributes::AttributeValue;
pub use self::kind::{EventKind, JudgementSource};

use super::decision::Manner;
use super::strict;

/// The user's own answer before the output was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InitialAnswer {
    /// Whether it agreed with the output.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agrees: Option<bool>,
    /// Whether it was right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correct: Option<bool>,
    /// The answer itself, where it is a number: in the unit of `output_value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = -1_000_000_000_000_000i64, maximum = 1_000_000_000_000_000i64)]
    pub value: Option<f64>,
}

/// Characters that a reason has at most if it is a code.
pub const REASON_CODE_CHARS: usize = 64;
/// What is kept of a reason that is words, where no texts are kept.
pub const FREE_TEXT: &str = "free_text";

/// One thing that happened to one output.
///
/// Only `type` and `output_id` are needed. Context (`feature`, `version`, …) usually comes with `shown`, but any event may
/// carry it, so that the smallest client can send nothing but decisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"type": "accept", "output_id": "draft-81", "feature": "email.draft"}))]
pub struct Event {
    /// The client's name for this event. Sending it again changes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub id: Option<String>,
    #[serde(rename = "type", deserialize_with = "strict::word")]
    pub kind: EventKind,
    /// The client's name for the output.
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub output_id: String,
    /// When it happened (RFC 3339). Without it, the time of receipt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub occurred_at: Option<DateTime<Utc>>,

    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub feature: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub model: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub prompt_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub variant: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub environment: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub user_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub session_id: Option<String>,
    /// The model's probability, in [0, 1], that the output is right or will be accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub confidence: Option<f64>,
    /// Milliseconds from the request for the output to the whole of it, at most a day. `gen_ai.client.operation.duration` in OpenTelemetry's words,
    /// in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 86_400_000)]
    pub generation_ms: Option<u32>,
    /// What the user gave to the AI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100_000)]
    pub input: Option<String>,
    /// What the AI showed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100_000)]
    pub output: Option<String>,
    /// What the user made of it.
    #[serde(default, rename = "final", skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 100_000)]
    pub final_text: Option<String>,
    #[serde(
        default,
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "attributes::texts"
    )]
    #[schema(value_type = BTreeMap<String, AttributeValue>)]
    pub attributes: BTreeMap<String, String>,
    /// Other names of the same output (trace, span, response ids): feedback that names one of them joins it. They stay names of the output
    /// if the event that declares them is taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 16)]
    pub aliases: Vec<String>,
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "strict::optional_object"
    )]
    pub initial: Option<InitialAnswer>,
    /// The number that the AI gave, where its answer is one. It is kept where texts are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = -1_000_000_000_000_000i64, maximum = 1_000_000_000_000_000i64)]
    pub output_value: Option<f64>,
    /// The number that the user kept. Without it, who accepts keeps the AI's, and who rejects or dismisses keeps the own one. A later
    /// decision or undo without it takes it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = -1_000_000_000_000_000i64, maximum = 1_000_000_000_000_000i64)]
    pub final_value: Option<f64>,

    /// Normalised edit distance in [0, 1], from clients that send no texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub edit_distance: Option<f64>,
    /// Characters the AI showed, from clients that send no texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 2_147_483_647)]
    pub chars_shown: Option<u32>,
    /// Characters of the output that are in the final text, from clients that send no texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 4_294_967_295u32)]
    pub chars_retained: Option<u32>,
    /// Characters of the final text, from clients that send no texts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 2_147_483_647)]
    pub chars_final: Option<u32>,
    /// With `retained`: the share in [0, 1] that is still in place. Send it 30 s, 2, 5 and 10 min after the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub retained_share: Option<f64>,
    /// With `retained`: how many seconds after the decision it was so; the time since the decision without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 4_294_967_295u32)]
    pub after_seconds: Option<u32>,

    /// With `rate`: the rating.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = -1000, maximum = 1000)]
    pub rating: Option<f64>,
    /// With `rate`: the lowest rating of the scale (0 without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = -1000, maximum = 1000)]
    pub rating_min: Option<f64>,
    /// With `rate`: the highest rating of the scale (1 without it).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = -1000, maximum = 1000)]
    pub rating_max: Option<f64>,
    /// With `rate`: who rates, when it is not the output's user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub rater: Option<String>,

    /// With `judge`: whether the output was right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correct: Option<bool>,
    /// With `judge`: a graded judgement in [0, 1]; 0.5 and more counts as right when `correct` is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub score: Option<f64>,
    /// With `judge`: what kind of judge (`human` without it).
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "strict::optional_word"
    )]
    pub source: Option<JudgementSource>,
    /// With `judge`: the judge's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub judge: Option<String>,

    /// With `accept`: whether the app took the output by itself, asking no one. Such a decision is not the user's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auto: Option<bool>,
    /// With `rate` and `judge`: the one quality that the opinion is about (`tone`, `usefulness`). Without it, the opinion is about the
    /// output as a whole. Opinions on a rubric are kept apart: they change neither `correct` nor the rating of the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub rubric: Option<String>,

    /// With `retract`: the id of the event that is taken back, one of the same output. The aliases that it declared stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub retracts: Option<String>,
    /// A short code why. In a project that stores no texts, one that is no code (at most 64 letters, digits, `_`, `-`, `.`, `:`) is
    /// stored as `free_text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 256, pattern = r"\S")]
    pub reason: Option<String>,
    /// The user's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 10_000)]
    pub comment: Option<String>,
}

impl Event {
    /// An event with nothing but its kind and its output.
    pub fn new(kind: EventKind, output_id: impl Into<String>) -> Event {
        Event {
            id: None,
            kind,
            output_id: output_id.into(),
            occurred_at: None,
            feature: None,
            version: None,
            model: None,
            prompt_version: None,
            variant: None,
            environment: None,
            user_id: None,
            session_id: None,
            confidence: None,
            generation_ms: None,
            input: None,
            output: None,
            final_text: None,
            attributes: BTreeMap::new(),
            aliases: Vec::new(),
            initial: None,
            output_value: None,
            final_value: None,
            edit_distance: None,
            chars_shown: None,
            chars_retained: None,
            chars_final: None,
            retained_share: None,
            after_seconds: None,
            rating: None,
            rating_min: None,
            rating_max: None,
            rater: None,
            correct: None,
            score: None,
            source: None,
            judge: None,
            auto: None,
            rubric: None,
            retracts: None,
            reason: None,
            comment: None,
        }
    }

    /// Whether it carries words of a user or of the AI.
    pub fn has_texts(&self) -> bool {
        let comment = self.comment.as_deref().unwrap_or_default();
        self.input.is_some() || self.output.is_some() || self.final_text.is_some() || !comment.is_empty()
    }

    /// Drops the texts; what was measured on them stays.
    pub fn drop_texts(&mut self) {
        self.input = None;
        self.output = None;
        self.final_text = None;
        // This kind must have one.
        self.comment = (self.kind == EventKind::Comment).then(String::new);
    }

    /// Puts a word for them in the place of a reason's words, which only a code has not.
    pub fn drop_words_of_reason(&mut self) {
        let is_of_code = |letter: char| letter.is_alphanumeric() || "_-.:".contains(letter);
        let is_code = |reason: &String| reason.chars().count() <= REASON_CODE_CHARS && reason.chars().all(is_of_code);
        if self.reason.as_ref().is_some_and(|reason| !is_code(reason)) {
            self.reason = Some(FREE_TEXT.to_owned());
        }
    }

    /// The people that it names: whose output it is, who rates, who judges. A judge that is a program or a model is nobody.
    pub fn people(&self) -> impl Iterator<Item = &str> {
        let is_person = matches!(self.source, None | Some(JudgementSource::Human));
        let judge = self.judge.as_deref().filter(|_| is_person);
        let named = [self.user_id.as_deref(), self.rater.as_deref(), judge];
        named.into_iter().flatten()
    }

    /// Who brought the decision about, if it is one.
    pub fn manner(&self) -> Manner {
        match self.kind {
            EventKind::Accept if self.auto == Some(true) => Manner::Automatic,
            EventKind::Respond => Manner::TakenOver,
            _ => Manner::Asked,
        }
    }

    /// The ends of the scale that it rates on.
    pub fn rating_scale(&self) -> (f64, f64) {
        (self.rating_min.unwrap_or(0.0), self.rating_max.unwrap_or(1.0))
    }
}
