//! An answer: rows of estimates, and what one must know about them.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::edits::EditThresholds;
use crate::domain::window::{Granularity, Window};
use crate::metrics::Estimate;
use crate::metrics::families::calibration::Curve;
use crate::metrics::statistics::Clustering;
use crate::stats::contrast::Moved;

/// The estimates of one slice.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// One value per dimension that was grouped by.
    pub group: Vec<Option<String>>,
    /// The number of the group: of the arm, if the question has arms.
    pub number: u32,
    /// The start of the bucket, in the time zone of the question.
    pub bucket: Option<DateTime<Tz>>,
    /// What clusters are: users, or groups of them.
    pub clustering: Clustering,
    /// Distinct users of the slice, where it is known.
    pub users: Option<u64>,
    /// One estimate per metric that was asked for.
    pub estimates: Vec<Estimate>,
    /// If the question asks for it.
    pub curve: Option<Curve>,
    /// If the question asks for it: what each cluster contributes to each estimate.
    pub contributions: Vec<Option<Contributions>>,
}

/// What clusters contribute to an estimate, in the order of their keys. Those that have nothing to say are not there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contributions(pub Vec<Contribution>);

/// What one cluster contributes to an estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution {
    /// The user, or the group of users: the same in every slice of an answer.
    pub cluster: i64,
    /// How far it moves the estimate.
    pub influence: f64,
    /// How many of the units it has that count.
    pub size: f64,
    /// Numerator and denominator, if the estimate is a ratio of sums.
    pub totals: Option<(f64, f64)>,
}

impl Contribution {
    /// What a contrast needs of it.
    pub fn moved(&self) -> Moved {
        Moved {
            by: self.influence,
            size: self.size,
        }
    }
}

/// Where the numbers came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The outputs themselves, each user apart.
    Segments,
    /// The rollups, users in random groups.
    Rollups,
    /// The outputs where a group has few of them, the rollups elsewhere: each estimate names its method.
    Both,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub rows: Vec<Row>,
    /// Over the whole window: per group when the rows have buckets, else over all groups.
    pub totals: Vec<Row>,
    pub window: Window,
    pub granularity: Option<Granularity>,
    /// From here on decisions have not had time to arrive.
    pub immature_from: Option<DateTime<Utc>>,
    /// Which edits are light, medium or heavy, if the question is about that.
    pub edit_thresholds: Option<EditThresholds>,
    /// Buckets that late events changed after their horizon.
    pub restated: Vec<DateTime<Tz>>,
    /// Events of the log that the numbers contain.
    pub log_position: i64,
    pub source: Source,
}
