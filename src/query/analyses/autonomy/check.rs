//! How has a threshold from earlier outputs held up on later ones?

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Question, descent};
use crate::domain::clock;
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::outcomes::{Outcome, later_from};
use crate::stats::calibration::bin_index;
use crate::stats::cluster::ClusterRatio;
use crate::stats::level::Level;
use crate::stats::proportion;
use crate::stats::sample::GRID;
use crate::stats::thresholds::safe_for_users;

/// How a threshold from earlier outputs did on later ones.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Check {
    /// Where earlier ends and later begins.
    pub at: DateTime<Utc>,
    /// The threshold of the earlier outputs; null if none met the risk.
    #[schema(required = true)]
    pub above: Option<f64>,
    /// The mean over users of the share of their later outputs above it that was judged wrong: what was guaranteed.
    pub later: Estimate,
    #[schema(required = true)]
    pub verdict: Option<CheckVerdict>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckVerdict {
    /// The interval of the later mean over users is below the risk.
    Kept,
    /// It contains the risk.
    NotContradicted,
    /// It is above the risk.
    Broken,
}

/// Searches the earlier outputs, and looks at what is above their threshold among the later ones.
pub fn check(outcomes: &[Outcome], question: &Question) -> Option<Check> {
    let at = later_from(outcomes)?;
    let (earlier, later): (Vec<&Outcome>, Vec<&Outcome>) = outcomes.iter().partition(|outcome| outcome.shown_at < at);
    let descent = descent(earlier, question.risk);
    let place = safe_for_users(&descent, question.risk, question.delta);
    let above = place
        .and_then(|place| descent.get(place))
        .map(|threshold| threshold.above);
    let later = match above {
        Some(above) => mean_user_error(&errors_above(&later, above), question.query.level),
        None => Estimate::none(Reason::TooFew),
    };
    let verdict = match (later.lower, later.upper) {
        (_, Some(upper)) if upper <= question.risk => Some(CheckVerdict::Kept),
        (Some(lower), _) if lower > question.risk => Some(CheckVerdict::Broken),
        (Some(_), Some(_)) => Some(CheckVerdict::NotContradicted),
        _ => None,
    };
    Some(Check {
        at: clock::from_micros(at),
        above,
        later,
        verdict,
    })
}

/// Errors and outputs above a threshold, by user.
fn errors_above(outcomes: &[&Outcome], above: f64) -> Vec<(f64, f64)> {
    let first = (above * GRID as f64).round() as usize;
    let mut users: BTreeMap<i64, (f64, f64)> = BTreeMap::new();
    for outcome in outcomes {
        if outcome.has_user && bin_index(outcome.confidence, GRID) >= first {
            let (errors, n) = users.entry(outcome.cluster).or_default();
            *errors += f64::from(u8::from(!outcome.positive));
            *n += 1.0;
        }
    }
    users.into_values().collect()
}

/// The mean of users' shares of errors. Its interval is Wilson's with as many outputs as its variance is worth, at most those there are,
/// and with as many as there are users where none has an error, or none is right.
fn mean_user_error(users: &[(f64, f64)], level: Level) -> Estimate {
    let shares: Vec<(f64, f64)> = users.iter().map(|(errors, n)| (errors / n, 1.0)).collect();
    let ratio = ClusterRatio::from_totals(&shares);
    let Some(mean) = ratio.ratio() else {
        return Estimate::none(Reason::NoCases);
    };
    let outputs: f64 = users.iter().map(|(_, n)| n).sum();
    let spread = mean * (1.0 - mean);
    let trials = ratio.variance().map(|variance| {
        if spread > 0.0 && variance > 0.0 {
            (spread / variance).min(outputs)
        } else {
            ratio.denominator
        }
    });
    let critical = ratio.critical(level);
    let interval = trials.and_then(|trials| proportion::wilson((mean * trials).min(trials), trials, critical));
    Estimate {
        users: Some(ratio.clusters),
        ..Estimate::point(mean, outputs as u64)
    }
    .with_standard_error(ratio.standard_error())
    .within(interval, "wilson_cluster_exact")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Many users with few outputs, few of which are wrong, and a few users with many, of which more are.
    #[test]
    fn a_check_is_of_the_average_user_as_the_guarantee_is() {
        let light = (0..300).map(|user| (f64::from(u8::from(user % 10 == 0)), 5.0));
        let users: Vec<(f64, f64)> = light.chain((0..20).map(|_| (60.0, 300.0))).collect();
        let found = mean_user_error(&users, Level::default());
        let pooled = ClusterRatio::from_totals(&users).ratio().unwrap();
        assert!(pooled > 0.15 && (found.value.unwrap() - (300.0 * 0.02 + 20.0 * 0.2) / 320.0).abs() < 1e-12);
        assert!(found.upper.unwrap() < 0.05, "{found:?}");
        assert_eq!((found.users, found.n), (Some(320), 7_500));
        // That none of ten users has an error says little.
        let clean = mean_user_error(&[(0.0, 50.0); 10], Level::default());
        assert!(clean.lower == Some(0.0) && clean.upper.unwrap() > 0.2, "{clean:?}");
        assert_eq!(mean_user_error(&[], Level::default()).reason, Some(Reason::NoCases));
        assert_eq!(
            mean_user_error(&[(1.0, 9.0)], Level::default()).reason,
            Some(Reason::TooFew)
        );
    }
}
