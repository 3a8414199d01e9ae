//! What an event must be before it may enter the log.

mod words;

use chrono::{DateTime, SecondsFormat, Utc};

use super::limits;
use super::rejection::{Rejection, RejectionCode};
use crate::domain::event::{Event, EventKind};
use crate::domain::retention::Retention;

/// Checks an event against every limit and against what its type needs.
pub fn validate(event: &Event, now: DateTime<Utc>) -> Result<(), Rejection> {
    words::names(event)?;
    words::texts(event)?;
    words::collections(event)?;
    numbers(event)?;
    needs(event)?;
    time(event, now)
}

/// Checks that an event is not older than its project keeps events: it would go at once, and what it says of an output whose
/// events are gone could not be counted.
pub fn is_kept(event: &Event, retention: Retention, now: DateTime<Utc>) -> Result<(), Rejection> {
    match (event.occurred_at, retention.events_from(now)) {
        (Some(occurred_at), Some(oldest)) if occurred_at < oldest => Err(Rejection::new(
            RejectionCode::Expired,
            "occurred_at",
            format!(
                "`occurred_at` is before {}; the project keeps events for {} days",
                oldest.to_rfc3339_opts(SecondsFormat::Secs, true),
                retention.events_days.unwrap_or_default()
            ),
        )),
        _ => Ok(()),
    }
}

fn numbers(event: &Event) -> Result<(), Rejection> {
    let shares = [
        ("confidence", event.confidence),
        ("edit_distance", event.edit_distance),
        ("retained_share", event.retained_share),
        ("score", event.score),
    ];
    for (path, value) in shares {
        if value.is_some_and(|value| !(0.0..=1.0).contains(&value)) {
            return Err(out_of_range(path, "must be from 0 to 1"));
        }
    }
    for (path, chars) in [("chars_shown", event.chars_shown), ("chars_final", event.chars_final)] {
        if chars.is_some_and(|chars| i32::try_from(chars).is_err()) {
            return Err(out_of_range(path, "is too large"));
        }
    }
    if let (Some(shown), Some(retained)) = (event.chars_shown, event.chars_retained)
        && retained > shown
    {
        return Err(out_of_range("chars_retained", "must not exceed `chars_shown`"));
    }
    if let (Some(made), Some(retained)) = (event.chars_final, event.chars_retained)
        && retained > made
    {
        return Err(out_of_range("chars_retained", "must not exceed `chars_final`"));
    }
    if event.generation_ms.is_some_and(|ms| ms > limits::GENERATION_MS) {
        return Err(out_of_range("generation_ms", "must be at most a day of milliseconds"));
    }
    let answers = [
        ("initial.value", event.initial.and_then(|initial| initial.value)),
        ("output_value", event.output_value),
        ("final_value", event.final_value),
    ];
    for (path, value) in answers {
        if value.is_some_and(|value| !(-limits::ANSWER..=limits::ANSWER).contains(&value)) {
            return Err(out_of_range(path, "must be within 1e15 of zero"));
        }
    }
    let (low, high) = event.rating_scale();
    if low >= high || !(high - low).is_finite() || high.abs() > limits::RATING || low.abs() > limits::RATING {
        return Err(out_of_range(
            "rating_max",
            "must be above `rating_min`, and both within a thousand of zero",
        ));
    }
    if event.rating.is_some_and(|rating| !(low..=high).contains(&rating)) {
        return Err(out_of_range(
            "rating",
            &format!("must be from {low} to {high}; send rating_min and rating_max"),
        ));
    }
    Ok(())
}

fn out_of_range(path: &str, rule: &str) -> Rejection {
    Rejection::new(RejectionCode::OutOfRange, path, format!("`{path}` {rule}"))
}

fn needs(event: &Event) -> Result<(), Rejection> {
    let missing = match event.kind {
        EventKind::Rate if event.rating.is_none() => Some("rating"),
        EventKind::Judge if event.correct.is_none() && event.score.is_none() => Some("correct"),
        EventKind::Retained if event.retained_share.is_none() => Some("retained_share"),
        EventKind::Retract if event.retracts.is_none() => Some("retracts"),
        EventKind::Comment if event.comment.is_none() => Some("comment"),
        _ => None,
    };
    match missing {
        None => Ok(()),
        Some(field) => Err(Rejection::new(
            RejectionCode::MissingField,
            field,
            format!("this type of event needs `{field}`"),
        )),
    }
}

