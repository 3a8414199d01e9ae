//! From a valid event to a row of the log.

use chrono::{DateTime, Utc};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

use crate::domain::event::{Event, EventKind};
use crate::domain::key::{self, ProjectId};
use crate::fold::text;
use crate::store::append::NewEvent;

/// What preparing needs to know of the request and its project.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    pub project: ProjectId,
    pub stores_text: bool,
    /// What digests of erased names are made with.
    pub erasure_salt: Uuid,
    pub received_at: DateTime<Utc>,
    /// Names events that come without an id: the same request sent again names them the same.
    pub idempotency_key: Option<&'a str>,
}

/// Makes the log row of an event. `index` is its place in the request.
pub fn prepare(mut event: Event, index: usize, context: &Context) -> NewEvent {
    let mut body = json(&event);
    // Of what was sent, so that a retry is known as one whether or not texts are kept by then.
    let fingerprint = key::fingerprint(body.as_bytes());
    if !context.stores_text {
        measure_and_drop_texts(&mut event);
        body = json(&event);
    }
    let id = match (&event.id, context.idempotency_key) {
        (Some(id), _) => id.clone(),
        // A prefix that no client id can have, since ids hold no control characters.
        (None, Some(key)) => format!("\u{1}{key}\u{1}{index}"),
        (None, None) => format!("\u{2}{:x}", rand::random::<u128>()),
    };
    NewEvent {
        project: context.project,
        event_key: key::event_key(context.project, &id),
        output_key: key::output_key(context.project, &event.output_id),
        kind: event.kind.code(),
        occurred_at: event.occurred_at.unwrap_or(context.received_at),
        received_at: context.received_at,
        fingerprint,
        body,
        people: event
            .people()
            .map(|name| key::tombstone(context.erasure_salt, name))
            .collect(),
        aliases: ties(&event, context.project),
    }
}

/// The other names of the event's output. A retraction ties its output to itself: it may be the only event of an output that
/// has no state by it, and the fold must know that the log has something of it.
fn ties(event: &Event, project: ProjectId) -> Vec<Uuid> {
    let retracting = (event.kind == EventKind::Retract).then_some(&event.output_id);
    event
        .aliases
        .iter()
        .chain(retracting)
        .map(|name| key::output_key(project, name))
        .collect()
}

/// An event is plain data; writing it as JSON cannot fail.
fn json(event: &Event) -> String {
    serde_json::to_string(event).unwrap_or_default()
}

/// Takes the numbers from the texts and drops the texts. Both texts must be on one event to be compared.
fn measure_and_drop_texts(event: &mut Event) {
    if let Some(output) = &event.output {
        let output: String = output.nfc().collect();
        event.chars_shown = event.chars_shown.or(u32::try_from(output.chars().count()).ok());
        if let Some(change) = event
            .final_text
            .as_deref()
            .and_then(|final_text| text::compare(&output, final_text))
        {
            event.edit_distance = event.edit_distance.or(Some(change.distance));
            event.chars_retained = event.chars_retained.or(u32::try_from(change.retained_chars).ok());
        }
    }
    if let Some(final_text) = &event.final_text {
        event.chars_final = event.chars_final.or(u32::try_from(text::length(final_text)).ok());
    }
    event.drop_texts();
    event.drop_words_of_reason();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn context(stores_text: bool, idempotency_key: Option<&str>) -> Context<'_> {
        let received_at = "2026-11-22T12:00:00Z".parse().unwrap();
        Context {
            project: 1,
            stores_text,
            erasure_salt: Uuid::nil(),
            received_at,
            idempotency_key,
        }
    }

    fn event_with_texts() -> Event {
        let mut event = Event::new(EventKind::Edit, "o");
        event.output = Some("abcd".into());
        event.final_text = Some("abxd".into());
        event.comment = Some("secret".into());
        event
    }

    #[test]
    fn the_same_request_names_its_events_the_same() {
        let event = Event::new(EventKind::Accept, "o");
        let context = context(true, Some("k"));
        let first = prepare(event.clone(), 0, &context);
        assert_eq!(first.event_key, prepare(event.clone(), 0, &context).event_key);
        assert_ne!(first.event_key, prepare(event, 1, &context).event_key);
    }

    #[test]
    fn without_text_storage_only_numbers_are_kept() {
        let row = prepare(event_with_texts(), 0, &context(false, None));
        assert!(!row.body.contains("abcd") && !row.body.contains("abxd") && !row.body.contains("secret"));
        assert_eq!(
            row.fingerprint,
            prepare(event_with_texts(), 0, &context(true, None)).fingerprint
        );
        let stored: Event = serde_json::from_str(&row.body).unwrap();
        assert_eq!(
            (
                stored.edit_distance,
                stored.chars_shown,
                stored.chars_retained,
                stored.chars_final
            ),
            (Some(0.25), Some(4), Some(3), Some(4))
        );
    }

    #[test]
    fn without_text_storage_a_reason_is_a_code() {
        let stored = |reason: &str, stores_text| {
            let mut event = Event::new(EventKind::Reject, "o");
            event.reason = Some(reason.to_owned());
            let row = prepare(event, 0, &context(stores_text, None));
            serde_json::from_str::<Event>(&row.body).unwrap().reason.unwrap()
        };
        let longest = "x".repeat(64);
        for code in [
            "too_long",
            "E-42",
            "tone.formal",
            "policy:7",
            "zu_länglich",
            "7",
            &longest,
        ] {
            assert_eq!(stored(code, false), code);
        }
        for words in ["too long", "it says “you”", "a,b", "why?", &format!("{longest}x")] {
            assert_eq!(stored(words, false), "free_text", "{words}");
            assert_eq!(stored(words, true), words);
        }
    }
}
