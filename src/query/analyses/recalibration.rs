//! What should the model have said, and would saying it help?
//!
//! Four maps from stated confidence to the frequency with which it came true are fitted to all outputs of the range and judged on
//! outputs that they were not fitted to: of other users, and of later days. One is recommended if what it takes off the Brier score for
//! other users is clearly above zero and is there on later days too. An output of nobody known is drawn into folds as if it were a user of its
//! own, which it may not be: the answer says how many there are, and they are counted as no users.

use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use super::outcomes::{self, Outcome, each_day, hold, is_user, later_from, sample};
use crate::domain::window::Window;
use crate::metrics::families::calibration::Target;
use crate::metrics::families::trust::MARGIN;
use crate::metrics::number::{count, counted};
use crate::metrics::{Estimate, Reason};
use crate::query::request::{EXACT_OUTPUTS, Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::improvement::{self, Gain, Improvement};
use crate::stats::level::Level;
use crate::stats::recalibration::{Form, Map};

/// Fewer outputs or users, or outputs of nobody in their place, say too little of a curve.
pub const LEAST_OUTPUTS: usize = 200;
pub const LEAST_USERS: usize = 10;

/// Different confidences that are kept apart.
const APART: usize = EXACT_OUTPUTS as usize;
/// Steps of the table from 0 to 1.
const STEPS: u32 = 100;

/// Whether recalibrating helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecalibrationVerdict {
    /// The recommended map is clearly better for other users, and better on later days.
    Helps,
    /// Better for other users, but not on later days.
    DoesNotLast,
    /// No map is clearly better, and none can be by as much as confidence that is five points off would allow.
    AlreadyCalibrated,
    /// No map is clearly better, but one may be.
    NoClearGain,
    /// Fewer than 200 outputs or 10 users with a known outcome, or all outcomes are the same.
    TooFew,
}

/// What a map takes off three errors, on outputs to which it was not fitted; above zero is better.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Gains {
    pub brier: Estimate,
    pub log_loss: Estimate,
    pub ece_10: Estimate,
}

/// A map and what it is worth.
#[derive(Clone, Debug)]
pub struct Fitted {
    pub form: Form,
    /// Fitted to all outputs; `None` where they do not determine it.
    pub map: Option<Map>,
    /// For users to whom it was not fitted: five folds.
    pub other_users: Gains,
    /// For the last three tenths of the outputs, fitted to those before.
    pub later_days: Gains,
}

/// What to say instead of a confidence.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TableRow {
    pub confidence: f64,
    #[schema(required = true)]
    pub temperature: Option<f64>,
    #[schema(required = true)]
    pub platt: Option<f64>,
    #[schema(required = true)]
    pub beta: Option<f64>,
    #[schema(required = true)]
    pub isotonic: Option<f64>,
    /// By the recommended map; the confidence as it is where none is.
    pub recommended: f64,
}

#[derive(Clone, Debug)]
pub struct Recalibration {
    pub verdict: RecalibrationVerdict,
    pub recommended: Option<Form>,
    pub maps: Vec<Fitted>,
    pub table: Vec<TableRow>,
    pub outputs: usize,
    /// Of nobody known.
    pub of_nobody: usize,
    pub users: usize,
    pub window: Window,
    pub log_position: i64,
}

/// Fits and judges maps over the outputs that pass the question's filters.
pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    target: Target,
) -> Result<Recalibration, QueryError> {
    sources.asked(conn, query, |snapshot, project, window| {
        let cells = snapshot.view.cells_where(&query.filters);
        let mut outcomes = Vec::new();
        each_day(snapshot, &cells, &window, &outcomes::COLUMNS, |stated| {
            hold(&mut outcomes, stated, target)
        })?;
        Ok(judged(&outcomes, query.level, window, project.folded_events))
    })
}

fn judged(outcomes: &[Outcome], level: Level, window: Window, log_position: i64) -> Recalibration {
    let all = sample(outcomes, APART);
    let split = later_from(outcomes).unwrap_or_default();
    let (earlier, later): (Vec<&Outcome>, Vec<&Outcome>) =
        outcomes.iter().partition(|outcome| outcome.shown_at < split);
    let (users, later_users) = (users(outcomes), users(later.iter().copied()));
    let (earlier, later) = (sample(earlier, APART), sample(later, APART));
    let cells = all.cells();
    let maps: Vec<Fitted> = Form::ALL
        .into_iter()
        .map(|form| Fitted {
            form,
            map: Map::fit(form, &cells),
            other_users: gains(improvement::across_users(&all, form), users, level),
            later_days: gains(improvement::over_time(&earlier, &later, form), later_users, level),
        })
        .collect();
    let is_enough = outcomes.len() >= LEAST_OUTPUTS && all.clusters >= LEAST_USERS;
    let (verdict, recommended) = if is_enough {
        decide(&maps)
    } else {
        (RecalibrationVerdict::TooFew, None)
    };
    Recalibration {
        verdict,
        recommended,
        table: table(&maps, recommended),
        maps,
        outputs: outcomes.len(),
        of_nobody: outcomes.iter().filter(|outcome| !outcome.has_user).count(),
        users,
        window,
        log_position,
    }
}

