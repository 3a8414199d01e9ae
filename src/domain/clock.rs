//! Hours and days since the Unix epoch: the two grains of the rollups.

use chrono::{DateTime, Utc};

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Whole hours since 1970-01-01T00:00Z, rounded towards the past.
pub fn hour_of(time: DateTime<Utc>) -> i32 {
    i32::try_from(time.timestamp().div_euclid(HOUR)).unwrap_or(i32::MAX)
}

/// Whole UTC days since 1970-01-01, rounded towards the past.
pub fn day_of(time: DateTime<Utc>) -> i32 {
    i32::try_from(time.timestamp().div_euclid(DAY)).unwrap_or(i32::MAX)
}

/// The instant so many microseconds after the epoch.
pub fn from_micros(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// The UTC day that contains an hour.
pub fn day_of_hour(hour: i32) -> i32 {
    hour.div_euclid(24)
}

/// The first instant of a UTC day.
pub fn midnight(day: i32) -> DateTime<Utc> {
    DateTime::from_timestamp(i64::from(day) * DAY, 0).unwrap_or_default()
}

/// The first instant of the hour that contains an instant.
pub fn start_of_hour(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp(time.timestamp().div_euclid(HOUR) * HOUR, 0).unwrap_or_default()
}

/// Whether the instant is the first of an hour.
pub fn is_whole_hour(time: DateTime<Utc>) -> bool {
    time.timestamp().rem_euclid(HOUR) == 0 && time.timestamp_subsec_nanos() == 0
}

/// Whether the instant is a UTC midnight.
pub fn is_whole_day(time: DateTime<Utc>) -> bool {
    time.timestamp().rem_euclid(DAY) == 0 && time.timestamp_subsec_nanos() == 0
}
