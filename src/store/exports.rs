//! Outputs read one after another, however many there are: a cursor of the database hands them out in pieces.

use chrono::{DateTime, Utc};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment, QueryId};
use diesel::sql_types::{Int8, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::outputs::Output;
use super::outputs::listing::{Listing, selected};
use crate::domain::decision::{Decision, Manner};
use crate::domain::key::ProjectId;

/// Rows that are read at once.
const PIECE: usize = 200;

/// Which outputs a data set is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// All of them.
    Outputs,
    /// Those of which the user made another text, and kept it. Words put behind an output say nothing against it.
    Preferences,
    /// Those that the user took as they were and nobody judged wrong, and those that the user refused and nobody judged right.
    Feedback,
    /// Those that the user took, as they were or changed, and that nobody judged wrong; with the text that the user had in the end.
    Demonstrations,
    /// Those with an input, of the decisions that are marked, by their codes.
    Cases([bool; 6]),
}

impl Content {
    /// The condition on an output `o` with its texts `t`.
    fn condition(self) -> String {
        let [accepted, edited, rejected, undone] = [
            Decision::Accepted,
            Decision::Edited,
            Decision::Rejected,
            Decision::Undone,
        ]
        .map(Decision::code);
        let automatic = Manner::Automatic.code();
        match self {
            Content::Outputs => "true".to_owned(),
            Content::Preferences => format!(
                "t.input IS NOT NULL AND t.output IS NOT NULL AND t.final IS NOT NULL AND t.final <> t.output AND decision <> {undone} \
                 AND NOT starts_with(t.final, rtrim(t.output, E' \\t\\r\\n'))"
            ),
            Content::Feedback => format!(
                "t.input IS NOT NULL AND t.output IS NOT NULL AND ((decision = {accepted} AND manner <> {automatic} \
                 AND coalesce(t.final, t.output) = t.output AND correct IS DISTINCT FROM false) \
                 OR (decision = {rejected} AND correct IS DISTINCT FROM true))"
            ),
            Content::Demonstrations => format!(
                "t.input IS NOT NULL AND ((decision = {edited} AND t.final IS NOT NULL) OR (decision = {accepted} \
                 AND manner <> {automatic} AND coalesce(t.final, t.output) IS NOT NULL AND correct IS DISTINCT FROM false))"
            ),
            Content::Cases(decisions) => {
                let codes = decisions.iter().enumerate().filter(|(_, wanted)| **wanted);
                let codes: Vec<String> = codes.map(|(code, _)| code.to_string()).collect();
                format!("t.input IS NOT NULL AND decision IN ({})", codes.join(", "))
            }
        }
    }

    /// What makes two outputs the same in it.
    fn sameness(self) -> &'static str {
        match self {
            Content::Demonstrations => "t.input, coalesce(t.final, t.output)",
            Content::Preferences => "t.input, t.output, t.final",
            // What one user took and another refused is no double.
            Content::Feedback => "t.input, t.output, decision",
            Content::Cases(_) => "t.input",
            // Those without texts are each its own.
            Content::Outputs => {
                "t.input, t.output, t.final, CASE WHEN coalesce(t.input, t.output, t.final) IS NULL THEN o.output_key END"
            }
        }
    }
}

/// An output with its texts.
#[derive(Clone, Debug, QueryableByName)]
pub struct Row {
    #[diesel(embed)]
    pub output: Output,
    #[diesel(sql_type = Nullable<Text>)]
    pub text_input: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub text_output: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub text_final: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pub text_comment: Option<String>,
}

/// What to hand out.
#[derive(Clone, Debug)]
pub struct Export {
    pub content: Content,
    /// Its cursor and its limit are not looked at.
    pub listing: Listing,
    /// Of outputs with the same texts only the newest.
    pub distinct: bool,
    /// Of each user only so many, the newest; those of nobody known are all handed out.
    pub per_user: Option<i64>,
    /// Only outputs before this one, in the order of the export, whichever are left out as the same.
    pub before: Option<(DateTime<Utc>, Uuid)>,
}

/// Hands the outputs out, the newest first, until `take` has enough. It may take its time: memory holds one piece.
pub fn walk<E: From<diesel::result::Error>>(
    conn: &mut PgConnection,
    project: ProjectId,
    export: &Export,
    mut take: impl FnMut(Vec<Row>) -> Result<bool, E>,
) -> Result<(), E> {
    conn.transaction(|conn| {
        let inner = selected(project, &export.listing);
        Declare { inner, export }.execute(conn)?;
        loop {
            let rows: Vec<Row> = diesel::sql_query(format!("FETCH {PIECE} FROM export")).load(conn)?;
            let is_last = rows.len() < PIECE;
            if !take(rows)? || is_last {
                return Ok(());
            }
        }
    })
}

/// Opens the cursor.
struct Declare<'a, Q> {
    inner: Q,
    export: &'a Export,
}

impl<Q: QueryFragment<Pg>> QueryFragment<Pg> for Declare<'_, Q> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        let Export {
            content,
            distinct,
            per_user,
            before,
            ..
        } = self.export;
        out.unsafe_to_cache_prepared();
        out.push_sql(
            "DECLARE export NO SCROLL CURSOR FOR SELECT o.*, t.input AS text_input, t.output AS text_output, \
             t.final AS text_final, t.comment AS text_comment FROM (SELECT o.*",
        );
        if per_user.is_some() {
            out.push_sql(
                ", row_number() OVER (PARTITION BY user_key ORDER BY shown_at DESC, output_key DESC) AS of_user",
            );
        }
        out.push_sql(" FROM (SELECT ");
        if *distinct {
            out.push_sql("DISTINCT ON (sha256(convert_to(json_build_array(");
            out.push_sql(content.sameness());
            out.push_sql(")::text, 'UTF8'))) ");
        }
        out.push_sql("o.* FROM (");
        self.inner.walk_ast(out.reborrow())?;
        out.push_sql(") AS o LEFT JOIN output_texts t USING (project_id, output_key) WHERE ");
        out.push_sql(&content.condition());
        if *distinct {
            out.push_sql(" ORDER BY sha256(convert_to(json_build_array(");
            out.push_sql(content.sameness());
            out.push_sql(")::text, 'UTF8')), shown_at DESC, output_key DESC");
        }
        out.push_sql(") AS o) AS o LEFT JOIN output_texts t USING (project_id, output_key) WHERE true");
        if let Some(most) = per_user {
            out.push_sql(" AND (user_key IS NULL OR of_user <= ");
            out.push_bind_param::<Int8, _>(most)?;
            out.push_sql(")");
        }
        if let Some((shown_at, output_key)) = before {
            out.push_sql(" AND (shown_at, output_key) < (");
            out.push_bind_param::<Timestamptz, _>(shown_at)?;
            out.push_sql(", ");
            out.push_bind_param::<SqlUuid, _>(output_key)?;
            out.push_sql(")");
        }
        out.push_sql(" ORDER BY shown_at DESC, output_key DESC");
        Ok(())
    }
}

impl<Q> QueryId for Declare<'_, Q> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<Q> RunQueryDsl<PgConnection> for Declare<'_, Q> {}
