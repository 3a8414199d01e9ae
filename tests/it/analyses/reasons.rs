//! Why users reject outputs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::TestServer;

/// Two periods of ten days with 20 outputs a day, of twenty users. In the first, every fourth output is rejected as `too_long` on
/// `ios`; in the second also every tenth as `wrong tone`. One more user rejects thirty outputs as `meh` in the second.
fn reasons() -> TestServer {
    let server = TestServer::start();
    server
        .request(
            "PATCH",
            "/api/v1/projects/current",
            Some(&server.key),
            &[],
            br#"{"dimensions":["app"]}"#,
        )
        .expect(200);
    let mut events = String::new();
    let mut add = |id: &str, user: &str, day: usize, app: &str, decision: &Value| {
        let time = format!("2026-03-{:02}T12:00:00Z", day + 1);
        let shown = json!({"type": "shown", "output_id": id, "feature": "f", "user_id": user, "occurred_at": time, "attributes": {"app": app}});
        writeln!(events, "{shown}").unwrap();
        let mut decision = decision.clone();
        decision["output_id"] = id.into();
        decision["occurred_at"] = time.into();
        writeln!(events, "{decision}").unwrap();
    };
    for number in 0..400 {
        let (day, user) = (number / 20, format!("u{}", (number / 20 + number) % 20));
        let app = if number % 4 == 0 { "ios" } else { "web" };
        let decision = if app == "ios" {
            json!({"type": "reject", "reason": "too_long"})
        } else if day >= 10 && number % 10 == 1 {
            json!({"type": "reject", "reason": "wrong tone"})
        } else if number % 10 == 3 {
            json!({"type": "edit", "edit_distance": 0.1, "reason": "typo"})
        } else {
            json!({"type": "accept"})
        };
        add(&format!("o{number}"), &user, day, app, &decision);
    }
    for number in 0..30 {
        add(
            &format!("h{number}"),
            "hog",
            15,
            "web",
            &json!({"type": "reject", "reason": "meh"}),
        );
    }
    for number in 0..10 {
        add(
            &format!("n{number}"),
            &format!("u{number}"),
            15,
            "web",
            &json!({"type": "reject"}),
        );
    }
    server.send(events);
    server
}

fn ask(server: &TestServer, parameters: &str) -> Value {
    server
        .get(&format!("/api/v1/features/f/reasons?{parameters}"))
        .expect(200)
}

fn reason<'a>(slice: &'a Value, name: &str) -> &'a Value {
    let reasons = slice["reasons"].as_array().unwrap();
    reasons.iter().find(|reason| reason["reason"] == name).unwrap()
}

