//! What is sent, in both forms. No text and no user of the product is in it.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::store::webhooks::outbox::Message;

pub const FIRED: &str = "alert.fired";
pub const CLEARED: &str = "alert.cleared";
pub const DIGEST: &str = "digest.weekly";
const TEST: &str = "webhook.test";

/// The value of `webhook-id`: the same at each attempt.
pub fn message_id(delivery: Uuid) -> String {
    format!("msg_{}", delivery.simple())
}

/// What happened, as Standard Webhooks has it.
pub fn standard(kind: &'static str, at: DateTime<Utc>, data: &Value) -> Value {
    json!({"type": kind, "timestamp": at.to_rfc3339_opts(SecondsFormat::Millis, true), "data": data})
}

/// A message as Standard Webhooks has it, and as a line of chat: a bold title, and what happened.
pub fn message(kind: &'static str, at: DateTime<Utc>, data: &Value, title: &str, says: &str) -> Message {
    let text = format!("*{}*\n{}", escaped(title), escaped(says));
    Message {
        kind,
        standard: standard(kind, at, data),
        slack: json!({
            "text": format!("{}: {}", escaped(title), escaped(says)),
            "blocks": [section(&text)],
        }),
    }
}

pub fn test_message(project: &str, at: DateTime<Utc>) -> Message {
    let says = format!("Calibrant reaches this webhook of the project {project}.");
    let data = json!({"project": project, "sentence": says});
    message(TEST, at, &data, "Test", &says)
}

/// A part of a Slack message. Names in it are whatever clients sent: none of them is made a link or a mention.
pub fn section(text: &str) -> Value {
    json!({"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": true}})
}

/// What Slack would read as markup, made plain.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_markup() {
        let message = message(FIRED, DateTime::UNIX_EPOCH, &json!({}), "<!channel> & co", "a > b");
        assert_eq!(
            message.slack["blocks"][0]["text"]["text"],
            "*&lt;!channel&gt; &amp; co*\na &gt; b"
        );
        assert_eq!(message.slack["blocks"][0]["text"]["verbatim"], true);
        assert_eq!(message.standard["timestamp"], "1970-01-01T00:00:00.000Z");
    }
}
