//! When a webhook gets the weekly digest.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::gather;
use crate::api::ask;
use crate::api::error::ApiError;
use crate::domain::strict;
use crate::domain::weekly::{Weekday, Weekly};
use crate::store::webhooks::Webhook;

pub const LAST_HOUR: u32 = 23;

/// When it is sent: the digest of the last week that was over then.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DigestTime {
    /// Monday without it.
    #[serde(default, deserialize_with = "strict::word")]
    pub weekday: Weekday,
    /// By the clocks of the time zone; 8 without it.
    #[serde(default = "morning")]
    #[schema(minimum = 0, maximum = 23)]
    pub hour: u32,
    /// IANA time zone, in which weeks begin on Monday too; UTC without it.
    #[serde(default = "utc")]
    #[schema(example = "Europe/Berlin")]
    pub timezone: String,
}

const fn morning() -> u32 {
    8
}

fn utc() -> String {
    "UTC".to_owned()
}

impl DigestTime {
    /// Of a webhook, if it gets the digest.
    pub fn of(webhook: &Webhook) -> Result<Option<DigestTime>, ApiError> {
        let kept = webhook.digest.clone().map(serde_json::from_value);
        kept.transpose().map_err(ApiError::internal)
    }

    pub fn kept(&self) -> Result<Value, ApiError> {
        serde_json::to_value(self).map_err(ApiError::internal)
    }

    /// The first time after an instant whose week is later than the one `sent`. Fails if it is no time.
    pub fn next(&self, sent: Option<&str>, after: DateTime<Utc>) -> Result<DateTime<Utc>, ApiError> {
        let weekly = self.weekly()?;
        let mut next = weekly.after(after);
        // Names of weeks are in the order of the weeks. Where a zone further west was chosen, the last week may be before the one sent.
        while sent >= Some(gather::week(None, weekly.zone, next)?.name.as_str()) {
            next = weekly.after(next);
        }
        Ok(next)
    }

    pub fn weekly(&self) -> Result<Weekly, ApiError> {
        if self.hour > LAST_HOUR {
            return Err(ApiError::invalid(format!(
                "`digest.hour`: must be from 0 to {LAST_HOUR}"
            )));
        }
        let zone = ask::timezone(Some(&self.timezone));
        Ok(Weekly {
            weekday: self.weekday,
            hour: self.hour,
            zone: zone
                .map_err(|_| ApiError::invalid("`digest.timezone`: must be an IANA name such as Europe/Berlin"))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_that_was_sent_is_not_sent_again_at_another_time() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let time: DigestTime = serde_json::from_str(r#"{"weekday": "tuesday", "timezone": "Europe/Berlin"}"#).unwrap();
        let next = |sent| time.next(sent, at("2026-11-30T07:00:01Z")).unwrap();
        assert_eq!(next(None), at("2026-12-01T07:00:00Z"));
        assert_eq!(next(Some("2026-W47")), at("2026-12-01T07:00:00Z"));
        assert_eq!(next(Some("2026-W48")), at("2026-12-08T07:00:00Z"));
        assert_eq!(next(Some("2026-W49")), at("2026-12-15T07:00:00Z"));
    }

    #[test]
    fn without_a_word_it_is_monday_at_eight() {
        let time: DigestTime = serde_json::from_str("{}").unwrap();
        let weekly = time.weekly().unwrap();
        assert_eq!(
            (weekly.weekday, weekly.hour, weekly.zone.name()),
            (Weekday::Monday, 8, "UTC")
        );
        let of_hour = |hour| DigestTime { hour, ..time.clone() }.weekly();
        assert!(of_hour(LAST_HOUR).is_ok());
        assert!(of_hour(LAST_HOUR + 1).is_err());
    }
}
