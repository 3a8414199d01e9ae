//! API keys, hashed.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use uuid::Uuid;

use super::schema::api_keys;
use crate::domain::key::ProjectId;
use crate::domain::scope::Scope;

#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = api_keys, check_for_backend(diesel::pg::Pg))]
pub struct ApiKey {
    pub id: Uuid,
    pub project_id: ProjectId,
    pub name: String,
    pub prefix: String,
    pub hash: Vec<u8>,
    pub scopes: Vec<String>,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// The last UTC day on which it was used.
    pub used_on: Option<NaiveDate>,
}

impl ApiKey {
    /// The same key, if it may do no more than read.
    pub fn reading_only(&self) -> ApiKey {
        let mut key = self.clone();
        key.scopes.retain(|scope| scope == Scope::Read.name());
        key
    }
}

/// Adds a key. One whose hash is known stays as it is, so that a preset key that was revoked stays revoked.
pub fn insert(conn: &mut PgConnection, key: &ApiKey) -> QueryResult<()> {
    diesel::insert_into(api_keys::table)
        .values(key)
        .on_conflict(api_keys::hash)
        .do_nothing()
        .execute(conn)
        .map(|_| ())
}

/// Gives a live key of the same project, name and scopes the text of this one; whether there was one.
pub fn renew(conn: &mut PgConnection, key: &ApiKey) -> QueryResult<bool> {
    let known: Option<Uuid> = api_keys::table
        .filter(
            api_keys::project_id
                .eq(key.project_id)
                .and(api_keys::name.eq(&key.name)),
        )
        .filter(api_keys::scopes.eq(&key.scopes).and(api_keys::revoked_at.is_null()))
        .order(api_keys::id)
        .select(api_keys::id)
        .first(conn)
        .optional()?;
    let Some(known) = known else { return Ok(false) };
    diesel::update(api_keys::table.find(known))
        .set((api_keys::hash.eq(&key.hash), api_keys::prefix.eq(&key.prefix)))
        .execute(conn)
        .map(|updated| updated > 0)
}

/// The live key of that hash.
pub fn find_by_hash(conn: &mut PgConnection, hash: &[u8]) -> QueryResult<Option<ApiKey>> {
    api_keys::table
        .filter(api_keys::hash.eq(hash).and(api_keys::revoked_at.is_null()))
        .select(ApiKey::as_select())
        .first(conn)
        .optional()
}

/// Notes the day on which a key is used. Once a day, so that looking up a key seldom writes; servers whose clocks disagree do not
/// take turns.
pub fn note_use(conn: &mut PgConnection, key: &ApiKey, today: NaiveDate) -> QueryResult<()> {
    if key.used_on.is_none_or(|noted| noted < today) {
        diesel::update(api_keys::table.find(key.id))
            .set(api_keys::used_on.eq(today))
            .execute(conn)?;
    }
    Ok(())
}

pub fn find(conn: &mut PgConnection, id: Uuid) -> QueryResult<ApiKey> {
    api_keys::table.find(id).select(ApiKey::as_select()).first(conn)
}

/// The key of that id, if it was not revoked.
pub fn find_live(conn: &mut PgConnection, id: Uuid) -> QueryResult<Option<ApiKey>> {
    api_keys::table
        .find(id)
        .filter(api_keys::revoked_at.is_null())
        .select(ApiKey::as_select())
        .first(conn)
        .optional()
}

pub fn of_project(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<ApiKey>> {
    api_keys::table
        .filter(api_keys::project_id.eq(project))
        .order((api_keys::created_at, api_keys::id))
        .select(ApiKey::as_select())
        .load(conn)
}

/// Whether any live key exists, in any project.
pub fn any_live(conn: &mut PgConnection) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        api_keys::table.filter(api_keys::revoked_at.is_null()),
    ))
    .get_result(conn)
}

/// What became of a wish to revoke a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    Revoked,
    /// The project has no live key of that id.
    Absent,
    /// No other live key of the project may manage keys.
    LastAdmin,
}

/// Revokes a live key of the project, unless it is the last that may make others.
pub fn revoke(conn: &mut PgConnection, project: ProjectId, id: Uuid) -> QueryResult<Revocation> {
    conn.transaction(|conn| {
        // Locked, so that two keys that revoke each other at once do not both succeed.
        let live: Vec<(Uuid, Vec<String>)> = api_keys::table
            .filter(api_keys::project_id.eq(project).and(api_keys::revoked_at.is_null()))
            .order(api_keys::id)
            .select((api_keys::id, api_keys::scopes))
            .for_update()
            .load(conn)?;
        if !live.iter().any(|(key, _)| *key == id) {
            return Ok(Revocation::Absent);
        }
        let admins = live
            .iter()
            .filter(|(_, scopes)| scopes.iter().any(|scope| scope == Scope::Admin.name()));
        let admins: Vec<Uuid> = admins.map(|(key, _)| *key).collect();
        if admins == [id] {
            return Ok(Revocation::LastAdmin);
        }
        diesel::update(api_keys::table.find(id))
            .set(api_keys::revoked_at.eq(diesel::dsl::now))
            .execute(conn)?;
        Ok(Revocation::Revoked)
    })
}
