//! Everything that speaks SQL. Functions take a connection and return what diesel returns; the pool and the switch to a
//! blocking thread are here and nowhere else.

pub mod audit;
pub mod cells;
pub mod copy;
pub mod cursor;
pub mod events;
pub mod histograms;
pub mod keys;
pub mod outputs;
pub mod private;
pub mod projects;
pub mod rejections;
pub mod rollups;
pub mod schema;
pub mod texts;

use std::time::Duration;

use anyhow::Context;
use diesel::connection::SimpleConnection;
use diesel::pg::PgConnection;
use diesel::prelude::*;
use diesel::r2d2::{ConnectionManager, CustomizeConnection, Pool};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("migrations");

/// Locked while migrations run, so that two servers that start at once do not race.
const MIGRATION_LOCK: i64 = 0x0063_616c_6962;

/// How long a request waits for a connection before it is told to come back later.
const CHECKOUT_TIMEOUT: Duration = Duration::from_secs(3);

/// Why the database did not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// All connections are in use, or the server cannot be reached: worth another try.
    #[error("the database is not available: {0}")]
    Unavailable(String),
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
            // A server that is shutting down or recovering says so in words only; diesel does not pass the SQLSTATE on.
            diesel::result::Error::DatabaseError(_, info)
                if [
                    "terminating connection",
                    "the database system is",
                    "server closed the connection",
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
}

#[derive(Debug)]
struct Session;

impl CustomizeConnection<PgConnection, diesel::r2d2::Error> for Session {
    fn on_acquire(&self, conn: &mut PgConnection) -> Result<(), diesel::r2d2::Error> {
        conn.batch_execute("SET application_name = 'calibrant'; SET timezone = 'UTC'; SET statement_timeout = '30s'")
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
        let pool = Pool::builder()
            .max_size(connections)
            .min_idle(Some(1))
            .connection_timeout(CHECKOUT_TIMEOUT)
            .connection_customizer(Box::new(Session))
            .build(ConnectionManager::new(url))
            .context("cannot connect to PostgreSQL; check CALIBRANT_DATABASE_URL and that the server runs")?;
        Ok(Db {
            pool,
            url: url.to_owned(),
        })
    }

    /// A connection of its own, outside the pool and with no time limit, for work that is never done with it.
    pub fn dedicated(&self) -> anyhow::Result<PgConnection> {
        let mut conn = PgConnection::establish(&self.url).context("cannot open a connection to PostgreSQL")?;
        conn.batch_execute("SET application_name = 'calibrant'; SET timezone = 'UTC'")?;
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

    /// Runs a function on a pooled connection, off the async threads.
    pub async fn run<T, E>(&self, work: impl FnOnce(&mut PgConnection) -> Result<T, E> + Send + 'static) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<StoreError> + Send + 'static,
    {
        let db = self.clone();
        tokio::task::spawn_blocking(move || db.with(work))
            .await
            .unwrap_or_else(|panic| Err(StoreError::Ended(panic.to_string()).into()))
    }
}

/// Runs all pending migrations, under a lock.
pub fn migrate(conn: &mut PgConnection) -> anyhow::Result<()> {
    diesel::sql_query("SELECT pg_advisory_lock($1)")
        .bind::<diesel::sql_types::BigInt, _>(MIGRATION_LOCK)
        .execute(conn)?;
    let migrated = conn.run_pending_migrations(MIGRATIONS).map(|_| ());
    let outcome = match migrated {
        Ok(()) => cursor::continue_after_log(conn).map_err(anyhow::Error::from),
        Err(error) => Err(anyhow::anyhow!("cannot bring the schema up to date: {error}")),
    };
    diesel::sql_query("SELECT pg_advisory_unlock($1)")
        .bind::<diesel::sql_types::BigInt, _>(MIGRATION_LOCK)
        .execute(conn)?;
    outcome
}
