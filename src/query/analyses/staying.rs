//! Do users who try something keep using it?
//!
//! Of users who met the feature for the first time in the window: the share that still uses it, by weeks since then
//! ([`crate::stats::survival`]). Who was silent for some days at the end has stopped when last seen; who was not is still in. So that this
//! can be known of everyone, all are followed until so many days before the end and no longer: how long is then a matter of when they began
//! and of nothing that they did. Time is told to the hour: were it told to the week, whoever is followed for a part of a week would count as
//! having stayed for all of it.

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

const HOUR: i64 = 3_600_000_000;
const HOURS_OF_WEEK: u32 = 7 * 24;

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
    /// The share of users that goes on after it. Weeks that nobody can be followed to the end of are not there.
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
        let newcomers = || self.users.iter().flatten();
        let followed = || newcomers().filter(|(first, _)| *first < until);
        let most = MOST_WEEKS * HOURS_OF_WEEK;
        let hours = |from: i64, to: i64| u32::try_from((to - from) / HOUR).unwrap_or(most).min(most);
        let durations: Vec<(u32, bool)> = followed()
            .map(|(first, last)| {
                let own = hours(*first, *last.min(&until));
                (own, *last < until && own < most)
            })
            .collect();
        let longest = followed()
            .map(|(first, _)| hours(*first, until))
            .max()
            .unwrap_or_default();
        let moments = survival::kaplan_meier(&durations);
        let weeks: Vec<StayingWeek> = (0..longest / HOURS_OF_WEEK)
            .zip(moments.chunks(HOURS_OF_WEEK as usize))
            .filter_map(|(week, hours)| StayingWeek::of(week, hours, level))
            .collect();
        let is_half_gone = |week: &&StayingWeek| week.still_using.value.is_some_and(|share| share <= 0.5);
        Staying {
            quiet_days,
            followed: durations.len() as u64,
            too_new: (newcomers().count() - durations.len()) as u64,
            stopped: durations.iter().filter(|(_, has_stopped)| *has_stopped).count() as u64,
            median_weeks: weeks.iter().find(is_half_gone).map(|week| week.week),
            weeks,
        }
    }
}

impl StayingWeek {
    /// From the moments of its hours; there are fewer where nobody was followed to its end.
    fn of(week: u32, hours: &[Moment], level: Level) -> Option<StayingWeek> {
        let (first, last) = (hours.first()?, hours.last()?);
        let still_using = Estimate {
            users: Some(first.at_risk),
            ..Estimate::point(last.survival, first.at_risk)
        };
        let method = if last.survival < 1.0 {
            "log_log_greenwood"
        } else {
            "wilson"
        };
        Some(StayingWeek {
            week,
            at_risk: first.at_risk,
            stopped: hours.iter().map(|hour| hour.ended).sum(),
            censored: hours.iter().map(|hour| hour.censored).sum(),
            still_using: still_using
                .within(last.interval(level), method)
                .with_standard_error(last.standard_error()),
        })
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
        assert_eq!(left, [(3, 1, 0), (2, 0, 0), (2, 1, 0), (1, 0, 0), (1, 0, 0), (1, 0, 0)]);
        assert_eq!(found.median_weeks, Some(2));
        let last = &found.weeks[5].still_using;
        assert!((last.value.unwrap() - 1.0 / 3.0).abs() < 1e-12 && last.lower < last.value);
        // They come one after another, and half leave after three days: of those who came last that is not known yet.
        let arriving = |user: i64| {
            (
                user * DAY / 7,
                user * DAY / 7 + if user % 2 == 0 { 200 * DAY } else { 3 * DAY },
            )
        };
        let seen = Seen {
            users: (0..7 * 42).map(|user| Some(arriving(user))).collect(),
        };
        let found = seen.staying(end, 28, Level::default());
        let mut shares = found.weeks.iter().map(|week| week.still_using.value.unwrap());
        assert!(shares.all(|share| (share - 0.5).abs() < 0.005), "{found:?}");
        let nobody = Seen::default().staying(end, 28, Level::default());
        assert!(nobody.weeks.is_empty() && nobody.median_weeks.is_none());
    }
}
