//! The forms of an answer: JSON, CSV, and "you have it".

use serde_json::json;

use super::project;
use crate::support::{Answer, TestServer};

/// Reads CSV: the header and the rows.
#[track_caller]
fn table(answer: &Answer) -> (Vec<String>, Vec<Vec<String>>) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
    let mut reader = csv::Reader::from_reader(answer.body.as_slice());
    let header = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let rows = reader
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    (header, rows)
}

#[test]
fn csv_answers_are_safe_for_spreadsheets() {
    let server = project();
    let question = json!({"metrics": ["shown", "rating_mean"], "group_by": ["feature", "version"], "format": "csv"});
    let (header, rows) = table(&server.post("/api/v1/query", question.to_string()));
    assert_eq!(header[..5], ["feature", "version", "metric", "value", "lower"]);
    assert_eq!(rows.len(), 3 * 2);
    assert_eq!(rows[0][..4], ["'=f", "v0", "shown", "3"]);
    assert_eq!(rows[5][..4], ["g", "", "rating_mean", ""]);
    assert_eq!(rows[5].last().unwrap(), "no_ratings");

    let (header, rows) = table(&server.get("/api/v1/series?metrics=shown&group_by=feature&granularity=day&format=csv"));
    assert_eq!(
        header,
        ["time", "feature", "shown", "shown_lower", "shown_upper", "shown_n"]
    );
    assert_eq!(
        rows,
        [
            ["2026-03-01T00:00:00Z", "'=f", "6", "", "", "6"],
            ["2026-03-02T00:00:00Z", "g", "1", "", "", "1"]
        ]
    );

    let (header, rows) = table(&server.get("/api/v1/outputs?format=csv&limit=3"));
    let column = |name: &str| header.iter().position(|known| known == name).unwrap();
    assert_eq!(rows[1][column("feature")], "'=f");
    assert_eq!(rows[1][column("input")], "'+Question 5");
    assert_eq!(rows[1][column("comment")], "100% _wrong_");
    assert_eq!(rows[1][column("confidence")], "1");

    // Who prefers CSV gets it without asking twice.
    let headers = [("accept", "text/csv")];
    let answer = server.request("GET", "/api/v1/outputs?limit=1", Some(&server.key), &headers, b"");
    assert_eq!(table(&answer).1.len(), 1);
    for path in ["outputs?format=xml", "series?metrics=shown&format=xml"] {
        server
            .get(&format!("/api/v1/{path}"))
            .expect_problem(400, "invalid_parameter");
    }
}

#[track_caller]
fn check_tag(server: &TestServer, path: &str) {
    let first = server.get(path);
    assert_eq!(first.status, 200, "{path}: {}", first.text());
    let tag = first.header("etag").unwrap().to_owned();
    assert_eq!(first.header("cache-control"), Some("private, no-cache"));
    let again = |tag: &str| server.request("GET", path, Some(&server.key), &[("if-none-match", tag)], b"");
    for known in [
        tag.clone(),
        format!("\"other\", {tag}"),
        format!("W/{tag}"),
        "*".to_owned(),
    ] {
        let answer = again(&known);
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{path} with {known}");
        assert_eq!(answer.header("etag"), Some(tag.as_str()));
    }
    assert_eq!(again("\"other\"").status, 200);
}

