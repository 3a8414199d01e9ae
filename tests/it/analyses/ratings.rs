//! What raters say, step by step.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::TestServer;

/// Appends events that rate an output, of a user, each rating by a rater of its own.
fn rate(
    events: &mut String,
    output: &str,
    user: Option<&str>,
    version: &str,
    scale: Option<(f64, f64)>,
    ratings: &[f64],
) {
    let mut shown = json!({"type": "shown", "output_id": output, "feature": "f", "version": version, "occurred_at": "2026-03-01T10:00:00Z"});
    if let Some(user) = user {
        shown["user_id"] = user.into();
    }
    writeln!(events, "{shown}").unwrap();
    for (number, rating) in ratings.iter().enumerate() {
        let mut rated = json!({"type": "rate", "output_id": output, "rating": rating, "rater": format!("r{number}"),
            "occurred_at": "2026-03-01T10:01:00Z"});
        if let Some((lowest, highest)) = scale {
            rated["rating_min"] = lowest.into();
            rated["rating_max"] = highest.into();
        }
        writeln!(events, "{rated}").unwrap();
    }
}

const STARS: Option<(f64, f64)> = Some((1.0, 5.0));

fn ask(server: &TestServer, parameters: &str) -> Value {
    server
        .get(&format!("/api/v1/features/f/ratings?{parameters}"))
        .expect(200)
}

fn counts(scale: &Value) -> Vec<(f64, u64)> {
    let steps = scale["steps"].as_array().unwrap().iter();
    steps
        .map(|step| (step["from"].as_f64().unwrap(), step["ratings"].as_u64().unwrap()))
        .collect()
}

/// Forty outputs of ten users, each rated with stars by two; half of version 2 is loved and half is hated.
fn stars() -> TestServer {
    let server = TestServer::start();
    let mut events = String::new();
    for number in 0..40 {
        let (version, ratings) = match number % 4 {
            0 | 1 => ("v1", [3.0, 3.0]),
            2 => ("v2", [1.0, 1.0]),
            _ => ("v2", [5.0, 5.0]),
        };
        let user = format!("u{}", number / 4);
        rate(
            &mut events,
            &format!("o{number}"),
            Some(&user),
            version,
            STARS,
            &ratings,
        );
    }
    for number in 0..10 {
        rate(&mut events, &format!("n{number}"), Some("silent"), "v1", None, &[]);
    }
    server.send(events);
    server
}

#[test]
fn a_mean_hides_what_a_distribution_shows() {
    let server = stars();
    let answer = ask(&server, "group_by=version");
    let slices = answer["data"].as_array().unwrap();
    assert_eq!(slices.len(), 2);
    let all = [(1.0, 0), (2.0, 0), (3.0, 40), (4.0, 0), (5.0, 0)];
    let split = [(1.0, 20), (2.0, 0), (3.0, 0), (4.0, 0), (5.0, 20)];
    for (slice, expected) in slices.iter().zip([all, split]) {
        assert_eq!(slice["metrics"]["rating_mean"]["value"], 3);
        let scale = &slice["scales"][0];
        assert_eq!((&scale["form"], &scale["ratings"]), (&json!("steps"), &json!(40)));
        assert_eq!((&scale["lowest"], &scale["highest"]), (&json!(1.0), &json!(5.0)));
        assert_eq!(counts(scale), expected);
    }
    let hated = &slices[1]["scales"][0]["steps"][0]["share"];
    assert_eq!((&hated["value"], &hated["users"]), (&json!(0.5), &json!(10)));
    assert_eq!(hated["method"], "wilson_cluster_exact");

    let whole = &ask(&server, "")["data"][0];
    let rate = &whole["metrics"]["feedback_rate"];
    assert_eq!(
        (&rate["numerator"], &rate["denominator"]),
        (&json!(40), &json!(50)),
        "how many are rated stands beside what they say"
    );
}

