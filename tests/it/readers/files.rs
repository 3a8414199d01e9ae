//! Answers as files: their forms, and reading them in pieces.

use serde_json::json;

use super::{RANGE, product};
use crate::support::{Answer, TestServer};

const SERIES: &str = "/api/v1/series?metrics=shown,acceptance_rate&group_by=feature&granularity=day";

fn get(server: &TestServer, path: &str, headers: &[(&str, &str)]) -> Answer {
    server.request("GET", path, Some(&server.key), headers, b"")
}

#[track_caller]
fn check_form(answer: &Answer, content_type: &str, begins: &[u8]) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some(content_type));
    assert!(answer.body.starts_with(begins), "{:?}", &answer.body[..8]);
}

/// By `format`, in the address or in the body, and by what the client likes best.
#[test]
fn each_form_can_be_asked_for() {
    let server = product();
    let arrow = ("application/vnd.apache.arrow.stream", [0xff; 4].as_slice());
    let parquet = ("application/vnd.apache.parquet", b"PAR1".as_slice());
    let csv = ("text/csv; charset=utf-8", b"time,feature,shown,shown_lower".as_slice());
    for (format, (content_type, begins)) in [("arrow", arrow), ("parquet", parquet), ("csv", csv)] {
        let path = format!("{SERIES}&{RANGE}");
        check_form(&server.get(&format!("{path}&format={format}")), content_type, begins);
        let essence = content_type.split(';').next().unwrap();
        let likes = [("accept", format!("application/json;q=0.5, {essence}"))];
        let likes = likes.each_ref().map(|(name, value)| (*name, value.as_str()));
        check_form(&get(&server, &path, &likes), content_type, begins);
    }
    for path in [
        "outputs?limit=3",
        "query?metrics=shown&group_by=feature",
        "features/chat.answer/recalibration?x",
    ] {
        let path = format!("/api/v1/{}", path.replace("?x", "?target=acceptance"));
        check_form(&server.get(&format!("{path}&format=parquet")), parquet.0, parquet.1);
    }
    let question = json!({"metrics": ["shown"], "format": "arrow"}).to_string();
    check_form(&server.post("/api/v1/query", question), arrow.0, arrow.1);
    let likes = [("accept", "text/html, application/json;q=0.9, text/csv;q=0.1")];
    check_form(&get(&server, SERIES, &likes), "application/json", b"[{");
    // A table without rows is a file too.
    let empty = server.get("/api/v1/query?metrics=shown&group_by=feature&feature=absent&format=parquet");
    check_form(&empty, parquet.0, parquet.1);
}

/// `GET /query` answers as `POST /query` does.
#[test]
fn a_question_may_be_put_in_the_address() {
    let server = product();
    let question = json!({"metrics": ["shown", "ece_10_acceptance"], "group_by": ["feature", "version"], "granularity": "week",
        "timezone": "Europe/Berlin", "filters": [{"dimension": "feature", "op": "ne", "value": "chat.answer"}]});
    let filters = "%5B%7B%22dimension%22%3A%22feature%22%2C%22op%22%3A%22ne%22%2C%22value%22%3A%22chat.answer%22%7D%5D";
    let path = format!(
        "/api/v1/query?metrics=shown,ece_10_acceptance&group_by=feature,version&granularity=week&timezone=Europe/Berlin&filters={filters}"
    );
    let posted = server.post("/api/v1/query", question.to_string()).expect(200);
    assert!(posted["data"].as_array().unwrap().len() > 4);
    assert_eq!(server.get(&path).expect(200), posted);
    server
        .get("/api/v1/query?metrics=shown&metric=shown")
        .expect_problem(400, "invalid_parameter");
}

