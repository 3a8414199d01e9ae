//! Which time a question is about, and into which buckets it is cut.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A half-open range of cohort time: `from` is in, `to` is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// The length of a bucket. Days and longer follow the calendar of the time zone: a day may have 23 or 25 hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Granularity {
    Hour,
    Day,
    /// From Monday.
    Week,
    Month,
    /// The longest of the others that gives at least two dozen buckets, or else hours.
    Auto,
}

/// One bucket: the part of the window that lies in one hour, day, week or month.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bucket {
    /// Where the hour, day, week or month starts, which may be before the window does.
    pub start: DateTime<Tz>,
    pub window: Window,
}

impl Window {
    pub fn length(&self) -> TimeDelta {
        self.to - self.from
    }
}

impl Granularity {
    /// What `auto` means for a window.
    pub fn resolve(self, window: &Window) -> Granularity {
        if self != Granularity::Auto {
            return self;
        }
        let days = window.length().num_days();
        match days {
            ..=2 => Granularity::Hour,
            3..=120 => Granularity::Day,
            121..=730 => Granularity::Week,
            _ => Granularity::Month,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Granularity::Hour => "hour",
            Granularity::Day => "day",
            Granularity::Week => "week",
            Granularity::Month => "month",
            Granularity::Auto => "auto",
        }
    }

    /// The buckets that cover a window, in order. `None` when there are more than `limit`.
    pub fn buckets(self, window: &Window, zone: Tz, limit: usize) -> Option<Vec<Bucket>> {
        let granularity = self.resolve(window);
        let mut buckets = Vec::new();
        let mut start = granularity.start_of(window.from, zone);
        while start < window.to {
            if buckets.len() == limit {
                return None;
            }
            let end = granularity.after(start, zone);
            let part = Window {
                from: start.to_utc().max(window.from),
                to: end.to_utc().min(window.to),
            };
            if part.from < part.to {
                buckets.push(Bucket { start, window: part });
            }
            start = end;
        }
        Some(buckets)
    }

    /// The start of the hour, day, week or month that contains an instant.
    fn start_of(self, time: DateTime<Utc>, zone: Tz) -> DateTime<Tz> {
        let local = time.with_timezone(&zone);
        let date = local.date_naive();
        match self {
            // Hours are cut in absolute time, so that the hour that a clock change repeats stays two hours.
            Granularity::Hour => {
                let past = TimeDelta::seconds(i64::from(local.minute() * 60 + local.second()))
                    + TimeDelta::nanoseconds(i64::from(local.nanosecond()));
                local - past
            }
            Granularity::Day | Granularity::Auto => midnight(date, zone),
            Granularity::Week => midnight(date - Days::new(u64::from(date.weekday().num_days_from_monday())), zone),
            Granularity::Month => midnight(date.with_day(1).unwrap_or(date), zone),
        }
    }

    fn after(self, start: DateTime<Tz>, zone: Tz) -> DateTime<Tz> {
        let date = start.date_naive();
        match self {
            Granularity::Hour => start + TimeDelta::hours(1),
            Granularity::Day | Granularity::Auto => midnight(date + Days::new(1), zone),
            Granularity::Week => midnight(date + Days::new(7), zone),
            Granularity::Month => midnight(date + Months::new(1), zone),
        }
    }
}

/// The first instant of a local day.
pub fn midnight(date: NaiveDate, zone: Tz) -> DateTime<Tz> {
    first_instant(NaiveDateTime::from(date), zone)
}

/// The instant of a local time: the first one where a clock change repeats it, and the first after the gap where one skips it.
pub fn first_instant(mut local: NaiveDateTime, zone: Tz) -> DateTime<Tz> {
    loop {
        if let Some(instant) = zone.from_local_datetime(&local).earliest() {
            return instant;
        }
        local += TimeDelta::minutes(15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn days(zone: Tz, from: &str, to: &str) -> Vec<(String, i64)> {
        let window = Window {
            from: utc(from),
            to: utc(to),
        };
        Granularity::Day
            .buckets(&window, zone, 100)
            .unwrap()
            .into_iter()
            .map(|bucket| (bucket.start.to_rfc3339(), bucket.window.length().num_hours()))
            .collect()
    }

    #[test]
    fn a_day_has_23_or_25_hours_when_clocks_change() {
        let berlin = chrono_tz::Europe::Berlin;
        assert_eq!(
            days(berlin, "2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z"),
            [
                ("2026-03-28T00:00:00+01:00".to_owned(), 24),
                ("2026-03-29T00:00:00+01:00".to_owned(), 23),
                ("2026-03-30T00:00:00+02:00".to_owned(), 24),
            ]
        );
        assert_eq!(days(berlin, "2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")[0].1, 25);
    }

    #[test]
    fn a_skipped_midnight_starts_the_day_after_the_gap() {
        let beirut = chrono_tz::Asia::Beirut;
        let starts = days(beirut, "2026-03-28T12:00:00Z", "2026-03-29T12:00:00Z");
        assert_eq!(starts[1].0, "2026-03-29T01:00:00+03:00");
    }

    #[test]
    fn buckets_are_cut_to_the_window() {
        let cut = days(Tz::UTC, "2026-01-01T06:00:00Z", "2026-01-02T03:00:00Z");
        assert_eq!(cut[0], ("2026-01-01T00:00:00+00:00".to_owned(), 18));
        assert_eq!(cut[1].1, 3);
    }

    #[test]
    fn weeks_start_on_monday_and_months_on_the_first() {
        let window = Window {
            from: utc("2026-11-22T00:00:00Z"),
            to: utc("2026-12-02T00:00:00Z"),
        };
        let starts = |granularity: Granularity| -> Vec<String> {
            let buckets = granularity.buckets(&window, Tz::UTC, 10).unwrap();
            buckets
                .iter()
                .map(|bucket| bucket.start.date_naive().to_string())
                .collect()
        };
        assert_eq!(starts(Granularity::Week), ["2026-11-16", "2026-11-23", "2026-11-30"]);
        assert_eq!(starts(Granularity::Month), ["2026-11-01", "2026-12-01"]);
    }

    #[test]
    fn too_many_buckets_are_refused() {
        let window = Window {
            from: utc("2026-01-01T00:00:00Z"),
            to: utc("2026-02-01T00:00:00Z"),
        };
        assert_eq!(Granularity::Hour.buckets(&window, Tz::UTC, 100), None);
    }
}
