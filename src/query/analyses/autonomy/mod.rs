//! Above which confidence may outputs act without being asked about?
//!
//! Errors are outputs that judgements say were wrong; what users accepted does not count. The threshold comes from fixed sequences
//! of tests ([`thresholds`]) with a guarantee for independent users, each counting once; the one for independent outputs is given
//! beside it under that name. Two outputs of nobody known may be of the same user, so that they say nothing of users: they count for error
//! rates and for the test of independent outputs, not for the guarantee, and the answer says how many they are. A guarantee is about outputs
//! like those it was made from, the judged ones, so that the same search over the earlier part of the range is checked on the later
//! part: on what was guaranteed, the mean over users.

mod check;
mod words;

use std::collections::HashMap;

use diesel::pg::PgConnection;
use polars::prelude::{DataFrame, PolarsResult};
use serde::Serialize;
use utoipa::ToSchema;

pub use self::check::{Check, CheckVerdict};
pub use self::words::sentence;
use super::clusters::share;
use super::outcomes::{self, Outcome, each_day, hold, is_user, sample};
use crate::domain::decision::Decision;
use crate::domain::window::Window;
use crate::metrics::families::calibration::Target;
use crate::metrics::{Estimate, Reason, facts as f};
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::calibration::bin_index;
use crate::stats::level::Level;
use crate::stats::risk_control::fewest_users;
use crate::stats::sample::GRID;
use crate::stats::sketch;
use crate::stats::thresholds::{self, Threshold, safe_for_outputs, safe_for_users, user_starts};

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
    /// Too few users have judged outputs to show it even without an error.
    TooFewUsers,
    /// Wherever tests begin, outputs are wrong too often, or not clearly seldom enough for so many users.
    RiskNotMet,
}

/// Where tests begin, to go down from there to the first that fails.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct Start {
    pub above: f64,
    /// Users with judged outputs above it.
    pub users: u64,
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
    /// The fewest users that can show the risk, if there is no error.
    pub least_users: u64,
    /// How many can show it if errors are half as many, and users differ as much as if each saw one output.
    pub users_needed: u64,
    /// Where users are enough to show the risk without an error, with a quarter of it, and with half of it; the lowest threshold where they
    /// never are. Each place once.
    pub starts: Vec<Start>,
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
        let starts: Vec<Start> = user_starts(&descent, risk, delta)
            .into_iter()
            .filter_map(|place| descent.get(place))
            .map(|one| Start {
                above: one.above,
                users: one.users,
            })
            .collect();
        let least_users = fewest_users(risk, 0.0, delta);
        let reason = match (safe, descent.last()) {
            (Some(_), _) => None,
            (None, None) => Some(NoThreshold::NoJudgements),
            (None, Some(all)) if all.users < least_users => Some(NoThreshold::TooFewUsers),
            (None, Some(_)) => Some(NoThreshold::RiskNotMet),
        };
        Autonomy {
            threshold: safe.map(covered),
            reason,
            if_independent: at(safe_for_outputs(&descent, risk, delta)).map(covered),
            least_users,
            users_needed: fewest_users(risk, risk / 2.0, delta),
            starts,
            check: check::check(&self.outcomes, question),
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
}

fn descent<'a>(outcomes: impl IntoIterator<Item = &'a Outcome> + Clone, risk: f64) -> Vec<Threshold> {
    thresholds::descend(&sample(outcomes.clone(), 0), &is_user(outcomes), risk)
}
