//! A log that was restored into a cluster whose transaction ids are lower goes on after its end.

use calibrant::store::migrate;
use diesel::connection::SimpleConnection;

use crate::support::TestServer;

fn shown(server: &TestServer) -> serde_json::Value {
    let answer = server.post("/api/v1/query", r#"{"metrics":["shown"]}"#).expect(200);
    answer["data"][0]["metrics"]["shown"]["value"].clone()
}

#[test]
fn new_events_come_after_a_log_from_another_cluster() {
    let server = TestServer::start();
    server.send(r#"{"type":"accept","output_id":"a","feature":"f"}"#);
    assert_eq!(shown(&server), 1);

    // As if the ids had been given by a cluster that has counted much further.
    let mut conn = server.db.dedicated().unwrap();
    conn.batch_execute("UPDATE events SET tx = tx + 1000000000; UPDATE fold_ranges SET tx = tx + 1000000000")
        .unwrap();
    migrate(&mut conn).unwrap();

    server.send(r#"{"type":"accept","output_id":"b","feature":"f"}"#);
    assert_eq!(shown(&server), 2);
}