#[test]
fn reasons_are_counted_and_compared_with_the_period_before() {
    let server = reasons();
    let answer = ask(&server, "from=2026-03-11T00:00:00Z&to=2026-03-21T00:00:00Z");
    assert_eq!(answer["meta"]["before_from"], "2026-03-01T00:00:00Z");
    let slice = &answer["data"][0];
    assert_eq!(slice["shown"], 240);
    // 50 too long, 20 of a wrong tone, 30 of one user, and 10 that say nothing.
    assert_eq!(
        (&slice["explained"]["numerator"], &slice["explained"]["denominator"]),
        (&json!(100), &json!(110))
    );
    let names: Vec<&str> = slice["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["reason"].as_str().unwrap())
        .collect();
    assert_eq!(names[0], "too_long");
    assert_eq!(
        *names.last().unwrap(),
        "meh",
        "one user's word does not lead: {names:?}"
    );

    let long = reason(slice, "too_long");
    assert_eq!((&long["outputs"], &long["form"]), (&json!(50), &json!("code")));
    assert_eq!(long["decisions"], json!({"rejected": 50}));
    assert_eq!(
        (
            &long["share_of_shown"]["numerator"],
            &long["share_of_shown"]["denominator"]
        ),
        (&json!(50), &json!(240))
    );
    assert_eq!(long["share_of_rejected"]["denominator"], 110);
    assert_eq!(
        (&long["before"]["numerator"], &long["before"]["denominator"]),
        (&json!(50), &json!(200))
    );
    let change = &long["change"];
    assert!((change["value"].as_f64().unwrap() - (50.0 / 240.0 - 50.0 / 200.0)).abs() < 1e-12);

    let tone = reason(slice, "wrong tone");
    assert_eq!((&tone["outputs"], &tone["form"]), (&json!(20), &json!("words")));
    assert_eq!(tone["before"]["value"], 0);
    assert!(tone["change"]["lower"].as_f64().unwrap() > 0.0, "{tone}");
    let typo = reason(slice, "typo");
    assert_eq!(typo["decisions"], json!({"edited": typo["outputs"]}));
    assert_eq!(typo["share_of_rejected"]["value"], 0);
    assert_eq!(reason(slice, "meh")["users"], 1);

    // The outputs behind a number.
    let outputs = server
        .get("/api/v1/outputs?feature=f&reason=wrong%20tone&from=2026-03-11T00:00:00Z&limit=500")
        .expect(200);
    assert_eq!(outputs["data"].as_array().unwrap().len(), 20);
}

#[test]
fn reasons_by_segment_and_all_time() {
    let server = reasons();
    let answer = ask(&server, "group_by=app");
    assert_eq!(answer["meta"]["before_from"], Value::Null);
    let slices = answer["data"].as_array().unwrap();
    assert_eq!(slices.len(), 2);
    assert_eq!(slices[0]["group"], json!({"app": "ios"}));
    let long = reason(&slices[0], "too_long");
    assert_eq!(
        (&long["share_of_shown"]["value"], &long["before"], &long["change"]),
        (&json!(1), &Value::Null, &Value::Null)
    );
    assert!(
        slices[1]["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .all(|reason| reason["reason"] != "too_long")
    );

    let one = ask(&server, "limit=1");
    let slice = &one["data"][0];
    assert_eq!(slice["reasons"].as_array().unwrap().len(), 1);
    let listed = slice["reasons"][0]["outputs"].as_u64().unwrap();
    let whole = &ask(&server, "")["data"][0];
    let all: u64 = whole["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["outputs"].as_u64().unwrap())
        .sum();
    assert_eq!(slice["others"], json!({"reasons": 3, "outputs": all - listed}));
    assert_eq!(whole["others"], json!({"reasons": 0, "outputs": 0}));
}

#[test]
fn parameters_of_reasons_are_checked() {
    let server = reasons();
    for parameters in ["limit=0", "limit=201", "colour=red", "level=0.1"] {
        server
            .get(&format!("/api/v1/features/f/reasons?{parameters}"))
            .expect_problem(400, "invalid_parameter");
    }
    server.get("/api/v1/features/f/reasons?limit=200").expect(200);
    server
        .get("/api/v1/features/f/reasons?group_by=team")
        .expect_problem(422, "unknown_dimension");
    server
        .get("/api/v1/features/g/reasons")
        .expect_problem(404, "not_found");
}

/// Users who are in several groups are one user of the total, whose intervals are those of the whole.
#[test]
fn the_total_of_groups_is_what_all_come_to() {
    let server = reasons();
    let range = "from=2026-03-11T00:00:00Z&to=2026-03-21T00:00:00Z";
    let whole = ask(&server, range);
    assert_eq!(whole["total"], Value::Null);
    let by_app = ask(&server, &format!("{range}&group_by=app"));
    assert_eq!(by_app["data"].as_array().unwrap().len(), 2);
    let mut total = by_app["total"].clone();
    total["group"] = whole["data"][0]["group"].clone();
    assert_eq!(total, whole["data"][0]);
    let nothing = ask(
        &server,
        "from=2026-04-11T00:00:00Z&to=2026-04-21T00:00:00Z&group_by=app",
    );
    assert_eq!((&nothing["data"], &nothing["total"]), (&json!([]), &Value::Null));
}