#[test]
fn files_are_read_in_pieces() {
    let server = product();
    for format in ["csv", "arrow", "parquet"] {
        let path = format!("{SERIES}&{RANGE}&format={format}");
        let whole = server.get(&path);
        let (tag, length) = (whole.header("etag").unwrap(), whole.body.len());
        assert_eq!(whole.header("accept-ranges"), Some("bytes"));
        assert!(tag.starts_with('"') && length > 1_000, "{tag} {length}");

        let head = server.request("HEAD", &path, Some(&server.key), &[], b"");
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), Some(length.to_string().as_str()));
        assert_eq!(
            (head.header("etag"), head.header("accept-ranges")),
            (Some(tag), Some("bytes"))
        );

        for (range, first, last) in [
            ("bytes=0-99", 0, 99),
            ("bytes=-8", length - 8, length - 1),
            ("bytes=200-", 200, length - 1),
        ] {
            let piece = get(&server, &path, &[("range", range)]);
            assert_eq!(piece.status, 206, "{}", piece.text());
            assert_eq!(piece.body, whole.body[first..=last], "{range}");
            let said = format!("bytes {first}-{last}/{length}");
            assert_eq!(piece.header("content-range"), Some(said.as_str()));
            assert_eq!(piece.header("etag"), Some(tag));
        }
        let beyond = get(&server, &path, &[("range", &format!("bytes={length}-"))]);
        beyond.expect_problem(416, "range_not_satisfiable");
        assert_eq!(
            beyond.header("content-range"),
            Some(format!("bytes */{length}").as_str())
        );
        let several = get(&server, &path, &[("range", "bytes=0-1,4-5")]);
        assert_eq!((several.status, &several.body), (200, &whole.body));
        let other = get(&server, &path, &[("range", "bytes=0-1"), ("if-range", "\"other\"")]);
        assert_eq!((other.status, &other.body), (200, &whole.body));
        let known = get(&server, &path, &[("range", "bytes=0-1"), ("if-none-match", tag)]);
        assert_eq!(known.status, 304);
    }
    // JSON is no file.
    let json = get(&server, &format!("{SERIES}&{RANGE}"), &[("range", "bytes=0-1")]);
    assert_eq!((json.status, json.header("accept-ranges")), (200, None));
}

/// Numbers move between two pieces; the bytes that a client has begun to read do not. Who asks for the whole gets what is.
#[test]
fn who_reads_in_pieces_reads_one_file() {
    let server = product();
    let path = format!("{SERIES}&format=parquet");
    let head = server.request("HEAD", &path, Some(&server.key), &[], b"");
    let length: usize = head.header("content-length").unwrap().parse().unwrap();
    let mut read = get(&server, &path, &[("range", "bytes=0-499")]).body;
    for day in 1..9 {
        let shown = json!({"type": "shown", "output_id": format!("new{day}"), "feature": format!("new.{day}"),
            "occurred_at": format!("2026-03-0{day}T00:00:00Z")});
        server.send(shown.to_string());
    }
    read.extend(get(&server, &path, &[("range", "bytes=500-")]).body);
    assert_eq!(read.len(), length);
    assert_eq!(
        (&read[..4], &read[length - 4..]),
        (b"PAR1".as_slice(), b"PAR1".as_slice())
    );

    let now = server.get(&path);
    assert_ne!(now.header("etag"), head.header("etag"));
    let piece = get(&server, &path, &[("range", "bytes=500-")]);
    assert_eq!(piece.body, now.body[500..]);
    // Another project reads its own.
    let (_, other) = server.project("other");
    let foreign = server.request("GET", &path, Some(&other), &[("range", "bytes=0-3")], b"");
    assert_ne!(foreign.header("etag"), now.header("etag"));
}

/// A page of outputs says where the next one is, in every form, until all are read.
#[test]
fn pages_of_files_follow_each_other() {
    let server = product();
    let mut read = Vec::new();
    let mut path = "/api/v1/outputs?limit=100&format=csv&feature=chat.answer".to_owned();
    let pages = loop {
        let page = server.get(&path);
        let mut rows = csv::Reader::from_reader(page.body.as_slice());
        read.extend(rows.records().map(|row| row.unwrap()[0].to_owned()));
        let Some(link) = page.header("link") else {
            break read.len().div_ceil(100);
        };
        let next = link
            .strip_prefix('<')
            .and_then(|link| link.strip_suffix(">; rel=\"next\""));
        next.unwrap().clone_into(&mut path);
    };
    let shown = server
        .get("/api/v1/query?metrics=shown&feature=chat.answer")
        .expect(200);
    assert_eq!(shown["data"][0]["metrics"]["shown"]["value"], json!(read.len()));
    assert!(pages > 1, "{pages}");
    read.sort_unstable();
    read.dedup();
    assert_eq!(shown["data"][0]["metrics"]["shown"]["value"], json!(read.len()));

    let json = server.get("/api/v1/outputs?limit=3");
    let cursor = json.json()["next_cursor"].as_str().unwrap().to_owned();
    for format in ["json", "arrow", "parquet"] {
        let head = server.request(
            "HEAD",
            &format!("/api/v1/outputs?limit=3&format={format}"),
            Some(&server.key),
            &[],
            b"",
        );
        let link = format!("</api/v1/outputs?limit=3&format={format}&cursor={cursor}>; rel=\"next\"");
        assert_eq!(head.header("link"), Some(link.as_str()));
    }
}
