//! Does confidence mean what it says?
//!
//! Each metric exists twice: against acceptance (did the user take it?) and against correctness (was it right?). The two are
//! different questions and are never mixed. Ten equal-width bins, closed on the right, as scikit-learn's
//! `calibration_curve(strategy="uniform")` cuts them.

mod estimates;

use polars::prelude::{Expr, col, lit, when};

pub use self::estimates::{Band, Curve, binned, curve};
use self::estimates::{area, brier, ece, gap, log_loss, mce};
use super::LINEAR;
use crate::metrics::estimate::Estimate;
use crate::metrics::facts::{self, BINS, count, decision, fixed, only};
use crate::metrics::{Direction, Family, Histogram, Metric, Statistics, Sum, Unit};

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

    /// The headline metrics of this target.
    pub fn metric_ids(self) -> [&'static str; 6] {
        match self {
            Target::Acceptance => [
                "ece_10_acceptance",
                "mce_10_acceptance",
                "calibration_gap_acceptance",
                "brier_acceptance",
                "log_loss_acceptance",
                "auroc_acceptance",
            ],
            Target::Correctness => [
                "ece_10_correctness",
                "mce_10_correctness",
                "calibration_gap_correctness",
                "brier_correctness",
                "log_loss_correctness",
                "auroc_correctness",
            ],
        }
    }

    fn histogram(self) -> &'static str {
        match self {
            Target::Acceptance => "confidence_acceptance",
            Target::Correctness => "confidence_correctness",
        }
    }

    /// Whether the outcome is known and a confidence is there.
    fn known(self) -> Expr {
        let outcome = match self {
            Target::Acceptance => decision::decided(),
            Target::Correctness => col(facts::CORRECT).is_not_null(),
        };
        outcome.and(col(facts::CONFIDENCE).is_not_null())
    }

    fn positive(self) -> Expr {
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
    metrics: &[
        ece_metric("ece_10_acceptance", "Calibration error (acceptance)", |s| {
            ece(s, Target::Acceptance)
        }),
        ece_metric("ece_10_correctness", "Calibration error (correctness)", |s| {
            ece(s, Target::Correctness)
        }),
        mce_metric("mce_10_acceptance", "Largest calibration error (acceptance)", |s| {
            mce(s, Target::Acceptance)
        }),
        mce_metric("mce_10_correctness", "Largest calibration error (correctness)", |s| {
            mce(s, Target::Correctness)
        }),
        gap_metric("calibration_gap_acceptance", "Over-confidence (acceptance)", |s| {
            gap(s, Target::Acceptance)
        }),
        gap_metric("calibration_gap_correctness", "Over-confidence (correctness)", |s| {
            gap(s, Target::Correctness)
        }),
        brier_metric("brier_acceptance", "Brier score (acceptance)", |s| {
            brier(s, Target::Acceptance)
        }),
        brier_metric("brier_correctness", "Brier score (correctness)", |s| {
            brier(s, Target::Correctness)
        }),
        log_loss_metric("log_loss_acceptance", "Log loss (acceptance)", |s| {
            log_loss(s, Target::Acceptance)
        }),
        log_loss_metric("log_loss_correctness", "Log loss (correctness)", |s| {
            log_loss(s, Target::Correctness)
        }),
        auroc_metric("auroc_acceptance", "Discrimination (acceptance)", |s| {
            area(s, Target::Acceptance)
        }),
        auroc_metric("auroc_correctness", "Discrimination (correctness)", |s| {
            area(s, Target::Correctness)
        }),
    ],
};

type Estimator = fn(&Statistics) -> Estimate;

const fn ece_metric(id: &'static str, title: &'static str, estimate: Estimator) -> Metric {
    Metric {
        id,
        title,
        summary: "How far confidence is from what happened, on average over ten bands of confidence.",
        formula: "sum over 10 equal-width bins of n_bin / n × |mean outcome − mean confidence|",
        unit: Unit::Share,
        direction: Direction::LowerIsBetter,
        interval: "linearised with the signs of the bins' gaps held, clustered by user; the estimate is biased upwards when bins are small",
        source: "Naeini, Cooper & Hauskrecht 2015; Guo et al. 2017",
        estimate,
    }
}

const fn mce_metric(id: &'static str, title: &'static str, estimate: Estimator) -> Metric {
    Metric {
        id,
        title,
        summary: "How far confidence is from what happened, in the worst of ten bands of confidence.",
        formula: "maximum over 10 equal-width bins with an output of |mean outcome − mean confidence|",
        unit: Unit::Share,
        direction: Direction::LowerIsBetter,
        interval: "none: a maximum has no simple one",
        source: "Naeini, Cooper & Hauskrecht 2015",
        estimate,
    }
}

const fn gap_metric(id: &'static str, title: &'static str, estimate: Estimator) -> Metric {
    Metric {
        id,
        title,
        summary: "Mean confidence minus what happened: above zero is over-confident.",
        formula: "mean confidence − mean outcome",
        unit: Unit::ShareDifference,
        direction: Direction::CloserToZeroIsBetter,
        interval: LINEAR,
        source: "calibration in the large",
        estimate,
    }
}

const fn brier_metric(id: &'static str, title: &'static str, estimate: Estimator) -> Metric {
    Metric {
        id,
        title,
        summary: "Mean squared error of confidence: 0 is perfect, 0.25 is what always saying 50 % gets.",
        formula: "mean of (confidence − outcome)²",
        unit: Unit::Share,
        direction: Direction::LowerIsBetter,
        interval: LINEAR,
        source: "Brier 1950",
        estimate,
    }
}

const fn log_loss_metric(id: &'static str, title: &'static str, estimate: Estimator) -> Metric {
    Metric {
        id,
        title,
        summary: "How surprising the outcomes are to the confidence: certain errors cost most.",
        formula: "−mean of outcome × ln p + (1 − outcome) × ln(1 − p), p clipped to [1e-6, 1 − 1e-6]",
        unit: Unit::Nats,
        direction: Direction::LowerIsBetter,
        interval: LINEAR,
        source: "Good 1952",
        estimate,
    }
}

const fn auroc_metric(id: &'static str, title: &'static str, estimate: Estimator) -> Metric {
    Metric {
        id,
        title,
        summary: "How well confidence tells good outputs from bad ones: 0.5 is chance, 1 is perfect.",
        formula: "P(confidence of a positive > that of a negative) + ½ P(equal); exact from outputs, from a grid of 1000 in rollups",
        unit: Unit::Share,
        direction: Direction::HigherIsBetter,
        interval: "DeLong, DeLong & Clarke-Pearson 1988; outputs taken as independent",
        source: "Hanley & McNeil 1982",
        estimate,
    }
}
