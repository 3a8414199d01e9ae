//! Where users are not spread over the arms of an experiment as planned.

use std::fmt::Write as _;

use calibrant::stats::random::Random;
use serde_json::{Value, json};

use crate::support::TestServer;

const USERS: usize = 3_000;
/// More than are tested.
const COUNTRIES: usize = 51;

/// Who comes on which day, with what, into which arm.
struct Arrival {
    day: usize,
    platform: &'static str,
    country: usize,
    is_candidate: bool,
}

/// 300 users come on each of ten days. The arm decides the model, and who comes again the next day: those of the candidate, on a platform
/// that nobody begins with. `assign` says how likely a user is in the candidate's arm.
fn server(assign: fn(day: usize, platform: &str) -> f64) -> (TestServer, Vec<Arrival>) {
    let server = TestServer::start();
    let path = "/api/v1/projects/current";
    let dimensions = br#"{"dimensions":["platform","country"]}"#;
    server
        .request("PATCH", path, Some(&server.key), &[], dimensions)
        .expect(200);
    let mut random = Random::new(20_260_305);
    let mut of = |n: usize| (random.uniform() * n as f64) as usize;
    let mut lines = String::new();
    let mut arrivals = Vec::new();
    for user in 0..USERS {
        let (day, platform, country) = (user / 300, ["ios", "android", "web"][of(3)], of(COUNTRIES));
        let is_candidate = (of(1_000_000) as f64) < 1e6 * assign(day, platform);
        let variant = ["a", "b"][usize::from(is_candidate)];
        let mut show = |again: usize, platform: &str| {
            let event = json!({"type": "shown", "output_id": format!("{user}-{again}"), "feature": "f", "user_id": format!("u{user}"),
                "occurred_at": format!("2026-03-{:02}T12:00:00Z", 1 + day + again), "variant": variant, "model": format!("model {variant}"),
                "prompt_version": of(2).to_string(), "attributes": {"platform": platform, "country": format!("c{country}"), "half": variant}});
            writeln!(lines, "{event}").unwrap();
        };
        show(0, platform);
        if is_candidate {
            show(1, "watch");
        }
        arrivals.push(Arrival {
            day,
            platform,
            country,
            is_candidate,
        });
    }
    server.send(lines);
    (server, arrivals)
}

fn healthy() -> (TestServer, Vec<Arrival>) {
    server(|_, _| 0.5)
}

/// The balance of the arms that a dimension tells apart.
fn balance(server: &TestServer, dimension: &str, from: &str) -> Value {
    results(server, dimension, from)["balance"].clone()
}

/// What an experiment has shown whose arms a dimension tells apart.
fn results(server: &TestServer, dimension: &str, from: &str) -> Value {
    let arm = |name, value| json!({"name": name, "filters": [{"dimension": dimension, "op": "eq", "value": value}]});
    let plan = json!({"name": format!("{dimension} {}", &from[11..13]), "feature": "f", "primary_metric": "acceptance_rate", "margin": 0.02,
        "arms": [arm("control", "a"), arm("new", "b")], "starts_at": from});
    let name = server.post("/api/v1/experiments", plan.to_string()).expect(201)["name"].clone();
    let path = format!(
        "/api/v1/experiments/{}/results",
        name.as_str().unwrap().replace(' ', "%20")
    );
    let results = server.get(&path).expect(200);
    let places = &results["balance"]["places"];
    let is_noted = results["notes"].as_array().unwrap().contains(&places["sentence"]);
    assert_eq!(is_noted, places["mismatch"] == true, "{}", results["notes"]);
    results
}

const START: &str = "2026-03-01T00:00:00Z";

/// The days and the segments that stand out.
fn off(places: &Value) -> (Vec<String>, Vec<String>) {
    let off = |list: &Value, name: &dyn Fn(&Value) -> String| {
        let list = list.as_array().unwrap().iter();
        list.filter(|place| place["balance"]["stands_out"] == true)
            .map(name)
            .collect()
    };
    let day = |place: &Value| place["from"].as_str().unwrap()[..10].to_owned();
    let segment = |place: &Value| {
        format!(
            "{}={}",
            place["dimension"].as_str().unwrap(),
            place["value"].as_str().unwrap()
        )
    };
    (off(&places["over_time"], &day), off(&places["by_segment"], &segment))
}

/// Users of both arms among some.
fn counted(arrivals: &[Arrival], is_one: impl Fn(&Arrival) -> bool) -> Value {
    let of = |candidate: bool| {
        let mut arrivals = arrivals.iter();
        let count = arrivals
            .by_ref()
            .filter(|own| own.is_candidate == candidate && is_one(own))
            .count();
        count as u64
    };
    json!([of(false), of(true)])
}

