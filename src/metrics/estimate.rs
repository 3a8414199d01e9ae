//! A number with what one must know to believe it, or the reason why there is none.

use serde::{Serialize, Serializer};
use utoipa::ToSchema;

use crate::stats::level::Interval;

/// Why there is no value, or no interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// No output in the slice.
    NoData,
    /// No output was decided.
    NoDecisions,
    /// No output was judged right or wrong.
    NoJudgements,
    /// No output carries a confidence with the outcome it is compared to.
    NoConfidence,
    /// No output has texts or edit figures.
    NoEdits,
    /// No output has both a time shown and a time decided.
    NoTimes,
    NoRatings,
    /// No output has the user's own answer from before.
    NoInitialAnswers,
    /// Outputs were found, but none to which this number applies.
    NoCases,
    /// Not enough of them to say.
    TooFew,
    /// All outcomes are the same, so nothing can be told apart.
    OneClass,
    /// What is counted does not tell: something that it takes was never observed.
    NotIdentified,
    /// It takes each user apart: ask with `exact`.
    NeedsExact,
    /// Kept per UTC day, and the range or bucket does not consist of whole UTC days.
    NotAligned,
    /// Outputs of the range went before this metric was known, so that they are not in its sums.
    NotKept,
    /// There is a value, and no interval follows from what is counted: the catalogue says why, and where there is one.
    NoInterval,
}

/// An estimate of one metric for one slice.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Estimate {
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub value: Option<f64>,
    /// Lower end of the interval at the level of the query.
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub lower: Option<f64>,
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub upper: Option<f64>,
    /// How many units the value rests on: outputs, or ratings.
    pub n: u64,
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub numerator: Option<f64>,
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub denominator: Option<f64>,
    /// Distinct users that the value rests on, where it is known: of a share or mean those of its denominator if each user is
    /// counted apart, else those of the slice, though never more than `n`. Outputs without a user are of none of them, however they count in
    /// intervals; only where users are the units of the analysis (autonomy, recalibration, trigger) each of them is taken for a user. Null where users were not counted: in answers from rollups that do not ask for the metric `users`.
    #[schema(required = true)]
    pub users: Option<u64>,
    #[serde(serialize_with = "plain_number")]
    #[schema(required = true)]
    pub standard_error: Option<f64>,
    /// How the interval was made.
    #[schema(required = true)]
    pub method: Option<&'static str>,
    #[schema(required = true)]
    pub reason: Option<Reason>,
}

impl Estimate {
    /// No value, and why.
    pub fn none(reason: Reason) -> Estimate {
        Estimate {
            value: None,
            lower: None,
            upper: None,
            n: 0,
            numerator: None,
            denominator: None,
            users: None,
            standard_error: None,
            method: None,
            reason: Some(reason),
        }
    }

    /// A value without an interval.
    pub fn point(value: f64, n: u64) -> Estimate {
        Estimate {
            value: Some(value),
            n,
            ..Estimate::none(Reason::NoInterval)
        }
    }

    /// A count: exact, so that no interval is due.
    pub fn count(value: u64) -> Estimate {
        Estimate {
            method: Some("count"),
            reason: None,
            ..Estimate::point(value as f64, value)
        }
    }

    pub fn of(mut self, numerator: f64, denominator: f64) -> Estimate {
        self.numerator = Some(numerator);
        self.denominator = Some(denominator);
        self
    }

    pub fn within(mut self, interval: Option<Interval>, method: &'static str) -> Estimate {
        self.lower = interval.map(|interval| interval.lower);
        self.upper = interval.map(|interval| interval.upper);
        (self.method, self.reason) = match interval {
            Some(_) => (Some(method), None),
            None => (self.method, Some(Reason::TooFew)),
        };
        self
    }

    pub fn with_standard_error(mut self, standard_error: Option<f64>) -> Estimate {
        self.standard_error = standard_error;
        self
    }
}

/// Writes whole numbers without a fraction or a sign on zero, and leaves no NaN in the answer.
pub fn plain_number<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) if value.fract() == 0.0 && value.abs() < 9e15 => serializer.serialize_i64(*value as i64),
        Some(value) if value.is_finite() => serializer.serialize_f64(*value),
        _ => serializer.serialize_none(),
    }
}
