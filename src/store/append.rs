//! Writing to the append-only log of events.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::pg::{Pg, PgConnection};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Int4, Int8, SmallInt, Text, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::copy::{CopyRows, copy_into};
use super::schema::{events, output_aliases};
use super::tombstones::Named;
use crate::domain::key::ProjectId;

/// An event ready for the log.
#[derive(Clone, Debug)]
pub struct NewEvent {
    pub project: ProjectId,
    pub event_key: Uuid,
    pub output_key: Uuid,
    pub kind: i16,
    pub occurred_at: DateTime<Utc>,
    pub received_at: DateTime<Utc>,
    pub fingerprint: i64,
    pub body: String,
    /// Keys of the other names that this event gives to its output.
    pub aliases: Vec<Uuid>,
    /// What would be the tombstones of the people that it names.
    pub people: Vec<Uuid>,
}

/// The name of an event across projects.
pub type EventName = (ProjectId, Uuid);

impl NewEvent {
    pub fn name(&self) -> EventName {
        (self.project, self.event_key)
    }
}

/// Appends the events that the log does not have yet and that name nothing erased, and gives the names of those. One statement, so that a few events
/// cost one round trip; outside a transaction of the caller it commits itself before it answers. No name may come twice.
pub fn append_unknown(conn: &mut PgConnection, new: &[&NewEvent]) -> QueryResult<HashSet<EventName>> {
    let rows: Append<true> = Append::of(new);
    Ok(rows.load(conn)?.into_iter().collect())
}

/// The same where the log has none of the events; a known one is a unique violation, and then nothing is appended.
pub fn append_new(conn: &mut PgConnection, new: &[&NewEvent]) -> QueryResult<HashSet<EventName>> {
    let rows: Append<false> = Append::of(new);
    Ok(rows.load(conn)?.into_iter().collect())
}

/// The rows as one array per column. Known events are passed over, or else refused.
struct Append<'a, const PASSES_KNOWN: bool> {
    projects: Vec<ProjectId>,
    event_keys: Vec<Uuid>,
    output_keys: Vec<Uuid>,
    kinds: Vec<i16>,
    occurred_at: Vec<DateTime<Utc>>,
    received_at: Vec<DateTime<Utc>>,
    fingerprints: Vec<i64>,
    bodies: Vec<&'a str>,
    /// For each alias the place of its event, from 1.
    alias_places: Vec<i64>,
    aliases: Vec<Uuid>,
    named: Named,
}

impl<'a, const PASSES_KNOWN: bool> Append<'a, PASSES_KNOWN> {
    fn of(new: &[&'a NewEvent]) -> Self {
        let aliases = || {
            (1..)
                .zip(new)
                .flat_map(|(place, event)| event.aliases.iter().map(move |alias| (place, *alias)))
        };
        Append {
            projects: new.iter().map(|event| event.project).collect(),
            event_keys: new.iter().map(|event| event.event_key).collect(),
            output_keys: new.iter().map(|event| event.output_key).collect(),
            kinds: new.iter().map(|event| event.kind).collect(),
            occurred_at: new.iter().map(|event| event.occurred_at).collect(),
            received_at: new.iter().map(|event| event.received_at).collect(),
            fingerprints: new.iter().map(|event| event.fingerprint).collect(),
            bodies: new.iter().map(|event| event.body.as_str()).collect(),
            alias_places: aliases().map(|(place, _)| place).collect(),
            aliases: aliases().map(|(_, alias)| alias).collect(),
            named: Named::by(new),
        }
    }
}

impl<const PASSES_KNOWN: bool> QueryFragment<Pg> for Append<'_, PASSES_KNOWN> {
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        out.push_sql("WITH erased AS MATERIALIZED (SELECT n.place FROM unnest(");
        out.push_bind_param::<Array<Int8>, _>(&self.named.places)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Int4>, _>(&self.named.projects)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.named.digests)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamptz>, _>(&self.named.occurred_at)?;
        out.push_sql(
            ") AS n (place, project_id, digest, occurred_at) JOIN tombstones t USING (project_id, digest) \
             WHERE t.admits_from IS NULL OR n.occurred_at < t.admits_from FOR KEY SHARE OF t), \
             appended AS (INSERT INTO events SELECT e.project_id, e.event_key, e.output_key, \
                      (SELECT pg_current_xact_id()::text::bigint + tx_offset FROM fold_state), e.place, e.kind, \
                      e.occurred_at, e.received_at, e.fingerprint, e.body::json FROM unnest(",
        );
        out.push_bind_param::<Array<Int4>, _>(&self.projects)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.event_keys)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.output_keys)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SmallInt>, _>(&self.kinds)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamptz>, _>(&self.occurred_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Timestamptz>, _>(&self.received_at)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Int8>, _>(&self.fingerprints)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<Text>, _>(&self.bodies)?;
        out.push_sql(
            ") WITH ORDINALITY AS e (project_id, event_key, output_key, kind, occurred_at, received_at, \
                      fingerprint, body, place) WHERE e.place NOT IN (SELECT place FROM erased)",
        );
        if PASSES_KNOWN {
            out.push_sql(" ON CONFLICT DO NOTHING");
        }
        out.push_sql(
            " RETURNING project_id, event_key, output_key, ordinal), \
                      named AS (INSERT INTO output_aliases SELECT e.project_id, a.alias_key, e.output_key FROM unnest(",
        );
        out.push_bind_param::<Array<Int8>, _>(&self.alias_places)?;
        out.push_sql(", ");
        out.push_bind_param::<Array<SqlUuid>, _>(&self.aliases)?;
        // In one order everywhere, as the events are, so that no two writers wait for each other.
        out.push_sql(
            ") AS a (place, alias_key) JOIN appended e ON e.ordinal = a.place ORDER BY 1, 2, 3 \
                      ON CONFLICT DO NOTHING) \
                      SELECT project_id, event_key FROM appended",
        );
        Ok(())
    }
}

