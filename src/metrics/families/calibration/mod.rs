//! Does confidence mean what it says?
//!
//! Each metric exists twice: against acceptance (did the user take it?) and against correctness (was it right?). The two are
//! different questions and are never mixed. Ten equal-width bins, closed on the right, as scikit-learn's
//! `calibration_curve(strategy="uniform")` cuts them.

mod catalogue;
mod curve;
mod estimates;
mod grid;

use polars::prelude::{Expr, col, lit, when};

use self::catalogue::METRICS;
pub use self::curve::{Band, Curve, MassBand, curve};
pub use self::estimates::binned;
pub use self::grid::of_draws;
use crate::metrics::facts::{self, BINS, count, decision, fixed, only};
use crate::metrics::{Family, Histogram, Sum};

/// What confidence is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Acceptance,
    Correctness,
}

impl Target {
    pub const BOTH: [Target; 2] = [Target::Acceptance, Target::Correctness];

    pub fn name(self) -> &'static str {
        match self {
            Target::Acceptance => "acceptance",
            Target::Correctness => "correctness",
        }
    }

    /// The metrics of this target.
    pub fn metric_ids(self) -> Vec<&'static str> {
        let ids = FAMILY.metrics.iter().map(|metric| metric.id);
        ids.filter(|id| id.ends_with(self.name())).collect()
    }

    fn histogram(self) -> &'static str {
        match self {
            Target::Acceptance => "confidence_acceptance",
            Target::Correctness => "confidence_correctness",
        }
    }

    /// Whether the outcome is known and a confidence is there.
    pub fn known(self) -> Expr {
        let outcome = match self {
            Target::Acceptance => decision::decided(),
            Target::Correctness => col(facts::CORRECT).is_not_null(),
        };
        outcome.and(col(facts::CONFIDENCE).is_not_null())
    }

    /// Whether what confidence is about came true.
    pub fn positive(self) -> Expr {
        match self {
            Target::Acceptance => decision::taken(),
            Target::Correctness => col(facts::CORRECT),
        }
    }

    fn sums(self) -> Vec<Sum> {
        let name = self.name();
        let confidence = col(facts::CONFIDENCE);
        let outcome = when(self.positive()).then(lit(1.0)).otherwise(lit(0.0));
        let error = confidence.clone() - outcome;
        let loss = when(self.positive())
            .then(col(facts::LOSS_IF_POSITIVE))
            .otherwise(col(facts::LOSS_IF_NEGATIVE));
        let mut sums = vec![
            Sum::new(format!("{name}_n"), count(self.known())),
            Sum::new(format!("{name}_p"), fixed(only(self.known(), confidence.clone()))),
            Sum::new(format!("{name}_y"), count(self.known().and(self.positive()))),
            Sum::new(
                format!("{name}_squared_error"),
                fixed(only(self.known(), error.clone() * error)),
            ),
            Sum::new(format!("{name}_log_loss"), fixed(only(self.known(), loss))),
        ];
        for bin in 0..BINS {
            let here = self.known().and(col(facts::CONFIDENCE_BIN).eq(lit(bin as i32)));
            sums.push(Sum::new(format!("{name}_bin{bin}_n"), count(here.clone())));
            sums.push(Sum::new(
                format!("{name}_bin{bin}_p"),
                fixed(only(here.clone(), confidence.clone())),
            ));
            sums.push(Sum::new(format!("{name}_bin{bin}_y"), count(here.and(self.positive()))));
        }
        sums
    }
}

pub static FAMILY: Family = Family {
    id: "calibration",
    question: "Does confidence mean what it says?",
    sums: || Target::BOTH.into_iter().flat_map(Target::sums).collect(),
    histograms: || {
        let histogram = |kind, target: Target| Histogram {
            kind,
            name: target.histogram(),
            bucket: only(target.known(), col(facts::CONFIDENCE_CELL)),
            exact_bucket: Some(fixed(only(target.known(), col(facts::CONFIDENCE)).fill_null(lit(-1.0)))),
            positive: target.positive(),
        };
        vec![histogram(2, Target::Acceptance), histogram(3, Target::Correctness)]
    },
    metrics: &METRICS,
};
