//! What names, texts and attributes of an event may hold, and how much of it.

use crate::domain::event::Event;
use crate::ingest::limits;
use crate::ingest::rejection::{Rejection, RejectionCode};

pub(super) fn names(event: &Event) -> Result<(), Rejection> {
    name("output_id", &event.output_id)?;
    let optional = [
        ("id", &event.id),
        ("feature", &event.feature),
        ("version", &event.version),
        ("model", &event.model),
        ("prompt_version", &event.prompt_version),
        ("variant", &event.variant),
        ("environment", &event.environment),
        ("user_id", &event.user_id),
        ("session_id", &event.session_id),
        ("rater", &event.rater),
        ("judge", &event.judge),
        ("rubric", &event.rubric),
        ("retracts", &event.retracts),
        ("reason", &event.reason),
    ];
    for (path, value) in optional {
        if let Some(value) = value {
            name(path, value)?;
        }
    }
    Ok(())
}

/// A name is short, not empty or blank, and has no control characters.
fn name(path: &str, value: &str) -> Result<(), Rejection> {
    if value.trim().is_empty() {
        return Err(Rejection::new(
            RejectionCode::InvalidLength,
            path,
            format!("`{path}` is empty or blank; leave it out or give it a value"),
        ));
    }
    length(path, value, limits::NAME_CHARS)?;
    if value.chars().any(char::is_control) {
        return Err(Rejection::new(
            RejectionCode::InvalidCharacter,
            path,
            format!("`{path}` holds a control character"),
        ));
    }
    Ok(())
}

pub(super) fn texts(event: &Event) -> Result<(), Rejection> {
    let all = [
        ("input", &event.input, limits::TEXT_CHARS),
        ("output", &event.output, limits::TEXT_CHARS),
        ("final", &event.final_text, limits::TEXT_CHARS),
        ("comment", &event.comment, limits::COMMENT_CHARS),
    ];
    for (path, value, limit) in all {
        let Some(value) = value else { continue };
        length(path, value, limit)?;
        if value.contains('\0') {
            return Err(Rejection::new(
                RejectionCode::InvalidCharacter,
                path,
                format!("`{path}` holds the character U+0000, which cannot be stored"),
            ));
        }
    }
    Ok(())
}

fn length(path: &str, value: &str, limit: usize) -> Result<(), Rejection> {
    // Bytes bound characters from above, so that most strings are never counted.
    if value.len() <= limit || value.chars().count() <= limit {
        return Ok(());
    }
    Err(Rejection::new(
        RejectionCode::InvalidLength,
        path,
        format!("`{path}` has more than {limit} characters"),
    ))
}

pub(super) fn collections(event: &Event) -> Result<(), Rejection> {
    count("attributes", event.attributes.len(), limits::ATTRIBUTES)?;
    count("aliases", event.aliases.len(), limits::ALIASES)?;
    for (key, value) in &event.attributes {
        let path = format!("attributes.{key}");
        if key.trim().is_empty() || key.chars().count() > limits::ATTRIBUTE_NAME_CHARS {
            return Err(Rejection::new(
                RejectionCode::InvalidLength,
                "attributes",
                format!(
                    "an attribute's name must have 1 to {} characters and not be blank",
                    limits::ATTRIBUTE_NAME_CHARS
                ),
            ));
        }
        if key.chars().any(char::is_control) {
            return Err(Rejection::new(
                RejectionCode::InvalidCharacter,
                "attributes",
                "an attribute's name holds a control character",
            ));
        }
        name(&path, value)?;
    }
    event
        .aliases
        .iter()
        .enumerate()
        .try_for_each(|(index, alias)| name(&format!("aliases[{index}]"), alias))
}

fn count(path: &str, found: usize, limit: usize) -> Result<(), Rejection> {
    if found <= limit {
        return Ok(());
    }
    Err(Rejection::new(
        RejectionCode::TooMany,
        path,
        format!("`{path}` has {found} entries; at most {limit} are allowed"),
    ))
}
