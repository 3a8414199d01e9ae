//! `GET /rejected`: what was refused is counted by key, code and hour, and explained.

use std::time::{Duration, Instant};

use calibrant::domain::clock;
use calibrant::domain::scope::Scope;
use calibrant::ingest::rejection::RejectionCode;
use calibrant::store::{StoreError, rejections};
use chrono::{DateTime, Datelike, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::support::{TestServer, tables};

/// A midnight so many days ago.
fn midnight(days_ago: i64) -> DateTime<Utc> {
    clock::midnight(clock::day_of(Utc::now() - TimeDelta::days(days_ago)))
}

fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// Counts refused events of the server's key, as if they had come in an hour.
fn count(server: &TestServer, hour: DateTime<Utc>, code: &str, events: i64) {
    let hour = clock::hour_of(hour);
    tables::execute(
        &server.db,
        &format!(
            "INSERT INTO rejections (project_id, key_id, hour, code, events) \
             SELECT project_id, id, {hour}, '{code}', {events} FROM api_keys WHERE name = 'test' LIMIT 1"
        ),
    );
}

/// Start of the bucket, code and events of each row.
fn rows(answer: &Value) -> Vec<(String, String, i64)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = answer["data"].as_array().unwrap().iter();
    rows.map(|row| {
        (
            text(&row["bucket"]),
            text(&row["code"]),
            row["events"].as_i64().unwrap(),
        )
    })
    .collect()
}

#[test]
fn what_was_refused_is_told_by_key_and_code_with_what_to_do() {
    let server = TestServer::start();
    let nothing = server.get("/api/v1/rejected").expect(200);
    assert_eq!((&nothing["data"], &nothing["events"]), (&json!([]), &json!(0)));

    let made = server
        .post("/api/v1/keys", r#"{"name":"=web","scopes":["ingest"]}"#)
        .expect(201);
    let web = made["key"].as_str().unwrap();
    for body in ["{}\n{}\n{}", r#"{"type":"accept","output_id":"o","confidence":2}"#] {
        server.post_as(web, "/api/v1/events", body).expect(207);
    }
    server.post("/api/v1/events", "{}\nnot json").expect(207);
    let conflict = r#"[{"id":"a","type":"accept","output_id":"x"},{"id":"a","type":"reject","output_id":"x"}]"#;
    server.post("/api/v1/events", conflict).expect(207);
    // A request that is none is refused as a whole, and holds no events to count.
    server
        .post("/api/v1/events", "not json")
        .expect_problem(400, "invalid_json");

    let answer = server.get("/api/v1/rejected?granularity=hour").expect(200);
    let total = |total: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&total["key"]["name"]),
            text(&total["code"]),
            total["events"].as_i64().unwrap(),
        )
    };
    let totals: Vec<_> = answer["totals"].as_array().unwrap().iter().map(total).collect();
    let expected = [
        ("=web", "missing_field", 3),
        ("=web", "out_of_range", 1),
        ("test", "id_conflict", 1),
        ("test", "invalid_json", 1),
        ("test", "missing_field", 1),
    ];
    assert_eq!(
        totals,
        expected.map(|(key, code, events)| (key.to_owned(), code.to_owned(), events))
    );
    assert_eq!(answer["totals"][0]["key"]["id"], made["id"]);
    assert_eq!(answer["events"], 7);
    let codes = answer["codes"].as_array().unwrap();
    assert_eq!(
        (&codes[0]["code"], &codes[0]["events"]),
        (&json!("missing_field"), &json!(4))
    );
    assert_eq!(codes[0]["advice"], RejectionCode::MissingField.advice());
    assert_eq!(codes[0]["meaning"], RejectionCode::MissingField.meaning());
    // The status counts the same.
    let of_code = |code: &Value| (code["code"].as_str().unwrap().to_owned(), code["events"].clone());
    let by_code: Value = codes.iter().map(of_code).collect::<serde_json::Map<_, _>>().into();
    assert_eq!(server.get("/api/v1/status").expect(200)["rejected"], by_code);

    let events = |query: &str| server.get(&format!("/api/v1/rejected?{query}")).expect(200)["events"].clone();
    let key = format!("key_id={}", made["id"].as_str().unwrap());
    assert_eq!(events(&key), 4);
    assert_eq!(events("code=missing_field"), 4);
    assert_eq!(events(&format!("{key}&code=missing_field")), 3);
    assert_eq!(events(&format!("{key}&code=erased")), 0);

    // As the status: who may read may read it, and nobody else.
    let reader = server.key_with(&[Scope::Read]);
    assert_eq!(server.get_as(&reader, "/api/v1/rejected").expect(200)["events"], 7);
    server.get_as(web, "/api/v1/rejected").expect_problem(403, "forbidden");
    let (_, other) = server.project("other");
    for query in ["", &format!("?{key}")] {
        let theirs = server.get_as(&other, &format!("/api/v1/rejected{query}")).expect(200);
        assert_eq!((&theirs["data"], &theirs["events"]), (&json!([]), &json!(0)));
    }
}

