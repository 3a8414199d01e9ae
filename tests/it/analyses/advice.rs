//! How far users move from their own number to the AI's.

use calibrant::fold::step;
use calibrant::fold::verify::verify;
use serde_json::{Value, json};

use crate::golden::golden;
use crate::support::TestServer;

const BLOCK: [&str; 8] = [
    "mean",
    "median",
    "ratio_of_sums",
    "away",
    "kept",
    "between",
    "taken",
    "beyond",
];

fn reliance(server: &TestServer, parameters: &str) -> Vec<Value> {
    let path = format!("/api/v1/features/f/reliance{parameters}");
    server.get(&path).expect(200)["data"].as_array().unwrap().clone()
}

fn weight(server: &TestServer) -> Value {
    let question = json!({"metrics": ["weight_of_advice"]}).to_string();
    server.post("/api/v1/query", question).expect(200)["data"][0]["metrics"]["weight_of_advice"].clone()
}

/// An event at a second of a day.
fn event(kind: &str, output: &str, second: u32, more: Value) -> Value {
    let mut event = json!({"type": kind, "output_id": output, "id": format!("{kind}-{output}-{second}"),
        "occurred_at": format!("2026-03-01T10:00:{second:02}Z")});
    for (name, value) in more.as_object().unwrap() {
        event[name] = value.clone();
    }
    event
}

/// An output of a feature, with the user's own number and the AI's.
fn shown(output: &str, own: f64, answer: f64) -> Value {
    let numbers = json!({"feature": "f", "user_id": output, "initial": {"value": own}, "output_value": answer});
    event("shown", output, 0, numbers)
}

#[track_caller]
fn close(found: &Value, expected: &Value, what: &str) {
    let [found, expected] = [found, expected].map(|value| value.as_f64().unwrap_or_else(|| panic!("{what}: {value}")));
    assert!(
        (found - expected).abs() <= 1e-9 * expected.abs().max(0.1),
        "{what}: {found} is not {expected}"
    );
}

/// People who moved all the way, part of it, none of it, away or beyond, against numpy and statsmodels. Who took or left the AI's number
/// as it was stated none.
#[test]
fn weights_are_those_of_established_libraries() {
    let golden = golden("advice");
    let server = TestServer::start();
    let mut events = Vec::new();
    for (version, slice) in golden.as_object().unwrap() {
        for (number, row) in slice["rows"].as_array().unwrap().iter().enumerate() {
            let [user, own, answer, kept] = [0, 1, 2, 3].map(|column| row[column].as_f64().unwrap());
            let name = format!("{version}-{number}");
            let mut first = shown(&name, own, answer);
            first["version"] = version.as_str().into();
            first["user_id"] = format!("{version}-{user}").into();
            events.push(first);
            events.push(match kept {
                kept if kept == answer => event("accept", &name, 9, json!({})),
                kept if kept == own && number % 2 == 0 => event("reject", &name, 9, json!({})),
                kept if kept == own => event("dismiss", &name, 9, json!({})),
                kept => event("edit", &name, 9, json!({"final_value": kept})),
            });
        }
    }
    server.send(json!({"events": events}).to_string());

    for parameters in ["?group_by=version", "?group_by=version&exact=true"] {
        let slices = reliance(&server, parameters);
        assert_eq!(slices.len(), golden.as_object().unwrap().len());
        for slice in slices {
            let expected = &golden[slice["group"]["version"].as_str().unwrap()];
            for name in BLOCK {
                let (found, expected_of) = (&slice["advice"][name], &expected[name]);
                assert_eq!(
                    (&found["n"], &found["users"]),
                    (&expected["n"], &expected["users"]),
                    "{name}: {found}"
                );
                close(&found["value"], &expected_of["value"], name);
                close(&found["lower"], &expected_of["interval"][0], name);
                close(&found["upper"], &expected_of["interval"][1], name);
                if let Some(error) = expected_of.get("standard_error") {
                    close(&found["standard_error"], error, name);
                }
            }
            assert_eq!(slice["advice"]["mean"], slice["metrics"]["weight_of_advice"]);
        }
    }
}

