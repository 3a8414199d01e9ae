//! Starting and stopping: what is in the way, what is said about it, and what is left behind.

use std::fs;

use super::load::Load;
use super::program::{DataDir, KEY, Program, is_alive};
use crate::support::fresh_database;

#[test]
fn asked_to_stop_it_leaves_nothing_running() {
    let data = DataDir::new();
    let mut command = data.command(&["serve"]);
    command.env("CALIBRANT_LOG", "info");
    let mut server = Program::start(command, data.path());
    let event = r#"{"type":"accept","output_id":"x","feature":"f"}"#;
    server.post("/api/v1/events", event).expect(200);
    let postmaster = data.postmaster().unwrap();
    assert!(server.stop(), "{}", server.log());
    // A log that is no terminal holds no colours.
    assert!(
        server.log().contains("INFO") && !server.log().contains('\u{1b}'),
        "{}",
        server.log()
    );
    assert!(!is_alive(postmaster));
    assert!(!data.pid_file().exists());

    let server = data.serve();
    assert_eq!(server.settle()["log_position"], 1);
}

/// Asked to stop while clients send, it answers what it has taken, and takes no more.
#[test]
fn asked_to_stop_under_load_it_loses_nothing() {
    let data = DataDir::new();
    let mut server = data.serve();
    let load = Load::start(server.client.address, "stopped", 3);
    load.wait_for(30);
    assert!(server.stop(), "{}", server.log());
    let sent = load.stop();
    sent.assert_only_unavailable();
    assert!(data.live_postmaster().is_none(), "the database is stopped too");

    let server = data.serve();
    sent.check(&server, || data.verify());
}

#[test]
fn a_second_server_is_refused() {
    let data = DataDir::new();
    let server = data.serve();
    let postmaster = data.postmaster();
    let second = data.run(&["serve"]);
    assert!(!second.status.success());
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(
        said.contains("another Calibrant server is using the data directory"),
        "{said}"
    );
    assert!(said.contains("--data-dir"), "{said}");
    // The first one is not disturbed.
    assert_eq!(data.postmaster(), postmaster);
    server.wait_until_ready();
    // Other commands work beside it.
    assert!(data.run(&["create-key"]).status.success());
}

/// After a power cut the number in the pid file may be that of any process: here, of this one.
#[test]
fn a_stale_pid_file_is_no_hindrance() {
    let data = DataDir::new();
    let mut server = data.serve();
    let text = fs::read_to_string(data.pid_file()).unwrap();
    let (old, rest) = text.split_once('\n').unwrap();
    let (old, rest) = (old.to_owned(), rest.to_owned());
    assert!(server.stop(), "{}", server.log());
    let own = std::process::id();
    fs::write(data.pid_file(), format!("{own}\n{rest}")).unwrap();

    let server = data.serve();
    server.wait_until_ready();
    let new = data.postmaster().unwrap().to_string();
    assert!(new != old && new != own.to_string());
}

#[test]
fn a_database_of_ones_own_is_used_instead() {
    let data = DataDir::new();
    let mut command = data.command(&["serve"]);
    command.env("CALIBRANT_DATABASE_URL", fresh_database());
    let mut server = Program::start(command, data.path());
    let event = r#"{"type":"accept","output_id":"x","feature":"f"}"#;
    let answer = server
        .client
        .request("POST", "/api/v1/events", Some(KEY), &[], event.as_bytes());
    answer.expect(200);
    assert_eq!(server.settle()["log_position"], 1);
    assert!(!data.path().join("postgres").exists());
    assert!(server.stop(), "{}", server.log());
}
