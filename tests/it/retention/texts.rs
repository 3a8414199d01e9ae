//! Texts go from everywhere, and what was measured on them stays.

use serde_json::{Value, json};

use super::{let_go_in, metric, patch, sound};
use crate::support::{TestServer, tables};

const SECRET: &str = "Zebrafinch";

/// Texts of an output in several events, one of them taken back, one with the client's own figures, one accepted as it was.
fn events() -> String {
    let events = [
        r#"{"id":"1","type":"shown","output_id":"a","feature":"f","input":"SECRET?","output":"one SECRET two","occurred_at":"2026-03-01T10:00:00Z"}"#,
        r#"{"id":"2","type":"edit","output_id":"a","final":"one SECRET and three","comment":"SECRET","occurred_at":"2026-03-01T10:01:00Z"}"#,
        r#"{"id":"3","type":"edit","output_id":"a","final":"SECRET","occurred_at":"2026-03-01T10:02:00Z"}"#,
        r#"{"id":"4","type":"retract","output_id":"a","retracts":"3"}"#,
        r#"{"id":"5","type":"comment","output_id":"a","comment":"SECRET"}"#,
        r#"{"id":"6","type":"shown","output_id":"b","feature":"f","output":"SECRET","aliases":["rb"]}"#,
        r#"{"id":"7","type":"accept","output_id":"rb"}"#,
        r#"{"id":"8","type":"edit","output_id":"c","feature":"f","edit_distance":0.5,"chars_shown":10,"chars_retained":4}"#,
        r#"{"id":"9","type":"reject","output_id":"d","feature":"f","output":"caf\u0065\u0301 SECRET","final":"tea"}"#,
    ];
    events.join("\n").replace("SECRET", SECRET)
}

fn holding(server: &TestServer) -> Vec<String> {
    let all = tables::everything(&server.db).into_iter();
    all.filter(|(_, row)| row.contains(SECRET))
        .map(|(table, _)| table)
        .collect()
}

fn figures(server: &TestServer) -> Vec<Value> {
    let edits = [
        "edit_distance",
        "retained_share",
        "acceptance_rate",
        "retained_characters_per_accepted",
        "inserted_characters_per_edit",
        "final_share_of_ai",
    ];
    let edits = edits.map(|id| metric(server, id));
    let outputs = ["a", "b", "c", "d"].map(|id| {
        let output = server.get(&format!("/api/v1/outputs/{id}")).expect(200);
        json!([output["edit_distance"], output["retained_share"], output["decision"]])
    });
    edits.into_iter().chain(outputs).collect()
}

#[test]
fn texts_go_and_the_figures_stay() {
    let server = TestServer::start();
    server.send(events());
    let before = figures(&server);
    assert!(
        before.iter().skip(6).all(|figure| figure[0] != Value::Null),
        "{before:?}"
    );
    assert!(!holding(&server).is_empty());

    patch(&server, &json!({"retain_texts_days": 7})).expect(200);
    assert!(let_go_in(&server, 6).is_nothing());
    assert_eq!(let_go_in(&server, 8).texts, 6);
    assert_eq!(holding(&server), [""; 0]);
    assert_eq!(figures(&server), before);
    let checked = sound(&server.db);
    assert_eq!((checked.events, checked.outputs), (9, 4));
    assert_eq!(figures(&server), before);

    // A retry is known as one, a conflict as one.
    let again = server.post("/api/v1/events", events()).expect(200);
    assert_eq!(again["duplicates"], 9);
    let other = r#"{"id":"6","type":"shown","output_id":"b","feature":"f","output":"other"}"#;
    assert_eq!(
        server.post("/api/v1/events", other).expect(207)["results"][0]["code"],
        "id_conflict"
    );

    // What comes later is kept for its own time.
    server.send(events().lines().next().unwrap().replace(r#""1""#, r#""10""#));
    assert!(!holding(&server).is_empty());
    assert_eq!(let_go_in(&server, 8).texts, 1);
    assert_eq!(holding(&server), [""; 0]);
    assert!(let_go_in(&server, 9).is_nothing());
    sound(&server.db);
}

/// The numbers of the same product are the same whether the pieces end here or there.
#[test]
fn texts_go_with_their_events_at_the_latest() {
    let server = TestServer::start();
    server.send(events());
    let before = figures(&server);
    patch(&server, &json!({"retain_events_days": 7})).expect(200);
    let_go_in(&server, 8);
    assert_eq!(holding(&server), [""; 0]);
    assert_eq!(figures(&server), before);
    sound(&server.db);
}

/// What was found in texts is not known longer than they are, nor from an answer that was kept.
#[test]
fn phrases_go_with_their_texts() {
    let server = TestServer::start();
    server.send(events());
    patch(&server, &json!({"retain_texts_days": 7})).expect(200);
    let ask = || server.get("/api/v1/features/f/edits?min_users=1").expect(200);
    let before = ask();
    assert_eq!(before["data"]["replaced"][0]["to"], "and three", "{before}");
    let_go_in(&server, 8);
    let after = ask();
    assert_eq!(after["meta"]["read"]["reason"], "no_texts");
    assert!(!after["data"].to_string().contains("three"), "{after}");
}
