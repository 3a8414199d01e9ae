//! What state the database is in, as an operator wants to know it. Nothing here is asked while requests are served.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Bool, Double, Integer, Nullable, Text, Timestamptz};
use diesel_migrations::MigrationHarness;

use super::MIGRATIONS;
use crate::domain::key::ProjectId;

/// The server behind a connection.
#[derive(Clone, Debug, QueryableByName)]
pub struct Server {
    /// As in 150018 for 15.18.
    #[diesel(sql_type = Integer)]
    pub version_number: i32,
    #[diesel(sql_type = Text)]
    pub version: String,
    #[diesel(sql_type = Integer)]
    pub max_connections: i32,
    /// Those kept for superusers.
    #[diesel(sql_type = Integer)]
    pub reserved_connections: i32,
    #[diesel(sql_type = BigInt)]
    pub connections: i64,
    #[diesel(sql_type = Bool)]
    pub is_read_only: bool,
    #[diesel(sql_type = Timestamptz)]
    pub now: DateTime<Utc>,
}

pub fn server(conn: &mut PgConnection) -> QueryResult<Server> {
    diesel::sql_query(
        "SELECT current_setting('server_version_num')::integer AS version_number, \
         current_setting('server_version') AS version, \
         current_setting('max_connections')::integer AS max_connections, \
         current_setting('superuser_reserved_connections')::integer AS reserved_connections, \
         (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections, \
         pg_is_in_recovery() OR current_setting('default_transaction_read_only')::boolean AS is_read_only, \
         clock_timestamp() AS now",
    )
    .get_result(conn)
}

#[derive(QueryableByName)]
struct Setting {
    #[diesel(sql_type = Text)]
    setting: String,
}

/// The settings, as `name = value`, with which PostgreSQL may lose what it has committed.
pub fn unsafe_settings(conn: &mut PgConnection) -> QueryResult<Vec<String>> {
    let found: Vec<Setting> = diesel::sql_query(
        "SELECT name || ' = ' || setting AS setting FROM pg_settings \
         WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off' ORDER BY name",
    )
    .load(conn)?;
    Ok(found.into_iter().map(|row| row.setting).collect())
}

/// How the schema and this program fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    UpToDate,
    /// Migrations that the next start will run.
    Behind(usize),
    /// Migrations that this program does not know: a newer one made them.
    Ahead(usize),
}

pub fn schema(conn: &mut PgConnection) -> anyhow::Result<Schema> {
    use diesel::migration::{Migration, MigrationSource};
    let known: Vec<Box<dyn Migration<diesel::pg::Pg>>> = MIGRATIONS
        .migrations()
        .map_err(|error| anyhow::anyhow!("the program's migrations cannot be read: {error}"))?;
    let known: Vec<String> = known.iter().map(|one| one.name().version().to_string()).collect();
    let applied = applied(conn)?;
    let foreign = applied.iter().filter(|version| !known.contains(version)).count();
    let missing = known.iter().filter(|version| !applied.contains(version)).count();
    Ok(match (foreign, missing) {
        (0, 0) => Schema::UpToDate,
        (0, missing) => Schema::Behind(missing),
        (foreign, _) => Schema::Ahead(foreign),
    })
}

fn applied(conn: &mut PgConnection) -> anyhow::Result<Vec<String>> {
    let has_table = diesel::select(diesel::dsl::sql::<Bool>(
        "to_regclass('__diesel_schema_migrations') IS NOT NULL",
    ));
    // Asked after first: looking for migrations would make the table.
    if !has_table.get_result::<bool>(conn)? {
        return Ok(Vec::new());
    }
    let applied = conn
        .applied_migrations()
        .map_err(|error| anyhow::anyhow!("the applied migrations cannot be read: {error}"))?;
    Ok(applied.iter().map(ToString::to_string).collect())
}

/// A transaction that writes and does not end. The fold reads only what is older.
#[derive(Clone, Debug, QueryableByName)]
pub struct LongTransaction {
    #[diesel(sql_type = Integer)]
    pub pid: i32,
    #[diesel(sql_type = Text)]
    pub user: String,
    #[diesel(sql_type = Text)]
    pub application: String,
    #[diesel(sql_type = Text)]
    pub state: String,
    #[diesel(sql_type = Double)]
    pub seconds: f64,
}

/// The oldest transaction of the whole cluster that has written, besides one's own.
pub fn oldest_writer(conn: &mut PgConnection) -> QueryResult<Option<LongTransaction>> {
    diesel::sql_query(
        "SELECT pid, coalesce(usename, '')::text AS user, coalesce(application_name, '') AS application, \
         coalesce(state, '') AS state, extract(epoch FROM clock_timestamp() - xact_start)::double precision AS seconds \
         FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND xact_start IS NOT NULL AND pid <> pg_backend_pid() \
         ORDER BY xact_start LIMIT 1",
    )
    .get_result(conn)
    .optional()
}

