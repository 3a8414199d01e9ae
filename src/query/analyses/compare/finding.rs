//! What a comparison says.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::metrics::estimate::plain_number;
use crate::metrics::number::Spread;
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::arrivals::PlacesBalance;
use crate::query::answer::Answer;
use crate::stats::level::Interval;

/// What a comparison comes to, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ComparisonVerdict {
    Better,
    Worse,
    /// Different, in a metric of which neither way is better, or of which closer to zero is, where it is not clear which side that is: they lie
    /// about as far from it on either side.
    Different,
    /// Surely smaller than the least difference worth having.
    NoDifferenceWorthHaving,
    CannotTellYet,
}

/// A number between two ends, or why there is none.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Between {
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub value: Option<f64>,
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub lower: Option<f64>,
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub upper: Option<f64>,
    /// Why there is no value, or no interval.
    #[schema(required = true)]
    pub reason: Option<Reason>,
}

/// A difference of two shares as if all outputs were independent of each other.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct NaiveDifference {
    /// Candidate minus baseline, as counted.
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
    /// `newcombe`: the hybrid of the Wilson intervals of both sides.
    pub method: &'static str,
    /// Of the z-test with the pooled variance, `z_pooled`; null where all outputs of both sides had the same outcome.
    #[schema(required = true)]
    pub p_value: Option<f64>,
    pub test: &'static str,
    /// Whether the unit of analysis is the one that was drawn: each output is known to be of a user of its own. If not, the
    /// interval is too narrow and the p-value too small, by the more the more outputs a user has; where the same users are on both sides,
    /// they may err the other way.
    pub is_valid: bool,
}

/// One metric on both sides.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ComparedMetric {
    pub metric: &'static str,
    pub verdict: ComparisonVerdict,
    /// The verdict in words, with its evidence.
    pub sentence: String,
    pub baseline: Estimate,
    pub candidate: Estimate,
    /// Candidate minus baseline, with the interval of a single look.
    pub difference: Between,
    /// The same as textbooks have it, to compare with; null for metrics that are not shares of outputs, and of sides without any.
    #[schema(required = true)]
    pub naive: Option<NaiveDifference>,
    #[schema(required = true)]
    pub standard_error: Option<f64>,
    /// Candidate divided by baseline.
    pub ratio: Between,
    /// Of a single look at this metric alone.
    #[schema(required = true)]
    pub p_value: Option<f64>,
    /// Adjusted for the number of metrics, after Benjamini and Hochberg.
    #[schema(required = true)]
    pub adjusted_p_value: Option<f64>,
    /// Holds at all looks at once. Without an interval until there are enough users.
    pub sequence: Between,
    /// Independent users behind the difference; of a metric without a value on one of the sides none.
    pub users: u64,
    /// Users that a sequence takes, at least, each output of nobody known being one.
    pub least_users: u64,
    /// Whether there are enough users for a sequence.
    pub enough_users: bool,
    #[schema(required = true)]
    pub always_valid_p_value: Option<f64>,
    /// That the candidate is better, as of a single look; null for a metric of which neither way is better, and of one of which closer to zero
    /// is, until it is clear on which side of zero that is.
    #[schema(required = true)]
    pub probability_better: Option<f64>,
    /// What is lost on average by choosing the candidate, in the unit of the metric.
    #[schema(required = true)]
    pub expected_loss: Option<f64>,
    /// The least difference that the sequence shows four times in five with so many users.
    #[schema(required = true)]
    pub detectable: Option<f64>,
    /// Users it takes until the sequence shows the least difference worth having four times in five, and days at the present pace.
    #[schema(required = true)]
    pub users_needed: Option<u64>,
    /// Null where there is no pace to go by, since all outputs are of one day; `sentence` says so.
    #[schema(required = true)]
    pub more_days_needed: Option<u64>,
    /// The share of the variance that what users did before explains, if it was taken off.
    #[schema(required = true)]
    pub variance_explained: Option<f64>,
}

/// The first metric up to one moment.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Look {
    /// The end of what is in it.
    pub to: DateTime<Utc>,
    pub difference: Between,
    /// Without an interval until there are enough users.
    pub sequence: Between,
}

/// How users are spread over the sides.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SampleRatio {
    #[schema(required = true)]
    pub baseline_users: Option<u64>,
    #[schema(required = true)]
    pub candidate_users: Option<u64>,
    /// Users who are on both sides.
    #[schema(required = true)]
    pub users_on_both: Option<u64>,
    /// That chance alone made the shares so different from those planned; null where nothing was planned.
    #[schema(required = true)]
    pub p_value: Option<f64>,
    /// Something else than chance decided who is counted: believe no difference before it is found.
    pub mismatch: bool,
    /// On which days and in which segments; null where nothing was planned, or users cannot be counted there.
    #[schema(required = true)]
    pub places: Option<PlacesBalance>,
}

pub struct Compared {
    pub metrics: Vec<ComparedMetric>,
    pub looks: Vec<Look>,
    pub sample_ratio: SampleRatio,
    pub answer: Answer,
}

impl From<&Between> for Spread {
    fn from(between: &Between) -> Spread {
        Spread {
            value: between.value,
            lower: between.lower,
            upper: between.upper,
        }
    }
}

impl Between {
    /// No value, and why.
    pub fn none(reason: Reason) -> Between {
        Between {
            value: None,
            lower: None,
            upper: None,
            reason: Some(reason),
        }
    }

    /// A value with its interval, if there are enough clusters for one.
    pub fn interval(value: f64, interval: Option<Interval>) -> Between {
        Between {
            value: Some(value),
            lower: interval.map(|interval| interval.lower),
            upper: interval.map(|interval| interval.upper),
            reason: interval.is_none().then_some(Reason::TooFew),
        }
    }

    /// What two sides come to, with its interval. Where it has none, that is for the reason that a side has none of its own.
    pub fn of(sides: [&Estimate; 2], value: f64, interval: Option<Interval>) -> Between {
        let own = sides.into_iter().find_map(|side| side.reason);
        let between = Between::interval(value, interval);
        Between {
            reason: between.reason.map(|reason| own.unwrap_or(reason)),
            ..between
        }
    }

    /// Nothing between two sides of which one has no value: for that side's reason.
    pub fn missing(sides: [&Estimate; 2]) -> Between {
        let without = sides.into_iter().find(|side| side.value.is_none());
        Between::none(without.and_then(|side| side.reason).unwrap_or(Reason::TooFew))
    }
}
