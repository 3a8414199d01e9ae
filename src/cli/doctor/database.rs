//! The database, whoever runs it.

use chrono::{DateTime, Utc};
use diesel::PgConnection;

use super::finding::{Finding, bytes};
use super::machine::disk_of;
use crate::config::{CONNECTIONS, Config};
use crate::store::condition::{self, Schema, TableSize};

const OLDEST_VERSION: i32 = 150_000;
/// What a server holds besides its pool: writers of the log, folding, what keeps segments and retention, what looks for alerts.
const BESIDE_THE_POOL: i32 = 10;
/// Clocks that differ by this much make late events early.
const CLOCK_SECONDS: f64 = 5.0;
/// A transaction that writes for so long holds back the numbers visibly.
const LONG_SECONDS: f64 = 10.0;
const TOO_LONG_SECONDS: f64 = 120.0;

pub fn unreachable(error: &str) -> Finding {
    let (found, advice) = if error.contains("does not exist") && error.contains("database") {
        ("the database of the URL does not exist", "make it with createdb")
    } else if error.contains("authentication failed") || error.contains("no password supplied") {
        (
            "the database refuses the user or the password of the URL",
            "mend CALIBRANT_DATABASE_URL",
        )
    } else if error.contains("too many clients") || error.contains("remaining connection slots") {
        (
            "all connections of the database are taken",
            "raise max_connections, or stop what takes them",
        )
    } else if error.contains("starting up") || error.contains("recovery") {
        (
            "the database recovers and lets nobody in yet",
            "wait; its log says how far it is",
        )
    } else {
        (
            "the database does not answer",
            "check that it runs, CALIBRANT_DATABASE_URL, and the network in between",
        )
    };
    let first = error.lines().next().unwrap_or_default();
    Finding::problem("connection", format!("{found} ({first})"), advice)
}

pub fn version(conn: &mut PgConnection) -> anyhow::Result<Finding> {
    const CHECK: &str = "version";
    let server = condition::server(conn)?;
    let found = format!("connected to PostgreSQL {}", server.version);
    Ok(if server.version_number < OLDEST_VERSION {
        Finding::problem(CHECK, found, "Calibrant needs PostgreSQL 15 or newer")
    } else if server.is_read_only {
        Finding::problem(
            CHECK,
            format!("{found}, which is read-only: a standby, or set so"),
            "point CALIBRANT_DATABASE_URL to the primary",
        )
    } else {
        Finding::ok(CHECK, found)
    })
}

/// The settings without which "acknowledged" does not mean "on disk".
pub fn durability(conn: &mut PgConnection) -> anyhow::Result<Finding> {
    const CHECK: &str = "durability";
    let found = condition::unsafe_settings(conn)?;
    Ok(if found.is_empty() {
        Finding::ok(CHECK, "fsync, full_page_writes and synchronous_commit are on")
    } else {
        Finding::problem(
            CHECK,
            format!("{}: a crash may lose what was acknowledged", found.join(", ")),
            "set them to on in postgresql.conf, for the database and for the role",
        )
    })
}

pub fn connections(conn: &mut PgConnection) -> anyhow::Result<Finding> {
    const CHECK: &str = "connections";
    let server = condition::server(conn)?;
    let usable = server.max_connections - server.reserved_connections;
    let needed = CONNECTIONS.cast_signed() + BESIDE_THE_POOL;
    let found = format!(
        "{} of {usable} are in use; a Calibrant server takes up to {needed}",
        server.connections
    );
    Ok(if usable < needed {
        Finding::problem(
            CHECK,
            found,
            format!(
                "set max_connections to at least {}",
                needed + server.reserved_connections
            ),
        )
    } else if server.connections * 10 > i64::from(usable) * 9 {
        Finding::warning(CHECK, found, "raise max_connections before there are none left")
    } else {
        Finding::ok(CHECK, found)
    })
}

/// Times of receipt come from the servers, lags are measured against the database.
pub fn clock(conn: &mut PgConnection) -> anyhow::Result<Finding> {
    const CHECK: &str = "clock";
    let before = Utc::now();
    let theirs = condition::server(conn)?.now;
    let ours = before + (Utc::now() - before) / 2;
    let apart = (theirs - ours).as_seconds_f64();
    let found = format!("{:.1} s apart from the database's", apart.abs());
    Ok(if apart.abs() > CLOCK_SECONDS {
        Finding::problem(CHECK, found, "let both machines keep the time with NTP")
    } else {
        Finding::ok(CHECK, found)
    })
}

