//! Everything that speaks SQL. Functions take a connection and return what diesel returns; the pool and the switch to a
//! blocking thread are here and nowhere else.

pub mod actions;
pub mod alerts;
pub mod append;
pub mod audit;
pub mod bases;
pub mod cells;
pub mod changes;
pub mod condition;
pub mod copy;
pub mod digests;
pub mod erasures;
pub mod evals;
pub mod events;
pub mod experiments;
pub mod exports;
pub mod fold_state;
pub mod keys;
pub mod late;
pub mod links;
pub mod opinions;
pub mod outputs;
pub mod private;
pub mod projects;
pub mod ranges;
pub mod rejections;
pub mod retention;
pub mod rollups;
pub mod schema;
pub mod sessions;
pub mod stalled;
pub mod texts;
pub mod tombstones;
pub mod webhooks;

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio::sync::Semaphore;

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Locked while migrations run, so that two servers that start at once do not race.
const MIGRATION_LOCK: i64 = 0x0063_616c_6962;

/// How long a request waits for a connection before it is told to come back later.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a request waits for its answer: longer than any statement may take, checkout included. A database that is
/// frozen, or cut off, never says that it does not answer.
const ANSWER_TIME: Duration = Duration::from_secs(25);

/// The same for what takes one row by its key.
const LOOK_UP_TIME: Duration = Duration::from_secs(5);

/// Requests that may wait at once; more are told to come back, so that an outage does not pile them up.
const WAITING: usize = 1_000;

/// What the server sets in each of its sessions. A transaction that stands still holds back the fold and may hold its lease:
/// that of a process that was frozen is ended.
const SESSION: &str = "SET application_name = 'calibrant'; SET timezone = 'UTC'; \
     SET idle_in_transaction_session_timeout = '60s'";

/// For sessions that answer requests.
const STATEMENT_LIMIT: &str = "SET statement_timeout = '20s'";

/// How long connecting may take, and after how much silence a connection over a network is given up.
const CONNECTION_LIMITS: [(&str, &str); 5] = [
    ("connect_timeout", "5"),
    ("keepalives_idle", "15"),
    ("keepalives_interval", "5"),
    ("keepalives_count", "3"),
    ("tcp_user_timeout", "30000"),
];

/// Why the database did not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// All connections are in use, or the server cannot be reached: worth another try.
    #[error("the database is not available: {0}")]
    Unavailable(String),
    /// The database's disk is full. It goes on by itself when there is room.
    #[error("the database's disk is full: {0}")]
    Full(String),
    /// The task that asked ended early, which is a fault of ours.
    #[error("a database task ended: {0}")]
    Ended(String),
    #[error(transparent)]
    Query(diesel::result::Error),
}

impl From<diesel::result::Error> for StoreError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::DatabaseErrorKind as Kind;
        match &error {
            diesel::result::Error::DatabaseError(Kind::ClosedConnection | Kind::UnableToSendCommand, info) => {
                StoreError::Unavailable(info.message().to_owned())
            }
            diesel::result::Error::DatabaseError(_, info) if info.message().contains("No space left on device") => {
                StoreError::Full(info.message().to_owned())
            }
            // A server that is shutting down or recovering says so in words only; diesel does not pass the SQLSTATE on.
            diesel::result::Error::DatabaseError(_, info)
                if [
                    "terminating connection",
                    "the database system is",
                    "server closed the connection",
                    "statement timeout",
                ]
                .iter()
                .any(|sign| info.message().contains(sign)) =>
            {
                StoreError::Unavailable(info.message().to_owned())
            }
            diesel::result::Error::BrokenTransactionManager => StoreError::Unavailable(error.to_string()),
            _ => StoreError::Query(error),
        }
    }
}

/// A pool of connections to the one database.
#[derive(Clone)]
pub struct Db {
    pool: Pool<ConnectionManager<PgConnection>>,
    url: String,
    waiting: Arc<Semaphore>,
}

#[derive(Debug)]
struct Session;

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Session {
    fn on_acquire(&self, conn: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        conn.batch_execute(&format!("{SESSION}; {STATEMENT_LIMIT}"))
            .map_err(diesel::r2d2::Error::QueryError)
    }
}

impl Db {
    /// Connects, and brings the schema up to date.
    pub fn open(url: &str, connections: u32) -> anyhow::Result<Db> {
        let db = Db::connect(url, connections)?;
        migrate(&mut db.dedicated()?)?;
        Ok(db)
    }

    /// Connects to a database whose schema is already in place.
    pub fn connect(url: &str, connections: u32) -> anyhow::Result<Db> {
        let url = with_limits(url);
        let pool = Pool::builder()
            .max_size(connections)
            .min_idle(Some(1))
            .connection_timeout(CHECKOUT_TIMEOUT)
            .connection_customizer(Box::new(Session))
            .build(ConnectionManager::new(&url))
            .context("cannot connect to PostgreSQL; check CALIBRANT_DATABASE_URL and that the server runs")?;
        Ok(Db {
            pool,
            url,
            waiting: Arc::new(Semaphore::new(WAITING)),
        })
    }

