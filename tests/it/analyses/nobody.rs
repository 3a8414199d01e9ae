//! Outputs of nobody known: evidence about outputs, and about no user.

use serde_json::{Value, json};

use crate::support::TestServer;

/// So many outputs of each of some users, or of nobody, with a confidence, a decision and a judgement.
fn outputs(events: &mut Vec<Value>, whose: &str, users: u32, each: u32) {
    for user in 0..users {
        for number in 0..each {
            let id = format!("{whose}-{user}-{number}");
            let confidence = f64::from(number % 10) / 10.0 + 0.05;
            let mut shown = json!({"type": "shown", "output_id": id, "feature": "f", "confidence": confidence});
            if whose != "nobody" {
                shown["user_id"] = format!("{whose}{user}").into();
            }
            events.push(shown);
            let is_good = number % 10 > 4 || (user + number) % 9 == 0;
            let decision = if is_good { "accept" } else { "reject" };
            events.push(json!({"type": decision, "output_id": id}));
            events.push(json!({"type": "judge", "output_id": id, "correct": is_good}));
        }
    }
}

fn send(server: &TestServer, events: &[Value]) {
    for piece in events.chunks(1_000) {
        server.send(json!({"events": piece}).to_string());
    }
}

#[test]
fn outputs_of_nobody_are_said_and_are_no_users() {
    let server = TestServer::start();
    let mut events = Vec::new();
    outputs(&mut events, "user", 40, 20);
    outputs(&mut events, "nobody", 10, 20);
    // Of these nothing is known: no confidence, no decision.
    for user in 0..7 {
        events.push(json!({"type": "shown", "output_id": format!("idle{user}"), "feature": "f", "user_id": format!("idle{user}")}));
    }
    send(&server, &events);
    let get = |path: &str| server.get(&format!("/api/v1/features/f/{path}")).expect(200);

    let autonomy = get("autonomy?risk=0.2&delta=0.1");
    assert_eq!(
        (&autonomy["judged"], &autonomy["judged_of_nobody"]),
        (&json!(1_000), &json!(200))
    );
    let all = autonomy["curve"].as_array().unwrap().last().unwrap();
    assert_eq!(
        (&all["error_rate"]["n"], &all["error_rate"]["users"]),
        (&json!(1_000), &json!(40))
    );
    let sentence = autonomy["sentence"].as_str().unwrap();
    assert!(sentence.contains("200 are of nobody known"), "{sentence}");

    let recalibration = get("recalibration");
    assert_eq!(
        (
            &recalibration["outputs"],
            &recalibration["users"],
            &recalibration["of_nobody"]
        ),
        (&json!(1_000), &json!(40), &json!(200))
    );
    assert_eq!(recalibration["maps"][1]["other_users"]["brier"]["users"], 40);
    let sentence = recalibration["sentence"].as_str().unwrap();
    assert!(sentence.contains("200 are of nobody known"), "{sentence}");

    let trigger = get("trigger?usefulness=correctness&beta=0.5&cost=0.2");
    assert_eq!(
        (&trigger["outputs"], &trigger["base_rate"]["users"]),
        (&json!(1_000), &json!(40))
    );
    let middle = &trigger["thresholds"][10];
    for number in ["shown", "precision", "recall_of_shown", "f_beta", "net_benefit"] {
        assert_eq!(middle[number]["users"], 40, "{number}: {middle}");
    }
    let (precision, recall) = (&middle["precision"]["value"], &middle["recall_of_shown"]["value"]);
    let (precision, recall) = (precision.as_f64().unwrap(), recall.as_f64().unwrap());
    let f = 1.25 * precision * recall / (0.25 * precision + recall);
    assert!((middle["f_beta"]["value"].as_f64().unwrap() - f).abs() < 1e-12);
    let shown = middle["shown"]["value"].as_f64().unwrap();
    let utility = shown * (precision - 0.2 * (1.0 - precision));
    assert!(
        (middle["net_benefit"]["value"].as_f64().unwrap() - utility).abs() < 1e-12,
        "{middle}"
    );

    // Of those who were shown something, the ones with a case.
    let calibration = &get("calibration")["data"][0];
    for metric in ["auroc", "smooth_ece", "uncertainty", "mce_10"] {
        assert_eq!(
            calibration["metrics"][format!("{metric}_correctness")]["users"],
            40,
            "{metric}"
        );
    }
    let test = &calibration["hosmer_lemeshow"];
    assert_eq!(test["df"], 10);
    assert!(
        test["p_value"].as_f64().unwrap() < 0.001,
        "all above one half are right: {test}"
    );
}

#[test]
fn without_users_nothing_is_guaranteed_of_them() {
    let server = TestServer::start();
    let mut events = Vec::new();
    outputs(&mut events, "nobody", 30, 20);
    send(&server, &events);
    let autonomy = server.get("/api/v1/features/f/autonomy?risk=0.2&delta=0.1").expect(200);
    assert_eq!(
        (&autonomy["threshold"], &autonomy["reason"]),
        (&Value::Null, &json!("too_few_users"))
    );
    assert!(autonomy["threshold_if_independent"].is_object(), "{autonomy}");
    let all = autonomy["curve"].as_array().unwrap().last().unwrap();
    assert_eq!((&all["mean_user_error"], &all["p_value"]), (&Value::Null, &json!(1.0)));
    assert_eq!(all["error_rate"]["users"], 0);
}
