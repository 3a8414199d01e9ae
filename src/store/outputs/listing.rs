//! Which outputs to list, by what is known of them.

use chrono::{DateTime, Utc};
use diesel::dsl::{AsSelect, SqlTypeOf, sql};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text};
use uuid::Uuid;

use super::Output;
use crate::domain::key::ProjectId;
use crate::store::cells::CellId;
use crate::store::schema::{output_texts as texts, outputs};

/// What to list. Every condition must hold.
#[derive(Clone, Debug, Default)]
pub struct Listing {
    pub cells: Vec<CellId>,
    /// Only some of these.
    pub keys: Option<Vec<Uuid>>,
    pub attributes: Vec<AttributeFilter>,
    pub from: Option<DateTime<Utc>>,
    pub to: Option<DateTime<Utc>>,
    pub decision: Option<i16>,
    pub reason: Option<String>,
    pub user_id: Option<String>,
    pub correct: Option<bool>,
    pub judged: Option<bool>,
    pub confidence_from: Option<f64>,
    pub confidence_to: Option<f64>,
    pub edit_distance_from: Option<f64>,
    pub edit_distance_to: Option<f64>,
    /// A piece of text, in any letter case, of input, output, final text or comment.
    pub text: Option<String>,
    /// A piece of text, in any letter case, of the comment.
    pub comment: Option<String>,
    /// Only outputs before this one, in the order of the list.
    pub before: Option<(DateTime<Utc>, Uuid)>,
    pub limit: i64,
}

/// A condition on an undeclared attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeFilter {
    pub name: String,
    pub values: Vec<String>,
    /// Whether outputs without the attribute are meant too.
    pub or_absent: bool,
    /// Keep what is meant, or everything else.
    pub is_one_of: bool,
}

/// Outputs, newest first.
pub fn list(conn: &mut PgConnection, project: ProjectId, listing: &Listing) -> QueryResult<Vec<Output>> {
    selected(project, listing)
        .order((outputs::shown_at.desc(), outputs::output_key.desc()))
        .limit(listing.limit)
        .load(conn)
}

/// A question for outputs.
pub type Selected = outputs::BoxedQuery<'static, Pg, SqlTypeOf<AsSelect<Output, Pg>>>;

/// Asks for all that a list is made of, in no order.
pub fn selected(project: ProjectId, listing: &Listing) -> Selected {
    let mut query = outputs::table
        .filter(outputs::project_id.eq(project))
        .filter(outputs::cell_id.eq_any(listing.cells.clone()))
        .select(Output::as_select())
        .into_boxed();
    for filter in &listing.attributes {
        query = query.filter(
            sql::<Bool>("coalesce(outputs.attributes::json ->> ")
                .bind::<Text, _>(filter.name.clone())
                .sql(" = ANY(")
                .bind::<Array<Text>, _>(filter.values.clone())
                .sql("), ")
                .bind::<Bool, _>(filter.or_absent)
                .sql(") = ")
                .bind::<Bool, _>(filter.is_one_of),
        );
    }
    if let Some(keys) = &listing.keys {
        query = query.filter(outputs::output_key.eq_any(keys.clone()));
    }
    if let Some(from) = listing.from {
        query = query.filter(outputs::shown_at.ge(from));
    }
    if let Some(to) = listing.to {
        query = query.filter(outputs::shown_at.lt(to));
    }
    if let Some(decision) = listing.decision {
        query = query.filter(outputs::decision.eq(decision));
    }
    if let Some(reason) = &listing.reason {
        query = query.filter(outputs::reason.eq(reason.clone()));
    }
    if let Some(user) = &listing.user_id {
        query = query.filter(outputs::user_id.eq(user.clone()));
    }
    if let Some(correct) = listing.correct {
        query = query.filter(outputs::correct.eq(correct));
    }
    if let Some(judged) = listing.judged {
        query = query.filter(outputs::correct.is_not_null().eq(judged));
    }
    if let Some(least) = listing.confidence_from {
        query = query.filter(outputs::confidence.ge(least));
    }
    if let Some(limit) = listing.confidence_to {
        query = query.filter(outputs::confidence.le(limit));
    }
    if let Some(least) = listing.edit_distance_from {
        query = query.filter(outputs::edit_distance.ge(least));
    }
    if let Some(limit) = listing.edit_distance_to {
        query = query.filter(outputs::edit_distance.le(limit));
    }
    if let Some((shown_at, output_key)) = listing.before {
        query = query.filter(
            outputs::shown_at
                .lt(shown_at)
                .or(outputs::shown_at.eq(shown_at).and(outputs::output_key.lt(output_key))),
        );
    }
    if let Some(text) = &listing.text {
        let pattern = pattern(text);
        let found = texts::table
            .filter(texts::project_id.eq(project))
            .filter(
                texts::input
                    .ilike(pattern.clone())
                    .or(texts::output.ilike(pattern.clone()))
                    .or(texts::final_.ilike(pattern.clone()))
                    .or(texts::comment.ilike(pattern))
                    .assume_not_null(),
            )
            .select(texts::output_key);
        query = query.filter(outputs::output_key.eq_any(found));
    }
    if let Some(comment) = &listing.comment {
        let found = texts::table
            .filter(texts::project_id.eq(project))
            .filter(texts::comment.ilike(pattern(comment)).assume_not_null())
            .select(texts::output_key);
        query = query.filter(outputs::output_key.eq_any(found));
    }
    query
}

/// What contains a piece of text; nothing in it is a pattern of its own.
pub fn pattern(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("%{text}%")
}
