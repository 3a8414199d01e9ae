//! A database that does not answer: stopped, frozen, slow.

use std::thread::sleep;
use std::time::Duration;

use calibrant::store::private::PrivateDatabase;

use super::{assert_all_known, assert_come_back, assert_quiet, event, send_until_refused};
use crate::crash::load::Load;
use crate::crash::program::{DataDir, Program, processes_of, signal, wait_until};

/// Waits until an event is acknowledged again.
fn wait_until_stored(server: &Program, id: &str) {
    wait_until("events are stored again", || {
        server.post("/api/v1/events", &event(id)).status == 200
    });
}

#[test]
fn an_external_database_may_stop_and_start() {
    let (data, elsewhere) = (DataDir::new(), DataDir::new());
    let database = PrivateDatabase::start(elsewhere.path()).unwrap();
    let mut command = data.command(&["serve"]);
    command.env("CALIBRANT_DATABASE_URL", database.url());
    let server = Program::start(command, data.path());
    server.post("/api/v1/events", &event("before")).expect(200);

    drop(database);
    let (mut acknowledged, refused) = send_until_refused(&server, "stopped", 30);
    refused
        .iter()
        .for_each(|answer| assert_come_back(answer, &["unavailable"]));
    assert_come_back(&server.get("/api/v1/health/ready"), &["unavailable"]);
    assert_quiet(&server, refused.len());

    let database = PrivateDatabase::start(elsewhere.path()).unwrap();
    wait_until_stored(&server, "after");
    acknowledged.extend(["before", "after"].map(str::to_owned));
    assert_all_known(&server, &acknowledged);
    server.settle();
    let mut verify = data.command(&["verify"]);
    assert!(
        verify
            .env("CALIBRANT_DATABASE_URL", database.url())
            .status()
            .unwrap()
            .success()
    );
}

/// Frozen processes neither answer nor close their connections: only time tells.
#[test]
fn a_frozen_database_is_given_up_and_taken_back() {
    let data = DataDir::new();
    let server = data.serve();
    server.post("/api/v1/events", &event("before")).expect(200);
    let postmaster = data.live_postmaster().unwrap();
    // First the postmaster, so that none of its processes is replaced.
    signal("STOP", postmaster);
    let frozen = processes_of(postmaster);
    frozen.iter().for_each(|pid| signal("STOP", *pid));

    let (mut acknowledged, refused) = send_until_refused(&server, "frozen", 3);
    assert!(acknowledged.is_empty());
    refused
        .iter()
        .for_each(|answer| assert_come_back(answer, &["unavailable"]));
    assert_come_back(&server.get("/api/v1/health/ready"), &["unavailable"]);
    assert_eq!(server.get("/api/v1/health/live").status, 200);
    let told = server.log().matches("requests are told to come back").count();
    assert!((1..=6).contains(&told), "{}", server.log());

    frozen.iter().for_each(|pid| signal("CONT", *pid));
    signal("CONT", postmaster);
    wait_until_stored(&server, "after");
    acknowledged.extend(["before", "after"].map(str::to_owned));
    assert_all_known(&server, &acknowledged);
    server.settle();
    data.verify();
}

/// Connections that are open work on; new ones are not made.
#[test]
fn a_frozen_postmaster_is_no_reason_to_hang() {
    let data = DataDir::new();
    let server = data.serve();
    let load = Load::start(server.client.address, "frozen", 1);
    load.wait_for(10);
    let postmaster = data.live_postmaster().unwrap();
    signal("STOP", postmaster);
    load.wait_for(50);
    signal("CONT", postmaster);
    load.wait_for(10);
    let sent = load.stop();
    sent.assert_only_unavailable();
    sent.assert_stored(&server);
    sent.assert_counted_once(&server);
    data.verify();
}

/// Sessions that stand still for moments, as on a disk that does not keep up, make answers late and nothing else.
#[test]
fn a_slow_database_is_only_slow() {
    let data = DataDir::new();
    let server = data.serve();
    let load = Load::start(server.client.address, "slow", 1);
    for _ in 0..6 {
        load.wait_for(10);
        let slow = processes_of(data.live_postmaster().unwrap());
        // One may have ended meanwhile.
        let stopped: Vec<u32> = slow
            .into_iter()
            .filter(|pid| crate::crash::program::is_alive(*pid))
            .collect();
        stopped.iter().for_each(|pid| signal("STOP", *pid));
        sleep(Duration::from_millis(300));
        stopped.iter().for_each(|pid| signal("CONT", *pid));
    }
    let sent = load.stop();
    assert_eq!(sent.refused, [0; 0]);
    assert!(sent.unknown.is_empty());
    sent.assert_stored(&server);
    sent.assert_counted_once(&server);
    data.verify();
}
