//! Do users who try something keep using it?
//!
//! Of users who met the feature for the first time in the window: the share that still uses it, by weeks since then
//! ([`crate::stats::survival`]). Who was silent for some days at the end has stopped when last seen; who was not is still in. So that this
//! can be known of everyone, all are followed until so many days before the end and no longer: how long is then a matter of when they began
//! and of nothing that they did.

use chrono::{DateTime, TimeDelta, Utc};
use polars::prelude::PolarsResult;
use serde::Serialize;
use utoipa::ToSchema;

use super::exposures::Met;
use crate::metrics::{Estimate, facts as f};
use crate::stats::level::Level;
use crate::stats::survival::{self, Moment};

/// Weeks since the first use that are told apart; who stays longer is followed no longer.
pub const MOST_WEEKS: u32 = 104;

/// One week of use.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StayingWeek {
    /// Whole weeks since the first use.
    pub week: u32,
    /// Users who still used it when the week began and were followed.
    pub at_risk: u64,
    /// Those of them who were seen last in it.
    pub stopped: u64,
    /// Those of them who are followed no longer: they began too late for more.
    pub censored: u64,
    /// The share of users that goes on after it.
    pub still_using: Estimate,
}

/// How users leave.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Staying {
    /// Days of silence after which a user counts as having stopped.
    pub quiet_days: u32,
    /// Users who met it first in the range, early enough to be followed.
    pub followed: u64,
    /// Users who met it first so late that nothing can be said of them yet.
    pub too_new: u64,
    /// Those followed who have stopped.
    pub stopped: u64,
    /// The first week after which at most half still use it; null where more do as long as anyone was followed.
    #[schema(required = true)]
    pub median_weeks: Option<u32>,
    pub weeks: Vec<StayingWeek>,
}

/// When users were seen first and last, in microseconds since the epoch.
#[derive(Default)]
pub struct Seen {
    /// By the number of the meeting; `None` of users who met it before the window.
    users: Vec<Option<(i64, i64)>>,
}

impl Seen {
    /// Adds a day's outputs, in the order in which they were shown.
    pub fn add(&mut self, met: &Met) -> PolarsResult<()> {
        let most = met.meetings.iter().max().map_or(0, |most| *most as usize + 1);
        if self.users.len() < most {
            self.users.resize(most, None);
        }
        let times = met.stated.column(f::SHOWN_AT)?.i64()?.iter();
        for ((meeting, is_returning), time) in met.meetings.iter().zip(&met.returning).zip(times) {
            if let (Some(own), Some(time), false) = (self.users.get_mut(*meeting as usize), time, *is_returning) {
                *own = Some((own.map_or(time, |(first, _)| first), time));
            }
        }
        Ok(())
    }

    /// What became of them until `end`.
    pub fn staying(&self, end: DateTime<Utc>, quiet_days: u32, level: Level) -> Staying {
        let until = (end - TimeDelta::days(i64::from(quiet_days))).timestamp_micros();
        let week = TimeDelta::weeks(1).as_seconds_f64() * 1e6;
        let newcomers = || self.users.iter().flatten();
        let durations: Vec<(u32, bool)> = newcomers()
            .filter(|(first, _)| *first < until)
            .map(|(first, last)| {
                let weeks = ((*last.min(&until) - first) as f64 / week) as u32;
                (weeks.min(MOST_WEEKS), *last < until && weeks < MOST_WEEKS)
            })
            .collect();
        let moments = survival::kaplan_meier(&durations);
        let followed = durations.len() as u64;
        Staying {
            quiet_days,
            followed,
            too_new: newcomers().count() as u64 - followed,
            stopped: durations.iter().filter(|(_, has_stopped)| *has_stopped).count() as u64,
            median_weeks: (0..)
                .zip(&moments)
                .find(|(_, own)| own.survival <= 0.5)
                .map(|(week, _)| week),
            weeks: (0..)
                .zip(&moments)
                .map(|(week, own)| StayingWeek::of(week, own, level))
                .collect(),
        }
    }
}

impl StayingWeek {
    fn of(week: u32, moment: &Moment, level: Level) -> StayingWeek {
        let still_using = Estimate {
            users: Some(moment.at_risk),
            ..Estimate::point(moment.survival, moment.at_risk)
        };
        let method = if moment.survival < 1.0 {
            "log_log_greenwood"
        } else {
            "wilson"
        };
        StayingWeek {
            week,
            at_risk: moment.at_risk,
            stopped: moment.ended,
            censored: moment.censored,
            still_using: still_using
                .within(moment.interval(level), method)
                .with_standard_error(moment.standard_error()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000_000;

    #[test]
    fn who_was_there_lately_is_still_in_and_who_just_began_is_not_followed() {
        let seen = Seen {
            users: vec![
                // Seen for two weeks and no more; every week; once; only lately; before the window.
                Some((0, 15 * DAY)),
                Some((0, 69 * DAY)),
                Some((DAY, DAY)),
                Some((60 * DAY, 69 * DAY)),
                None,
            ],
        };
        let end = DateTime::from_timestamp_micros(70 * DAY).unwrap();
        let found = seen.staying(end, 28, Level::default());
        assert_eq!((found.followed, found.too_new, found.stopped), (3, 1, 2));
        let left: Vec<(u64, u64, u64)> = found
            .weeks
            .iter()
            .map(|week| (week.at_risk, week.stopped, week.censored))
            .collect();
        assert_eq!(
            left,
            [
                (3, 1, 0),
                (2, 0, 0),
                (2, 1, 0),
                (1, 0, 0),
                (1, 0, 0),
                (1, 0, 0),
                (1, 0, 1)
            ]
        );
        assert_eq!(found.median_weeks, Some(2));
        let last = &found.weeks[6].still_using;
        assert!((last.value.unwrap() - 1.0 / 3.0).abs() < 1e-12 && last.lower < last.value);
        let nobody = Seen::default().staying(end, 28, Level::default());
        assert!(nobody.weeks.is_empty() && nobody.median_weeks.is_none());
    }
}
