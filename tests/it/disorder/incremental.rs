//! What was folded before counts in what is folded now.

use calibrant::fold::step;

use super::{computed, fold};
use crate::support::TestServer;

/// Sends the events one after the other, each folded before the next, and compares with a fold of all at once.
#[track_caller]
fn check(events: &[&str]) -> TestServer {
    let server = TestServer::start();
    for event in events {
        server.send(event);
    }
    let numbers = computed(&server.db);
    let mut conn = server.db.dedicated().unwrap();
    step::rebuild(&mut conn, |_| ()).unwrap();
    fold(&mut conn);
    assert_eq!(computed(&server.db), numbers);
    server
}

#[test]
fn a_retraction_may_come_before_what_it_takes_back() {
    let server = check(&[
        r#"{"type":"retract","retracts":"a","output_id":"o"}"#,
        r#"{"id":"a","type":"accept","output_id":"o","feature":"f"}"#,
    ]);
    server.get("/api/v1/outputs/o").expect_problem(404, "not_found");
    server.send(r#"{"id":"b","type":"reject","output_id":"o","feature":"f"}"#);
    assert_eq!(server.get("/api/v1/outputs/o").expect(200)["decision"], "rejected");
}

#[test]
fn an_output_whose_events_were_all_taken_back_may_come_again() {
    let server = check(&[
        r#"{"id":"a","type":"accept","output_id":"o","feature":"f"}"#,
        r#"{"type":"retract","retracts":"a","output_id":"o"}"#,
        r#"{"id":"c","type":"copy","output_id":"o","feature":"f"}"#,
    ]);
    assert_eq!(server.get("/api/v1/outputs/o").expect(200)["decision"], "undecided");
}

#[test]
fn names_may_be_told_after_what_they_name() {
    let server = check(&[
        r#"{"type":"accept","output_id":"trace"}"#,
        r#"{"type":"shown","output_id":"o","feature":"f"}"#,
        r#"{"type":"copy","output_id":"o","aliases":["trace"]}"#,
        r#"{"type":"rate","output_id":"trace","rating":1}"#,
    ]);
    let output = server.get("/api/v1/outputs/o").expect(200);
    assert_eq!(output["decision"], "accepted");
}
