//! One private PostgreSQL for the whole test run, and a database of its own for every test, copied from a migrated one.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

use calibrant::store::Db;
use calibrant::store::private::PrivateDatabase;
use diesel::{Connection, PgConnection, RunQueryDsl};

/// Connections of one test's server.
const CONNECTIONS: u32 = 8;

struct Cluster {
    database: PrivateDatabase,
}

static CLUSTER: LazyLock<Cluster> = LazyLock::new(start);
static NEXT: AtomicU32 = AtomicU32::new(0);

fn start() -> Cluster {
    let folder = tempfile::Builder::new()
        .prefix("calibrant-test-")
        .tempdir_in("/tmp")
        .unwrap()
        .keep();
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let database = PrivateDatabase::start(&folder).unwrap();
    let mut conn = PgConnection::establish(&database.url()).unwrap();
    diesel::sql_query("ALTER SYSTEM SET max_connections = 400")
        .execute(&mut conn)
        .unwrap();
    drop(conn);
    // PostgreSQL reads that when it starts.
    drop(database);
    let database = PrivateDatabase::start(&folder).unwrap();
    stop_with_this_process(&folder);
    // Migrated once; a database is copied when no one is connected to it.
    drop(Db::open(&database.url(), 1).unwrap());
    Cluster { database }
}

/// Statics are never dropped, so a small process waits for this one to end and takes the cluster down.
fn stop_with_this_process(folder: &Path) {
    let pid_file = folder.join("postgres/postmaster.pid");
    let pid = std::fs::read_to_string(pid_file)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .to_owned();
    let script = format!(
        "cat > /dev/null; kill -QUIT {pid}; sleep 1; rm -rf '{}'",
        folder.display()
    );
    let mut watcher = Command::new("sh");
    watcher
        .arg("-c")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    // The pipe closes when this process ends, however it ends.
    std::mem::forget(watcher.spawn().unwrap());
}

/// The URL of a fresh database with the current schema.
pub fn fresh_database() -> String {
    copied_database("calibrant")
}

/// The URL of a fresh database with nothing in it.
pub fn empty_database() -> String {
    copied_database("template0")
}

fn copied_database(template: &str) -> String {
    let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let url = CLUSTER.database.url();
    let mut admin = PgConnection::establish(&url.replace("/calibrant?", "/postgres?")).unwrap();
    // Another test may be copying the template at this moment.
    let copy = format!("CREATE DATABASE {name} TEMPLATE {template}");
    for attempt in 0.. {
        match diesel::sql_query(&copy).execute(&mut admin) {
            Ok(_) => break,
            Err(error) if attempt < 50 && error.to_string().contains("being accessed") => {
                std::thread::sleep(std::time::Duration::from_millis(100));
            }
            Err(error) => panic!("cannot copy the template database: {error}"),
        }
    }
    url.replace("/calibrant?", &format!("/{name}?"))
}

/// A connected fresh database.
pub fn fresh_db() -> Db {
    Db::connect(&fresh_database(), CONNECTIONS).unwrap()
}
