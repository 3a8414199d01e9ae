//! NDJSON of any length, and bodies that are too long for anything else.

use std::io::Write;

use super::{EVENT, logged};
use crate::support::TestServer;

const BODY_BYTES: usize = 10 * 1024 * 1024;

fn line(number: usize, padding: usize) -> String {
    format!(
        r#"{{"id":"e{number}","type":"shown","output_id":"o{number}","feature":"f","input":"{}"}}"#,
        "x".repeat(padding)
    )
}

#[test]
fn a_stream_lists_only_what_was_not_created() {
    let server = TestServer::start();
    let mut lines: Vec<String> = (0..5_000).map(|number| line(number, 10)).collect();
    lines[2_500] = "{\"type\":".to_owned();
    lines[4_999] = line(17, 10);
    lines[4_998] = line(18, 11);
    let answer = server.post("/api/v1/events", lines.join("\n")).expect(207);
    assert_eq!(
        (
            &answer["created"],
            &answer["duplicates"],
            &answer["rejected"],
            &answer["truncated"]
        ),
        (&4_997.into(), &1.into(), &2.into(), &false.into())
    );
    let results: Vec<_> = answer["results"].as_array().unwrap().iter().collect();
    let listed: Vec<_> = results
        .iter()
        .map(|result| (result["index"].as_u64().unwrap(), result["status"].as_str().unwrap()))
        .collect();
    assert_eq!(listed, [(2_500, "rejected"), (4_998, "rejected")]);
    assert_eq!(
        (&results[0]["code"], &results[0]["path"]),
        (&"invalid_json".into(), &"events[2500]".into())
    );
    assert_eq!(
        (&results[1]["code"], &results[1]["id"]),
        (&"id_conflict".into(), &"e18".into())
    );
    assert_eq!(logged(&server), 4_997);
    server.settle();
    assert_eq!(server.get("/api/v1/status").expect(200)["outputs"], 4_997);

    // A stream of faults lists a thousand of them.
    let answer = server
        .post("/api/v1/events", format!("{EVENT}\n{}", "{}\n".repeat(1_500)))
        .expect(207);
    assert_eq!((&answer["created"], &answer["rejected"]), (&1.into(), &1_500.into()));
    assert_eq!(answer["results"].as_array().unwrap().len(), 1_000);
    assert_eq!(answer["truncated"], true);
}

#[test]
fn a_stream_may_be_longer_than_any_body() {
    let server = TestServer::start();
    let mut lines: Vec<String> = (0..150).map(|number| line(number, 90_000)).collect();
    lines[140] = format!("{}{}", &lines[140][..50], "broken");
    let body = lines.join("\n");
    assert!(body.len() > BODY_BYTES + 1024 * 1024);
    let answer = server.post("/api/v1/events", &body).expect(207);
    assert_eq!((&answer["created"], &answer["rejected"]), (&149.into(), &1.into()));
    assert_eq!(answer["results"][0]["path"], "events[140]");

    // The same again, compressed: all of it is known.
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    encoder.write_all(body.as_bytes()).unwrap();
    let answer = server.post("/api/v1/events", encoder.finish().unwrap()).expect(207);
    assert_eq!((&answer["created"], &answer["duplicates"]), (&0.into(), &149.into()));
    assert_eq!(logged(&server), 149);
}

#[test]
fn what_is_no_stream_has_a_largest_size() {
    let server = TestServer::start();
    let batch = |bytes: usize| {
        let text = format!(r#"{{"events":[{EVENT}]}}"#);
        format!("{}{text}", " ".repeat(bytes - text.len()))
    };
    assert_eq!(
        server.post("/api/v1/events", batch(BODY_BYTES)).expect(200)["created"],
        1
    );
    server
        .post("/api/v1/events", batch(BODY_BYTES + 1))
        .expect_problem(413, "body_too_large");
    assert_eq!(logged(&server), 1);
}

#[test]
fn decompression_bombs_are_refused() {
    let server = TestServer::start();
    let spaces = vec![b' '; 64 * 1024 * 1024];
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(EVENT.as_bytes()).unwrap();
    encoder.write_all(&spaces).unwrap();
    for bomb in [
        encoder.finish().unwrap(),
        zstd::encode_all(spaces.as_slice(), 1).unwrap(),
    ] {
        assert!(bomb.len() < 1024 * 1024);
        server
            .post("/api/v1/events", bomb)
            .expect_problem(413, "body_too_large");
    }
    assert_eq!(logged(&server), 0);
}