/// All users of both arms.
fn users(balance: &Value) -> Value {
    let arms = balance["arms"].as_array().unwrap().iter();
    arms.map(|arm| arm["users"].clone()).collect()
}

#[test]
fn broken_assignment_is_found_where_it_broke_and_only_there() {
    let (server, arrivals) = server(|day, platform| match (day, platform) {
        (3 | 4, "ios") => 0.02,
        _ => 0.5,
    });
    let balance = balance(&server, "variant", START);
    let places = &balance["places"];
    let (days, segments) = off(places);
    assert_eq!(days, ["2026-03-04", "2026-03-05"], "{places}");
    assert_eq!(segments, ["platform=ios"], "{places}");
    let sentence = places["sentence"].as_str().unwrap();
    let worst = &places["by_segment"][0];
    let ios = counted(&arrivals, |own| own.platform == "ios");
    assert_eq!((&worst["value"], &worst["balance"]["users"]), (&json!("ios"), &ios));
    let says = format!("`platform` `ios`: `new` has {} users where ", ios[1]);
    let control = format!("`platform` `ios`: `control` has {} users where ", ios[0]);
    assert!(sentence.contains(&says) || sentence.contains(&control), "{sentence}");
    assert!(
        sentence.contains("on 2 of 10 days and in 1 of 55 segments"),
        "{sentence}"
    );
}

#[test]
fn a_day_on_which_assignment_broke_is_to_be_investigated() {
    // Over all days the arms are as large as planned.
    let (server, _) = server(|day, _| match day {
        3 => 0.05,
        4 => 0.9,
        _ => 0.5,
    });
    let found = results(&server, "variant", START);
    let balance = &found["balance"];
    assert_eq!(balance["mismatch"], false, "{balance}");
    let (days, segments) = off(&balance["places"]);
    assert_eq!((days.len(), segments.len()), (2, 0), "{balance}");
    let arm = &found["data"][0];
    assert_eq!(arm["conclusion"], "investigate", "{arm}");
    let why = "Believe nothing about `new` yet: users who came on 2026-03-04 are not spread over the arms as planned, which no arm can \
               bring about.";
    assert!(arm["sentence"].as_str().unwrap().starts_with(why), "{arm}");
    let places = balance["places"]["sentence"].as_str().unwrap();
    assert!(
        places.starts_with("Users are not spread as planned on 2 of 10 days. The worst day"),
        "{places}"
    );
}

#[test]
fn a_segment_alone_is_noted_and_concludes_nothing() {
    let (server, _) = server(|_, platform| match platform {
        "ios" => 0.35,
        "android" => 0.65,
        _ => 0.5,
    });
    let found = results(&server, "variant", START);
    let balance = &found["balance"];
    assert_eq!(
        (&balance["mismatch"], &balance["places"]["mismatch"]),
        (&json!(false), &json!(true)),
        "{balance}"
    );
    assert_eq!(found["data"][0]["conclusion"], "wait", "{}", found["data"]);
    let places = balance["places"]["sentence"].as_str().unwrap();
    assert!(
        places.starts_with("Users are not spread as planned in 2 of 55 segments."),
        "{places}"
    );
}

#[test]
fn a_healthy_experiment_is_not_flagged_in_any_of_many_segments() {
    let (server, arrivals) = healthy();
    let balance = balance(&server, "variant", START);
    let places = &balance["places"];
    assert_eq!(
        (&balance["mismatch"], &places["mismatch"]),
        (&json!(false), &json!(false)),
        "{places}"
    );
    assert_eq!(off(places), (vec![], vec![]));
    let segments = places["by_segment"].as_array().unwrap();
    assert_eq!(places["segments_not_tested"], 1, "the smallest country");
    // The platform on which users come again is none that anyone begins with.
    assert_eq!(segments.len(), 3 + 50 + 2, "{places}");
    assert_eq!(
        places["sentence"],
        "None of 10 days and 55 segments stands out by itself. `model` has no value that is in all arms: they bring it about, or it decides the arm."
    );
    assert_eq!(
        places["left_out"],
        json!([{"dimension": "model", "reason": "follows_arms"}, {"dimension": "variant", "reason": "defines_arms"}])
    );
    // Every user is counted once, in the arm, on the day, and with the values of the first output.
    for (day, period) in places["over_time"].as_array().unwrap().iter().enumerate() {
        assert_eq!(period["balance"]["users"], counted(&arrivals, |own| own.day == day));
    }
    for segment in segments.iter().filter(|segment| segment["dimension"] == "country") {
        let value = segment["value"].as_str().unwrap();
        assert_eq!(
            segment["balance"]["users"],
            counted(&arrivals, |own| format!("c{}", own.country) == value)
        );
    }
    assert_eq!(users(&balance), counted(&arrivals, |_| true));
}

