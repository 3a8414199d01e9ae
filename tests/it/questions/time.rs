//! Ranges, buckets and time zones.

use serde_json::{Value, json};

use super::{ask, project, values};
use crate::support::TestServer;

#[track_caller]
fn check_range(server: &TestServer, from: &str, to: &str, expected: i64) {
    let answer = ask(server, json!({"metrics": ["shown"], "from": from, "to": to}));
    let found: i64 = values(&answer["data"], "shown")
        .iter()
        .map(|(_, n)| n.as_i64().unwrap())
        .sum();
    assert_eq!(found, expected, "{from} to {to}");
    let range = format!("from={from}&to={to}").replace('+', "%2B");
    let listed = server.get(&format!("/api/v1/outputs?{range}")).expect(200);
    assert_eq!(
        listed["data"].as_array().unwrap().len() as i64,
        expected,
        "{from} to {to}"
    );
    let series = server.get(&format!("/api/v1/series?metrics=shown&{range}")).expect(200);
    let sum: i64 = series
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["shown"].as_i64().unwrap())
        .sum();
    assert_eq!(sum, expected, "{from} to {to}");
}

#[test]
fn ranges_are_half_open() {
    let server = project();
    check_range(&server, "2026-03-01T00:00:00Z", "2026-03-02T00:00:00Z", 6);
    check_range(&server, "2026-03-01T00:00:00Z", "2026-03-02T00:00:00.000001Z", 7);
    check_range(&server, "2026-03-01T01:00:00Z", "2026-03-01T03:00:00Z", 2);
    check_range(&server, "2026-03-01T01:00:00.000001Z", "2026-03-01T03:00:00.000001Z", 2);
    check_range(&server, "2026-03-01T00:30:00Z", "2026-03-01T00:31:00Z", 0);
    check_range(&server, "2026-03-01T02:00:00+01:00", "2026-03-01T04:00:00+01:00", 2);
    // Milliseconds since 1970: from 01:00 to 03:00 again.
    check_range(&server, "1772326800000", "1772334000000", 2);
}

#[test]
fn an_end_of_a_range_may_be_left_out() {
    let server = project();
    let shown = |range: Value| -> i64 {
        let mut question = json!({"metrics": ["shown"]});
        question
            .as_object_mut()
            .unwrap()
            .extend(range.as_object().unwrap().clone());
        let answer = ask(&server, question);
        values(&answer["data"], "shown")
            .iter()
            .map(|(_, n)| n.as_i64().unwrap())
            .sum()
    };
    assert_eq!(shown(json!({})), 7);
    assert_eq!(shown(json!({"from": "2026-03-02T00:00:00Z"})), 1);
    assert_eq!(shown(json!({"to": "2026-03-02T00:00:00Z"})), 6);
    assert_eq!(shown(json!({"from": 1_772_409_600_000_i64})), 1);
    assert_eq!(shown(json!({"from": "2030-01-01T00:00:00Z"})), 0);
    assert_eq!(shown(json!({"to": "2001-01-01T00:00:00Z"})), 0);
}

/// The starts of the buckets of a question and how many outputs each has.
#[track_caller]
fn check_buckets(server: &TestServer, scope: Value, expected: &[(&str, i64)]) -> Value {
    let mut question = scope;
    question["metrics"] = json!(["shown"]);
    let answer = ask(server, question);
    let expected: Vec<(String, Value)> = expected
        .iter()
        .map(|(start, n)| ((*start).to_owned(), json!(n)))
        .collect();
    assert_eq!(values(&answer["data"], "shown"), expected);
    answer
}