/// One text whatever the values, so that PostgreSQL reads and plans it once per connection.
impl<const PASSES_KNOWN: bool> QueryId for Append<'_, PASSES_KNOWN> {
    type QueryId = Append<'static, PASSES_KNOWN>;
    const HAS_STATIC_QUERY_ID: bool = true;
}

impl<const PASSES_KNOWN: bool> Query for Append<'_, PASSES_KNOWN> {
    type SqlType = (Int4, SqlUuid);
}

impl<const PASSES_KNOWN: bool> RunQueryDsl<PgConnection> for Append<'_, PASSES_KNOWN> {}

#[derive(QueryableByName)]
struct TransactionId {
    #[diesel(sql_type = BigInt)]
    tx: i64,
}

/// Appends many events. The caller's transaction makes them durable; a known id is a unique violation.
pub fn append(conn: &mut PgConnection, new: &[&NewEvent]) -> QueryResult<()> {
    let tx = diesel::sql_query("SELECT pg_current_xact_id()::text::bigint + tx_offset AS tx FROM fold_state")
        .get_result::<TransactionId>(conn)?
        .tx;
    let mut rows = CopyRows::with_capacity(new.iter().map(|event| event.body.len() + 160).sum());
    for (ordinal, event) in (0_i32..).zip(new) {
        rows.row(10)
            .put(event.project)
            .put(event.event_key)
            .put(event.output_key)
            .put(tx)
            .put(ordinal)
            .put(event.kind)
            .put(event.occurred_at)
            .put(event.received_at)
            .put(event.fingerprint)
            .put(event.body.as_str());
    }
    copy_into!(conn, events::table, &rows)?;

    let mut aliases: Vec<_> = new
        .iter()
        .flat_map(|event| {
            event
                .aliases
                .iter()
                .map(|alias| (event.project, *alias, event.output_key))
        })
        .collect();
    // In one order everywhere, as the events are, so that no two writers wait for each other.
    aliases.sort_unstable();
    let aliases: Vec<_> = aliases
        .into_iter()
        .map(|(project, alias, output)| {
            (
                output_aliases::project_id.eq(project),
                output_aliases::alias_key.eq(alias),
                output_aliases::output_key.eq(output),
            )
        })
        .collect();
    for chunk in aliases.chunks(10_000) {
        diesel::insert_into(output_aliases::table)
            .values(chunk)
            .on_conflict_do_nothing()
            .execute(conn)?;
    }
    Ok(())
}

#[derive(QueryableByName)]
struct Known {
    #[diesel(sql_type = Int4)]
    project_id: ProjectId,
    #[diesel(sql_type = SqlUuid)]
    event_key: Uuid,
    #[diesel(sql_type = Int8)]
    fingerprint: i64,
}

/// Fingerprints of those events that the log has already.
pub fn fingerprints(
    conn: &mut PgConnection,
    keys: &[(ProjectId, Uuid)],
) -> QueryResult<HashMap<(ProjectId, Uuid), i64>> {
    let (projects, event_keys): (Vec<_>, Vec<_>) = keys.iter().copied().unzip();
    let known: Vec<Known> = diesel::sql_query(
        // OFFSET 0 keeps the planner from reading the whole log for some thousand events.
        "SELECT e.* FROM unnest($1, $2) AS k (project_id, event_key) CROSS JOIN LATERAL \
         (SELECT project_id, event_key, fingerprint FROM events \
         WHERE project_id = k.project_id AND event_key = k.event_key OFFSET 0) AS e",
    )
    .bind::<Array<Int4>, _>(projects)
    .bind::<Array<SqlUuid>, _>(event_keys)
    .load(conn)?;
    Ok(known
        .into_iter()
        .map(|row| ((row.project_id, row.event_key), row.fingerprint))
        .collect())
}