/// How large a table is.
#[derive(Clone, Debug, QueryableByName)]
pub struct TableSize {
    #[diesel(sql_type = Text)]
    pub name: String,
    #[diesel(sql_type = BigInt)]
    pub bytes: i64,
    #[diesel(sql_type = BigInt)]
    pub index_bytes: i64,
    /// By the statistics; rows that are no longer wanted and not yet reclaimed.
    #[diesel(sql_type = BigInt)]
    pub dead_rows: i64,
    #[diesel(sql_type = BigInt)]
    pub rows: i64,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    pub vacuumed_at: Option<DateTime<Utc>>,
}

/// All tables, the largest first.
pub fn tables(conn: &mut PgConnection) -> QueryResult<Vec<TableSize>> {
    diesel::sql_query(
        "SELECT relname::text AS name, pg_table_size(relid) AS bytes, pg_indexes_size(relid) AS index_bytes, \
         n_dead_tup AS dead_rows, n_live_tup AS rows, greatest(last_vacuum, last_autovacuum) AS vacuumed_at \
         FROM pg_stat_user_tables WHERE schemaname = 'public' ORDER BY pg_total_relation_size(relid) DESC, relname",
    )
    .load(conn)
}

/// The events of one key that were refused for one reason.
#[derive(Clone, Debug, QueryableByName)]
pub struct Refused {
    #[diesel(sql_type = Text)]
    pub project: String,
    #[diesel(sql_type = Text)]
    pub key: String,
    #[diesel(sql_type = Text)]
    pub code: String,
    #[diesel(sql_type = BigInt)]
    pub events: i64,
}

/// What was refused since an hour in all projects, most first.
pub fn refused_since(conn: &mut PgConnection, hour: i32) -> QueryResult<Vec<Refused>> {
    diesel::sql_query(
        "SELECT p.name AS project, k.name AS key, r.code, sum(r.events)::bigint AS events FROM rejections r \
         JOIN api_keys k ON k.project_id = r.project_id AND k.id = r.key_id JOIN projects p ON p.id = r.project_id \
         WHERE r.hour >= $1 GROUP BY p.name, k.name, k.id, r.code ORDER BY events DESC, project, key, k.id, r.code",
    )
    .bind::<Integer, _>(hour)
    .load(conn)
}

/// The outputs that were shown before an instant, and have no other names.
pub fn untied_outputs_before(conn: &mut PgConnection, project: ProjectId, before: DateTime<Utc>) -> QueryResult<i64> {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = BigInt)]
        outputs: i64,
    }
    let counted: Count = diesel::sql_query(
        "SELECT count(*) AS outputs FROM outputs o WHERE project_id = $1 AND shown_at < $2 AND NOT EXISTS \
         (SELECT FROM output_aliases a WHERE a.project_id = $1 AND a.output_key = o.output_key) AND NOT EXISTS \
         (SELECT FROM output_aliases a WHERE a.project_id = $1 AND a.alias_key = o.output_key) AND NOT EXISTS \
         (SELECT FROM late_events l WHERE l.project_id = $1 AND l.output_key = o.output_key)",
    )
    .bind::<Integer, _>(project)
    .bind::<Timestamptz, _>(before)
    .get_result(conn)?;
    Ok(counted.outputs)
}

/// The live keys of a project.
#[derive(Clone, Debug, QueryableByName)]
pub struct ProjectKeys {
    #[diesel(sql_type = Text)]
    pub project: String,
    /// How many of them may make others.
    #[diesel(sql_type = BigInt)]
    pub admins: i64,
    /// The first characters of those that were not used for 90 days, or never since they were made so long ago.
    #[diesel(sql_type = Array<Text>)]
    pub idle: Vec<String>,
}

pub fn keys(conn: &mut PgConnection) -> QueryResult<Vec<ProjectKeys>> {
    diesel::sql_query(
        "SELECT p.name AS project, count(k.id) FILTER (WHERE 'admin' = ANY(k.scopes)) AS admins, \
         coalesce(array_agg(k.prefix ORDER BY k.prefix) FILTER \
         (WHERE coalesce(k.used_on, k.created_at::date) < current_date - 90), '{}') AS idle \
         FROM projects p LEFT JOIN api_keys k ON k.project_id = p.id AND k.revoked_at IS NULL GROUP BY p.id, p.name \
         ORDER BY p.id",
    )
    .load(conn)
}