    /// A connection of its own, outside the pool and with no time limit, for work that is never done with it.
    pub fn dedicated(&self) -> anyhow::Result<PgConnection> {
        let mut conn = PgConnection::establish(&self.url).context("cannot open a connection to PostgreSQL")?;
        conn.batch_execute(SESSION)?;
        Ok(conn)
    }

    /// Runs a function on a pooled connection of this thread. Blocks.
    pub fn with<T, E>(&self, work: impl FnOnce(&mut PgConnection) -> Result<T, E>) -> Result<T, E>
    where
        E: From<StoreError>,
    {
        let mut conn = self
            .pool
            .get()
            .map_err(|error| StoreError::Unavailable(error.to_string()))?;
        work(&mut conn)
    }

    /// Runs a function on a pooled connection, off the async threads. Gives up when there is no answer in time; what was
    /// asked may be done all the same.
    pub async fn run<T, E>(&self, work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.beside(|db| db.with(work)).await
    }

    /// As [`Db::run`], for what may not need a connection.
    pub async fn beside<T, E>(&self, work: impl FnOnce(&Db) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.beside_within(ANSWER_TIME, work).await
    }

    /// As [`Db::run`], in one transaction: an error takes back all that was done.
    pub async fn transaction<T, E>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + From<diesel::result::Error> + Send + 'static,
    {
        self.run(move |conn| conn.transaction(work)).await
    }

    /// As [`Db::run`], for what takes one row by its key and should be told apart from a database that does not answer soon.
    pub async fn look_up<T, E>(
        &self,
        work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        self.beside_within(LOOK_UP_TIME, |db| db.with(work)).await
    }

    async fn beside_within<T, E>(
        &self,
        time: Duration,
        work: impl FnOnce(&Db) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let unavailable = |why: &str| Err(StoreError::Unavailable(why.to_owned()).into());
        let Ok(place) = Arc::clone(&self.waiting).try_acquire_owned() else {
            return unavailable("too many requests wait for it");
        };
        let db = self.clone();
        let answer = tokio::task::spawn_blocking(move || {
            // Kept until the work is done, which may be after the request was given up.
            let _place = place;
            work(&db)
        });
        match tokio::time::timeout(time, answer).await {
            Ok(done) => done.unwrap_or_else(|panic| Err(StoreError::Ended(panic.to_string()).into())),
            Err(_) => unavailable("no answer in time"),
        }
    }
}

/// One connection, to look at a database as it is: nothing is migrated.
pub fn connect_once(url: &str, patience: Duration) -> anyhow::Result<PgConnection> {
    let mut conn = PgConnection::establish(&with_limits(url))?;
    let patience = patience.as_millis();
    conn.batch_execute(&format!("{SESSION}; SET statement_timeout = {patience}"))?;
    Ok(conn)
}

/// Adds limits to a URL, those that it does not set itself.
fn with_limits(url: &str) -> String {
    let mut url = url.to_owned();
    for (name, value) in CONNECTION_LIMITS {
        let is_set = ['?', '&']
            .iter()
            .any(|before| url.contains(&format!("{before}{name}=")));
        if !is_set {
            let before = if url.contains('?') { '&' } else { '?' };
            url.push_str(&format!("{before}{name}={value}"));
        }
    }
    url
}

/// Runs all pending migrations, under a lock.
pub fn migrate(conn: &mut PgConnection) -> anyhow::Result<()> {
    diesel::sql_query("SELECT pg_advisory_lock($1)")
        .bind::<diesel::sql_types::BigInt, _>(MIGRATION_LOCK)
        .execute(conn)?;
    let migrated = conn.run_pending_migrations(MIGRATIONS).map(|_| ());
    let outcome = match migrated {
        Ok(()) => fold_state::continue_after_log(conn).map_err(anyhow::Error::from),
        Err(error) => Err(anyhow::anyhow!("cannot bring the schema up to date: {error}")),
    };
    diesel::sql_query("SELECT pg_advisory_unlock($1)")
        .bind::<diesel::sql_types::BigInt, _>(MIGRATION_LOCK)
        .execute(conn)?;
    outcome
}

/// What tells this database from every other, and from itself before it was restored to an earlier state.
pub fn identity(conn: &mut PgConnection) -> QueryResult<String> {
    use diesel::sql_types::Text;
    diesel::select(diesel::dsl::sql::<Text>(
        "(SELECT system_identifier FROM pg_control_system()) || '-' || \
         (SELECT timeline_id FROM pg_control_checkpoint()) || '-' || \
         (SELECT oid FROM pg_database WHERE datname = current_database())",
    ))
    .get_result(conn)
}

#[cfg(test)]
mod tests {
    use super::with_limits;

    #[test]
    fn limits_leave_those_of_the_url_alone() {
        let url = with_limits("postgres://host/name");
        assert!(
            url.starts_with("postgres://host/name?connect_timeout=5&keepalives_idle="),
            "{url}"
        );
        let url = with_limits("postgres://host/name?sslmode=require&connect_timeout=9");
        assert!(
            url.starts_with("postgres://host/name?sslmode=require&connect_timeout=9&keepalives_idle="),
            "{url}"
        );
        assert_eq!(with_limits(&url), url);
    }
}
