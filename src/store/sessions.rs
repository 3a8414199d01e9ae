//! Sessions of the dashboard and the links that begin one, hashed.

use chrono::{DateTime, Utc};
use diesel::dsl::now;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use uuid::Uuid;

use super::keys::ApiKey;
use super::schema::{api_keys, sessions};

#[derive(Clone, Debug, Insertable)]
#[diesel(table_name = sessions, check_for_backend(diesel::pg::Pg))]
pub struct Session {
    pub token_hash: Vec<u8>,
    pub key_id: Uuid,
    /// A link is exchanged for a session, once.
    pub is_link: bool,
    pub expires_at: DateTime<Utc>,
}

/// Adds a session or a link, and forgets those that have expired.
pub fn insert(conn: &mut PgConnection, session: &Session) -> QueryResult<()> {
    diesel::delete(sessions::table.filter(sessions::expires_at.le(now))).execute(conn)?;
    diesel::insert_into(sessions::table).values(session).execute(conn)?;
    Ok(())
}

/// The hash and the live key of a session that has not expired.
pub fn find_key(conn: &mut PgConnection, hash: &[u8]) -> QueryResult<Option<(Vec<u8>, ApiKey)>> {
    sessions::table
        .inner_join(api_keys::table.on(api_keys::id.eq(sessions::key_id)))
        .filter(sessions::token_hash.eq(hash).and(sessions::is_link.eq(false)))
        .filter(sessions::expires_at.gt(now).and(api_keys::revoked_at.is_null()))
        .select((sessions::token_hash, ApiKey::as_select()))
        .first(conn)
        .optional()
}

/// Takes a link, which works no second time. Gives its key, if the link had not expired and the key is live.
pub fn take_link(conn: &mut PgConnection, hash: &[u8]) -> QueryResult<Option<ApiKey>> {
    let link = sessions::table.filter(sessions::token_hash.eq(hash).and(sessions::is_link));
    let taken: Option<Uuid> = diesel::delete(link.filter(sessions::expires_at.gt(now)))
        .returning(sessions::key_id)
        .get_result(conn)
        .optional()?;
    let Some(key) = taken else { return Ok(None) };
    api_keys::table
        .find(key)
        .filter(api_keys::revoked_at.is_null())
        .select(ApiKey::as_select())
        .first(conn)
        .optional()
}

pub fn end(conn: &mut PgConnection, hash: &[u8]) -> QueryResult<()> {
    diesel::delete(sessions::table.find(hash)).execute(conn).map(|_| ())
}
