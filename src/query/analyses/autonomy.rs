//! Above which confidence may outputs act without being asked about?
//!
//! Errors are outputs that judgements say were wrong; what users accepted does not count. The threshold comes from a fixed sequence
//! of tests ([`thresholds`]) with a guarantee for independent users, each counting once; the one for independent outputs is given
//! beside it under that name. Two outputs of nobody known may be of the same user, so that they say nothing of users: they count for error
//! rates and for the test of independent outputs, not for the guarantee, and the answer says how many they are. A guarantee is about outputs
//! like those it was made from, the judged ones, so that the same search over the earlier part of the range is checked on the later
//! part: on what was guaranteed, the mean over users.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use polars::prelude::{DataFrame, PolarsResult};
use serde::Serialize;
use utoipa::ToSchema;

use super::clusters::share;
use super::outcomes::{self, Outcome, each_day, hold, is_user, later_from, sample};
use crate::domain::clock;
use crate::domain::decision::Decision;
use crate::domain::window::Window;
use crate::metrics::families::calibration::Target;
use crate::metrics::number::count;
use crate::metrics::{Estimate, Reason, facts as f};
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::calibration::bin_index;
use crate::stats::cluster::ClusterRatio;
use crate::stats::level::Level;
use crate::stats::sample::GRID;
use crate::stats::thresholds::{self, Threshold, safe_for_outputs, safe_for_users};
use crate::stats::{proportion, risk_control, sketch};

/// A question about one slice.
#[derive(Clone)]
pub struct Question {
    pub query: Query,
    /// The error rate that is acceptable among outputs that act unasked.
    pub risk: f64,
    /// The chance that the guarantee does not hold.
    pub delta: f64,
}

/// What is above a threshold.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Covered {
    /// Outputs with a confidence above this are covered.
    pub above: f64,
    /// Of all outputs with a confidence.
    pub share: f64,
    pub outputs: u64,
    /// Covered outputs that were judged wrong, of those that were judged; clustered by user.
    pub error_rate: Estimate,
    /// The mean over users of the share of their covered outputs that was judged wrong; null where no judged one is of a known user.
    #[schema(required = true)]
    pub mean_user_error: Option<f64>,
    /// That users see more errors than the risk on average, users being independent.
    pub p_value: f64,
    /// That the error rate is above the risk, outputs being independent.
    pub p_value_if_independent: f64,
}

/// Why no threshold meets the risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoThreshold {
    /// No output has both a confidence and a judgement.
    NoJudgements,
    /// Too few users have judged outputs to show it, even at half the risk.
    TooFewUsers,
    /// Even the most confident outputs that are enough to tell are wrong too often, or not clearly seldom enough.
    RiskNotMet,
}

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

/// What users would not have been asked.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Spared {
    /// Decisions that users made on covered outputs.
    pub decisions: u64,
    /// The median time such a decision took, in milliseconds; null without times.
    #[schema(required = true)]
    pub median_decision_ms: Option<f64>,
}

#[derive(Clone, Debug)]
pub struct Autonomy {
    /// With the guarantee for independent users.
    pub threshold: Option<Covered>,
    pub reason: Option<NoThreshold>,
    /// With the guarantee that takes outputs as independent, which those of one user are not.
    pub if_independent: Option<Covered>,
    /// Users that would be enough to show half the risk.
    pub users_needed: u64,
    pub check: Option<Check>,
    pub spared: Option<Spared>,
    /// From the most confident outputs down.
    pub curve: Vec<Covered>,
    /// All outputs with a confidence; all of them that were judged, and those of nobody known among these.
    pub outputs: u64,
    pub judged: u64,
    pub judged_of_nobody: u64,
    pub window: Window,
    pub log_position: i64,
}

/// Looks for the threshold over the outputs that pass the question's filters.
pub fn run(conn: &mut PgConnection, sources: &Sources, question: &Question) -> Result<Autonomy, QueryError> {
    let query = &question.query;
    sources.asked(conn, query, |snapshot, project, window| {
        let cells = snapshot.view.cells_where(&query.filters);
        let mut seen = Seen::default();
        let columns = [outcomes::COLUMNS.as_slice(), &[f::DECISION_MS]].concat();
        each_day(snapshot, &cells, &window, &columns, |stated| {
            seen.add(&stated)?;
            hold(&mut seen.outcomes, stated, Target::Correctness)
        })?;
        Ok(seen.search(question, window, project.folded_events))
    })
}

/// All outputs of a cell of confidence.
#[derive(Clone, Default)]
struct Cell {
    outputs: u64,
    decided: u64,
    /// Outputs by bucket of decision time.
    times: HashMap<i32, u64>,
}

#[derive(Default)]
struct Seen {
    outcomes: Vec<Outcome>,
    cells: Vec<Cell>,
}

impl Seen {
    fn add(&mut self, stated: &DataFrame) -> PolarsResult<()> {
        self.cells.resize(GRID, Cell::default());
        let confidences = stated.column(f::CONFIDENCE)?.f64()?.iter();
        let decisions = stated.column(f::DECISION)?.i32()?.iter();
        let times = stated.column(f::DECISION_MS)?.i64()?.iter();
        for (confidence, (decision, time)) in confidences.zip(decisions.zip(times)) {
            let Some(cell) = confidence.and_then(|p| self.cells.get_mut(bin_index(p, GRID))) else {
                continue;
            };
            cell.outputs += 1;
            let decision = decision.and_then(|code| Decision::from_code(code as i16));
            if decision.is_some_and(Decision::is_decided) {
                cell.decided += 1;
                if let Some(time) = time {
                    *cell.times.entry(sketch::index(time as f64)).or_default() += 1;
                }
            }
        }
        Ok(())
    }

