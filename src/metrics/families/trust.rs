//! Do users trust the AI as much as it deserves?
//!
//! Trust (acceptance) and trustworthiness (correctness) are compared on the same outputs: those both decided and judged.
//! Which outputs get judged may be far from random, and comparing all decisions with some judgements would take that
//! choice for a difference in trust.

use polars::prelude::{Expr, col, lit};

use super::calibration::binned;
use super::{LINEAR, PROPORTION};
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::{self, BINS, count, decision};
use crate::metrics::{Direction, Family, Metric, Statistics, Sum, Unit, no_histograms};
use crate::stats::calibration::{self, Bin};

/// Gaps within this much of zero are calibrated trust.
pub const MARGIN: f64 = 0.05;

/// What the gap between trust and trustworthiness says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Users take more than is right.
    Over,
    /// The gap is within five points of zero, and the interval says so.
    Calibrated,
    /// Users decline more than is wrong.
    Under,
    /// The interval is too wide to tell.
    Insufficient,
}

impl Verdict {
    /// As people read it.
    pub const fn words(self) -> &'static str {
        match self {
            Verdict::Over => "Over-trusted",
            Verdict::Under => "Under-trusted",
            Verdict::Calibrated => "Calibrated",
            Verdict::Insufficient => "Cannot tell",
        }
    }
}

/// Judges a gap by its interval: an equivalence test with the margin first, then a test of its sign.
pub fn verdict(gap: &Estimate) -> Verdict {
    match (gap.lower, gap.upper) {
        (Some(lower), Some(upper)) if -MARGIN <= lower && upper <= MARGIN => Verdict::Calibrated,
        (Some(lower), _) if lower > 0.0 => Verdict::Over,
        (_, Some(upper)) if upper < 0.0 => Verdict::Under,
        _ => Verdict::Insufficient,
    }
}

/// How many more judged outputs it would take to tell, were they like those that are there: until the interval either leaves zero out
/// or fits into the margin, whichever comes first. Half-widths shrink with the root of the outputs. `None` where the verdict is there,
/// or where nothing says how wide the interval is.
pub fn outputs_needed(gap: &Estimate) -> Option<u64> {
    if verdict(gap) != Verdict::Insufficient {
        return None;
    }
    let (value, half) = (gap.value?, (gap.upper? - gap.lower?) / 2.0);
    let enough = value.abs().max(MARGIN - value.abs());
    let factor = (half / enough).powi(2);
    // At least one: the interval is not quite symmetric where it is clipped.
    Some(((gap.n as f64 * (factor - 1.0)).ceil() as u64).max(1))
}

fn both() -> Expr {
    decision::decided().and(col(facts::CORRECT).is_not_null())
}