fn users<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>) -> usize {
    is_user(outcomes).into_iter().filter(|is_user| *is_user).count()
}

fn gains(found: Option<Improvement>, users: usize, level: Level) -> Gains {
    let estimate = |of: fn(&Improvement) -> Gain| {
        let Some(found) = &found else {
            return Estimate::none(Reason::TooFew);
        };
        let gain = of(found);
        Estimate {
            users: Some(users as u64),
            ..Estimate::point(gain.value, found.n as u64)
                .within(gain.interval(level), "linear_cluster_exact")
                .with_standard_error(gain.standard_error)
        }
    };
    Gains {
        brier: estimate(|found| found.brier),
        log_loss: estimate(|found| found.log_loss),
        ece_10: estimate(|found| found.ece),
    }
}

/// The verdict, and the map that takes most off the Brier score of other users among those that clearly do and last.
fn decide(maps: &[Fitted]) -> (RecalibrationVerdict, Option<Form>) {
    let by_gain = |one: &&Fitted, other: &&Fitted| {
        let of = |map: &Fitted| map.other_users.brier.value.unwrap_or(f64::MIN);
        of(one).total_cmp(&of(other))
    };
    let is_clear = |map: &&Fitted| map.map.is_some() && map.other_users.brier.lower.is_some_and(|lower| lower > 0.0);
    let lasts = |map: &&Fitted| map.later_days.brier.value.is_some_and(|value| value > 0.0);
    let clear = || maps.iter().filter(is_clear);
    if let Some(best) = clear().filter(lasts).max_by(by_gain) {
        return (RecalibrationVerdict::Helps, Some(best.form));
    }
    if clear().next().is_some() {
        return (RecalibrationVerdict::DoesNotLast, None);
    }
    let highest = maps
        .iter()
        .filter_map(|map| map.other_users.brier.upper)
        .reduce(f64::max);
    let verdict = match highest {
        None => RecalibrationVerdict::TooFew,
        Some(upper) if upper < MARGIN * MARGIN => RecalibrationVerdict::AlreadyCalibrated,
        Some(_) => RecalibrationVerdict::NoClearGain,
    };
    (verdict, None)
}

fn table(maps: &[Fitted], recommended: Option<Form>) -> Vec<TableRow> {
    let row = |step: u32| {
        let confidence = f64::from(step) / f64::from(STEPS);
        let by = |form: Form| {
            let fitted = maps.iter().find(|map| map.form == form)?;
            Some(fitted.map.as_ref()?.apply(confidence))
        };
        TableRow {
            confidence,
            temperature: by(Form::Temperature),
            platt: by(Form::Platt),
            beta: by(Form::Beta),
            isotonic: by(Form::Isotonic),
            recommended: recommended.and_then(by).unwrap_or(confidence),
        }
    };
    (0..=STEPS).map(row).collect()
}

/// What is found, in words.
pub fn sentence(found: &Recalibration, target: Target) -> String {
    let name = target.name();
    let mut text = match found.verdict {
        RecalibrationVerdict::Helps => format!(
            "Recalibrating against {name} helps: the recommended map is clearly better for users to whom it was not fitted, and better \
             on later days."
        ),
        RecalibrationVerdict::DoesNotLast => format!(
            "Recalibrating against {name} would have helped other users, but not on later days: what confidence means has changed."
        ),
        RecalibrationVerdict::AlreadyCalibrated => format!(
            "Confidence is calibrated against {name} already: no map is clearly better, and none can be by much."
        ),
        RecalibrationVerdict::NoClearGain => format!(
            "No map is clearly better against {name} for users to whom it was not fitted; more outputs may tell."
        ),
        RecalibrationVerdict::TooFew => format!(
            "There is a confidence and a known outcome for {} of {}, which is too few to tell, or all have the same outcome.",
            counted(found.outputs as u64, "output"),
            counted(found.users as u64, "user")
        ),
    };
    if found.of_nobody > 0 {
        text += &format!(
            " Of the outputs {} are of nobody known, and each of them was taken for one of somebody else.",
            count(found.of_nobody as f64)
        );
    }
    text
}
