//! A time that comes once a week, by the clocks of a time zone.

use chrono::{DateTime, Days, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::window::first_instant;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Weekday {
    #[default]
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// Days since Monday.
    const fn days(self) -> Days {
        Days::new(match self {
            Weekday::Monday => 0,
            Weekday::Tuesday => 1,
            Weekday::Wednesday => 2,
            Weekday::Thursday => 3,
            Weekday::Friday => 4,
            Weekday::Saturday => 5,
            Weekday::Sunday => 6,
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Weekly {
    pub weekday: Weekday,
    /// 0 to 23.
    pub hour: u32,
    pub zone: Tz,
}

impl Weekly {
    /// The first such time after an instant. One that a clock change skips comes when the clocks go on, one that it repeats comes once.
    pub fn after(&self, instant: DateTime<Utc>) -> DateTime<Utc> {
        let today = instant.with_timezone(&self.zone).date_naive();
        let mut date = today.week(chrono::Weekday::Mon).first_day() + self.weekday.days();
        loop {
            let local = NaiveDateTime::from(date) + TimeDelta::hours(i64::from(self.hour));
            let at = first_instant(local, self.zone).to_utc();
            if at > instant {
                return at;
            }
            date = date + Days::new(7);
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike, TimeZone, Timelike};
    use chrono_tz::{America, Asia, Australia, Europe, Pacific};
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn times(weekday: Weekday, hour: u32, zone: Tz, after: &str, count: usize) -> Vec<String> {
        let weekly = Weekly { weekday, hour, zone };
        let next = |at: &DateTime<Utc>| Some(weekly.after(*at));
        let times = std::iter::successors(next(&utc(after)), next).take(count);
        times.map(|at| at.with_timezone(&zone).to_rfc3339()).collect()
    }

    #[test]
    fn the_time_itself_is_past() {
        let berlin = Europe::Berlin;
        let before = times(Weekday::Monday, 8, berlin, "2026-11-30T06:59:59Z", 1);
        assert_eq!(before, ["2026-11-30T08:00:00+01:00"]);
        let at = times(Weekday::Monday, 8, berlin, "2026-11-30T07:00:00Z", 1);
        assert_eq!(at, ["2026-12-07T08:00:00+01:00"]);
        // It is Monday there already.
        let there = times(Weekday::Monday, 8, Pacific::Auckland, "2026-11-29T12:00:00Z", 1);
        assert_eq!(there, ["2026-11-30T08:00:00+13:00"]);
        assert_eq!(
            times(Weekday::Sunday, 23, Tz::UTC, "2026-12-30T00:00:00Z", 2),
            ["2027-01-03T23:00:00+00:00", "2027-01-10T23:00:00+00:00"]
        );
    }

    #[test]
    fn the_hour_stays_when_clocks_change() {
        assert_eq!(
            times(Weekday::Monday, 8, Europe::Berlin, "2026-03-22T00:00:00Z", 2),
            ["2026-03-23T08:00:00+01:00", "2026-03-30T08:00:00+02:00"]
        );
        assert_eq!(
            times(Weekday::Monday, 8, America::New_York, "2026-10-25T12:00:00Z", 2),
            ["2026-10-26T08:00:00-04:00", "2026-11-02T08:00:00-05:00"]
        );
    }

    #[test]
    fn an_hour_that_is_skipped_comes_after_the_gap_and_one_that_is_repeated_comes_once() {
        // From two to three in Berlin, from midnight to one in Beirut, and by half an hour on Lord Howe Island.
        assert_eq!(
            times(Weekday::Sunday, 2, Europe::Berlin, "2026-03-22T12:00:00Z", 2),
            ["2026-03-29T03:00:00+02:00", "2026-04-05T02:00:00+02:00"]
        );
        assert_eq!(
            times(Weekday::Sunday, 0, Asia::Beirut, "2026-03-22T12:00:00Z", 1),
            ["2026-03-29T01:00:00+03:00"]
        );
        assert_eq!(
            times(Weekday::Sunday, 2, Australia::Lord_Howe, "2026-10-01T00:00:00Z", 1),
            ["2026-10-04T02:30:00+11:00"]
        );
        assert_eq!(
            times(Weekday::Sunday, 2, Europe::Berlin, "2026-10-24T00:00:00Z", 2),
            ["2026-10-25T02:00:00+02:00", "2026-11-01T02:00:00+01:00"]
        );
        // Friday the 30th of December 2011 was not on Samoa.
        assert_eq!(
            times(Weekday::Friday, 8, Pacific::Apia, "2011-12-24T00:00:00Z", 2),
            ["2011-12-31T00:00:00+14:00", "2012-01-06T08:00:00+14:00"]
        );
    }

    const WEEKDAYS: [Weekday; 7] = [
        Weekday::Monday,
        Weekday::Tuesday,
        Weekday::Wednesday,
        Weekday::Thursday,
        Weekday::Friday,
        Weekday::Saturday,
        Weekday::Sunday,
    ];

    proptest! {
        /// In any zone, at any instant from 1990 to 2037.
        #[test]
        fn it_comes_once_a_week(
            day in 0..7_usize,
            hour in 0..24_u32,
            zone in select(chrono_tz::TZ_VARIANTS.as_slice()),
            seconds in 631_152_000..2_145_916_800_i64,
        ) {
            let weekly = Weekly { weekday: WEEKDAYS[day], hour, zone };
            let instant = DateTime::from_timestamp(seconds, 0).unwrap();
            let at = weekly.after(instant);
            prop_assert!(at > instant && at - instant <= TimeDelta::days(8));
            // Nothing lies between, whenever one asks.
            for within in [instant + (at - instant) / 2, at - TimeDelta::seconds(1)] {
                prop_assert_eq!(weekly.after(within), at);
            }
            let local = at.with_timezone(&zone);
            let meant = NaiveDateTime::from(local.date_naive()) + TimeDelta::hours(i64::from(hour));
            let is_meant = local.weekday().num_days_from_monday() as usize == day && (local.hour(), local.minute()) == (hour, 0);
            // Or the clocks skipped it, be it with the whole day.
            let skipped = zone.from_local_datetime(&meant).earliest().is_none() || local.weekday().num_days_from_monday() as usize != day;
            prop_assert!(is_meant || skipped, "{local}");
            let next = weekly.after(at);
            prop_assert!((TimeDelta::days(6)..=TimeDelta::days(8)).contains(&(next - at)), "{at} {next}");
        }
    }
}
