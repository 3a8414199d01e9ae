//! The texts of outputs.

use diesel::pg::PgConnection;
use diesel::prelude::*;
use uuid::Uuid;

use super::copy::{CopyRows, copy_into};
use super::schema::output_texts;
use crate::domain::key::ProjectId;

#[derive(Clone, Debug, Default, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = output_texts, check_for_backend(diesel::pg::Pg))]
pub struct Texts {
    pub output_key: Uuid,
    pub input: Option<String>,
    pub output: Option<String>,
    pub final_: Option<String>,
    pub comment: Option<String>,
}

impl Texts {
    pub fn is_empty(&self) -> bool {
        self.input.is_none() && self.output.is_none() && self.final_.is_none() && self.comment.is_none()
    }
}

pub fn of_keys(conn: &mut PgConnection, project: ProjectId, keys: &[Uuid]) -> QueryResult<Vec<Texts>> {
    output_texts::table
        .filter(
            output_texts::project_id
                .eq(project)
                .and(output_texts::output_key.eq_any(keys)),
        )
        .select(Texts::as_select())
        .load(conn)
}

/// Puts new texts in the place of those of the `known` outputs.
pub fn replace(conn: &mut PgConnection, project: ProjectId, known: &[Uuid], new: &[Texts]) -> QueryResult<()> {
    if !known.is_empty() {
        diesel::delete(
            output_texts::table.filter(
                output_texts::project_id
                    .eq(project)
                    .and(output_texts::output_key.eq_any(known)),
            ),
        )
        .execute(conn)?;
    }
    let kept: Vec<&Texts> = new.iter().filter(|texts| !texts.is_empty()).collect();
    if kept.is_empty() {
        return Ok(());
    }
    let mut rows = CopyRows::with_capacity(kept.len() * 200);
    for texts in kept {
        rows.row(6)
            .put(project)
            .put(texts.output_key)
            .put(texts.input.as_deref())
            .put(texts.output.as_deref())
            .put(texts.final_.as_deref())
            .put(texts.comment.as_deref());
    }
    copy_into!(conn, output_texts::table, &rows).map(|_| ())
}