fn time(event: &Event, now: DateTime<Utc>) -> Result<(), Rejection> {
    let Some(occurred_at) = event.occurred_at else {
        return Ok(());
    };
    if occurred_at > now + limits::CLOCK_SKEW {
        return Err(Rejection::new(
            RejectionCode::InvalidTime,
            "occurred_at",
            "`occurred_at` is more than 24 hours ahead of the server's clock",
        ));
    }
    if occurred_at.timestamp() < limits::EARLIEST {
        return Err(Rejection::new(
            RejectionCode::InvalidTime,
            "occurred_at",
            "`occurred_at` is before the year 2000; check the unit of the time",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> DateTime<Utc> {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut Event), expected: Option<(RejectionCode, &str)>) {
        let mut event = Event::new(EventKind::Accept, "o");
        change(&mut event);
        let found = validate(&event, now())
            .err()
            .map(|rejection| (rejection.code, rejection.path));
        assert_eq!(found, expected.map(|(code, path)| (code, path.to_owned())));
    }

    #[test]
    fn the_smallest_event_is_valid() {
        check(|_| (), None);
    }

    #[test]
    fn lengths_are_checked_at_the_limit() {
        check(|event| event.output_id = "é".repeat(256), None);
        check(
            |event| event.output_id = "é".repeat(257),
            Some((RejectionCode::InvalidLength, "output_id")),
        );
        check(
            |event| event.output_id.clear(),
            Some((RejectionCode::InvalidLength, "output_id")),
        );
        check(|event| event.comment = Some("x".repeat(10_000)), None);
        check(
            |event| event.comment = Some("x".repeat(10_001)),
            Some((RejectionCode::InvalidLength, "comment")),
        );
    }

    #[test]
    fn clock_skew_is_checked_at_the_limit() {
        let limit = now() + limits::CLOCK_SKEW;
        check(|event| event.occurred_at = Some(limit), None);
        check(
            |event| event.occurred_at = Some(limit + chrono::TimeDelta::milliseconds(1)),
            Some((RejectionCode::InvalidTime, "occurred_at")),
        );
    }

    #[test]
    fn age_is_checked_at_the_limit() {
        let retention = Retention::new(None, Some(90), None);
        let oldest = now() - chrono::TimeDelta::days(90);
        let mut event = Event::new(EventKind::Accept, "o");
        event.occurred_at = Some(oldest);
        assert_eq!(is_kept(&event, retention, now()), Ok(()));
        event.occurred_at = Some(oldest - chrono::TimeDelta::microseconds(1));
        let refused = is_kept(&event, retention, now()).unwrap_err();
        assert_eq!(refused.code, RejectionCode::Expired);
        assert!(
            refused.message.contains("before 2026-08-24T12:00:00Z"),
            "{}",
            refused.message
        );
        assert_eq!(is_kept(&event, Retention::default(), now()), Ok(()));
    }

    #[test]
    fn numbers_must_be_in_range() {
        check(|event| event.confidence = Some(1.0), None);
        check(
            |event| event.confidence = Some(1.000_001),
            Some((RejectionCode::OutOfRange, "confidence")),
        );
        check(
            |event| event.confidence = Some(f64::NAN),
            Some((RejectionCode::OutOfRange, "confidence")),
        );
        check(|event| event.final_value = Some(-1e15), None);
        for beyond in [1e15f64.next_up(), f64::NEG_INFINITY, f64::NAN] {
            check(
                |event| event.final_value = Some(beyond),
                Some((RejectionCode::OutOfRange, "final_value")),
            );
        }
        check(
            |event| event.rating = Some(5.0),
            Some((RejectionCode::OutOfRange, "rating")),
        );
    }

    #[test]
    fn a_type_needs_its_field() {
        check(
            |event| event.kind = EventKind::Judge,
            Some((RejectionCode::MissingField, "correct")),
        );
        check(
            |event| event.kind = EventKind::Retract,
            Some((RejectionCode::MissingField, "retracts")),
        );
    }

    #[test]
    fn characters_that_cannot_be_stored_are_refused() {
        check(
            |event| event.input = Some("a\0".into()),
            Some((RejectionCode::InvalidCharacter, "input")),
        );
        check(
            |event| event.feature = Some("a\n".into()),
            Some((RejectionCode::InvalidCharacter, "feature")),
        );
    }
}