#[test]
fn buckets_are_sparse_unless_filled_and_have_totals_beside_them() {
    let server = project();
    let scope = json!({"from": "2026-03-01T03:00:00Z", "to": "2026-03-01T08:00:00Z", "granularity": "hour"});
    let sparse = [
        ("2026-03-01T03:00:00+00:00", 1),
        ("2026-03-01T04:00:00+00:00", 1),
        ("2026-03-01T05:00:00+00:00", 1),
    ];
    let answer = check_buckets(&server, scope.clone(), &sparse);
    assert_eq!(values(&answer["totals"], "shown"), [(String::new(), json!(3))]);
    assert_eq!(
        (&answer["meta"]["granularity"], &answer["meta"]["source"]),
        (&"hour".into(), &"segments".into())
    );

    let mut filled = scope;
    filled["fill"] = json!(true);
    let mut expected = sparse.to_vec();
    expected.extend([("2026-03-01T06:00:00+00:00", 0), ("2026-03-01T07:00:00+00:00", 0)]);
    check_buckets(&server, filled.clone(), &expected);
    filled["metrics"] = json!(["acceptance_rate"]);
    filled["group_by"] = json!(["feature", "version"]);
    let answer = ask(&server, filled);
    let rows = answer["data"].as_array().unwrap();
    assert_eq!(rows.len(), 3 * 5);
    let empty = &rows.last().unwrap()["metrics"]["acceptance_rate"];
    assert_eq!((&empty["value"], &empty["reason"]), (&Value::Null, &"no_data".into()));
    // Totals are of each group, over the whole range.
    let totals = values(&answer["totals"], "acceptance_rate");
    assert_eq!(
        totals,
        [("=f|v0".to_owned(), json!(0)), ("=f|v1".to_owned(), json!(0.5))]
    );
}

#[test]
fn days_follow_the_clock_of_their_place() {
    let server = TestServer::start();
    // An output in each hour of four days around both clock changes of 2026 in Berlin.
    for (month, first) in [("03", 28), ("10", 24)] {
        let events: Vec<String> = (0..96)
            .map(|hour| {
                let (day, hour) = (first + hour / 24, hour % 24);
                let time = format!("2026-{month}-{day}T{hour:02}:15:00Z");
                format!(r#"{{"type":"shown","output_id":"{month}-{day}-{hour}","feature":"f","occurred_at":"{time}"}}"#)
            })
            .collect();
        server.send(events.join("\n"));
    }
    let days =
        |from: &str, to: &str, zone: &str| json!({"from": from, "to": to, "granularity": "day", "timezone": zone});
    let berlin = "Europe/Berlin";
    check_buckets(
        &server,
        days("2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z", berlin),
        &[
            ("2026-03-28T00:00:00+01:00", 23),
            ("2026-03-29T00:00:00+01:00", 23),
            ("2026-03-30T00:00:00+02:00", 24),
        ],
    );
    check_buckets(
        &server,
        days("2026-10-24T22:00:00Z", "2026-10-26T23:00:00Z", berlin),
        &[("2026-10-25T00:00:00+02:00", 25), ("2026-10-26T00:00:00+01:00", 24)],
    );
    // Half an hour off: 18:30 of the day before to 18:30.
    check_buckets(
        &server,
        days("2026-03-28T00:00:00Z", "2026-03-30T00:00:00Z", "Asia/Kolkata"),
        &[
            ("2026-03-28T00:00:00+05:30", 19),
            ("2026-03-29T00:00:00+05:30", 24),
            ("2026-03-30T00:00:00+05:30", 5),
        ],
    );
    let scope = json!({"from": "2026-03-28T00:00:00Z", "to": "2026-11-01T00:00:00Z", "granularity": "month",
        "timezone": berlin});
    check_buckets(
        &server,
        scope,
        &[
            ("2026-03-01T00:00:00+01:00", 94),
            ("2026-04-01T00:00:00+02:00", 2),
            ("2026-10-01T00:00:00+02:00", 96),
        ],
    );
    let scope = json!({"from": "2026-10-20T00:00:00Z", "to": "2026-11-01T00:00:00Z", "granularity": "week"});
    check_buckets(
        &server,
        scope,
        &[("2026-10-19T00:00:00+00:00", 48), ("2026-10-26T00:00:00+00:00", 48)],
    );
    // Both hours that the clocks show as two o'clock are there.
    let scope = json!({"from": "2026-10-25T00:00:00Z", "to": "2026-10-25T02:00:00Z", "granularity": "hour",
        "timezone": berlin});
    check_buckets(
        &server,
        scope,
        &[("2026-10-25T02:00:00+02:00", 1), ("2026-10-25T02:00:00+01:00", 1)],
    );
}