#[test]
fn a_client_that_has_the_answer_is_told_so() {
    let server = project();
    // Without a range that reaches the present, the same question has the same answer.
    let range = "from=2026-03-01T00:00:00Z&to=2026-03-03T00:00:00Z";
    for path in [
        "metrics".to_owned(),
        "projects".to_owned(),
        "outputs".to_owned(),
        "outputs/o1".to_owned(),
        format!("features?{range}"),
        format!("features/%3Df?{range}"),
        format!("features/%3Df/trust?{range}"),
        format!("features/%3Df/calibration?{range}"),
        format!("features/%3Df/reliance?{range}"),
        format!("series?metrics=shown&{range}"),
        format!("rejected?{range}"),
    ] {
        check_tag(&server, &format!("/api/v1/{path}"));
    }
    let before = server.get("/api/v1/outputs").header("etag").unwrap().to_owned();
    server.send(r#"{"type":"shown","output_id":"new","feature":"g"}"#);
    assert_ne!(server.get("/api/v1/outputs").header("etag"), Some(before.as_str()));
}

#[test]
fn a_feature_is_described_in_numbers_and_words() {
    let server = project();
    let features = server.get("/api/v1/features").expect(200);
    let names: Vec<_> = features["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["feature"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["=f", "g"]);
    assert_eq!(features["data"][0]["metrics"]["shown"]["value"], 6);
    assert_eq!(features["data"][0]["verdict"], "insufficient");

    let trust = server.get("/api/v1/features/%3Df/trust?group_by=version").expect(200);
    assert_eq!(trust["data"].as_array().unwrap().len(), 2);
    // Of 0, 2 and 4, all right, users took two.
    assert_eq!(trust["data"][0]["group"]["version"], "v0");
    let gap = trust["data"][0]["metrics"]["trust_gap"]["value"].as_f64().unwrap();
    assert!((gap + 1.0 / 3.0).abs() < 1e-12, "{gap}");
    assert!(
        trust["data"][0]["sentence"]
            .as_str()
            .unwrap()
            .contains("67 % of 3 judged outputs")
    );

    let calibration = server
        .get("/api/v1/features/%3Df/calibration?target=acceptance")
        .expect(200);
    let bins = calibration["data"][0]["bins"].as_array().unwrap();
    let counts: Vec<_> = bins.iter().map(|bin| bin["n"].as_u64().unwrap()).collect();
    // Closed on the right: 0, 0.2, 0.4, … lie in the bands that end there.
    assert_eq!(counts, [1, 1, 0, 1, 0, 1, 0, 1, 0, 1]);
    assert_eq!((&bins[1]["from"], &bins[1]["to"]), (&0.1.into(), &0.2.into()));
    assert_eq!(bins[9]["mean_confidence"].as_f64(), Some(1.0));
    assert_eq!(bins[9]["outcome"]["value"], 0);

    let empty = server.get("/api/v1/features/g/reliance").expect(200);
    assert_eq!(empty["data"][0]["metrics"]["rair"]["reason"], "no_initial_answers");
    for question in ["trust", "calibration", "reliance"] {
        server
            .get(&format!("/api/v1/features/absent/{question}"))
            .expect_problem(404, "not_found");
        server
            .get(&format!("/api/v1/features/g/{question}?x=1"))
            .expect_problem(400, "invalid_parameter");
    }
    server
        .get("/api/v1/features?group_by=version")
        .expect_problem(400, "invalid_parameter");
}

/// Its shrunk numbers too, which know of the others.
#[test]
fn a_feature_is_told_as_the_list_tells_it() {
    let server = TestServer::start();
    let decided = |feature: u32, number: u32| {
        json!({"type": if number <= feature % 5 { "accept" } else { "reject" }, "output_id": format!("{feature}-{number}"),
            "feature": format!("f{feature}"), "user_id": format!("u{number}"), "occurred_at": "2026-03-01T10:00:00Z"})
    };
    let mut events: Vec<_> = (0..9)
        .flat_map(|feature| (0..6).map(move |number| decided(feature, number)))
        .collect();
    events.push(
        json!({"type": "accept", "output_id": "later", "feature": "=f/?", "occurred_at": "2026-03-05T10:00:00Z"}),
    );
    server.send(json!(events).to_string());
    for query in [
        "",
        "?exact=true&level=0.9",
        "?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z",
    ] {
        let list = server.get(&format!("/api/v1/features{query}")).expect(200);
        let rows = list["data"].as_array().unwrap();
        assert!(rows.len() >= 9);
        assert!(
            !rows.last().unwrap()["shrunk"].as_object().unwrap().is_empty(),
            "{list}"
        );
        for row in rows {
            let name = row["feature"].as_str().unwrap().replace("=f/?", "%3Df%2F%3F");
            let alone = server.get(&format!("/api/v1/features/{name}{query}")).expect(200);
            assert_eq!(alone, json!({"data": row, "meta": list["meta"]}));
        }
    }
    // It is there in a range without outputs of it, in which the list leaves it out.
    let range = "from=2026-03-05T00:00:00Z&to=2026-03-06T00:00:00Z";
    let list = server.get(&format!("/api/v1/features?{range}")).expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    let silent = server.get(&format!("/api/v1/features/f0?{range}")).expect(200);
    assert_eq!(silent["data"]["metrics"]["shown"]["value"], 0);
    assert_eq!(silent["data"]["metrics"]["acceptance_rate"]["reason"], "no_data");
    assert_eq!(silent["data"]["shrunk"], json!({}));
    server.get("/api/v1/features/absent").expect_problem(404, "not_found");
    for wrong in ["rank_by=trust_gap", "group_by=version", "x=1"] {
        let path = format!("/api/v1/features/f0?{wrong}");
        server.get(&path).expect_problem(400, "invalid_parameter");
    }
}
