//! What the app takes by itself.

use serde_json::Value;

use crate::support::TestServer;

/// Steps of an agent, some taken by the app, and one feature without confidence or missed events.
#[test]
fn what_the_app_takes_by_itself_is_no_trust() {
    let server = TestServer::start();
    let mut events = Vec::new();
    let mut step = |number: usize, decisions: &[&str]| {
        let id = format!("s{number}");
        events.push(format!(
            r#"{{"type":"shown","output_id":"{id}","feature":"agent","user_id":"u{}","occurred_at":"2026-11-01T10:00:00Z"}}"#,
            number % 3
        ));
        for (second, decision) in decisions.iter().enumerate() {
            events.push(format!(
                r#"{{"output_id":"{id}","occurred_at":"2026-11-01T10:00:{:02}Z",{decision}}}"#,
                10 + second
            ));
        }
    };
    step(0, &[r#""type":"approve""#]);
    step(1, &[r#""type":"reject""#]);
    step(2, &[r#""type":"respond""#]);
    step(3, &[r#""type":"edit""#]);
    step(4, &[r#""type":"approve","auto":true"#]);
    step(5, &[r#""type":"approve","auto":true"#, r#""type":"undo""#]);
    step(6, &[r#""type":"approve","auto":true"#, r#""type":"reject""#]);
    step(7, &[r#""type":"approve","auto":false"#, r#""type":"undo""#]);
    let answer = server
        .post("/api/v1/events", format!(r#"{{"events":[{}]}}"#, events.join(",")))
        .expect(200);
    assert_eq!(answer["rejected"], 0, "{answer}");
    server.settle();

    let metrics = &server.get("/api/v1/features/agent/approvals").expect(200)["data"][0]["metrics"];
    for (id, numerator, denominator) in [
        ("approved_rate", 1, 8),
        ("edited_rate", 1, 8),
        ("rejected_rate", 2, 8),
        ("takeover_rate", 1, 8),
        ("auto_approval_rate", 2, 8),
        ("reversal_rate", 2, 5),
        ("auto_reversal_rate", 1, 2),
        ("response_rate", 6, 8),
    ] {
        assert_eq!(metrics[id]["numerator"], numerator, "{id}: {metrics}");
        assert_eq!(metrics[id]["denominator"], denominator, "{id}: {metrics}");
    }
    let query = r#"{"metrics":["acceptance_rate","undo_rate"],"group_by":["feature"]}"#;
    let metrics = &server.post("/api/v1/query", query).expect(200)["data"][0]["metrics"];
    assert_eq!(metrics["acceptance_rate"]["numerator"], 3);
    assert_eq!(metrics["acceptance_rate"]["denominator"], 6);
    let output = server.get("/api/v1/outputs/s5").expect(200);
    assert_eq!(
        (&output["decision"], &output["manner"]),
        (&"undone".into(), &"automatic".into())
    );
    assert_eq!(output["decision_ms"], Value::Null, "no one was asked");

    let trigger = server.get("/api/v1/features/agent/trigger").expect(200);
    assert_eq!(trigger["metrics"]["trigger_recall"]["reason"], "not_identified");
    assert_eq!(trigger["thresholds"][0]["net_benefit"]["reason"], "no_cases");
    assert_eq!(trigger["average_precision"], Value::Null);
}