pub fn long_transactions(conn: &mut PgConnection) -> anyhow::Result<Finding> {
    const CHECK: &str = "long transactions";
    let Some(oldest) = condition::oldest_writer(conn)? else {
        return Ok(Finding::ok(CHECK, "nobody writes for long"));
    };
    let found = format!(
        "process {} of `{}` ({}, {}) writes for {:.0} s",
        oldest.pid, oldest.user, oldest.application, oldest.state, oldest.seconds
    );
    let advice = format!(
        "new events are in no number until it ends; if nobody needs it: SELECT pg_terminate_backend({})",
        oldest.pid
    );
    Ok(if oldest.seconds > TOO_LONG_SECONDS {
        Finding::problem(CHECK, found, advice)
    } else if oldest.seconds > LONG_SECONDS {
        Finding::warning(CHECK, found, advice)
    } else {
        Finding::ok(CHECK, found)
    })
}

pub fn schema(conn: &mut PgConnection) -> anyhow::Result<Finding> {
    const CHECK: &str = "schema";
    Ok(match condition::schema(conn)? {
        Schema::UpToDate => Finding::ok(CHECK, "is the one of this version"),
        Schema::Behind(migrations) => Finding::warning(
            CHECK,
            format!("{migrations} migrations are to be run"),
            "back up, then `calibrant migrate`; a start of the server does the same",
        ),
        Schema::Ahead(migrations) => Finding::problem(
            CHECK,
            format!("a newer version of Calibrant has run {migrations} migrations that this one does not know"),
            "use that version, or restore the backup from before the upgrade",
        ),
    })
}

/// What the data takes, and whether there is room for a rebuild, which writes outputs and rollups beside the old ones.
pub fn size(config: &Config, conn: &mut PgConnection) -> anyhow::Result<Finding> {
    const CHECK: &str = "size";
    let tables = condition::tables(conn)?;
    let of = |names: &[&str]| -> u64 {
        let own = tables.iter().filter(|table| names.contains(&table.name.as_str()));
        own.map(total).sum()
    };
    let log = of(&["events", "output_aliases"]);
    let computed = of(&["outputs", "output_texts", "rollup_columns", "rollup_differences"]);
    let found = format!("the log takes {}, outputs and rollups {}", bytes(log), bytes(computed));
    // Somebody else's disk cannot be seen from here.
    let free = if config.database_url.is_none() {
        disk_of(&config.data_dir).map(|disk| disk.free)
    } else {
        None
    };
    Ok(match free {
        Some(free) if free < computed => Finding::warning(
            CHECK,
            format!("{found}, and only {} are free", bytes(free)),
            "`calibrant rebuild` needs as much again as outputs and rollups take; make room before you need it",
        ),
        _ => Finding::ok(CHECK, found),
    })
}

fn total(table: &TableSize) -> u64 {
    (table.bytes + table.index_bytes).unsigned_abs()
}

/// Rows that are gone and still take room.
pub fn vacuum(conn: &mut PgConnection) -> anyhow::Result<Finding> {
    const CHECK: &str = "vacuum";
    const WORTH_A_WORD: i64 = 1_000_000;
    let tables = condition::tables(conn)?;
    let bloated = tables
        .iter()
        .find(|table| table.dead_rows > WORTH_A_WORD && table.dead_rows > table.rows);
    let last =
        |at: Option<DateTime<Utc>>| at.map_or("never".to_owned(), |at| at.format("%Y-%m-%d %H:%M UTC").to_string());
    Ok(match bloated {
        Some(table) => Finding::warning(
            CHECK,
            format!(
                "more rows of `{0}` are dead than alive ({1}; vacuumed {2})",
                table.name,
                table.dead_rows,
                last(table.vacuumed_at)
            ),
            format!(
                "VACUUM {}; find out what keeps autovacuum from it: an old transaction, or its settings",
                table.name
            ),
        ),
        None => Finding::ok(CHECK, "no table is mostly dead rows"),
    })
}
