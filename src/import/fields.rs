//! The fields of an event that a mapping can set: one line each.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error as NameError, StrDeserializer};
use serde_json::Value;

use super::error::RowError;
use super::time::TimeFormat;
use super::value;
use crate::domain::event::{Event, EventKind, InitialAnswer, JudgementSource};

/// Where a value goes, with the type it must have.
#[derive(Clone, Copy, Debug)]
pub(super) enum Field {
    OutputId,
    Text(fn(&mut Event) -> &mut Option<String>),
    Number(fn(&mut Event) -> &mut Option<f64>),
    Count(fn(&mut Event) -> &mut Option<u32>),
    Flag(fn(&mut Event) -> &mut Option<bool>),
    Time(fn(&mut Event) -> &mut Option<DateTime<Utc>>),
    Source(fn(&mut Event) -> &mut Option<JudgementSource>),
    Alias,
}

/// By the names that events have in JSON. `type` and `attributes` are treated apart, `aliases` takes a list.
pub(super) const FIELDS: [(&str, Field); 41] = [
    ("output_id", Field::OutputId),
    ("id", Field::Text(|event| &mut event.id)),
    ("occurred_at", Field::Time(|event| &mut event.occurred_at)),
    ("feature", Field::Text(|event| &mut event.feature)),
    ("version", Field::Text(|event| &mut event.version)),
    ("model", Field::Text(|event| &mut event.model)),
    ("prompt_version", Field::Text(|event| &mut event.prompt_version)),
    ("variant", Field::Text(|event| &mut event.variant)),
    ("environment", Field::Text(|event| &mut event.environment)),
    ("user_id", Field::Text(|event| &mut event.user_id)),
    ("session_id", Field::Text(|event| &mut event.session_id)),
    ("confidence", Field::Number(|event| &mut event.confidence)),
    ("generation_ms", Field::Count(|event| &mut event.generation_ms)),
    ("input", Field::Text(|event| &mut event.input)),
    ("output", Field::Text(|event| &mut event.output)),
    ("final", Field::Text(|event| &mut event.final_text)),
    ("aliases", Field::Alias),
    ("initial.agrees", Field::Flag(|event| &mut initial(event).agrees)),
    ("initial.correct", Field::Flag(|event| &mut initial(event).correct)),
    ("initial.value", Field::Number(|event| &mut initial(event).value)),
    ("output_value", Field::Number(|event| &mut event.output_value)),
    ("final_value", Field::Number(|event| &mut event.final_value)),
    ("edit_distance", Field::Number(|event| &mut event.edit_distance)),
    ("chars_shown", Field::Count(|event| &mut event.chars_shown)),
    ("chars_retained", Field::Count(|event| &mut event.chars_retained)),
    ("chars_final", Field::Count(|event| &mut event.chars_final)),
    ("retained_share", Field::Number(|event| &mut event.retained_share)),
    ("after_seconds", Field::Count(|event| &mut event.after_seconds)),
    ("rating", Field::Number(|event| &mut event.rating)),
    ("rating_min", Field::Number(|event| &mut event.rating_min)),
    ("rating_max", Field::Number(|event| &mut event.rating_max)),
    ("rater", Field::Text(|event| &mut event.rater)),
    ("correct", Field::Flag(|event| &mut event.correct)),
    ("score", Field::Number(|event| &mut event.score)),
    ("source", Field::Source(|event| &mut event.source)),
    ("judge", Field::Text(|event| &mut event.judge)),
    ("auto", Field::Flag(|event| &mut event.auto)),
    ("rubric", Field::Text(|event| &mut event.rubric)),
    ("retracts", Field::Text(|event| &mut event.retracts)),
    ("reason", Field::Text(|event| &mut event.reason)),
    ("comment", Field::Text(|event| &mut event.comment)),
];

fn initial(event: &mut Event) -> &mut InitialAnswer {
    event.initial.get_or_insert_default()
}

impl Field {
    pub fn named(name: &str) -> Option<Field> {
        FIELDS.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    pub fn set(self, event: &mut Event, value: &Value, time: &TimeFormat) -> Result<(), RowError> {
        match self {
            Field::OutputId => event.output_id = value::text(value)?.into_owned(),
            Field::Text(slot) => *slot(event) = Some(value::text(value)?.into_owned()),
            Field::Number(slot) => *slot(event) = Some(value::number(value)?),
            Field::Count(slot) => *slot(event) = Some(value::count(value)?),
            Field::Flag(slot) => *slot(event) = Some(value::flag(value)?),
            Field::Time(slot) => *slot(event) = Some(time.read(value)?),
            Field::Source(slot) => *slot(event) = Some(named("unknown_source", &value::text(value)?)?),
            Field::Alias => event.aliases.push(value::text(value)?.into_owned()),
        }
        Ok(())
    }
}

/// Reads the name of an event type; `skip` means no event.
pub(super) fn event_kind(name: &str) -> Result<Option<EventKind>, RowError> {
    if name == "skip" {
        Ok(None)
    } else {
        named("unknown_type", name).map(Some)
    }
}

/// Reads the name of a variant, with all names in the message when it is not one.
fn named<'de, T: Deserialize<'de>>(code: &'static str, name: &'de str) -> Result<T, RowError> {
    let name: StrDeserializer<'_, NameError> = name.into_deserializer();
    T::deserialize(name).map_err(|error| RowError::new(code, error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// serde lists all fields of `Event` when it meets one that is none of them.
    #[test]
    fn every_field_of_an_event_can_be_set() {
        let refusal = serde_json::from_str::<Event>(r#"{"?": 1}"#).unwrap_err().to_string();
        let of_event = refusal
            .split('`')
            .skip(3)
            .step_by(2)
            .filter(|name| !["type", "attributes"].contains(name));
        let mut of_mapping: Vec<&str> = FIELDS.iter().filter_map(|(name, _)| name.split('.').next()).collect();
        of_mapping.dedup();
        let (mut of_event, mut of_mapping) = (of_event.collect::<Vec<_>>(), of_mapping);
        of_event.sort_unstable();
        of_mapping.sort_unstable();
        assert_eq!(of_event, of_mapping);
    }
}
