//! The metrics of the family, each against acceptance and against correctness.

use super::{Target, estimates, grid};
use crate::metrics::families::LINEAR;
use crate::metrics::{Direction, Metric, Unit};

/// What the catalogue says of the interval of a function of the confidences themselves.
const DRAWN: &str =
    "none here, since confidences are counted without their users; `/features/{feature}/calibration` draws users again";

/// Declares each metric twice. Those of `grid` are functions of cells, those of `estimates` of all statistics.
macro_rules! against_both {
    (@ grid $estimate:ident $s:ident $target:expr) => {
        grid::of_cells($s, $target, grid::$estimate)
    };
    (@ estimates $estimate:ident $s:ident $target:expr) => {
        estimates::$estimate($s, $target)
    };
    ($($id:literal, $title:literal, $from:ident::$estimate:ident {
        summary: $summary:expr,
        formula: $formula:expr,
        unit: $unit:ident,
        direction: $direction:ident,
        interval: $interval:expr,
        source: $source:expr,
    })*) => {
        [$(
            Metric {
                id: concat!($id, "_acceptance"),
                title: concat!($title, " (acceptance)"),
                summary: $summary,
                formula: $formula,
                unit: Unit::$unit,
                direction: Direction::$direction,
                interval: $interval,
                source: $source,
                estimate: |s| against_both!(@ $from $estimate s Target::Acceptance),
            },
            Metric {
                id: concat!($id, "_correctness"),
                title: concat!($title, " (correctness)"),
                summary: $summary,
                formula: $formula,
                unit: Unit::$unit,
                direction: Direction::$direction,
                interval: $interval,
                source: $source,
                estimate: |s| against_both!(@ $from $estimate s Target::Correctness),
            },
        )*]
    };
}