    /// The cells above a threshold, which is an edge between two.
    fn above(&self, threshold: f64) -> &[Cell] {
        let first = (threshold * GRID as f64).round() as usize;
        self.cells.get(first..).unwrap_or_default()
    }

    fn search(&self, question: &Question, window: Window, log_position: i64) -> Autonomy {
        let (risk, delta) = (question.risk, question.delta);
        let descent = descent(&self.outcomes, risk);
        let covered = |threshold: &Threshold| self.covered(threshold, question.query.level);
        let at = |place: Option<usize>| place.and_then(|place| descent.get(place));
        let safe = at(safe_for_users(&descent, risk, delta));
        let users_needed = risk_control::fewest_users(risk, delta);
        let reason = match (safe, descent.last()) {
            (Some(_), _) => None,
            (None, None) => Some(NoThreshold::NoJudgements),
            (None, Some(all)) if all.users < users_needed => Some(NoThreshold::TooFewUsers),
            (None, Some(_)) => Some(NoThreshold::RiskNotMet),
        };
        Autonomy {
            threshold: safe.map(covered),
            reason,
            if_independent: at(safe_for_outputs(&descent, risk, delta)).map(covered),
            users_needed,
            check: self.check(question),
            spared: safe.map(|threshold| self.spared(threshold.above)),
            curve: descent.iter().map(covered).collect(),
            outputs: self.cells.iter().map(|cell| cell.outputs).sum(),
            judged: self.outcomes.len() as u64,
            judged_of_nobody: self.outcomes.iter().filter(|outcome| !outcome.has_user).count() as u64,
            window,
            log_position,
        }
    }

    fn covered(&self, threshold: &Threshold, level: Level) -> Covered {
        let all: u64 = self.cells.iter().map(|cell| cell.outputs).sum();
        let outputs = self.above(threshold.above).iter().map(|cell| cell.outputs).sum();
        Covered {
            above: threshold.above,
            share: outputs as f64 / all as f64,
            outputs,
            error_rate: share(&threshold.ratio, threshold.users, level, Reason::NoCases),
            mean_user_error: threshold.mean_share,
            p_value: threshold.p_users,
            p_value_if_independent: threshold.p_outputs,
        }
    }

    fn spared(&self, above: f64) -> Spared {
        let mut times: HashMap<i32, u64> = HashMap::new();
        for cell in self.above(above) {
            for (bucket, count) in &cell.times {
                *times.entry(*bucket).or_default() += count;
            }
        }
        let mut times: Vec<(i32, u64)> = times.into_iter().collect();
        times.sort_unstable();
        Spared {
            decisions: self.above(above).iter().map(|cell| cell.decided).sum(),
            median_decision_ms: sketch::quantile(&times, 0.5),
        }
    }

    /// Searches the earlier outputs, and looks at what is above their threshold among the later ones.
    fn check(&self, question: &Question) -> Option<Check> {
        let at = later_from(&self.outcomes)?;
        let (earlier, later): (Vec<&Outcome>, Vec<&Outcome>) =
            self.outcomes.iter().partition(|outcome| outcome.shown_at < at);
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
}

fn descent<'a>(outcomes: impl IntoIterator<Item = &'a Outcome> + Clone, risk: f64) -> Vec<Threshold> {
    thresholds::descend(&sample(outcomes.clone(), 0), &is_user(outcomes), risk)
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

/// The guarantee, or why there is none, in words.
pub fn sentence(found: &Autonomy, question: &Question) -> String {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let (risk, sure) = (percent(question.risk), percent(1.0 - question.delta));
    let mut text = match (&found.threshold, found.reason) {
        (Some(covered), _) => format!(
            "With {sure} confidence, users see on average at most {risk} errors among outputs with a confidence above {:.3}, which \
             are {} of all: users taken as independent, each counting once, and outputs to come as like the {} of theirs that were judged.",
            covered.above,
            percent(covered.share),
            count((found.judged - found.judged_of_nobody) as f64)
        ),
        (None, Some(NoThreshold::TooFewUsers)) => format!(
            "No threshold meets the risk of {risk}: {} users have judged outputs, and it takes about {} to show with {sure} confidence \
             that errors are half as many.",
            found
                .curve
                .last()
                .map_or(0, |all| all.error_rate.users.unwrap_or_default()),
            found.users_needed
        ),
        (None, Some(NoThreshold::RiskNotMet)) => format!(
            "No threshold meets the risk of {risk} with {sure} confidence: already the most confident outputs that are enough to tell \
             are wrong too often, or not clearly seldom enough."
        ),
        (None, _) => {
            "No output has both a confidence and a judgement, so that no threshold can be shown to be safe.".to_owned()
        }
    };
    if found.judged_of_nobody > 0 {
        text += &format!(
            " Of the judged outputs {} are of nobody known: they say nothing of users, and count for error rates only.",
            count(found.judged_of_nobody as f64)
        );
    }
    text
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
