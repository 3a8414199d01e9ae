//! `/evals/{set}/cases/{case}`: one case, changed or deleted.

use actix_web::{HttpResponse, delete, patch, web};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::cases::EvalCaseUpload;
use super::rows::CASES;
use super::sheet::Row;
use super::upsert::{Wish, note_deleted, upload};
use super::view::EvalCaseView;
use super::{changing, named};
use crate::api::answers::{Absent, WriteAnswers};
use crate::api::auth::{Admin, Authorized};
use crate::api::error::ApiError;
use crate::api::extract::{JsonBody, Segment};
use crate::state::AppState;
use crate::store::evals::cases;

/// What to change about a case. What is absent stays; null empties.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct CaseChange(Map<String, Value>);

/// Change a case
///
/// Its texts and tags.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name"), ("case" = String, Path, description = "The case's name")),
    request_body = EvalCaseUpload,
    responses((status = 200, description = "The case as it is now", body = EvalCaseView), WriteAnswers, Absent),
    security(("api_key" = ["admin"]))
)]
#[patch("/evals/{set}/cases/{case}")]
pub async fn update_eval_case(
    key: Authorized<Admin>,
    path: Segment<(String, String)>,
    body: JsonBody<CaseChange>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (set, case) = path.0;
    let mut fields = body.0.0;
    for field in fields.keys() {
        if field == "case" || !CASES.columns.contains(&field.as_str()) {
            return Err(ApiError::invalid(format!(
                "`{field}`: a case has no such field to change"
            )));
        }
    }
    fields.insert("case".to_owned(), Value::String(case.clone()));
    let rows = vec![Row {
        number: 1,
        fields: Ok(fields),
    }];
    let wish = Wish {
        only_known: true,
        ..Wish::default()
    };
    let changed = state
        .db
        .run(move |conn| {
            let set_row = named(conn, key.project, &set)?;
            let absent_case = || ApiError::not_found("case");
            let found = |conn: &mut _| cases::of_names(conn, key.project, set_row.id, std::slice::from_ref(&case));
            found(conn)?.pop().ok_or_else(absent_case)?;
            let told = upload(conn, &key, &set, rows, wish)?;
            if let Some(message) = told.results.into_iter().find_map(|result| result.message) {
                return Err(ApiError::invalid(message));
            }
            found(conn)?.pop().ok_or_else(absent_case)
        })
        .await?;
    Ok(HttpResponse::Ok().json(EvalCaseView::from(changed)))
}

/// Delete a case
///
/// With all results on it.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name"), ("case" = String, Path, description = "The case's name")),
    responses((status = 204, description = "The case is gone"), WriteAnswers, Absent),
    security(("api_key" = ["admin"]))
)]
#[delete("/evals/{set}/cases/{case}")]
pub async fn delete_eval_case(
    key: Authorized<Admin>,
    path: Segment<(String, String)>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (set, case) = path.0;
    state
        .db
        .transaction(move |conn| {
            let found = changing(conn, key.project, &set)?;
            if cases::delete(conn, key.project, found.id, &[case])? == 0 {
                return Err(ApiError::not_found("case"));
            }
            note_deleted(conn, &key, &set, 1)
        })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}