#[test]
fn places_are_the_same_from_outputs_and_from_rollups_and_in_a_comparison() {
    let (server, _) = server(|_, platform| if platform == "web" { 0.3 } else { 0.5 });
    let from_rollups = balance(&server, "variant", START);
    assert_eq!(off(&from_rollups["places"]).1, ["platform=web"]);
    // All outputs are of noon: a range that begins later on the first day has the same.
    let of_hours = balance(&server, "variant", "2026-03-01T05:00:00Z");
    assert_eq!(of_hours, from_rollups);

    let compared = |sides: &str| {
        let asked = format!("/api/v1/compare?{sides}&feature=f&metrics=acceptance_rate");
        server.get(&asked).expect(200)["sample_ratio"]["places"].clone()
    };
    let by_variant = "baseline=variant=a&candidate=variant=b";
    let places = compared(&format!("{by_variant}&candidate_share=0.5"));
    assert_eq!(places["arms"], json!(["baseline", "candidate"]));
    // Sides by an attribute that is not declared are known to outputs only, and variants follow them.
    let undeclared = compared("baseline=attributes.half=a&candidate=attributes.half=b&candidate_share=0.5");
    for part in ["over_time", "by_segment", "shares"] {
        assert_eq!(places[part], from_rollups["places"][part], "{part}");
        assert_eq!(undeclared[part], from_rollups["places"][part], "{part}");
    }
    assert_eq!(
        undeclared["left_out"][1],
        json!({"dimension": "variant", "reason": "follows_arms"})
    );
    assert_eq!(compared(by_variant), Value::Null, "nothing was planned");
}

#[test]
fn who_is_in_both_arms_is_counted_on_the_first_day_of_each() {
    let (server, mut arrivals) = healthy();
    let crossing: Vec<usize> = (0..USERS)
        .filter(|user| !arrivals[*user].is_candidate)
        .take(40)
        .collect();
    let mut lines = String::new();
    for user in &crossing {
        let event = json!({"type": "shown", "output_id": format!("cross {user}"), "feature": "f", "user_id": format!("u{user}"),
            "occurred_at": "2026-03-08T12:00:00Z", "variant": "b", "model": "model b"});
        writeln!(lines, "{event}").unwrap();
        arrivals.push(Arrival {
            day: 7,
            platform: "",
            country: 0,
            is_candidate: true,
        });
    }
    server.send(lines);
    let balance = balance(&server, "variant", START);
    let periods = balance["places"]["over_time"].as_array().unwrap();
    assert_eq!(periods.len(), 10);
    for (day, period) in periods.iter().enumerate() {
        assert_eq!(
            period["balance"]["users"],
            counted(&arrivals, |own| own.day == day),
            "{day}"
        );
    }
    assert_eq!(users(&balance), counted(&arrivals, |_| true));
}

#[test]
fn a_platform_that_an_arm_never_reached_is_named_with_its_doubt() {
    let (server, _) = server(|_, platform| if platform == "web" { 0.0 } else { 0.5 });
    let places = &balance(&server, "variant", START)["places"];
    let worst = &places["by_segment"][0];
    assert_eq!(
        (&worst["value"], &worst["hardly_in"]),
        (&json!("web"), &json!(["new"])),
        "{places}"
    );
    let sentence = places["sentence"].as_str().unwrap();
    assert!(sentence.contains("`new` hardly has it"), "{sentence}");
}

#[test]
fn shares_that_are_wrong_everywhere_are_said_to_be() {
    let (server, _) = server(|_, _| 0.05);
    let places = &balance(&server, "variant", START)["places"];
    let periods = places["over_time"].as_array().unwrap();
    assert!(
        periods.iter().all(|period| period["balance"]["mismatch"] == true),
        "{places}"
    );
    assert_eq!(
        off(places),
        (vec![], vec![]),
        "no day is worse than the others: {places}"
    );
    let sentence = places["sentence"].as_str().unwrap();
    assert!(
        sentence.starts_with("Users are not spread as planned, much alike on 10 days and in "),
        "{sentence}"
    );
}
