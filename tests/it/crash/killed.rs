//! `kill -9` under load: of the server, of one database session, of the whole database.

use std::thread::sleep;
use std::time::Duration;

use diesel::sql_types::Integer;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};

use super::load::Load;
use super::program::{DataDir, is_alive, signal, wait_until};

const WARM_UP: Duration = Duration::from_millis(700);

fn rebuild(data: &DataDir) {
    data.succeed(&["rebuild"]);
    data.verify();
}

#[test]
fn a_killed_server_loses_nothing() {
    let data = DataDir::new();
    let mut server = data.serve();
    let load = Load::start(server.client.address, "first", 1);
    sleep(WARM_UP);
    let database = data.postmaster().unwrap();
    server.kill();
    let sent = load.stop();
    assert!(is_alive(database), "the database outlives the server");

    // It takes over the database that the killed one left running.
    let server = data.serve();
    sent.check(&server, || rebuild(&data));
}

/// PostgreSQL ends all sessions when one is killed, and recovers by itself.
#[test]
fn a_killed_session_loses_nothing() {
    let data = DataDir::new();
    let server = data.serve();
    let load = Load::start(server.client.address, "session", 1);
    sleep(WARM_UP);
    signal("KILL", a_session(&data));
    sleep(WARM_UP);
    server.wait_until_ready();
    let sent = load.stop();
    sent.assert_only_unavailable();
    sent.check(&server, || rebuild(&data));
}

/// Who asks only when all is well again never learns of it: connections that broke meanwhile are replaced.
#[test]
fn a_session_killed_while_idle_is_not_noticed() {
    let data = DataDir::new();
    let server = data.serve();
    for round in 0..3 {
        for number in 0..4 {
            let event = format!(r#"{{"type":"accept","output_id":"{round}-{number}","feature":"f"}}"#);
            server.post("/api/v1/events", &event).expect(200);
        }
        let mut witness = PgConnection::establish(&data.database_url()).unwrap();
        signal("KILL", a_session(&data));
        // The postmaster has noticed when it has ended the other sessions too.
        wait_until("all sessions have ended", || {
            diesel::sql_query("SELECT 1").execute(&mut witness).is_err()
        });
        server.wait_until_ready();
    }
    assert_eq!(server.settle()["log_position"], 12);
}

/// Without a postmaster nothing answers, until the server has started another.
#[test]
fn a_killed_database_loses_nothing() {
    let data = DataDir::new();
    let server = data.serve();
    let load = Load::start(server.client.address, "database", 1);
    sleep(WARM_UP);
    let postmaster = data.postmaster().unwrap();
    signal("KILL", postmaster);
    wait_until("the database is started again", || {
        data.postmaster().is_some_and(|pid| pid != postmaster && is_alive(pid))
    });
    server.wait_until_ready();
    sleep(WARM_UP);
    let sent = load.stop();
    assert!(!sent.refused.is_empty(), "no client noticed");
    sent.assert_only_unavailable();
    sent.check(&server, || rebuild(&data));
}

#[derive(QueryableByName)]
struct Session {
    #[diesel(sql_type = Integer)]
    pid: i32,
}

/// The process of one of the server's connections, one that works if there is any.
fn a_session(data: &DataDir) -> u32 {
    let mut conn = PgConnection::establish(&data.database_url()).unwrap();
    let session: Session = diesel::sql_query(
        "SELECT pid FROM pg_stat_activity WHERE application_name = 'calibrant' AND pid <> pg_backend_pid()
         ORDER BY state = 'active' DESC, pid LIMIT 1",
    )
    .get_result(&mut conn)
    .unwrap();
    session.pid.unsigned_abs()
}

#[test]
fn killed_together_they_come_back() {
    let data = DataDir::new();
    let mut server = data.serve();
    let load = Load::start(server.client.address, "both", 1);
    sleep(WARM_UP);
    let postmaster = data.postmaster().unwrap();
    server.kill();
    signal("KILL", postmaster);
    let sent = load.stop();
    wait_until("the database is dead", || !is_alive(postmaster));
    assert!(data.pid_file().exists(), "a stale pid file is left");

    let server = data.serve();
    sent.check(&server, || rebuild(&data));
}
