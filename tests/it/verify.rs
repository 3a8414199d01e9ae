//! `calibrant verify` finds whatever is not what the log says.

use calibrant::fold::verify::{Checked, Difference, verify};
use calibrant::rollup::{Axis, Column, codec};
use calibrant::store::rollups::Difference as StoredDifference;
use calibrant::store::schema::rollup_differences;
use calibrant::store::{Db, ranges};
use diesel::prelude::*;
use serde_json::Value;

use crate::crash::program::DataDir;
use crate::support::{TestServer, fresh_database, tables};

/// Outputs of two days and two features, one under two names, one taken back, one unlinked.
const EVENTS: &str = r#"{"type":"shown","id":"1","output_id":"a","feature":"f","user_id":"u","confidence":0.7,"output":"one two","occurred_at":"2026-03-01T10:00:00Z"}
{"type":"edit","id":"2","output_id":"a","final":"one three","occurred_at":"2026-03-01T10:01:00Z"}
{"type":"shown","id":"3","output_id":"b","feature":"g","aliases":["response-b"],"occurred_at":"2026-03-04T10:00:00Z"}
{"type":"accept","id":"4","output_id":"response-b","occurred_at":"2026-03-04T10:00:09Z"}
{"type":"accept","id":"5","output_id":"c","feature":"f"}
{"type":"retract","id":"6","output_id":"c","retracts":"5"}
{"type":"comment","id":"7","output_id":"d","comment":"no feature yet"}"#;

fn check(db: &Db) -> Checked {
    let mut all = verify(&mut db.dedicated().unwrap(), |_| ()).unwrap();
    assert_eq!(all.len(), 1);
    all.remove(0)
}

fn server() -> TestServer {
    let server = TestServer::start();
    server.send(EVENTS);
    server
}

#[test]
fn a_healthy_database_has_no_differences() {
    let server = server();
    let checked = check(&server.db);
    assert_eq!((checked.differences, &checked.listed), (0, &Vec::new()));
    assert_eq!((checked.events, checked.waiting_events, checked.outputs), (7, 0, 3));
    assert!(checked.rollup_rows.unwrap() > 0);
}

/// What is found after a statement that should never have been run.
#[track_caller]
fn tampered(statement: &str) -> Vec<Difference> {
    let server = server();
    tables::execute(&server.db, statement);
    let checked = check(&server.db);
    assert_eq!(checked.differences, checked.listed.len() as u64);
    checked.listed
}

