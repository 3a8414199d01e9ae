//! From the values of a row to the types of an event's fields.

use std::borrow::Cow;

use serde_json::Value;

use super::error::RowError;

/// Whether the value is null or one of the texts that stand for "no value".
pub(super) fn is_missing(value: &Value, missing: &[String]) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => missing.contains(text),
        Value::Number(number) if !missing.is_empty() => missing.contains(&number.to_string()),
        _ => false,
    }
}

/// Numbers and booleans read as the text that JSON writes them with.
pub(super) fn text(value: &Value) -> Result<Cow<'_, str>, RowError> {
    match value {
        Value::String(text) => Ok(Cow::Borrowed(text)),
        Value::Number(_) | Value::Bool(_) => Ok(Cow::Owned(value.to_string())),
        _ => Err(RowError::new(
            "not_a_text",
            format!("{} is a list or an object, not a text", shown(value)),
        )),
    }
}

pub(super) fn number(value: &Value) -> Result<f64, RowError> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .filter(|number| number.is_finite())
        .ok_or_else(|| RowError::new("not_a_number", format!("{} is not a number", shown(value))))
}

/// A whole number. Many tools write the counts of a column with gaps as `12.0`.
pub(super) fn count(value: &Value) -> Result<u32, RowError> {
    let number = number(value)?;
    if number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number) {
        Ok(number as u32)
    } else {
        Err(RowError::new(
            "not_a_count",
            format!("{} is not a whole number from 0 up", shown(value)),
        ))
    }
}

pub(super) fn flag(value: &Value) -> Result<bool, RowError> {
    match text(value)?.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "1" => Ok(true),
        "false" | "no" | "0" => Ok(false),
        _ => Err(RowError::new(
            "not_a_boolean",
            format!(
                "{} is none of true, false, yes, no, 1, 0; use `map` or `at_least`",
                shown(value)
            ),
        )),
    }
}

/// A value in a message: short, on one line.
pub(super) fn shown(value: &Value) -> String {
    const LONGEST: usize = 60;
    let text = value.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_what_tools_write() {
        assert_eq!(number(&json!(" 1.5 ")), Ok(1.5));
        assert_eq!(count(&json!(12.0)), Ok(12));
        assert_eq!(flag(&json!("True")), Ok(true));
        assert_eq!(flag(&json!(0)), Ok(false));
        assert_eq!(text(&json!(true)).unwrap(), "true");
    }

    #[test]
    fn refuses_what_is_not_one() {
        assert_eq!(number(&json!("nan")).unwrap_err().code, "not_a_number");
        assert_eq!(count(&json!(1.5)).unwrap_err().code, "not_a_count");
        assert_eq!(count(&json!(-1)).unwrap_err().code, "not_a_count");
        assert_eq!(flag(&json!("maybe")).unwrap_err().code, "not_a_boolean");
        assert_eq!(text(&json!([1])).unwrap_err().code, "not_a_text");
    }

    #[test]
    fn long_values_are_cut_at_a_character() {
        assert_eq!(shown(&json!("ä".repeat(100))).chars().count(), 61);
    }
}
