//! `GET /outputs`: the examples behind the numbers.

use std::collections::HashSet;

use super::project;
use crate::support::TestServer;

#[track_caller]
fn check(server: &TestServer, parameters: &str, expected: &[u32]) {
    let answer = server.get(&format!("/api/v1/outputs?{parameters}")).expect(200);
    let found: Vec<&str> = answer["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["output_id"].as_str().unwrap())
        .collect();
    let expected: Vec<String> = expected.iter().map(|number| format!("o{number}")).collect();
    assert_eq!(found, expected, "{parameters}");
}

#[test]
fn outputs_are_found_by_anything_that_is_known_of_them() {
    let server = project();
    check(&server, "", &[6, 5, 4, 3, 2, 1, 0]);
    check(&server, "feature=%3Df&version=v1", &[5, 3, 1]);
    check(&server, "decision=rejected", &[5, 4]);
    check(&server, "decision=undecided", &[6]);
    check(&server, "user_id=u1", &[4, 1]);
    check(&server, "correct=false&decision=accepted", &[3, 1]);
    check(&server, "judged=false", &[6]);
    check(&server, "judged=true&feature=%3Df&correct=false", &[5, 3, 1]);
    check(&server, "confidence_from=0.4&confidence_to=0.8", &[4, 3, 2]);
    check(&server, "text=question%203", &[3]);
    // Nothing in the text is a pattern.
    check(&server, "text=0%25%20_WRONG_", &[5]);
    check(&server, "text=Q%25n", &[]);
    check(&server, "text=_", &[5]);
    check(&server, "reason=none", &[]);
    check(&server, "limit=2", &[6, 5]);
    check(
        &server,
        "from=2026-03-01T01:00:00Z&to=2026-03-01T03:00:00Z&version=v0",
        &[2],
    );
}

#[test]
fn pages_hold_every_output_once() {
    let server = TestServer::start();
    // Many were shown at the same instant.
    let events: Vec<String> = (0..217)
        .map(|number| {
            let feature = if number % 5 == 0 { "g" } else { "f" };
            let minute = number / 40;
            format!(r#"{{"type":"shown","output_id":"o{number}","feature":"{feature}","occurred_at":"2026-03-01T10:0{minute}:00Z"}}"#)
        })
        .collect();
    server.send(events.join("\n"));
    for (filter, total) in [("", 217), ("&feature=f", 173), ("&feature=none", 0)] {
        for limit in [1, 7, 173, 217, 500] {
            if limit == 1 && total > 200 {
                continue;
            }
            let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
            loop {
                let page = server
                    .get(&format!("/api/v1/outputs?limit={limit}{filter}{cursor}"))
                    .expect(200);
                let rows = page["data"].as_array().unwrap();
                assert!(rows.len() <= limit);
                let row = |row: &serde_json::Value| {
                    [&row["shown_at"], &row["output_id"]].map(|text| text.as_str().unwrap().to_owned())
                };
                seen.extend(rows.iter().map(row));
                pages += 1;
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(seen.len(), total);
            assert_eq!(pages, total.div_ceil(limit).max(1));
            assert!(seen.is_sorted_by(|a, b| a[0] >= b[0]), "newest first");
            assert_eq!(seen.iter().collect::<HashSet<_>>().len(), total);
        }
    }
}

#[test]
fn parameters_are_checked() {
    let server = project();
    for parameters in [
        "limit=0",
        "limit=501",
        "limit=x",
        "cursor=x",
        "cursor=ffffffffffffffff-0",
        "from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z",
        "from=1&to=yesterday",
        "decision=maybe",
        "correct=1",
        "filters=%7B%7D",
        "filters=x",
        "text=a%00b",
        "colour=red",
    ] {
        server
            .get(&format!("/api/v1/outputs?{parameters}"))
            .expect_problem(400, "invalid_parameter");
    }
    let unknown = "filters=%5B%7B%22dimension%22:%22team%22,%22op%22:%22eq%22,%22value%22:null%7D%5D";
    server
        .get(&format!("/api/v1/outputs?{unknown}"))
        .expect_problem(422, "unknown_dimension");
}
