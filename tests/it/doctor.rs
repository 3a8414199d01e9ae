//! `calibrant doctor` says what is wrong, whatever state an installation is in.

use std::fs;
use std::net::TcpListener;
use std::process::{Command, Output};

use calibrant::store::Db;
use serde_json::Value;

use crate::crash::program::{DataDir, Program};
use crate::support::{TestServer, fresh_database, tables};

struct Report {
    succeeded: bool,
    json: Value,
}

impl Report {
    fn of(mut command: Command) -> Report {
        let Output { status, stdout, stderr } = command.output().unwrap();
        let json = serde_json::from_slice(&stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&stderr)));
        Report {
            succeeded: status.success(),
            json,
        }
    }

    /// What was looked at, or not.
    fn checks(&self) -> Vec<&str> {
        let findings = self.json["findings"].as_array().unwrap();
        findings
            .iter()
            .map(|finding| finding["check"].as_str().unwrap())
            .collect()
    }

    /// Verdict, what was found, and what to do about it.
    #[track_caller]
    fn line(&self, check: &str) -> (&str, String) {
        let mut findings = self.json["findings"].as_array().unwrap().iter();
        let finding = findings.find(|finding| finding["check"] == check);
        let finding = finding.unwrap_or_else(|| panic!("no line on {check}: {}", self.json));
        let said = |field: &str| finding[field].as_str().unwrap_or_default().to_owned();
        let verdict = finding["verdict"].as_str().unwrap();
        (verdict, format!("{}; {}", said("found"), said("advice")))
    }

    #[track_caller]
    fn expect(&self, check: &str, verdict: &str, words: &str) {
        let (found, line) = self.line(check);
        assert!(found == verdict && line.contains(words), "{check}: {found}: {line}");
        assert_eq!(self.succeeded, self.json["problems"] == 0);
        assert_eq!(self.succeeded, self.json["ok"] == true);
    }
}

fn doctor(data: &DataDir) -> Report {
    Report::of(data.command(&["doctor", "--json"]))
}

fn doctor_of(data: &DataDir, url: &str) -> Report {
    let mut command = data.command(&["doctor", "--json"]);
    command.env("CALIBRANT_DATABASE_URL", url);
    Report::of(command)
}

#[test]
fn a_data_directory_is_told_about_in_each_of_its_states() {
    let data = DataDir::new();
    doctor(&data).expect("private database", "warning", "there is none");
    assert!(!data.path().join("postgres").exists() && !data.path().join("calibrant.lock").exists());

    let mut server = data.serve();
    let mut command = data.command(&["doctor", "--json"]);
    command.env("CALIBRANT_BIND", server.client.address.to_string());
    let healthy = Report::of(command);
    healthy.expect("address", "ok", "a Calibrant server answers");
    healthy.expect("private database", "ok", "kept by a Calibrant server");
    // Asked about another address, it says where the server is, and not that there is none.
    let mut command = data.command(&["doctor", "--json"]);
    command.env("CALIBRANT_BIND", "127.0.0.1:1");
    let elsewhere = format!("answers at {}, not at 127.0.0.1:1", server.client.address);
    Report::of(command).expect("address", "ok", &elsewhere);
    assert_eq!(
        (&healthy.json["warnings"], &healthy.json["skipped"]),
        (&0.into(), &0.into()),
        "{}",
        healthy.json
    );
    let all = healthy.checks();
    assert!(all.len() > 12, "{all:?}");

    server.kill();
    let (_, address) = doctor(&data).line("address");
    assert!(!address.contains(&server.client.address.to_string()), "{address}");
    doctor(&data).expect("private database", "warning", "its server is gone");
    let mut server = data.serve();
    let pid_file = fs::read(data.pid_file()).unwrap();
    assert!(server.stop());
    let stopped = doctor(&data);
    stopped.expect("private database", "warning", "stopped in good order");
    stopped.expect("fold", "skipped", "needs the database");
    assert_eq!(stopped.checks(), all, "nothing is left out in silence");
    fs::write(data.pid_file(), pid_file).unwrap();
    doctor(&data).expect("private database", "warning", "which is gone");
    fs::remove_file(data.pid_file()).unwrap();
}

#[test]
fn the_lines_for_people_say_the_same() {
    let data = DataDir::new();
    let answer = data.run(&["doctor"]);
    let said = String::from_utf8(answer.stdout).unwrap();
    assert!(answer.status.success(), "{said}");
    assert!(
        said.lines().any(|line| line.starts_with("warning  private database")),
        "{said}"
    );
}

