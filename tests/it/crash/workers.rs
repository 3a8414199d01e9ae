//! Processes that share the log, one of which is killed.

use diesel::sql_types::BigInt;
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl};

use super::load::Load;
use super::program::{DataDir, wait_until};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn count(conn: &mut PgConnection, what: &str) -> i64 {
    let counted: Count = diesel::sql_query(format!("SELECT count(*) AS count FROM {what}"))
        .get_result(conn)
        .unwrap();
    counted.count
}

/// Each worker is a session that holds the workers' lock.
fn workers(conn: &mut PgConnection) -> i64 {
    count(
        conn,
        "pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' AND granted",
    )
}

/// Sessions that have some of the ranges at this moment.
fn folding(conn: &mut PgConnection) -> i64 {
    count(
        conn,
        "(SELECT DISTINCT pid FROM pg_locks WHERE relation = 'fold_ranges'::regclass AND mode = 'RowShareLock') AS sessions",
    )
}

#[test]
fn a_killed_worker_is_replaced_by_the_others() {
    let data = DataDir::new();
    let server = data.serve_without_fold();
    let mut conn = PgConnection::establish(&data.database_url()).unwrap();
    let load = Load::start(server.client.address, "shared", 1);
    load.wait_for(10);
    assert_eq!(
        (workers(&mut conn), count(&mut conn, "outputs")),
        (0, 0),
        "the server does not fold"
    );

    let mut all = [data.fold(), data.fold(), data.fold()];
    wait_until("all workers are there", || workers(&mut conn) == 3);
    wait_until("several fold at the same time", || folding(&mut conn) >= 2);
    load.wait_for(30);
    all[0].kill();
    wait_until("it is not counted any more", || workers(&mut conn) == 2);
    load.wait_for(30);
    let sent = load.stop();
    sent.assert_only_unavailable();
    sent.check(&server, || {
        data.verify();
        data.succeed(&["rebuild"]);
    });
    data.verify();
    assert!(all[1].stop() && all[2].stop(), "asked to stop they end well");
    assert_eq!(workers(&mut conn), 0);
}

#[test]
fn a_worker_does_not_start_a_database() {
    let data = DataDir::new();
    let mut worker = data.fold();
    wait_until("it gives up", || !worker.is_running());
    let said = std::fs::read_to_string(data.path().join("worker-under-test.log")).unwrap();
    assert!(said.contains("no server is running on the data directory"), "{said}");
}
