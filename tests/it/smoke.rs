//! The smallest client: one event in, one metric out.

use crate::support::TestServer;

#[test]
fn the_smallest_client_gets_real_metrics() {
    let server = TestServer::start();
    let answer = server
        .post("/api/v1/events", r#"{"type":"accept","output_id":"x","feature":"f"}"#)
        .expect(200);
    assert_eq!(answer["created"], 1);
    server.settle();
    let answer = server
        .post(
            "/api/v1/query",
            r#"{"metrics":["acceptance_rate"],"group_by":["feature"]}"#,
        )
        .expect(200);
    assert_eq!(answer["data"][0]["group"]["feature"], "f");
    assert_eq!(answer["data"][0]["metrics"]["acceptance_rate"]["value"], 1);
    assert_eq!(answer["data"][0]["metrics"]["acceptance_rate"]["n"], 1);
}
