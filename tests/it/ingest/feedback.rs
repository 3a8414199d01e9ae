//! What late, early, taken back and changed feedback comes to.

use serde_json::json;

use super::output;
use crate::support::TestServer;

const SHOWN: &str = r#"{"id":"s","type":"shown","output_id":"o","feature":"f","version":"v","confidence":0.8,
    "output":"abcd","aliases":["trace","span"],"occurred_at":"2026-03-01T10:00:00Z"}"#;

#[track_caller]
fn unlinked(server: &TestServer) -> u64 {
    server.get("/api/v1/status").expect(200)["unlinked"].as_u64().unwrap()
}

#[test]
fn a_decision_may_come_before_its_output() {
    let server = TestServer::start();
    server.send(r#"{"type":"edit","output_id":"o","final":"abxd","occurred_at":"2026-03-01T10:00:02.5Z"}"#);
    assert_eq!(unlinked(&server), 1);
    let early = output(&server, "o");
    assert_eq!(
        (&early["decision"], &early["feature"]),
        (&"edited".into(), &json!(null))
    );
    assert_eq!(server.get("/api/v1/outputs").expect(200)["data"], json!([]));

    server.send(SHOWN.replace('\n', ""));
    assert_eq!(unlinked(&server), 0);
    let joined = output(&server, "o");
    assert_eq!((&joined["feature"], &joined["version"]), (&"f".into(), &"v".into()));
    assert_eq!(
        (&joined["decision_ms"], &joined["edit_distance"]),
        (&2_500.into(), &0.25.into())
    );
    assert_eq!(joined["shown_at"], "2026-03-01T10:00:00Z");
    assert_eq!(joined["history"].as_array().unwrap().len(), 2);
    let answer = server
        .post("/api/v1/query", r#"{"metrics":["acceptance_rate","edit_distance"]}"#)
        .expect(200);
    assert_eq!(answer["data"][0]["metrics"]["acceptance_rate"]["value"], 1);
    assert_eq!(answer["data"][0]["metrics"]["edit_distance"]["value"], 0.25);
}

#[test]
fn feedback_joins_by_any_alias_in_any_order() {
    let accept = r#"{"type":"accept","output_id":"trace","occurred_at":"2026-03-01T10:00:01Z"}"#;
    let rate = r#"{"type":"rate","rating":1,"output_id":"span","occurred_at":"2026-03-01T10:00:02Z"}"#;
    let shown = SHOWN.replace('\n', "");
    for order in [
        [&shown[..], accept, rate],
        [accept, &shown, rate],
        [rate, accept, &shown],
    ] {
        let server = TestServer::start();
        order.iter().for_each(|event| server.send(event));
        assert_eq!(unlinked(&server), 0);
        for name in ["o", "trace", "span"] {
            let joined = output(&server, name);
            assert_eq!(joined["output_id"], "o");
            assert_eq!(
                (&joined["decision"], &joined["ratings"]),
                (&"accepted".into(), &1.into())
            );
            assert_eq!(joined["history"].as_array().unwrap().len(), 3);
        }
        assert_eq!(server.get("/api/v1/status").expect(200)["outputs"], 1);
    }
}

#[test]
fn an_alias_of_an_alias_leads_to_the_output() {
    let server = TestServer::start();
    server.send(r#"{"type":"accept","output_id":"response"}"#);
    server.send(r#"{"type":"copy","output_id":"trace","aliases":["response"]}"#);
    server.send(SHOWN.replace('\n', ""));
    assert_eq!(unlinked(&server), 0);
    let joined = output(&server, "o");
    assert_eq!(joined["decision"], "accepted");
    assert_eq!(joined["history"].as_array().unwrap().len(), 3);
    assert_eq!(output(&server, "response")["output_id"], "o");
}

#[test]
fn names_lead_on_however_many_there_are() {
    let server = TestServer::start();
    server.send(r#"{"type":"shown","output_id":"n0","feature":"f","aliases":["n1"]}"#);
    for n in 1..40 {
        let next = n + 1;
        server.send(format!(r#"{{"type":"copy","output_id":"n{n}","aliases":["n{next}"]}}"#));
    }
    server.send(r#"{"type":"accept","output_id":"n40"}"#);
    assert_eq!(unlinked(&server), 0);
    assert_eq!(output(&server, "n0")["decision"], "accepted");
    assert_eq!(output(&server, "n40")["output_id"], "n0");
}

/// Sends events of one output in this order and checks what some fields of it come to.
#[track_caller]
fn check(events: &[&str], expected: serde_json::Value) {
    let server = TestServer::start();
    let events: Vec<String> = (1..)
        .zip(events)
        .map(|(at, rest)| {
            format!(
                r#"{{"id":"e{at}","output_id":"o","occurred_at":"2026-03-01T10:00:{at:02}Z","feature":"f",{rest}}}"#
            )
        })
        .collect();
    server.send(events.join("\n"));
    let found = output(&server, "o");
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&found[name], value, "{name}");
    }
}

#[test]
fn what_was_retracted_does_not_count() {
    let (shown, accept) = (r#""type":"shown""#, r#""type":"accept""#);
    let retract = [1, 2, 3, 9].map(|at| format!(r#""type":"retract","retracts":"e{at}""#));
    let [first, second, third, none] = retract.each_ref().map(String::as_str);
    check(&[accept, first, shown], json!({"decision": "undecided"}));
    check(&[second, accept, shown], json!({"decision": "undecided"}));
    check(&[accept, r#""type":"reject""#, second], json!({"decision": "accepted"}));
    // A retraction cannot be taken back, and one that names nothing does nothing.
    check(&[shown, accept, second, third], json!({"decision": "undecided"}));
    check(&[accept, none], json!({"decision": "accepted"}));
}

#[test]
fn a_retraction_takes_back_events_of_its_own_output_only() {
    let server = TestServer::start();
    let accept = r#"{"id":"a","type":"accept","output_id":"o","feature":"f","aliases":["trace"]}"#;
    let elsewhere = r#"{"type":"retract","retracts":"a","output_id":"p"}"#;
    server.send(format!(r#"{accept}{}{elsewhere}"#, '\n'));
    assert_eq!(output(&server, "o")["decision"], "accepted");
    server.send(r#"{"type":"retract","retracts":"a","output_id":"trace"}"#);
    server.get("/api/v1/outputs/o").expect_problem(404, "not_found");
}

#[test]
fn names_that_lead_in_a_circle_are_answered() {
    let server = TestServer::start();
    server.send(
        r#"[{"id":"1","type":"copy","output_id":"a","aliases":["b"]},{"id":"2","type":"copy","output_id":"b","aliases":["a"]}]"#,
    );
    assert_eq!(unlinked(&server), 1);
    assert_eq!(output(&server, "a")["history"].as_array().unwrap().len(), 2);
    server.send(
        r#"[{"type":"retract","retracts":"1","output_id":"a"},{"type":"retract","retracts":"2","output_id":"b"}]"#,
    );
    assert_eq!(unlinked(&server), 0);
    server.get("/api/v1/outputs/a").expect_problem(404, "not_found");
    server.get("/api/v1/outputs/b").expect_problem(404, "not_found");
}

#[test]
fn the_last_decision_stands_and_undo_takes_it_back() {
    let (accept, reject, undo) = (r#""type":"accept""#, r#""type":"reject""#, r#""type":"undo""#);
    check(&[accept, undo], json!({"decision": "undone"}));
    check(&[accept, undo, accept], json!({"decision": "accepted"}));
    check(&[reject, undo], json!({"decision": "rejected"}));
    check(&[accept, r#""type":"dismiss""#], json!({"decision": "rejected"}));
    check(&[r#""type":"respond""#], json!({"decision": "rejected"}));
    check(
        &[r#""type":"partial_accept""#, r#""type":"ignore""#],
        json!({"decision": "edited"}),
    );
    check(
        &[r#""type":"shown""#, r#""type":"ignore""#],
        json!({"decision": "ignored"}),
    );
}

#[test]
fn votes_change_and_judgements_have_ranks() {
    let rate = |rater: &str, rating: f64| format!(r#""type":"rate","rater":"{rater}","rating":{rating}"#);
    let votes = [
        rate("a", 1.0),
        rate("b", 1.0),
        rate("a", 0.0),
        rate("a", 0.0),
        rate("a", 0.5),
    ];
    let votes: Vec<&str> = votes.iter().map(String::as_str).collect();
    check(&votes, json!({"ratings": 2, "rating": 0.75}));

    // Who is not named is the output's user, whether or not the user was named before.
    let users = [
        r#""type":"rate","rating":1,"user_id":"u""#,
        r#""type":"rate","rating":0"#,
        r#""type":"rate","rating":0,"user_id":"other""#,
        r#""type":"shown","user_id":"u""#,
    ];
    check(&users, json!({"ratings": 2, "rating": 0.0, "user_id": "u"}));

    let server = TestServer::start();
    server.send(
        r#"[{"type":"rate","rating":1,"output_id":"o","feature":"f","occurred_at":"2026-03-01T10:00:00Z"},
        {"type":"rate","rating":0,"output_id":"o","occurred_at":"2026-03-01T10:00:01Z"},
        {"type":"rate","rating":2,"rating_min":1,"rating_max":5,"output_id":"o","occurred_at":"2026-03-01T10:00:02Z"},
        {"type":"rate","rating":0,"output_id":"o","occurred_at":"2026-03-01T10:00:03Z"}]"#,
    );
    let body = r#"{"metrics":["rating_flips","rating_mean","positive_rating_rate"]}"#;
    let answer = server.post("/api/v1/query", body).expect(200);
    let metrics = &answer["data"][0]["metrics"];
    // From thumbs to stars and back nobody knows whether it was a change of mind.
    assert_eq!(metrics["rating_flips"]["value"], 1);
    assert_eq!(
        (&metrics["rating_mean"]["value"], &metrics["rating_mean"]["n"]),
        (&0.into(), &1.into())
    );
    assert_eq!(metrics["positive_rating_rate"]["value"], 0);

    let judge = |source: &str, correct: bool| format!(r#""type":"judge","source":"{source}","correct":{correct}"#);
    let all = [
        judge("llm", true),
        judge("human", false),
        judge("outcome", true),
        judge("llm", true),
    ];
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    check(&all, json!({"correct": false, "judged_by": "human"}));
    check(&[all[0], all[2]], json!({"correct": true, "judged_by": "outcome"}));
    check(
        &[all[1], r#""type":"judge","score":0.5"#],
        json!({"correct": true, "judged_by": "human"}),
    );
}