pub static FAMILY: Family = Family {
    id: "trust",
    question: "Do users trust the AI as much as it deserves?",
    sums: || {
        let right = col(facts::CORRECT).eq(lit(true));
        let mut sums = vec![
            Sum::new("judged_decided", count(both())),
            Sum::new("trusted", count(both().and(decision::taken()))),
            Sum::new("trustworthy", count(both().and(right.clone()))),
        ];
        for bin in 0..BINS {
            let here = both().and(col(facts::CONFIDENCE_BIN).eq(lit(bin as i32)));
            sums.push(Sum::new(format!("trust_bin{bin}_n"), count(here.clone())));
            sums.push(Sum::new(
                format!("trust_bin{bin}_trusted"),
                count(here.clone().and(decision::taken())),
            ));
            sums.push(Sum::new(
                format!("trust_bin{bin}_trustworthy"),
                count(here.and(right.clone())),
            ));
        }
        sums
    },
    histograms: no_histograms,
    metrics: &[
        Metric {
            id: "trust",
            title: "Trust",
            summary: "Share of the judged outputs that users took.",
            formula: "taken / decided and judged",
            unit: Unit::Share,
            direction: Direction::Neutral,
            interval: PROPORTION,
            source: "Lee & See 2004, Trust in automation",
            estimate: |s| s.proportion("trusted", "judged_decided", Reason::NoJudgements),
        },
        Metric {
            id: "trustworthiness",
            title: "Trustworthiness",
            summary: "Share of the decided outputs that were right.",
            formula: "correct / decided and judged",
            unit: Unit::Share,
            direction: Direction::HigherIsBetter,
            interval: PROPORTION,
            source: "Lee & See 2004, Trust in automation",
            estimate: |s| s.proportion("trustworthy", "judged_decided", Reason::NoJudgements),
        },
        Metric {
            id: "trust_gap",
            title: "Trust gap",
            summary: "Trust minus trustworthiness: above zero users trust too much, below zero too little. The verdict is calibrated when the interval stays within 5 points of zero, over or under when it leaves zero out, and else insufficient.",
            formula: "(taken − correct) / decided and judged",
            unit: Unit::ShareDifference,
            direction: Direction::CloserToZeroIsBetter,
            interval: LINEAR,
            source: "Lee & See 2004; Wischnewski, Krämer & Müller 2023",
            estimate: gap,
        },
        Metric {
            id: "trust_calibration_error",
            title: "Trust calibration error",
            summary: "How far trust is from trustworthiness, on average over ten bands of confidence.",
            formula: "sum over 10 equal-width bins of confidence of n_bin / n × |taken − correct| / n_bin",
            unit: Unit::Share,
            direction: Direction::LowerIsBetter,
            interval: "linearised with the signs of the bins' gaps held, clustered by user",
            source: "Wischnewski, Krämer & Müller 2023",
            estimate: calibration_error,
        },
    ],
};

fn gap(s: &Statistics) -> Estimate {
    let gaps = s
        .by_cluster("trusted")
        .into_iter()
        .zip(s.by_cluster("trustworthy"))
        .map(|(taken, right)| taken - right);
    let totals = gaps.zip(s.by_cluster("judged_decided")).collect();
    let sums = (s.total("trusted") - s.total("trustworthy"), s.total("judged_decided"));
    s.ratio(sums, totals, (-1.0, 1.0), Reason::NoJudgements)
}

fn calibration_error(s: &Statistics) -> Estimate {
    let names = |bin: usize| ["n", "trustworthy", "trusted"].map(|part| format!("trust_bin{bin}_{part}"));
    let mut pooled = Vec::with_capacity(BINS);
    let mut clusters = vec![vec![Bin::default(); BINS]; s.cluster_count()];
    for bin in 0..BINS {
        let [n, p, y] = names(bin);
        pooled.push(Bin {
            n: s.total(&n),
            sum_p: s.total(&p),
            sum_y: s.total(&y),
        });
        let columns = s.by_cluster(&n).into_iter().zip(s.by_cluster(&p)).zip(s.by_cluster(&y));
        for (cluster, ((n, p), y)) in clusters.iter_mut().zip(columns) {
            if let Some(own) = cluster.get_mut(bin) {
                *own = Bin { n, sum_p: p, sum_y: y };
            }
        }
    }
    let Some(value) = calibration::ece(&pooled) else {
        return s.nothing(Reason::NoConfidence);
    };
    let n = pooled.iter().map(|bin| bin.n).sum();
    binned(s, value, n, &clusters)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::level::Interval;

    fn gap(value: f64, half: f64, n: u64) -> Estimate {
        Estimate::point(value, n).within(Some(Interval::around(value, half)), "")
    }

    #[test]
    fn what_it_takes_to_tell() {
        // Twice the half-width of what is needed: four times the outputs.
        assert_eq!(outputs_needed(&gap(0.1, 0.2, 100)), Some(300));
        assert_eq!(outputs_needed(&gap(0.0, 0.1, 100)), Some(300));
        for (value, half, expected) in [
            (0.1, 0.05, Verdict::Over),
            (-0.1, 0.05, Verdict::Under),
            (0.01, 0.02, Verdict::Calibrated),
        ] {
            let found = gap(value, half, 100);
            assert_eq!((verdict(&found), outputs_needed(&found)), (expected, None));
        }
        assert_eq!(outputs_needed(&Estimate::none(Reason::NoJudgements)), None);
        assert_eq!(outputs_needed(&Estimate::point(0.1, 5).within(None, "")), None);
    }
}
