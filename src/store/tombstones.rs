//! What is left of erased users and outputs: digests by which later events of them are known, and refused.
//!
//! Writers of the log read the table in the statement, or the transaction, that writes. Its lock orders them and whoever erases:
//! once a tombstone is committed, no event that it refuses is on its way, and none comes after it. Reading alone, as a dump does,
//! holds up neither.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, Int4, Int8, Timestamptz, Uuid as SqlUuid};
use uuid::Uuid;

use super::append::{EventName, NewEvent};
use super::schema::tombstones;
use crate::domain::key::ProjectId;

/// What may be erased of what some events name, one row for each event and digest, as one array per column.
pub struct Named {
    /// The place of the event among all, from 1.
    pub places: Vec<i64>,
    pub projects: Vec<ProjectId>,
    pub digests: Vec<Uuid>,
    pub occurred_at: Vec<DateTime<Utc>>,
}

impl Named {
    pub fn by(events: &[&NewEvent]) -> Named {
        let rows = || {
            (1..).zip(events).flat_map(|(place, event)| {
                let digests = event.people.iter().chain([&event.output_key]);
                digests.map(move |digest| (place, *event, *digest))
            })
        };
        Named {
            places: rows().map(|(place, _, _)| place).collect(),
            projects: rows().map(|(_, event, _)| event.project).collect(),
            digests: rows().map(|(_, _, digest)| digest).collect(),
            occurred_at: rows().map(|(_, event, _)| event.occurred_at).collect(),
        }
    }
}

/// Holds up whoever is about to erase until the end of this transaction.
pub fn hold(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute("LOCK TABLE tombstones IN ROW SHARE MODE")
}

/// Waits until no writer of the log is at work, and holds them up until the end of this transaction.
pub fn stop_writers(conn: &mut PgConnection) -> QueryResult<()> {
    conn.batch_execute("LOCK TABLE tombstones IN EXCLUSIVE MODE")
}

/// Which of some events name what was erased.
pub fn among(conn: &mut PgConnection, events: &[&NewEvent]) -> QueryResult<HashSet<EventName>> {
    #[derive(QueryableByName)]
    struct Refused {
        #[diesel(sql_type = Int8)]
        place: i64,
    }
    let mut projects: Vec<ProjectId> = events.iter().map(|event| event.project).collect();
    projects.sort_unstable();
    projects.dedup();
    // Most projects never erase, and their events are not looked at.
    let erasing = diesel::dsl::exists(tombstones::table.filter(tombstones::project_id.eq_any(projects)));
    if !diesel::select(erasing).get_result(conn)? {
        return Ok(HashSet::new());
    }
    let named = Named::by(events);
    let refused: Vec<Refused> = diesel::sql_query(
        "SELECT n.place FROM unnest($1, $2, $3, $4) AS n (place, project_id, digest, occurred_at) \
         JOIN tombstones t USING (project_id, digest) WHERE t.admits_from IS NULL OR n.occurred_at < t.admits_from",
    )
    .bind::<Array<Int8>, _>(named.places)
    .bind::<Array<Int4>, _>(named.projects)
    .bind::<Array<SqlUuid>, _>(named.digests)
    .bind::<Array<Timestamptz>, _>(named.occurred_at)
    .load(conn)?;
    let event = |row: Refused| events.get(usize::try_from(row.place - 1).ok()?);
    Ok(refused
        .into_iter()
        .filter_map(event)
        .map(|event| event.name())
        .collect())
}

/// Adds tombstones that refuse everything. The caller has stopped the writers.
pub fn add(conn: &mut PgConnection, project: ProjectId, digests: &[Uuid]) -> QueryResult<()> {
    diesel::sql_query(
        "INSERT INTO tombstones SELECT $1, digest FROM unnest($2) AS d (digest) \
         ON CONFLICT (project_id, digest) DO UPDATE SET admits_from = NULL",
    )
    .bind::<Int4, _>(project)
    .bind::<Array<SqlUuid>, _>(digests)
    .execute(conn)
    .map(|_| ())
}

/// Takes a user's events again that happen from an instant on. Gives whether the user was erased.
pub fn admit(conn: &mut PgConnection, project: ProjectId, digest: Uuid, from: DateTime<Utc>) -> QueryResult<bool> {
    let admitted = diesel::update(tombstones::table.find((project, digest)))
        .set(tombstones::admits_from.eq(from))
        .execute(conn)?;
    Ok(admitted > 0)
}

/// Since when a user's events are taken again. The outer `None`: there is no such tombstone.
pub fn admits_from(
    conn: &mut PgConnection,
    project: ProjectId,
    digest: Uuid,
) -> QueryResult<Option<Option<DateTime<Utc>>>> {
    tombstones::table
        .find((project, digest))
        .select(tombstones::admits_from)
        .first(conn)
        .optional()
}