#[test]
fn another_program_on_the_address_is_a_problem() {
    let data = DataDir::new();
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let mut command = data.command(&["doctor", "--json"]);
    command.env("CALIBRANT_BIND", other.local_addr().unwrap().to_string());
    Report::of(command).expect("address", "problem", "another program");
}

#[test]
fn a_database_that_does_not_answer_is_a_problem() {
    let data = DataDir::new();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    doctor_of(&data, &format!("postgres://{nobody}/calibrant")).expect("connection", "problem", "does not answer");
    let absent = fresh_database().replace("/test_", "/absent_");
    doctor_of(&data, &absent).expect("connection", "problem", "does not exist");
    doctor_of(&data, &absent).expect("durability", "skipped", "needs a connection");
}

#[test]
fn what_is_wrong_inside_the_database_is_found() {
    let data = DataDir::new();
    let url = fresh_database();
    let server = TestServer::over(Db::connect(&url, 4).unwrap());
    server.send(r#"{"type":"accept","output_id":"a","feature":"f"}"#);
    let healthy = doctor_of(&data, &url);
    for check in [
        "durability",
        "schema",
        "keys",
        "fold",
        "stalled projects",
        "refused events",
    ] {
        healthy.expect(check, "ok", "");
    }

    server
        .post("/api/v1/events", r#"{"type":"rate","output_id":"a"}"#)
        .expect(207);
    let name = url.split(['/', '?']).nth(3).unwrap();
    let stop_folding = "INSERT INTO stalled_ranges (project_id, range, tx, error, retry_at) \
                        VALUES (1, 0, 0, 'it ended in a panic', now() + interval '1 hour')";
    tables::execute(
        &server.db,
        &format!(
            "ALTER DATABASE {name} SET synchronous_commit = off; {stop_folding}; \
             INSERT INTO projects (name) VALUES ('locked'); UPDATE api_keys SET created_at = created_at - interval '91 days', \
             used_on = NULL"
        ),
    );
    let damaged = doctor_of(&data, &url);
    damaged.expect("durability", "problem", "synchronous_commit = off");
    damaged.expect("stalled projects", "problem", "it ended in a panic");
    damaged.expect("keys", "problem", "create-key --project 'locked'");
    damaged.expect(
        "refused events",
        "warning",
        "1 `missing_field` of the key `test` of `default`; `missing_field`: send the field",
    );
    tables::execute(&server.db, "DELETE FROM projects WHERE name = 'locked'");
    doctor_of(&data, &url).expect("keys", "warning", "not used for 90 days: cal_sk_");

    tables::execute(
        &server.db,
        "INSERT INTO __diesel_schema_migrations (version) VALUES ('20990101000000')",
    );
    let newer = doctor_of(&data, &url);
    newer.expect("schema", "problem", "newer version");
    newer.expect("fold", "skipped", "needs the schema");
}

/// Retention is applied once an hour: what it was just set to take is not late yet.
#[test]
fn retention_is_late_only_some_time_after_it_was_set() {
    let data = DataDir::new();
    let url = fresh_database();
    let server = TestServer::over(Db::connect(&url, 4).unwrap());
    server.send(r#"{"type":"accept","output_id":"a","feature":"f","occurred_at":"2026-01-01T00:00:00Z"}"#);
    server
        .request(
            "PATCH",
            "/api/v1/projects/current",
            Some(&server.key),
            &[],
            br#"{"retain_outputs_days":1}"#,
        )
        .expect(200);
    doctor_of(&data, &url).expect("retention", "ok", "1 of 1 projects let old data go");
    tables::execute(
        &server.db,
        "UPDATE admin_actions SET done_at = done_at - interval '4 hours'",
    );
    doctor_of(&data, &url).expect(
        "retention",
        "warning",
        "`default` still has 1 outputs that should have gone",
    );
}

/// Whoever used a key lately is not told that nobody does.
#[test]
fn keys_remember_the_day_of_their_last_use() {
    let data = DataDir::new();
    let server: Program = data.serve();
    server.get("/api/v1/status").expect(200);
    let db = Db::connect(&data.database_url(), 1).unwrap();
    let used = tables::rows(&db, "SELECT used_on = current_date AS today FROM api_keys");
    assert_eq!(used, [r#"{"today": true}"#]);
}
