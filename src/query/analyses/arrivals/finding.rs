//! What is said of users by arm, day and segment.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::window::Granularity;
use crate::stats::balance::{self, Chance};

/// How the users of one day or segment are spread, in the order of the arms.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlaceBalance {
    pub users: Vec<u64>,
    /// Users that each arm would have, had they been spread as planned.
    pub expected: Vec<f64>,
    /// That chance alone made the difference; null with less than 10 users expected in an arm.
    #[schema(required = true)]
    pub p_value: Option<f64>,
    /// Adjusted for all days and segments that are tested together, after Holm.
    #[schema(required = true)]
    pub adjusted_p_value: Option<f64>,
    /// Whether the adjusted p-value is below 0.001.
    pub mismatch: bool,
    /// Whether there is a mismatch, and the shares differ between the days or the values of the dimension: all places are off alike where
    /// the cause is elsewhere.
    pub stands_out: bool,
}

/// Whether the shares of the arms differ between days, or between the values of a dimension, whatever was planned.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SharesDiffer {
    /// `time`, or the dimension.
    pub by: String,
    pub p_value: f64,
    /// Adjusted for time and all dimensions, after Holm.
    pub adjusted_p_value: f64,
    /// Whether the adjusted p-value is below 0.01.
    pub differ: bool,
}

/// Users who came in one day, week or month.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PeriodBalance {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub balance: PlaceBalance,
}

/// Users who had one value of a dimension on their first day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SegmentBalance {
    pub dimension: String,
    /// Null for outputs without the dimension.
    #[schema(required = true)]
    pub value: Option<String>,
    pub balance: PlaceBalance,
    /// Arms with less than a tenth of the users due to them: the arm may be why, rather than a fault of the assignment.
    pub hardly_in: Vec<String>,
}

/// Why segments are not tested by a dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LeftOutReason {
    /// The filters of the arms name it.
    DefinesArms,
    /// No value of it is in all arms: the arms bring it about, or it decides the arm.
    FollowsArms,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LeftOut {
    pub dimension: String,
    pub reason: LeftOutReason,
}

/// Where users are not spread over the arms as planned.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct PlacesBalance {
    /// Where the mismatch is worst, in words.
    pub sentence: String,
    /// Whether users are not spread as planned on some day or in some segment.
    pub mismatch: bool,
    /// Names of the arms, in the order of all counts.
    pub arms: Vec<String>,
    /// The days, weeks or months with new users, each user in that of the first output in the arm.
    pub over_time: Vec<PeriodBalance>,
    pub granularity: Granularity,
    /// The segments that are tested, the worst first: at most 50 of a dimension, those with most users.
    pub by_segment: Vec<SegmentBalance>,
    /// Segments that are not tested, having too few users or not being among the largest of their dimension.
    pub segments_not_tested: u64,
    /// Between which places the shares differ.
    pub shares: Vec<SharesDiffer>,
    pub left_out: Vec<LeftOut>,
}

impl PlacesBalance {
    /// Of the days, weeks or months that stand out, the one that is furthest from what was planned.
    pub fn worst_period(&self) -> Option<&PeriodBalance> {
        let outstanding = self.over_time.iter().filter(|period| period.balance.stands_out);
        outstanding.min_by(|one, other| one.balance.rank().total_cmp(&other.balance.rank()))
    }

    /// `on 2026-03-04`, or `in the week that begins 2026-03-02`.
    pub fn when(&self, period: &PeriodBalance) -> String {
        let from = period.from.date_naive();
        match self.granularity {
            Granularity::Week => format!("in the week that begins {from}"),
            Granularity::Month => format!("in the month that begins {from}"),
            _ => format!("on {from}"),
        }
    }
}

impl PlaceBalance {
    /// Users who are not judged yet.
    pub fn of(users: Vec<u64>, shares: &[f64]) -> PlaceBalance {
        PlaceBalance {
            expected: balance::expected(&users, shares),
            users,
            p_value: None,
            adjusted_p_value: None,
            mismatch: false,
            stands_out: false,
        }
    }

    pub fn judge(&mut self, chance: Option<Chance>, shares_differ: bool) {
        self.p_value = chance.map(|chance| chance.p_value);
        self.adjusted_p_value = chance.map(|chance| chance.adjusted);
        self.mismatch = chance.is_some_and(|chance| chance.adjusted < balance::MISMATCH);
        self.stands_out = self.mismatch && shares_differ;
    }

    /// What places are ordered by, the worst first.
    pub fn rank(&self) -> f64 {
        self.p_value.unwrap_or(1.0)
    }
}
