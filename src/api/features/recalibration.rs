//! `GET /features/{feature}/recalibration`.

use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::calibration::CalibrationTarget;
use super::{AnalysisMeta, of_feature};
use crate::api::answers::{Absent, Files, ReadAnswers};
use crate::api::auth::{Authorized, Read};
use crate::api::error::ApiError;
use crate::api::extract::{Segment, SharedParams};
use crate::api::query::computed;
use crate::api::range::RangeParams;
use crate::api::respond::{self, Format};
use crate::api::tables::{Binary, Column, Table};
use crate::query::analyses::recalibration::{self, Fitted, Gains, Recalibration, RecalibrationVerdict, TableRow};
use crate::state::AppState;
use crate::stats::recalibration::{Form, Map};

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RecalibrationParams {
    /// What confidence should have meant; `correctness` without it.
    pub target: Option<CalibrationTarget>,
    /// Other forms than JSON give the table alone.
    pub format: Option<Format>,
}

/// The form of a map from stated to calibrated confidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MapForm {
    /// σ(logit p / temperature)
    Temperature,
    /// σ(a + b × logit p)
    Platt,
    /// σ(c + a × ln p − b × ln(1 − p))
    Beta,
    /// Straight between knots, level beyond them
    Isotonic,
}

/// The numbers of a map; those that its form does not have are absent.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct MapParameters {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub c: Option<f64>,
    /// Confidence and what to say instead, in ascending order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub knots: Option<Vec<(f64, f64)>>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecalibrationMap {
    pub form: MapForm,
    /// Fitted to all outputs of the range; null where they do not determine it.
    #[schema(required = true)]
    pub parameters: Option<MapParameters>,
    /// What it takes off the errors for users to whom it was not fitted.
    pub other_users: Gains,
    /// The same for the last three tenths of the outputs, fitted to those before.
    pub later_days: Gains,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RecalibrationResponse {
    pub feature: String,
    pub target: CalibrationTarget,
    pub verdict: RecalibrationVerdict,
    pub sentence: String,
    /// Null where recalibrating would not help.
    #[schema(required = true)]
    pub recommended: Option<MapForm>,
    pub maps: Vec<RecalibrationMap>,
    /// What to say instead of each hundredth of confidence.
    pub table: Vec<TableRow>,
    /// Outputs with a confidence and a known outcome, and their users.
    pub outputs: usize,
    pub users: usize,
    /// The outputs of which no user is known: each is taken for one of somebody else, and counted as no user.
    pub of_nobody: usize,
    pub meta: AnalysisMeta,
}

/// Recalibration of a feature
///
/// What should its confidence have been? Four maps, what each would take off the errors for users and days to which it was not
/// fitted, which one to use, and when recalibrating would not help. With another `format`
/// the table from stated to calibrated confidence.
#[utoipa::path(
    tag = "features",
    params(("feature" = String, Path, description = "The feature"), RangeParams, RecalibrationParams),
    responses(
        (status = 200, description = "The maps and what they are worth",
         content(
            (RecalibrationResponse = "application/json"),
            (String = "text/csv"),
            (Binary = "application/vnd.apache.arrow.stream"),
            (Binary = "application/vnd.apache.parquet"),
        )),
        Files,
        ReadAnswers,
        Absent,
    ),
    security(("api_key" = ["read"]), ("link" = []))
)]
#[get("/features/{feature}/recalibration")]
pub async fn get_feature_recalibration(
    request: HttpRequest,
    key: Authorized<Read>,
    feature: Segment<String>,
    params: SharedParams<RangeParams, RecalibrationParams>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let SharedParams(range, asked) = params;
    let target = asked.target.unwrap_or(CalibrationTarget::Correctness);
    let format = Format::of(&request, asked.format);
    let query = range.query(key.project, Vec::new())?;
    let query = of_feature(&state, query, &feature.0).await?;
    let level = query.level.get();
    let compute = move |conn: &mut _, sources: &_, _| recalibration::run(conn, sources, &query, target.into());
    computed(
        &state,
        &request,
        key.project,
        format!("{format:?}"),
        compute,
        move |found| {
            let json = || respond::rendered_json(&response(feature.0.clone(), target, level, found));
            format.render(json, || table(&found.table))
        },
    )
    .await
}

fn response(feature: String, target: CalibrationTarget, level: f64, found: &Recalibration) -> RecalibrationResponse {
    RecalibrationResponse {
        feature,
        target,
        verdict: found.verdict,
        sentence: recalibration::sentence(found, target.into()),
        recommended: found.recommended.map(MapForm::from),
        maps: found.maps.iter().map(map).collect(),
        table: found.table.clone(),
        outputs: found.outputs,
        users: found.users,
        of_nobody: found.of_nobody,
        meta: AnalysisMeta::of_segments(found.window, level, found.log_position),
    }
}

fn map(fitted: &Fitted) -> RecalibrationMap {
    RecalibrationMap {
        form: fitted.form.into(),
        parameters: fitted.map.clone().map(MapParameters::from),
        other_users: fitted.other_users.clone(),
        later_days: fitted.later_days.clone(),
    }
}

impl From<Form> for MapForm {
    fn from(form: Form) -> MapForm {
        match form {
            Form::Temperature => MapForm::Temperature,
            Form::Platt => MapForm::Platt,
            Form::Beta => MapForm::Beta,
            Form::Isotonic => MapForm::Isotonic,
        }
    }
}

impl From<Map> for MapParameters {
    fn from(map: Map) -> MapParameters {
        let none = MapParameters::default();
        match map {
            Map::Temperature { temperature } => MapParameters {
                temperature: Some(temperature),
                ..none
            },
            Map::Platt { a, b } => MapParameters {
                a: Some(a),
                b: Some(b),
                ..none
            },
            Map::Beta { a, b, c } => MapParameters {
                a: Some(a),
                b: Some(b),
                c: Some(c),
                ..none
            },
            Map::Isotonic { knots } => MapParameters {
                knots: Some(knots),
                ..none
            },
        }
    }
}

fn table(rows: &[TableRow]) -> Table {
    let mut table = Table::default();
    let mut push = |name, of: fn(&TableRow) -> Option<f64>| {
        table.push(name, Column::Number(rows.iter().map(of).collect()));
    };
    push("confidence", |row| Some(row.confidence));
    push("recommended", |row| Some(row.recommended));
    push("temperature", |row| row.temperature);
    push("platt", |row| row.platt);
    push("beta", |row| row.beta);
    push("isotonic", |row| row.isotonic);
    table
}
