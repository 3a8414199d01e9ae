//! Which outputs were there long enough to be seen.

use serde_json::{Value, json};

use crate::support::TestServer;

fn event(output: &str, kind: &str, millis: u32) -> Value {
    json!({"type": kind, "output_id": output, "feature": "completion", "user_id": output,
        "occurred_at": format!("2026-11-01T10:00:{:02}.{:03}Z", millis / 1_000, millis % 1_000)})
}

/// What happens to one output, each with its milliseconds, and whether it counts as viewed.
type Case<'a> = (&'a str, &'a [(&'a str, u32)], bool);

/// Each case is a feature of its own.
#[track_caller]
fn check(cases: &[Case]) {
    let server = TestServer::start();
    let mut sent = Vec::new();
    for (name, events, _) in cases {
        for (kind, millis) in *events {
            let mut event = event(name, kind, *millis);
            event["feature"] = json!(name);
            sent.push(event);
        }
    }
    server.send(json!({"events": sent}).to_string());
    let question = json!({"metrics": ["viewed", "acceptance_of_viewed"], "group_by": ["feature"]});
    let answer = server.post("/api/v1/query", question.to_string()).expect(200);
    for (name, _, expected) in cases {
        let mut rows = answer["data"].as_array().unwrap().iter();
        let row = rows.find(|row| row["group"]["feature"] == *name).unwrap();
        assert_eq!(row["metrics"]["viewed"]["value"], u8::from(*expected), "{row}");
        if !expected {
            assert_eq!(row["metrics"]["acceptance_of_viewed"]["reason"], "no_cases", "{row}");
        }
    }
}

#[test]
fn an_output_is_viewed_after_three_quarters_of_a_second() {
    check(&[
        ("rejected later", &[("shown", 0), ("reject", 750)], true),
        ("rejected sooner", &[("shown", 0), ("reject", 749)], false),
        ("dismissed sooner", &[("shown", 0), ("dismiss", 100)], false),
        ("ignored later", &[("shown", 0), ("ignore", 751)], true),
        ("ignored sooner", &[("shown", 0), ("ignore", 300)], false),
    ]);
}

#[test]
fn the_first_event_that_ends_the_display_ends_it() {
    check(&[
        (
            "ignored, then rejected",
            &[("shown", 0), ("ignore", 300), ("reject", 5_000)],
            false,
        ),
        (
            "ignored twice",
            &[("shown", 0), ("ignore", 300), ("ignore", 900)],
            false,
        ),
        ("copied first", &[("shown", 0), ("copy", 100), ("reject", 900)], true),
    ]);
}

#[test]
fn what_was_accepted_was_seen() {
    check(&[
        ("accepted at once", &[("shown", 0), ("accept", 50)], true),
        (
            "ignored, then accepted",
            &[("shown", 0), ("ignore", 50), ("accept", 9_000)],
            true,
        ),
        ("undone", &[("shown", 0), ("accept", 50), ("undo", 100)], true),
    ]);
}

#[test]
fn what_is_not_known_to_have_gone_stays() {
    check(&[
        ("left alone", &[("shown", 0)], true),
        ("nobody says when it was shown", &[("reject", 0)], true),
        ("clocks disagree", &[("shown", 900), ("reject", 0)], false),
        ("missed", &[("missed", 0)], false),
    ]);
}

#[test]
fn acceptance_of_viewed_leaves_out_what_flashed_by() {
    let server = TestServer::start();
    let mut events = Vec::new();
    for (output, kind, millis) in [
        ("a", "accept", 100),
        ("b", "reject", 2_000),
        ("c", "ignore", 200),
        ("d", "reject", 100),
    ] {
        events.push(event(output, "shown", 0));
        events.push(event(output, kind, millis));
    }
    server.send(json!({"events": events}).to_string());
    let question = json!({"metrics": ["acceptance_of_viewed", "acceptance_of_shown"]});
    let answer = server.post("/api/v1/query", question.to_string()).expect(200);
    let metrics = &answer["data"][0]["metrics"];
    assert_eq!(metrics["acceptance_of_viewed"]["value"], 0.5);
    assert_eq!(metrics["acceptance_of_shown"]["value"], 0.25);
}
