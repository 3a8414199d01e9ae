//! Bodies that mean harm, each with the answer that it must get. They are sent to a server in this process, and again to the
//! built program, whose memory and log are looked at.

mod bodies;

use serde_json::{Value, json};

use self::bodies::{Case, Expected, TEXTS, cases};
use super::{EVENT, logged};
use crate::crash::program::{DataDir, KEY, Program};
use crate::support::{Answer, Client, TestServer};

/// In every text that is sent, so that it can be looked for where it must not be.
pub const MARK: &str = "Quokka";

#[track_caller]
fn check(case: &Case, answer: &Answer) {
    let told = answer.text();
    let told: String = told.chars().take(500).collect();
    match case.expected {
        Expected::Taken => assert!(
            [200, 207].contains(&answer.status) && answer.json()["created"].as_u64() >= Some(1),
            "{}: {told}",
            case.name
        ),
        Expected::Refused(status, code) => {
            assert_eq!(
                (answer.status, &answer.json()["code"]),
                (status, &json!(code)),
                "{}: {told}",
                case.name
            );
        }
        Expected::Event(codes) => {
            assert_eq!(answer.status, 207, "{}: {told}", case.name);
            let result = &answer.json()["results"][0];
            assert_eq!(result["status"], "rejected", "{}: {told}", case.name);
            assert!(
                codes.contains(&result["code"].as_str().unwrap()),
                "{}: {told}",
                case.name
            );
        }
    }
}

#[test]
fn every_hostile_body_gets_its_answer() {
    let server = TestServer::start();
    let mut taken = 0;
    for case in cases() {
        let answer = server.post("/api/v1/events", &case.body);
        check(&case, &answer);
        if matches!(case.expected, Expected::Taken) {
            taken += answer.json()["created"].as_u64().unwrap() as usize;
        }
    }
    assert_eq!(logged(&server), taken);
    server.settle();
}

/// Resident memory that none of the bodies may add.
const MOST_KIB: u64 = 300 * 1024;

fn resident_kib(pid: u32, field: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

/// The whole suite against the program, with everything logged that can be.
#[test]
fn hostile_bodies_neither_fill_the_memory_nor_reach_the_log() {
    let data = DataDir::new();
    let mut command = data.command(&["serve"]);
    command.env("CALIBRANT_LOG", "trace");
    let server = Program::start(command, data.path());
    server.post("/api/v1/events", EVENT).expect(200);
    let before = resident_kib(server.pid(), "VmRSS:");
    let marked: Value = TEXTS
        .iter()
        .map(|field| ((*field).to_owned(), json!(format!("{MARK}-{field}"))))
        .collect();
    let mut event = marked;
    event["type"] = json!("shown");
    event["attributes"] = json!({MARK: MARK});
    event["aliases"] = json!([MARK]);
    let address = server.client.address;
    for case in cases() {
        let answer = Client::new(address).request("POST", "/api/v1/events", Some(KEY), &[], &case.body);
        check(&case, &answer);
    }
    server.post("/api/v1/events", &event.to_string()).expect(200);
    server
        .post("/api/v1/events", &json!({"type": MARK, "output_id": MARK}).to_string())
        .expect(207);
    server.settle();
    for path in [
        format!("/api/v1/outputs?text={MARK}&user_id={MARK}&reason={MARK}"),
        format!("/api/v1/outputs/{MARK}-output_id"),
        format!("/api/v1/features/{MARK}/trust"),
        format!("/api/v1/series?metrics={MARK}"),
        format!("/api/v1/keys/{MARK}"),
    ] {
        assert!(server.get(&path).status < 500, "{path}");
    }
    let made = server
        .post("/api/v1/keys", &json!({"name": MARK, "scopes": ["read"]}).to_string())
        .expect(201);
    let basic = format!("Basic {MARK}");
    server
        .client
        .request("GET", "/api/v1/metrics", None, &[("authorization", &basic)], b"");
    server
        .client
        .request("GET", "/api/v1/metrics", Some("cal_sk_unknown"), &[], b"");
    for body in [
        format!(r#"{{"metrics":["{MARK}"]}}"#),
        format!(r#"{{"{MARK}":1}}"#),
        MARK.to_owned(),
    ] {
        assert!(server.post("/api/v1/query", &body).status < 500);
    }

    let peak = resident_kib(server.pid(), "VmHWM:");
    assert!(peak - before < MOST_KIB, "from {before} to {peak} KiB");
    let log = server.log();
    assert!(
        log.contains("request") && log.len() > 10_000,
        "there is a log: {} bytes",
        log.len()
    );
    let secrets = [
        MARK,
        KEY,
        &KEY[7..],
        &made["key"].as_str().unwrap()[8..],
        "cal_sk_unknown",
    ];
    for line in log.lines() {
        for secret in secrets {
            assert!(!line.contains(secret), "{line}");
        }
    }
    assert!(!log.contains("ERROR"), "{log}");
}
