//! Long exports: they arrive whole, are gone on with, and do not fill the memory.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use serde_json::Value;

use super::{edited, output, rows, send};
use crate::support::TestServer;

const OUTPUTS: usize = 3_000;

#[test]
fn a_dropped_export_is_gone_on_with() {
    let server = TestServer::start();
    let mut events = edited(OUTPUTS);
    // Later outputs with the texts of earlier ones: which of them is taken must not depend on where one goes on.
    for number in 0..500 {
        let [input, text, last] = ["ask", "say", "mean"].map(|word| format!("{word} {number} — «ü» \n"));
        events.extend(output(
            OUTPUTS + number,
            "edit",
            [Some(&input), Some(&text), Some(&last)],
        ));
    }
    send(&server, &events);
    let path = "preferences.jsonl?consent=all";
    let whole = rows(&server, path);
    assert_eq!(whole.len(), OUTPUTS);

    // The connection is dropped after some lines, the last of which is a part.
    let mut got: Vec<Value> = Vec::new();
    for lines in [1, 700, 1_500] {
        let cursor = got
            .last()
            .map(|row| format!("&cursor={}", row["provenance"]["cursor"].as_str().unwrap()));
        got.extend(first_lines(
            &server,
            &format!("{path}{}", cursor.unwrap_or_default()),
            lines,
        ));
    }
    let cursor = got.last().unwrap()["provenance"]["cursor"].as_str().unwrap().to_owned();
    got.extend(rows(&server, &format!("{path}&cursor={cursor}")));
    assert_eq!(got, whole);

    let csv = server.get("/api/v1/exports/outputs.csv").text();
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().next_back(), Some("cursor"));
    assert_eq!(reader.records().map(Result::unwrap).count(), OUTPUTS + 500);
}

/// Reads some rows as they come, and goes away.
fn first_lines(server: &TestServer, path: &str, lines: usize) -> Vec<Value> {
    let mut stream = TcpStream::connect(server.address()).unwrap();
    let request = format!(
        "GET /api/v1/exports/{path} HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\n\r\n",
        server.key
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut reader = BufReader::new(stream);
    let mut found = Vec::new();
    let mut line = String::new();
    while found.len() < lines {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "the export ended early");
        // Heads of the answer and of its chunks are no rows, and a row that a chunk cuts in two is not whole.
        found.extend(serde_json::from_str::<Value>(&line).ok().filter(Value::is_object));
    }
    found.truncate(lines);
    found
}

/// Clients that do not read hold no more than their connections: others are told to come back, and get their turn.
#[test]
fn slow_clients_are_few() {
    let server = TestServer::start();
    let text = "x".repeat(50_000);
    let events: Vec<Value> = (0..600)
        .flat_map(|number| output(number, "accept", [Some(&text), Some(&text), None]))
        .collect();
    for batch in events.chunks(50) {
        send(&server, batch);
    }
    let mut slow: Vec<TcpStream> = (0..4)
        .map(|_| {
            let mut stream = TcpStream::connect(server.address()).unwrap();
            let request = format!(
                "GET /api/v1/exports/outputs.jsonl HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\n\r\n",
                server.key
            );
            stream.write_all(request.as_bytes()).unwrap();
            // The head of the answer is there.
            stream.read_exact(&mut [0; 12]).unwrap();
            stream
        })
        .collect();
    server
        .get("/api/v1/exports/outputs.csv")
        .expect_problem(503, "overloaded");
    // Everything else goes on.
    server.get("/api/v1/outputs").expect(200);
    slow.clear();
    for _ in 0..100 {
        let answer = server.get("/api/v1/exports/outputs.jsonl");
        if answer.status == 200 {
            assert_eq!(answer.text().lines().count(), 600);
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("the places are not given back");
}

/// Of a file that may be read in pieces, each piece is of the same bytes, whatever happens in between.
#[test]
fn parquet_is_read_in_pieces() {
    let server = TestServer::start();
    send(&server, &edited(400));
    let path = "/api/v1/exports/outputs.parquet?feature=f";
    let get = |method: &str, range: &str| {
        let range = [("range", range)];
        let headers = if range[0].1.is_empty() { [].as_slice() } else { &range };
        server.request(method, path, Some(&server.key), headers, b"")
    };
    let head = get("HEAD", "");
    assert_eq!((head.status, head.header("accept-ranges")), (200, Some("bytes")));
    let length: usize = head.header("content-length").unwrap().parse().unwrap();
    let mut read = get("GET", "bytes=0-499").body;
    send(&server, &output(1_000, "accept", [None, None, None]));
    let rest = get("GET", "bytes=500-");
    assert_eq!((rest.status, rest.header("etag")), (206, head.header("etag")));
    read.extend(rest.body);
    assert_eq!(
        (read.len(), &read[..4], &read[length - 4..]),
        (length, &b"PAR1"[..], &b"PAR1"[..])
    );
    let now = get("GET", "");
    assert_ne!((now.header("etag"), &now.body), (head.header("etag"), &read));
    get("GET", &format!("bytes={}-", now.body.len())).expect_problem(416, "range_not_satisfiable");
}

/// A file that is larger than what is kept of files goes from its beginning to its end, in groups of rows, and says so.
#[test]
fn large_parquet_is_streamed() {
    let server = TestServer::start();
    // Texts that hardly get smaller: an output is 200 kB of letters that stand for random bytes.
    let text = || {
        let mut bytes = vec![0; 75_000];
        rand::fill(&mut bytes[..]);
        BASE64.encode(bytes)
    };
    let events: Vec<Value> = (0..120)
        .flat_map(|number| output(number, "accept", [Some(&text()), Some(&text()), None]))
        .collect();
    for batch in events.chunks(20) {
        send(&server, batch);
    }
    let path = "/api/v1/exports/outputs.parquet";
    let range = [("range", "bytes=0-99")];
    for headers in [[].as_slice(), &range] {
        let whole = server.request("GET", path, Some(&server.key), headers, b"");
        assert_eq!((whole.status, whole.header("accept-ranges")), (200, Some("none")));
        assert!(whole.body.len() > 16 * 1024 * 1024, "{}", whole.body.len());
        assert_eq!(
            (&whole.body[..4], &whole.body[whole.body.len() - 4..]),
            (&b"PAR1"[..], &b"PAR1"[..])
        );
        let mut file = std::io::Cursor::new(whole.body);
        let read = polars_parquet::read::read_metadata(&mut file).unwrap();
        assert_eq!((read.num_rows, read.row_groups.len()), (120, 3));
    }
    // A part of it is small.
    let part = server.get(&format!("{path}?limit=60"));
    assert_eq!((part.status, part.header("accept-ranges")), (200, Some("bytes")));
}