/// Whatever is told of one scale is what the catalogue's metrics tell.
#[test]
fn a_distribution_and_its_metrics_agree() {
    let server = TestServer::start();
    let mut events = String::new();
    for number in 0_u32..60 {
        let user = (number % 7 != 0).then(|| format!("u{}", number % 11));
        let ratings: Vec<f64> = (0..number % 3).map(|at| f64::from(1 + (number + at) % 5)).collect();
        rate(
            &mut events,
            &format!("o{number}"),
            user.as_deref(),
            "v",
            STARS,
            &ratings,
        );
    }
    server.send(events);
    let slice = &ask(&server, "")["data"][0];
    let (scale, metrics) = (&slice["scales"][0], &slice["metrics"]);
    let positive = &scale["positive"];
    for name in ["n", "users", "numerator", "method"] {
        assert_eq!(positive[name], metrics["positive_rating_rate"][name], "{name}");
    }
    for name in ["value", "lower", "upper", "standard_error"] {
        let [one, other] = [positive, &metrics["positive_rating_rate"]].map(|side| side[name].as_f64().unwrap());
        assert!((one - other).abs() < 1e-12, "{name}: {one} is not {other}");
    }
    let points: f64 = counts(scale).iter().map(|(rating, n)| rating * *n as f64).sum();
    assert_eq!(metrics["rating_mean"]["numerator"].as_f64(), Some(points));
    let all: u64 = counts(scale).iter().map(|(_, n)| n).sum();
    assert_eq!(metrics["rating_mean"]["n"], all);
    let shares = scale["steps"].as_array().unwrap().iter();
    let shares: f64 = shares.map(|step| step["share"]["value"].as_f64().unwrap()).sum();
    assert!((shares - 1.0).abs() < 1e-12);
}

#[test]
fn each_scale_is_told_apart() {
    let server = TestServer::start();
    let mut events = String::new();
    rate(&mut events, "thumbs", Some("u"), "v", None, &[1.0, 0.0, 1.0]);
    rate(&mut events, "stars", Some("u"), "v", STARS, &[2.0, 4.0]);
    rate(&mut events, "slider", None, "v", Some((0.0, 100.0)), &[37.5]);
    // On a rubric: of the whole it says nothing.
    writeln!(
        events,
        r#"{{"type":"rate","output_id":"stars","rating":1,"rubric":"tone"}}"#
    )
    .unwrap();
    // A second thought: the newest counts.
    writeln!(
        events,
        r#"{{"type":"rate","output_id":"thumbs","rater":"r1","rating":1,"occurred_at":"2026-03-01T10:02:00Z"}}"#
    )
    .unwrap();
    server.send(events);
    let slice = &ask(&server, "")["data"][0];
    let scales = slice["scales"].as_array().unwrap();
    let forms: Vec<&str> = scales.iter().map(|scale| scale["form"].as_str().unwrap()).collect();
    assert_eq!(forms, ["thumbs", "steps", "bands"]);
    assert_eq!(counts(&scales[0]), [(0.0, 0), (1.0, 3)]);
    assert_eq!(counts(&scales[1]), [(1.0, 0), (2.0, 1), (3.0, 0), (4.0, 1), (5.0, 0)]);
    let band = &scales[2]["steps"][3];
    assert_eq!(
        (&band["from"], &band["to"], &band["ratings"]),
        (&json!(30.0), &json!(40.0), &json!(1))
    );
    assert_eq!(scales[2]["steps"].as_array().unwrap().len(), 10);
    assert_eq!(scales[0]["positive"]["value"], 1);
    assert_eq!(slice["metrics"]["feedback_rate"]["value"], 1);
    assert_eq!(slice["metrics"]["rating_flips"]["value"], 1);
}

#[test]
fn without_ratings_there_is_no_scale() {
    let server = TestServer::start();
    server.send(r#"{"type":"accept","output_id":"x","feature":"f"}"#);
    let slice = &ask(&server, "")["data"][0];
    assert_eq!(slice["scales"], json!([]));
    assert_eq!(slice["metrics"]["feedback_rate"]["value"], 0);
    assert_eq!(slice["metrics"]["rating_mean"]["reason"], "no_ratings");

    for parameters in ["limit=1", "level=0.1"] {
        server
            .get(&format!("/api/v1/features/f/ratings?{parameters}"))
            .expect_problem(400, "invalid_parameter");
    }
    server
        .get("/api/v1/features/f/ratings?group_by=team")
        .expect_problem(422, "unknown_dimension");
    server
        .get("/api/v1/features/g/ratings")
        .expect_problem(404, "not_found");
}
