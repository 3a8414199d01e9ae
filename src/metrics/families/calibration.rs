//! Does confidence mean what it says?
//!
//! Each metric exists twice: against acceptance (did the user take it?) and against correctness (was it right?). The two are
//! different questions and are never mixed. Ten equal-width bins, closed on the right, as scikit-learn's
//! `calibration_curve(strategy="uniform")` cuts them.

use polars::prelude::{Expr, col, lit, when};

use super::LINEAR;
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, BINS, count, decision, fixed, only, unfixed};
use crate::metrics::{Direction, Family, Histogram, Metric, Statistics, Sum, Unit};
use crate::stats::auroc::{self, GridCount};
use crate::stats::calibration::{self, Bin};

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

/// The ten bins of a slice.
pub fn bins(s: &Statistics, target: Target) -> Vec<Bin> {
    let name = target.name();
    (0..BINS)
        .map(|bin| Bin {
            n: s.total(&format!("{name}_bin{bin}_n")),
            sum_p: s.real(&format!("{name}_bin{bin}_p")),
            sum_y: s.total(&format!("{name}_bin{bin}_y")),
        })
        .collect()
}

/// The ten bins of each cluster.
fn bins_by_cluster(s: &Statistics, target: Target) -> Vec<Vec<Bin>> {
    let name = target.name();
    let mut clusters = vec![vec![Bin::default(); BINS]; s.clusters.len()];
    for bin in 0..BINS {
        let n = s.by_cluster(&format!("{name}_bin{bin}_n"));
        let p = s.by_cluster(&format!("{name}_bin{bin}_p"));
        let y = s.by_cluster(&format!("{name}_bin{bin}_y"));
        for (cluster, ((n, p), y)) in clusters.iter_mut().zip(n.into_iter().zip(p).zip(y)) {
            if let Some(own) = cluster.get_mut(bin) {
                *own = Bin {
                    n,
                    sum_p: unfixed(p),
                    sum_y: y,
                };
            }
        }
    }
    clusters
}

/// The reliability curve of a slice, and what it takes to read it.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// From the least confident band to the most.
    pub bands: Vec<Band>,
    /// What the calibration error of a perfectly calibrated model of this size would be about.
    pub ece_expected_if_calibrated: Option<f64>,
    /// How much better than always saying the base rate: 1 is perfect, below 0 is worse.
    pub brier_skill: Option<f64>,
}

/// One band of confidence.
#[derive(Clone, Debug, PartialEq)]
pub struct Band {
    pub mean_confidence: Option<f64>,
    /// The share of positive outcomes.
    pub outcome: Estimate,
}

pub fn curve(s: &Statistics, target: Target) -> Curve {
    let name = target.name();
    let bins = bins(s, target);
    let bands = (0..).zip(&bins).map(|(number, bin): (usize, &Bin)| Band {
        mean_confidence: bin.mean_p(),
        outcome: s.proportion(
            &format!("{name}_bin{number}_y"),
            &format!("{name}_bin{number}_n"),
            Reason::NoConfidence,
        ),
    });
    let n = s.total(&format!("{name}_n"));
    let base_rate = s.total(&format!("{name}_y")) / n;
    let brier = calibration::brier(s.real(&format!("{name}_squared_error")), n);
    Curve {
        bands: bands.collect(),
        ece_expected_if_calibrated: calibration::ece_expected_if_calibrated(&bins),
        brier_skill: brier.and_then(|brier| calibration::brier_skill(brier, base_rate)),
    }
}

fn ece(s: &Statistics, target: Target) -> Estimate {
    let pooled = bins(s, target);
    let Some(value) = calibration::ece(&pooled) else {
        return s.nothing(Reason::NoConfidence);
    };
    let n = pooled.iter().map(|bin| bin.n).sum();
    let interval = calibration::ece_interval_of_part(value, n, &bins_by_cluster(s, target), s.level);
    s.valued(value, n).within(interval, s.name("linear"))
}

fn mce(s: &Statistics, target: Target) -> Estimate {
    let pooled = bins(s, target);
    match calibration::mce(&pooled, 1.0) {
        Some(value) => s.valued(value, pooled.iter().map(|bin| bin.n).sum()),
        None => s.nothing(Reason::NoConfidence),
    }
}

fn gap(s: &Statistics, target: Target) -> Estimate {
    let name = target.name();
    let (p, y, n) = (format!("{name}_p"), format!("{name}_y"), format!("{name}_n"));
    let gaps = s
        .by_cluster(&p)
        .into_iter()
        .zip(s.by_cluster(&y))
        .map(|(p, y)| unfixed(p) - y);
    let totals = gaps.zip(s.by_cluster(&n)).collect();
    s.ratio(
        (s.real(&p) - s.total(&y), s.total(&n)),
        totals,
        (-1.0, 1.0),
        Reason::NoConfidence,
    )
}

fn brier(s: &Statistics, target: Target) -> Estimate {
    let name = target.name();
    s.mean(
        &format!("{name}_squared_error"),
        &format!("{name}_n"),
        (0.0, 1.0),
        Reason::NoConfidence,
    )
}

fn log_loss(s: &Statistics, target: Target) -> Estimate {
    let name = target.name();
    s.mean(
        &format!("{name}_log_loss"),
        &format!("{name}_n"),
        (0.0, f64::INFINITY),
        Reason::NoConfidence,
    )
}

fn area(s: &Statistics, target: Target) -> Estimate {
    let counts = match s.histogram(target.histogram(), Reason::NoConfidence) {
        Ok(counts) => counts,
        Err(reason) => return s.nothing(reason),
    };
    let grid: Vec<GridCount> = counts
        .iter()
        // Outputs without a confidence or an outcome are in a bucket below zero where buckets are exact.
        .filter(|(bucket, _, _)| *bucket >= 0)
        .map(|(_, positives, negatives)| GridCount {
            positives: *positives as f64,
            negatives: *negatives as f64,
        })
        .collect();
    match auroc::from_grid(&grid) {
        Some(area) => {
            let n = grid.iter().map(|cell| cell.positives + cell.negatives).sum();
            s.valued(area.value, n)
                .within(auroc::interval(&grid, s.level), "delong_unclustered")
        }
        None if grid.is_empty() => s.nothing(Reason::NoConfidence),
        None => s.nothing(Reason::OneClass),
    }
}
