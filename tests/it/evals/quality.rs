//! Is the eval any good? Held against what users did, against what they meet, and against time.

use calibrant::stats::auroc;
use serde_json::{Value, json};

use super::{CASES, RUNS, SET, output, send, server_with_set};
use crate::support::TestServer;

fn quality(server: &TestServer, query: &str) -> Value {
    server.get(&format!("{SET}/quality{query}")).expect(200)["data"].clone()
}

/// Sixty outputs of which a third is refused; every case is scored by how `score` takes it.
fn scored(score: impl Fn(usize, bool) -> f64) -> TestServer {
    let server = server_with_set();
    let refused = |at: usize| at.is_multiple_of(3);
    let mut events: Vec<Value> = Vec::new();
    for at in 0..60 {
        let decision = if refused(at) {
            "reject"
        } else {
            ["accept", "edit"][at % 2]
        };
        events.extend(output(
            &format!("o{at:02}"),
            &format!("u{}", at % 20),
            "v1",
            decision,
            Some(0.75),
        ));
    }
    // Silence, and what the app took by itself, is no decision.
    events.extend(output("quiet", "u1", "v1", "ignore", None));
    let mut own = output("own", "u1", "v1", "accept", None);
    own[1]["auto"] = json!(true);
    events.extend(own);
    send(&server, &events);
    let all = json!({"decisions": ["accepted", "edited", "rejected", "ignored"]});
    assert_eq!(
        server
            .post(&format!("{CASES}/from-feedback"), all.to_string())
            .expect(200)["created"],
        62
    );
    server.post(CASES, "case,input\nby hand,hello\n").expect(200);
    let mut results: Vec<Value> = (0..60)
        .map(|at| json!({"case": format!("o{at:02}"), "score": score(at, !refused(at))}))
        .collect();
    results.extend(["by hand", "quiet", "own"].map(|case| json!({"case": case, "score": 1})));
    server
        .post(
            RUNS,
            json!({"name": "n", "version": "v1", "results": results}).to_string(),
        )
        .expect(201);
    server
}

#[test]
fn a_good_eval_agrees_a_random_one_cannot_tell_and_an_opposite_one_contradicts() {
    let noise = |at: usize| ((at * 37) % 60) as f64 / 60.0;
    let good = scored(|at, taken| 0.7 * f64::from(u8::from(taken)) + 0.3 * noise(at));
    let found = quality(&good, "");
    let own = &found["agreement"];
    assert_eq!(
        (&own["verdict"], &own["cases"], &own["auroc"]["value"]),
        (&json!("agrees"), &json!(60), &json!(1))
    );
    assert_eq!(
        (&own["confusion"], &own["kappa"]["value"]),
        (&json!([[20, 0], [0, 40]]), &json!(1))
    );
    assert_eq!(found["features"][0]["feature"], "mail");
    assert_eq!(
        found["left_out"],
        json!({"no_provenance": 1, "output_gone": 0, "undecided": 2, "no_result": 0, "other_version": 0})
    );
    assert_eq!(
        (&found["versions"][0]["version"], &found["version_order"]["reason"]),
        (&json!("v1"), &json!("too_few"))
    );
    let rate = found["versions"][0]["acceptance_rate"]["value"].as_f64().unwrap();
    assert!((rate - 40.0 / 60.0).abs() < 1e-12, "{rate}");

    let random = quality(&scored(|at, _| noise(at)), "");
    assert_eq!(random["agreement"]["verdict"], "cannot_tell");
    let mut rows: Vec<(f64, bool)> = (0..60).map(|at| (noise(at), at % 3 != 0)).collect();
    let expected = auroc::exact(&mut rows).unwrap();
    assert!((random["agreement"]["auroc"]["value"].as_f64().unwrap() - expected).abs() < 1e-12);
    let opposite = quality(
        &scored(|at, taken| 0.3 * noise(at) + 0.5 * f64::from(u8::from(!taken))),
        "",
    );
    assert_eq!(opposite["agreement"]["verdict"], "contradicts");
    assert!(opposite["agreement"]["spearman"]["value"].as_f64().unwrap() < -0.5);
}

#[test]
fn results_of_another_version_are_about_other_outputs() {
    let server = server_with_set();
    let events: Vec<Value> = (0..12)
        .flat_map(|at| {
            output(
                &format!("o{at:02}"),
                &format!("u{at}"),
                "v1",
                ["edit", "reject"][at % 2],
                None,
            )
        })
        .collect();
    send(&server, &events);
    server.post(&format!("{CASES}/from-feedback"), "{}").expect(200);
    let found = quality(&server, "");
    assert_eq!(
        (&found["left_out"]["no_result"], &found["agreement"]["auroc"]["reason"]),
        (&json!(12), &json!("no_cases"))
    );
    let results: Vec<Value> = (0..11)
        .map(|at| json!({"case": format!("o{at:02}"), "score": f64::from(u8::from(at % 2 == 0))}))
        .collect();
    server
        .post(
            RUNS,
            json!({"name": "n", "version": "v2", "results": results}).to_string(),
        )
        .expect(201);
    let found = quality(&server, "");
    assert_eq!(
        (&found["left_out"]["other_version"], &found["left_out"]["no_result"]),
        (&json!(11), &json!(1))
    );
    // Version 2 was never shown.
    assert_eq!(found["versions"][0]["acceptance_rate"]["reason"], "no_data");
    let any = quality(&server, "?any_version=true");
    assert_eq!(
        (&any["agreement"]["cases"], &any["agreement"]["auroc"]["value"]),
        (&json!(11), &json!(1))
    );
    // Nine cases are too few to say anything.
    let few: Vec<Value> = (0..9)
        .map(|at| json!({"case": format!("o{at:02}"), "score": 0.5}))
        .collect();
    let told = server
        .post(RUNS, json!({"name": "n", "version": "v1", "results": few}).to_string())
        .expect(201);
    let own = quality(&server, &format!("?run={}", told["run"]["id"].as_str().unwrap()));
    let own = &own["agreement"];
    assert_eq!(
        [
            &own["auroc"]["reason"],
            &own["kappa"]["reason"],
            &own["spearman"]["reason"]
        ],
        ["too_few"; 3]
    );
    assert_eq!(
        (&own["auroc"]["n"], &own["verdict"]),
        (&json!(9), &json!("cannot_tell"))
    );
}