fn differs(output: &str, fields: &[&'static str]) -> Difference {
    Difference::OutputDiffers {
        output_id: output.to_owned(),
        fields: fields.to_vec(),
    }
}

#[test]
fn a_changed_output_is_found_and_so_are_its_sums() {
    let found = tampered("UPDATE outputs SET confidence = 0.71, copies = 2 WHERE output_id = 'a'");
    assert_eq!(found[0], differs("a", &["confidence", "copies"]));
    assert!(found.len() > 1, "the rollups are those of the right output");
    assert!(
        found[1..]
            .iter()
            .all(|difference| matches!(difference, Difference::RollupDiffers { .. }))
    );
    // What is in no sum.
    assert_eq!(
        tampered("UPDATE outputs SET session_id = 's' WHERE output_id = 'd'"),
        [differs("d", &["session_id"])]
    );
}

#[test]
fn a_deleted_output_is_found() {
    let found = tampered("DELETE FROM outputs WHERE output_id = 'b'");
    let missing = Difference::OutputMissing {
        output_id: "b".to_owned(),
    };
    assert_eq!(found[0], missing);
    assert!(matches!(&found[1], Difference::RollupDiffers { .. }), "{found:?}");
}

#[test]
fn an_output_without_events_is_found() {
    let found =
        tampered("DELETE FROM events WHERE output_key = (SELECT output_key FROM outputs WHERE output_id = 'd')");
    let unfounded = Difference::OutputWithoutEvents {
        output_id: "d".to_owned(),
    };
    let position = Difference::LogPosition { stored: 7, counted: 6 };
    assert_eq!(found, [unfounded, position]);
}

#[test]
fn a_changed_text_is_found() {
    let of_a = "output_key = (SELECT output_key FROM outputs WHERE output_id = 'a')";
    assert_eq!(
        tampered(&format!("UPDATE output_texts SET final = 'one two' WHERE {of_a}")),
        [differs("a", &["final"])]
    );
    assert_eq!(
        tampered(&format!("DELETE FROM output_texts WHERE {of_a}")),
        [differs("a", &["output", "final"])]
    );
    let orphan = tampered(
        "INSERT INTO output_texts (project_id, output_key, comment) \
         SELECT id, '00000000-0000-0000-0000-000000000001', 'x' FROM projects",
    );
    let unfounded = Difference::OutputWithoutEvents {
        output_id: "00000000-0000-0000-0000-000000000001".to_owned(),
    };
    assert_eq!(orphan, [unfounded]);
}

#[test]
fn a_wrong_log_position_is_found() {
    assert_eq!(
        tampered("UPDATE projects SET folded_events = 8"),
        [Difference::LogPosition { stored: 8, counted: 7 }]
    );
}

#[test]
fn a_changed_rollup_is_found() {
    for statement in [
        "DELETE FROM rollup_differences WHERE day = (SELECT min(day) FROM rollup_differences)",
        // Counted on a day on which nothing was.
        "UPDATE rollup_differences SET day = day + 1000",
        // Counted twice.
        "INSERT INTO rollup_differences SELECT project_id, day, step + 1000, size, body FROM rollup_differences",
    ] {
        let found = tampered(statement);
        assert!(!found.is_empty(), "{statement}");
        let of_rollups = |found: &Difference| matches!(found, Difference::RollupDiffers { .. });
        assert!(found.iter().all(of_rollups), "{statement}: {found:?}");
    }
}

/// One wrong number in one row.
#[test]
fn a_changed_number_is_found() {
    let server = server();
    let mut conn = server.db.dedicated().unwrap();
    let mut difference = rollup_differences::table
        .select(StoredDifference::as_select())
        .first(&mut conn)
        .unwrap();
    let mut tables = codec::unpack_tables(&difference.body).unwrap();
    let (_, table) = tables.iter_mut().find(|(axis, _)| *axis == Axis::Hours).unwrap();
    let mut outputs = table.columns[0].to_vec();
    outputs[0] += 1;
    table.columns[0] = Column::narrow(&outputs);
    difference.body = codec::pack_tables(&tables);
    diesel::update(rollup_differences::table.find((difference.project_id, difference.day, difference.step)))
        .set(rollup_differences::body.eq(&difference.body))
        .execute(&mut conn)
        .unwrap();
    let found = check(&server.db).listed;
    assert!(
        matches!(found.as_slice(), [Difference::RollupDiffers { sums, .. }] if sums == &["outputs"]),
        "{found:?}"
    );
}

/// Entries that are not folded yet are no differences, and neither are the outputs that they touch.
#[test]
fn entries_that_are_not_folded_are_waiting() {
    let server = server();
    let mut conn = server.db.dedicated().unwrap();
    conn.transaction(|conn| {
        // Who holds all ranges keeps everyone from folding.
        ranges::lock_all(conn)?;
        let late =
            r#"[{"type":"reject","id":"8","output_id":"a"},{"type":"accept","id":"9","output_id":"e","feature":"f"}]"#;
        server.post("/api/v1/events", late).expect(200);
        let checked = check(&server.db);
        assert_eq!(checked.differences, 0, "{checked:?}");
        assert_eq!((checked.events, checked.waiting_events), (7, 2));
        assert_eq!((checked.outputs, checked.waiting_outputs), (2, 2));
        Ok::<_, diesel::result::Error>(())
    })
    .unwrap();
    server.settle();
    let checked = check(&server.db);
    assert_eq!((checked.differences, checked.events, checked.outputs), (0, 9, 4));
}

#[test]
fn the_command_says_what_it_found() {
    let url = fresh_database();
    let server = TestServer::over(Db::connect(&url, 4).unwrap());
    server.send(EVENTS);
    let data = DataDir::new();
    let run = |arguments: &[&str]| {
        let mut command = data.command(arguments);
        command.env("CALIBRANT_DATABASE_URL", &url).output().unwrap()
    };
    let healthy = run(&["verify"]);
    let said = String::from_utf8(healthy.stdout).unwrap();
    assert_eq!(healthy.status.code(), Some(0), "{said}");
    assert!(said.starts_with("default: 7 events, 3 outputs, "), "{said}");

    tables::execute(
        &server.db,
        "UPDATE outputs SET decision = 3 WHERE output_id = 'd'; DELETE FROM outputs WHERE output_id = 'b'",
    );
    let damaged = run(&["verify"]);
    let said = String::from_utf8(damaged.stdout).unwrap();
    assert_eq!(damaged.status.code(), Some(1), "{said}");
    assert!(said.contains("output `d` differs in decision"), "{said}");
    assert!(said.contains("output `b` is missing"), "{said}");
    assert!(String::from_utf8_lossy(&damaged.stderr).contains("calibrant rebuild"));

    let damaged = run(&["verify", "--json"]);
    assert_eq!(damaged.status.code(), Some(1));
    let report: Value = serde_json::from_slice(&damaged.stdout).unwrap();
    assert_eq!(report["ok"], false);
    assert_eq!(report["projects"][0]["differences"], report["differences"]);
    let listed = report["projects"][0]["listed"].as_array().unwrap();
    assert!(
        listed
            .iter()
            .any(|found| found["what"] == "output_missing" && found["output_id"] == "b")
    );

    // A rebuild mends it.
    assert!(run(&["rebuild"]).status.success());
    assert_eq!(run(&["verify"]).status.code(), Some(0));
}

#[test]
fn a_changed_opinion_is_found() {
    let events = format!(
        "{EVENTS}\n{}",
        r#"{"type":"judge","output_id":"a","correct":true,"judge":"ann","rubric":"tone"}"#
    );
    for statement in [
        "UPDATE opinions SET is_right = false",
        "DELETE FROM opinions",
        "INSERT INTO opinions SELECT project_id, output_key, source, 'bob', rubric, value, is_right, stated_at FROM opinions",
    ] {
        let server = TestServer::start();
        server.send(&events);
        assert_eq!(check(&server.db).differences, 0);
        tables::execute(&server.db, statement);
        assert_eq!(check(&server.db).listed, [differs("a", &["opinions"])], "{statement}");
    }
}