#[test]
fn counts_are_of_whole_hours_and_longer_buckets_follow_utc() {
    let server = TestServer::start();
    let day = midnight(9);
    let hour = |hours: i64| day + TimeDelta::hours(hours);
    count(&server, hour(-1), "too_many", 1);
    count(&server, hour(0), "too_many", 2);
    count(&server, hour(23), "too_many", 4);
    count(&server, hour(23), "expired", 8);
    count(&server, hour(24), "too_many", 16);
    let ask = |query: &str| server.get(&format!("/api/v1/rejected?{query}")).expect(200);
    let row = |bucket: DateTime<Utc>, code: &str, events: i64| (written(bucket), code.to_owned(), events);

    let whole = ask("");
    assert_eq!(whole["meta"]["granularity"], "day");
    assert_eq!(
        rows(&whole),
        [
            row(hour(-24), "too_many", 1),
            row(day, "expired", 8),
            row(day, "too_many", 6),
            row(hour(24), "too_many", 16)
        ]
    );
    // The end is not part of it.
    let range = format!("from={}&to={}", written(day), written(hour(24)));
    assert_eq!(
        rows(&ask(&format!("{range}&granularity=hour"))),
        [
            row(hour(0), "too_many", 2),
            row(hour(23), "expired", 8),
            row(hour(23), "too_many", 4)
        ]
    );
    let monday = day - TimeDelta::days(i64::from(day.weekday().num_days_from_monday()));
    assert_eq!(
        rows(&ask(&format!("{range}&granularity=week"))),
        [row(monday, "expired", 8), row(monday, "too_many", 6)]
    );
    // A part of an hour is widened to all of it, and the answer says so.
    let minutes = |hours: i64, minutes: i64| written(hour(hours) + TimeDelta::minutes(minutes));
    let part = ask(&format!(
        "from={}&to={}&granularity=hour",
        minutes(23, 10),
        minutes(23, 20)
    ));
    assert_eq!(part["events"], 12);
    assert_eq!(
        (&part["meta"]["from"], &part["meta"]["to"]),
        (&json!(written(hour(23))), &json!(written(hour(24))))
    );
    assert_eq!(ask(&format!("to={}", written(day)))["events"], 1);
    assert_eq!(ask(&format!("from={}", written(hour(24))))["events"], 16);

    for wrong in [
        "from=tomorrow".to_owned(),
        format!("from={}&to={}", written(day), written(day)),
        format!("from={}", written(Utc::now() + TimeDelta::days(1))),
        "granularity=minute".to_owned(),
        "key_id=test".to_owned(),
        "code=nothing".to_owned(),
        "timezone=UTC".to_owned(),
        "format=xml".to_owned(),
    ] {
        server
            .get(&format!("/api/v1/rejected?{wrong}"))
            .expect_problem(400, "invalid_parameter");
    }
}

#[test]
fn counts_are_a_table_too() {
    let server = TestServer::start();
    let made = server
        .post("/api/v1/keys", r#"{"name":"=web","scopes":["ingest"]}"#)
        .expect(201);
    server
        .post_as(made["key"].as_str().unwrap(), "/api/v1/events", "{}")
        .expect(207);
    let csv = server.get("/api/v1/rejected?format=csv");
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    let (bucket, id) = (written(midnight(0)), made["id"].as_str().unwrap());
    // What a spreadsheet would take for a formula is made harmless.
    let expected = format!("bucket,key_id,key_name,code,events\n{bucket},{id},'=web,missing_field,1\n");
    assert_eq!(csv.text(), expected);
    let parquet = server.get("/api/v1/rejected?format=parquet");
    assert!(parquet.status == 200 && parquet.body.starts_with(b"PAR1"));
    let headers = [("range", "bytes=0-3")];
    let piece = server.request(
        "GET",
        "/api/v1/rejected?format=parquet",
        Some(&server.key),
        &headers,
        b"",
    );
    assert_eq!((piece.status, piece.text().as_str()), (206, "PAR1"));
}

#[test]
fn an_answer_has_a_limit() {
    let server = TestServer::start();
    let first = clock::hour_of(midnight(300));
    tables::execute(
        &server.db,
        &format!(
            "INSERT INTO rejections (project_id, key_id, hour, code, events) SELECT project_id, id, hour, 'c' || code, 1 \
             FROM (SELECT project_id, id FROM api_keys LIMIT 1) AS key, \
             generate_series({first}, {first} + 4999) AS hour, generate_series(1, 10) AS code"
        ),
    );
    let by_hour = || server.get("/api/v1/rejected?granularity=hour");
    assert_eq!(by_hour().expect(200)["data"].as_array().unwrap().len(), 50_000);
    count(&server, midnight(1), "expired", 1);
    by_hour().expect_problem(422, "answer_too_large");
    // Days are fewer.
    assert_eq!(server.get("/api/v1/rejected").expect(200)["events"], 50_001);
}

#[test]
fn old_counts_go() {
    let server = TestServer::start();
    let kept = i64::from(rejections::KEPT_DAYS);
    count(&server, midnight(kept - 1), "expired", 1);
    count(&server, midnight(kept + 1), "expired", 2);
    let counted = || server.get("/api/v1/status").expect(200)["rejected"]["expired"].clone();
    assert_eq!(counted(), 3);
    // A server looks when it has run for some seconds, and then every hour.
    let started = Instant::now();
    while counted() == 3 {
        assert!(started.elapsed() < Duration::from_secs(60), "nothing goes");
        std::thread::sleep(Duration::from_millis(500));
    }
    assert_eq!(counted(), 1);
    let gone = server
        .db
        .with(|conn| rejections::forget(conn, clock::hour_of(Utc::now())).map_err(StoreError::from));
    assert_eq!((gone.unwrap(), counted()), (1, Value::Null));
}