/// Minds that change, and what is not the user's to move.
#[test]
fn the_number_that_stands_is_that_of_the_last_decision() {
    let server = TestServer::start();
    let stated = |number: f64| json!({"final_value": number});
    let nothing = || json!({});
    // Own number 10, the AI's 20: what follows, and which number was kept.
    let lives: [(&[Value], Option<f64>); 13] = [
        (&[event("accept", "0", 1, nothing())], Some(20.0)),
        (&[event("accept", "1", 1, stated(18.0))], Some(18.0)),
        (&[event("reject", "2", 1, nothing())], Some(10.0)),
        (&[event("dismiss", "3", 1, stated(8.0))], Some(8.0)),
        (&[event("edit", "4", 1, nothing())], None),
        (&[event("respond", "5", 1, nothing())], None),
        (&[event("ignore", "6", 1, nothing())], None),
        (
            &[event("edit", "7", 1, stated(15.0)), event("reject", "7", 2, nothing())],
            Some(10.0),
        ),
        (
            &[event("reject", "8", 1, nothing()), event("edit", "8", 2, stated(15.0))],
            Some(15.0),
        ),
        (
            &[event("edit", "9", 1, stated(15.0)), event("undo", "9", 2, nothing())],
            None,
        ),
        (
            &[
                event("accept", "10", 1, nothing()),
                event("undo", "10", 2, stated(12.0)),
            ],
            Some(12.0),
        ),
        // The number alone, said later.
        (
            &[
                event("edit", "11", 1, nothing()),
                event("comment", "11", 2, json!({"comment": "", "final_value": 16})),
            ],
            Some(16.0),
        ),
        (&[event("accept", "12", 1, json!({"auto": true}))], None),
    ];
    let first = (0..lives.len()).map(|number| shown(&number.to_string(), 10.0, 20.0));
    let events: Vec<Value> = first.chain(lives.iter().flat_map(|(life, _)| life.to_vec())).collect();
    server.send(json!({"events": events}).to_string());
    for (number, (_, kept)) in lives.iter().enumerate() {
        let output = server.get(&format!("/api/v1/outputs/{number}")).expect(200);
        assert_eq!(output["final_value"].as_f64(), *kept, "{output}");
        assert_eq!(
            (&output["initial_value"], &output["output_value"]),
            (&json!(10.0), &json!(20.0))
        );
    }
    // 1, .8, 0, 0 for −.2, 0, .5, .2, .6: those of which it is known, and each the way from 10 to 20.
    let found = weight(&server);
    assert_eq!(found["n"], 8, "{found}");
    close(&found["value"], &json!(3.1 / 8.0), "weight");
    let advice = reliance(&server, "")[0]["advice"].clone();
    let counts = ["away", "kept", "between", "taken", "beyond"].map(|end| advice[end]["numerator"].as_u64());
    assert_eq!(counts, [1, 2, 4, 1, 0].map(Some), "{advice}");
}