pub(super) static METRICS: [Metric; 42] = against_both! {
    "ece_10", "Calibration error", estimates::ece {
        summary: "How far confidence is from what happened, on average over ten bands of confidence.",
        formula: "sum over 10 equal-width bins, right-closed with 0 in the first, of n_bin / n × |mean outcome − mean confidence|",
        unit: Share,
        direction: LowerIsBetter,
        interval: "linearised with the signs of the bins' gaps held, clustered by user; the estimate is biased upwards when bins are small",
        source: "Naeini, Cooper & Hauskrecht 2015; Guo et al. 2017",
    }
    "mce_10", "Largest calibration error", estimates::mce {
        summary: "How far confidence is from what happened, in the worst of ten bands of confidence.",
        formula: "maximum over 10 equal-width right-closed bins with an output of |mean outcome − mean confidence|",
        unit: Share,
        direction: LowerIsBetter,
        interval: "none: a maximum has no simple one",
        source: "Naeini, Cooper & Hauskrecht 2015",
    }
    "calibration_gap", "Over-confidence", estimates::gap {
        summary: "Mean confidence minus what happened: above zero is over-confident.",
        formula: "mean confidence − mean outcome",
        unit: ShareDifference,
        direction: CloserToZeroIsBetter,
        interval: LINEAR,
        source: "calibration in the large",
    }
    "brier", "Brier score", estimates::brier {
        summary: "Mean squared error of confidence: 0 is perfect, 0.25 is what always saying 50 % gets.",
        formula: "mean of (confidence − outcome)²",
        unit: Share,
        direction: LowerIsBetter,
        interval: LINEAR,
        source: "Brier 1950",
    }
    "log_loss", "Log loss", estimates::log_loss {
        summary: "How surprising the outcomes are to the confidence: certain errors cost most.",
        formula: "−mean of outcome × ln p + (1 − outcome) × ln(1 − p), p clipped to [1e-6, 1 − 1e-6]",
        unit: Nats,
        direction: LowerIsBetter,
        interval: LINEAR,
        source: "Good 1952",
    }
    "auroc", "Discrimination", estimates::area {
        summary: "How well confidence tells good outputs from bad ones: 0.5 is chance, 1 is perfect.",
        formula: "P(confidence of a positive > that of a negative) + ½ P(equal); exact from outputs, from a grid of 1000 in rollups",
        unit: Share,
        direction: HigherIsBetter,
        interval: "DeLong, DeLong & Clarke-Pearson 1988; outputs taken as independent",
        source: "Hanley & McNeil 1982",
    }
    "ece_equal_mass_10", "Calibration error, equal mass", grid::ece_equal_mass {
        summary: "How far confidence is from what happened, on average over ten bands with as many outputs each.",
        formula: "as ece_10, the output of rank i of n in bin ⌊10·i/n⌋; equal confidences share their outcomes evenly",
        unit: Share,
        direction: LowerIsBetter,
        interval: DRAWN,
        source: "Nguyen & O'Connor 2015; Roelofs et al. 2022",
    }
    "ece_debiased_10", "Root mean square calibration error, debiased", estimates::debiased {
        summary: "How far confidence is from what happened in ten bands, as a root mean square (L2) without what chance adds; not the mean (L1) of ece_10, and never below it but for chance.",
        formula: "root of the larger of 0 and ece_debiased_square_10",
        unit: Share,
        direction: LowerIsBetter,
        interval: "the root of that of the square",
        source: "Bröcker 2012; Ferro & Fricker 2012; Kumar, Liang & Ma 2019",
    }
    "ece_debiased_square_10", "Squared calibration error, debiased", estimates::debiased_square {
        summary: "The squared calibration error without what chance adds to it; below zero is chance too.",
        formula: "sum over 10 equal-width right-closed bins of n_bin / n × [(mean outcome − mean confidence)² − outcome variance / (n_bin − 1)]",
        unit: ShareDifference,
        direction: LowerIsBetter,
        interval: "linearised, clustered by user; the term against bias takes outputs as independent",
        source: "Bröcker 2012; Ferro & Fricker 2012; Kumar, Liang & Ma 2019",
    }
    "average_calibration_error_10", "Average calibration error", estimates::average {
        summary: "How far confidence is from what happened in a band of confidence, each of ten bands counting the same.",
        formula: "mean over 10 equal-width right-closed bins with an output of |mean outcome − mean confidence|",
        unit: Share,
        direction: LowerIsBetter,
        interval: "linearised with the signs of the bins' gaps held, clustered by user",
        source: "Neumann, Zisserman & Vedaldi 2018, who call it ACE",
    }
    "adaptive_calibration_error_10", "Adaptive calibration error", grid::adaptive {
        summary: "How far confidence is from what happened in a band, over ten bands with as many outputs each, counting the same.",
        formula: "mean over 10 equal-mass bins of |mean outcome − mean confidence|",
        unit: Share,
        direction: LowerIsBetter,
        interval: DRAWN,
        source: "Nixon et al. 2019, who call it ACE too",
    }
    "smooth_ece", "Smooth calibration error", grid::smooth_error {
        summary: "How far confidence is from what happened, smoothed over neighbouring confidences instead of cut into bands.",
        formula: "mean over confidence of |smoothed outcome − confidence|, Gaussian kernel reflected at 0 and 1, as wide as the error is large",
        unit: Share,
        direction: LowerIsBetter,
        interval: DRAWN,
        source: "Błasiok & Nakkiran 2023",
    }
    "miscalibration", "Miscalibration", grid::miscalibration {
        summary: "What recalibrating would take off the Brier score.",
        formula: "Brier score − Brier score of the isotonic fit; Brier = miscalibration − discrimination + uncertainty",
        unit: Share,
        direction: LowerIsBetter,
        interval: DRAWN,
        source: "Dimitriadis, Gneiting & Jordan 2021 (CORP)",
    }
    "discrimination", "Discrimination in the Brier score", grid::discrimination {
        summary: "How much better than the base rate the confidence would be once recalibrated.",
        formula: "uncertainty − Brier score of the isotonic fit",
        unit: Share,
        direction: HigherIsBetter,
        interval: DRAWN,
        source: "Dimitriadis, Gneiting & Jordan 2021 (CORP)",
    }
    "uncertainty", "Uncertainty", estimates::uncertainty {
        summary: "What always saying the base rate would cost in the Brier score.",
        formula: "mean outcome × (1 − mean outcome), of outputs with a confidence",
        unit: Share,
        direction: Neutral,
        interval: "the range of the formula over the interval of the mean outcome",
        source: "Murphy 1973",
    }
    "calibration_slope", "Calibration slope", grid::slope {
        summary: "How the log-odds of what happened rise with those of confidence: 1 is right, below 1 is spread too far.",
        formula: "b of logit P(outcome) = a + b × logit confidence, by maximum likelihood, confidence clipped to [1e-6, 1 − 1e-6]",
        unit: Ratio,
        direction: Neutral,
        interval: DRAWN,
        source: "Cox 1958",
    }
    "calibration_intercept", "Calibration intercept", grid::intercept {
        summary: "The log-odds of what happened where confidence is one half: 0 is right.",
        formula: "a of logit P(outcome) = a + b × logit confidence",
        unit: Nats,
        direction: CloserToZeroIsBetter,
        interval: DRAWN,
        source: "Cox 1958",
    }
    "spiegelhalter_z", "Spiegelhalter's Z", grid::spiegelhalter_z {
        summary: "A test of calibration: beyond ±1.96 independent outputs would be off by chance once in twenty; much data rejects anything.",
        formula: "sum of (y − p)(1 − 2p) / root of the sum of (1 − 2p)² p (1 − p)",
        unit: StandardDeviations,
        direction: CloserToZeroIsBetter,
        interval: "none: it is a test",
        source: "Spiegelhalter 1986",
    }
    "aurc", "Risk over coverage", grid::aurc {
        summary: "The mean error rate when only the most confident outputs count, over all shares of them.",
        formula: "mean over k of the error rate of the k most confident; errors of equal confidences spread evenly",
        unit: Share,
        direction: LowerIsBetter,
        interval: DRAWN,
        source: "Geifman & El-Yaniv 2017",
    }
    "e_aurc", "Excess risk over coverage", grid::e_aurc {
        summary: "What of the risk over coverage a perfect order of confidences would save.",
        formula: "aurc − [r + (1 − r) ln(1 − r)], r the error rate",
        unit: Share,
        direction: LowerIsBetter,
        interval: DRAWN,
        source: "Geifman, Uziel & El-Yaniv 2019",
    }
    "augrc", "Generalised risk over coverage", grid::augrc {
        summary: "The mean share of outputs that are both among the most confident and wrong, over all shares of them.",
        formula: "(1 − AUROC) r (1 − r) + r² / 2, r the error rate",
        unit: Share,
        direction: LowerIsBetter,
        interval: DRAWN,
        source: "Traub et al. 2024",
    }
};
