//! How times are written in a column.

use chrono::format::{Item, Parsed, StrftimeItems, parse};
use chrono::{DateTime, NaiveTime, Utc};
use serde::Deserialize;
use serde_json::Value;

use super::error::RowError;
use super::value;

#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(try_from = "String")]
pub(super) enum TimeFormat {
    #[default]
    Rfc3339,
    EpochSeconds,
    EpochMilliseconds,
    /// A strftime pattern. Without an offset it is UTC, without a time of day it is midnight.
    Pattern(String),
}

impl TryFrom<String> for TimeFormat {
    type Error = String;

    fn try_from(name: String) -> Result<TimeFormat, String> {
        match name.as_str() {
            "rfc3339" => Ok(TimeFormat::Rfc3339),
            "epoch_s" => Ok(TimeFormat::EpochSeconds),
            "epoch_ms" => Ok(TimeFormat::EpochMilliseconds),
            // A name without a field would match only itself: surely a misspelt one of the above.
            _ if !name.contains('%') || StrftimeItems::new(&name).any(|item| item == Item::Error) => Err(format!(
                "`{name}` is neither rfc3339, epoch_s, epoch_ms nor a pattern like \"%Y-%m-%d %H:%M:%S\""
            )),
            _ => Ok(TimeFormat::Pattern(name)),
        }
    }
}

impl TimeFormat {
    pub fn read(&self, value: &Value) -> Result<DateTime<Utc>, RowError> {
        let time = match self {
            TimeFormat::Rfc3339 => value.as_str().and_then(|text| text.trim().parse().ok()),
            TimeFormat::EpochSeconds => from_epoch(value::number(value)?, 1e6),
            TimeFormat::EpochMilliseconds => from_epoch(value::number(value)?, 1e3),
            TimeFormat::Pattern(pattern) => value.as_str().and_then(|text| from_pattern(text.trim(), pattern)),
        };
        time.ok_or_else(|| {
            RowError::new(
                "not_a_time",
                format!("{} is not a time in the format {}", value::shown(value), self.name()),
            )
        })
    }

    fn name(&self) -> &str {
        match self {
            TimeFormat::Rfc3339 => "rfc3339",
            TimeFormat::EpochSeconds => "epoch_s",
            TimeFormat::EpochMilliseconds => "epoch_ms",
            TimeFormat::Pattern(pattern) => pattern,
        }
    }
}

/// To the microsecond, which a double holds exactly until the year 2255.
fn from_epoch(number: f64, microseconds: f64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros((number * microseconds).round() as i64)
}

fn from_pattern(text: &str, pattern: &str) -> Option<DateTime<Utc>> {
    let mut parsed = Parsed::new();
    parse(&mut parsed, text, StrftimeItems::new(pattern)).ok()?;
    if let Ok(time) = parsed.to_datetime() {
        return Some(time.to_utc());
    }
    let date = parsed.to_naive_date().ok()?;
    let time = if parsed.hour_mod_12().is_none() {
        NaiveTime::MIN
    } else {
        parsed.to_naive_time().ok()?
    };
    Some(date.and_time(time).and_utc())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(format: &str, value: Value) -> Option<String> {
        let time = TimeFormat::try_from(format.to_owned()).unwrap().read(&value).ok()?;
        Some(time.to_rfc3339())
    }

    #[test]
    fn every_format() {
        let expected = Some("2022-08-08T16:05:28+00:00".to_owned());
        assert_eq!(read("rfc3339", json!("2022-08-08T18:05:28+02:00")), expected);
        assert_eq!(read("epoch_s", json!("1659974728")), expected);
        assert_eq!(read("epoch_ms", json!(1659974728000.0)), expected);
        assert_eq!(read("%d.%m.%Y %H:%M:%S", json!("08.08.2022 16:05:28")), expected);
        assert_eq!(
            read("%Y-%m-%d %H:%M:%S %z", json!("2022-08-08 18:05:28 +0200")),
            expected
        );
        assert_eq!(
            read("%Y-%m-%d", json!("2022-08-08")),
            Some("2022-08-08T00:00:00+00:00".to_owned())
        );
        assert_eq!(
            read("epoch_ms", json!(1659974728904_i64)),
            Some("2022-08-08T16:05:28.904+00:00".to_owned())
        );
    }

    #[test]
    fn what_is_no_time() {
        assert_eq!(read("rfc3339", json!("2022-08-08 18:05")), None);
        assert_eq!(read("epoch_s", json!(1e300)), None);
        assert_eq!(read("%Y-%m-%d", json!("2022-13-08")), None);
        assert!(TimeFormat::try_from("epoch_us".to_owned()).is_err());
        assert!(TimeFormat::try_from("%Q".to_owned()).is_err());
    }
}