/// What comes late, out of order, twice or is taken back leads to the same numbers, and the log says the same.
#[test]
fn the_order_of_arrival_does_not_matter() {
    let own_said_twice = |second: u32, own: f64| {
        let numbers = json!({"feature": "f", "initial": {"value": own}, "output_value": 20});
        event("shown", "b", second, numbers)
    };
    let events = [
        shown("a", 10.0, 20.0),
        event("edit", "a", 5, json!({"final_value": 12})),
        event("edit", "a", 7, json!({"final_value": 14})),
        own_said_twice(1, 10.0),
        own_said_twice(2, 16.0),
        event("reject", "b", 3, json!({})),
        event("accept", "b", 4, json!({})),
        shown("c", 0.0, 4.0),
        event("accept", "c", 1, json!({"final_value": 3})),
        // No way to move, and none known.
        shown("same", 5.0, 5.0),
        event("accept", "same", 1, json!({})),
        event("accept", "nothing", 1, json!({"feature": "f", "output_value": 3})),
        json!({"type": "retract", "id": "back", "output_id": "a", "retracts": "edit-a-7"}),
    ];
    let send = |order: &[usize], at_once: usize| {
        let server = TestServer::start();
        for some in order.chunks(at_once) {
            let batch: Vec<&Value> = some.iter().map(|number| &events[*number]).collect();
            server.send(json!({"events": batch}).to_string());
        }
        let checked = verify(&mut server.db.dedicated().unwrap(), |_| ()).unwrap().remove(0);
        assert_eq!((checked.differences, &checked.listed), (0, &Vec::new()));
        let found = (weight(&server), reliance(&server, "")[0]["advice"].clone());
        step::rebuild(&mut server.db.dedicated().unwrap(), |_| ()).unwrap();
        assert_eq!((weight(&server), reliance(&server, "")[0]["advice"].clone()), found);
        found
    };
    let forwards: Vec<usize> = (0..events.len()).collect();
    let (mean, advice) = send(&forwards, events.len());
    // .2 of a, 1 of b, .75 of c.
    assert_eq!(mean["n"], 3, "{mean}");
    close(&mean["value"], &json!(1.95 / 3.0), "mean");
    close(&advice["median"]["value"], &json!(0.75), "median");
    // 2·10 + 4·4 + 3·4 of 10² + 4² + 4².
    close(&advice["ratio_of_sums"]["value"], &json!(48.0 / 132.0), "ratio");
    let backwards: Vec<usize> = forwards.iter().rev().copied().collect();
    let mixed: Vec<usize> = forwards.iter().map(|number| number * 5 % events.len()).collect();
    for (order, at_once) in [(&forwards, 1), (&backwards, 1), (&mixed, 3)] {
        assert_eq!(send(order, at_once), (mean.clone(), advice.clone()));
    }
}

/// Without three numbers there is no weight, and a slice of such outputs says so beside one that has some.
#[test]
fn without_numbers_there_is_a_reason() {
    let server = TestServer::start();
    server.send(
        json!({"events": [
            event("accept", "a", 1, json!({"feature": "f", "version": "1", "output_value": 3})),
            event("accept", "b", 1, json!({"feature": "g"})),
        ]})
        .to_string(),
    );
    let check = |slice: &Value| {
        for name in BLOCK {
            let found = &slice["advice"][name];
            assert_eq!(
                (&found["value"], &found["reason"]),
                (&Value::Null, &json!("no_cases")),
                "{name}"
            );
        }
    };
    check(&reliance(&server, "")[0]);
    server.send(json!({"events": [
        event("accept", "c", 1, json!({"feature": "f", "version": "2", "output_value": 3, "initial": {"value": 0}})),
    ]}).to_string());
    let slices = reliance(&server, "?group_by=version");
    check(&slices[0]);
    let alone = &slices[1]["advice"];
    assert_eq!(
        (&alone["taken"]["value"], &alone["median"]["value"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(alone["median"]["reason"], "too_few", "{alone}");
    let empty = reliance(&server, "?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z");
    assert_eq!(empty[0]["advice"]["kept"]["reason"], "no_data", "{empty:?}");
}

/// The largest and the nearest numbers have a weight like any others.
#[test]
fn no_number_is_too_large_or_too_near() {
    let server = TestServer::start();
    let stated = |output: &str, number: f64| event("edit", output, 1, json!({"final_value": number}));
    server.send(
        json!({"events": [
            shown("a", -1e15, 1e15), stated("a", 1e15),
            shown("b", 0.0, 1e-300), stated("b", 1e15),
            shown("c", 0.0, 1e-300), stated("c", -1e15),
            shown("d", 0.0, f64::from_bits(1)), stated("d", 0.0),
        ]})
        .to_string(),
    );
    let found = weight(&server);
    assert_eq!((&found["n"], &found["value"]), (&json!(4), &json!(0.5)), "{found}");
    let advice = reliance(&server, "")[0]["advice"].clone();
    let counts = ["away", "kept", "between", "taken", "beyond"].map(|end| advice[end]["numerator"].as_u64());
    assert_eq!(counts, [1, 1, 0, 1, 1].map(Some), "{advice}");
    assert_eq!(advice["ratio_of_sums"]["value"], 1, "{advice}");
    assert!(!server.get("/api/v1/features/f/reliance").text().contains("NaN"));
}