/// Five versions, which users take the more of the later they are.
#[test]
fn versions_are_put_in_order() {
    let server = server_with_set();
    let mut events = Vec::new();
    for version in 0..5 {
        for at in 0..20 {
            let decision = if at < 4 * version { "accept" } else { "reject" };
            events.extend(output(
                &format!("v{version}-{at:02}"),
                &format!("u{at}"),
                &format!("v{version}"),
                decision,
                None,
            ));
        }
    }
    send(&server, &events);
    server
        .post(&format!("{CASES}/from-feedback"), r#"{"sample": 10}"#)
        .expect(200);
    let names: Vec<Value> = super::all(&server)
        .into_iter()
        .map(|case| case["case"].clone())
        .collect();
    for version in 0..5 {
        let results: Vec<Value> = names
            .iter()
            .map(|case| json!({"case": case, "score": 0.1 + 0.2 * f64::from(version)}))
            .collect();
        let body = json!({"name": "n", "version": format!("v{version}"), "results": results});
        server.post(RUNS, body.to_string()).expect(201);
    }
    let found = quality(&server, "");
    let versions: Vec<&Value> = found["versions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| &own["version"])
        .collect();
    assert_eq!(versions, ["v4", "v3", "v2", "v1", "v0"]);
    assert!(
        (found["version_order"]["value"].as_f64().unwrap() - 1.0).abs() < 1e-12,
        "{}",
        found["version_order"]
    );
}

#[test]
fn coverage_and_staleness_are_counted() {
    let server = server_with_set();
    let mut events = Vec::new();
    for at in 0..10 {
        events.extend(output(&format!("a{at}"), "u", "v1", "reject", Some(0.95)));
    }
    for at in 0..30 {
        // Some of them without a confidence.
        let confidence = (at < 20).then_some(0.15);
        events.extend(output(&format!("b{at}"), "u", "v2", "accept", confidence));
    }
    let mut other = output("other", "u", "v9", "reject", None);
    other[0]["feature"] = json!("chat");
    events.extend(other);
    // Long ago, with a version that nobody meets any more.
    for event in output("old", "u", "v0", "edit", None) {
        let mut event = event;
        event["occurred_at"] = json!("2024-05-01T10:00:00Z");
        events.push(event);
    }
    send(&server, &events);
    let made = json!({"feature": "mail"});
    assert_eq!(
        server
            .post(&format!("{CASES}/from-feedback"), made.to_string())
            .expect(200)["created"],
        11
    );
    server
        .post(CASES, "case,input\nhand,  ASK b7 \nhand2,never asked\n")
        .expect(200);
    let found = quality(&server, "");
    let coverage = &found["coverage"];
    assert_eq!((&coverage["placed"], &coverage["unplaced"]), (&json!(11), &json!(2)));
    let dimension = |name: &str| {
        coverage["dimensions"]
            .as_array()
            .unwrap()
            .iter()
            .find(|own| own["dimension"] == name)
            .unwrap()
    };
    let features = dimension("feature");
    assert_eq!(
        (
            &features["outputs"],
            &features["segments"],
            &features["covered_segments"]
        ),
        (&json!(41), &json!(2), &json!(1))
    );
    assert!((features["covered_share"].as_f64().unwrap() - 40.0 / 41.0).abs() < 1e-12);
    let versions = dimension("version");
    // Of the set's feature: v1 has cases and v2 has none; v0 is not met any more.
    assert_eq!(
        (&versions["outputs"], &versions["covered_share"]),
        (&json!(40), &json!(0.25))
    );
    assert_eq!(
        versions["missed"],
        json!([{"value": "v2", "outputs": 30, "share": 0.75, "cases": 0}])
    );
    let bands = dimension("confidence");
    let listed = |list: &str| -> Vec<Value> {
        let parts = bands[list].as_array().unwrap().iter();
        parts.map(|part| json!([part["value"], part["outputs"]])).collect()
    };
    assert_eq!(listed("missed"), [json!(["0.1-0.2", 20])]);
    // The old output had no confidence either.
    assert_eq!(listed("covered"), [json!([null, 10]), json!(["0.9-1.0", 10])]);
    let stale = &found["staleness"];
    assert_eq!(
        (&stale["cases"], &stale["shown_recently"], &stale["of_gone_versions"]),
        (&json!(13), &json!(10), &json!(1))
    );
    assert_eq!(stale["gone_versions"], json!([{"version": "v0", "cases": 1}]));
    // Those from users of late, and one by hand that users ask as well.
    assert_eq!(
        (
            &stale["with_input"],
            &stale["inputs_seen"],
            &stale["all_inputs_looked_at"]
        ),
        (&json!(13), &json!(11), &json!(true))
    );
    assert!(stale["median_age_days"].as_f64().unwrap() < 1.0);
    server
        .get(&format!("{SET}/quality?days=0"))
        .expect_problem(400, "invalid_parameter");
    server
        .get(&format!("{SET}/quality?days=366"))
        .expect_problem(400, "invalid_parameter");
}
