//! What links are signed with.

use diesel::pg::PgConnection;
use diesel::prelude::*;

use super::schema::link_secret;

const SECRET_BYTES: usize = 32;

/// The secret of this database, made when it is first needed.
pub fn secret(conn: &mut PgConnection) -> QueryResult<Vec<u8>> {
    let fresh: [u8; SECRET_BYTES] = rand::random();
    // Another server may be first.
    diesel::insert_into(link_secret::table)
        .values(link_secret::secret.eq(fresh.as_slice()))
        .on_conflict_do_nothing()
        .execute(conn)?;
    link_secret::table.select(link_secret::secret).first(conn)
}
