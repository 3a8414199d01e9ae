//! A database that an older version left is brought up to date with all that is in it; a backup comes back.

use std::process::Output;

use calibrant::fold::step;
use calibrant::fold::verify::verify;
use calibrant::store::{Db, MIGRATIONS, condition, migrate};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use diesel_migrations::MigrationHarness;
use serde_json::{Value, json};

use crate::crash::load::{Load, Sent};
use crate::crash::program::{DataDir, Program};
use crate::support::{TestServer, fresh_database};

const EVENTS: &str = r#"{"type":"shown","id":"1","output_id":"a","feature":"f","user_id":"u","confidence":0.7,"output":"one two","occurred_at":"2026-03-01T10:00:00Z"}
{"type":"edit","id":"2","output_id":"a","final":"one three","occurred_at":"2026-03-01T10:01:00Z"}
{"type":"shown","id":"3","output_id":"b","feature":"g","aliases":["response-b"],"occurred_at":"2026-03-04T10:00:00Z"}
{"type":"accept","id":"4","output_id":"response-b","occurred_at":"2026-03-04T10:00:09Z"}
{"type":"comment","id":"5","output_id":"d","comment":"no feature yet"}"#;

fn numbers(server: &TestServer) -> Value {
    let question = json!({"metrics": ["shown", "decided", "acceptance_rate", "edit_distance", "brier_acceptance"],
        "group_by": ["feature"], "granularity": "day"});
    let answer = server.post("/api/v1/query", question.to_string()).expect(200);
    json!([answer["data"], answer["totals"]])
}

/// From the tables of the first version, with rows in all of them, to those of today.
#[test]
fn data_of_the_first_version_is_upgraded() {
    let url = fresh_database();
    let before = {
        let server = TestServer::over(Db::connect(&url, 4).unwrap());
        server.send(EVENTS);
        numbers(&server)
    };
    let mut conn = PgConnection::establish(&url).unwrap();
    while conn.applied_migrations().unwrap().len() > 1 {
        conn.revert_last_migration(MIGRATIONS).unwrap();
    }
    // What that version kept of rollups, in its own form.
    conn.batch_execute(
        "INSERT INTO rollups_hourly VALUES (1, 1, 492346, 1, '{1,2,3}'); \
         INSERT INTO rollups_daily VALUES (1, 1, 20513, 7, 1, '{1,2,3}'); \
         INSERT INTO histograms_daily VALUES (1, 1, 20513, 1, 7, 1, 0); \
         UPDATE fold_cursor SET layout = '{a,b,c}'",
    )
    .unwrap();
    let behind = condition::schema(&mut conn).unwrap();
    assert!(
        matches!(behind, condition::Schema::Behind(missing) if missing > 1),
        "{behind:?}"
    );

    migrate(&mut conn).unwrap();
    assert_eq!(condition::schema(&mut conn).unwrap(), condition::Schema::UpToDate);
    // The server's first step computes the rollups anew.
    step::step(&mut conn).unwrap();
    let checked = verify(&mut conn, |_| ()).unwrap().remove(0);
    assert_eq!(
        (checked.differences, checked.events, checked.outputs),
        (0, 5, 3),
        "{checked:?}"
    );
    let server = TestServer::over(Db::connect(&url, 4).unwrap());
    assert_eq!(numbers(&server), before);
    let again = server.post("/api/v1/events", EVENTS).expect(200);
    assert_eq!(again["duplicates"], 5);
    server.send(r#"{"type":"judge","output_id":"b","correct":true}"#);
    assert_eq!(server.get("/api/v1/outputs/b").expect(200)["correct"], true);
}

const MEASURED: &str = r#"{"type":"shown","id":"1","output_id":"a","feature":"f","output":"one two","generation_ms":900,"initial":{"value":4},"output_value":8,"occurred_at":"2026-03-01T10:00:00Z"}
{"type":"edit","id":"2","output_id":"a","final":"one three","final_value":7,"occurred_at":"2026-03-01T10:01:00Z"}
{"type":"rate","id":"3","output_id":"a","rating":4,"rating_min":1,"rating_max":5,"occurred_at":"2026-03-01T10:02:00Z"}"#;

/// Texts were compared and ratings counted before the length of a final text, the ends of a scale and the numbers of an advice were kept:
/// all are in the log.
#[test]
fn what_earlier_versions_did_not_measure_is_measured() {
    let url = fresh_database();
    let measured = |server: &TestServer| {
        let question = json!({"metrics": ["retained_characters_per_shown", "inserted_characters_per_edit", "final_share_of_ai",
            "soft_acceptance_rate", "generation_time_p50", "weight_of_advice"]});
        let answer = server.post("/api/v1/query", question.to_string()).expect(200);
        let ratings = server.get("/api/v1/features/f/ratings").expect(200);
        json!([answer["data"], ratings["data"]])
    };
    let before = {
        let server = TestServer::over(Db::connect(&url, 4).unwrap());
        server.send(MEASURED);
        measured(&server)
    };
    assert_eq!(before[0][0]["metrics"]["inserted_characters_per_edit"]["value"], 4);
    assert_eq!(before[0][0]["metrics"]["weight_of_advice"]["value"], 0.75);
    assert_eq!(before[1][0]["scales"][0]["highest"], 5.0);
    let mut conn = PgConnection::establish(&url).unwrap();
    let is_applied = |conn: &mut PgConnection| {
        let applied = conn.applied_migrations().unwrap();
        applied.iter().any(|version| version.to_string() == "20261130000040")
    };
    while is_applied(&mut conn) {
        conn.revert_last_migration(MIGRATIONS).unwrap();
    }
    conn.batch_execute("UPDATE fold_state SET layout = '{a,b,c}'").unwrap();
    migrate(&mut conn).unwrap();
    step::step(&mut conn).unwrap();
    let checked = verify(&mut conn, |_| ()).unwrap().remove(0);
    assert_eq!((checked.differences, checked.events), (0, 3), "{checked:?}");
    assert_eq!(measured(&TestServer::over(Db::connect(&url, 4).unwrap())), before);
}

#[track_caller]
fn succeeded(output: &Output) {
    let said = [&output.stdout, &output.stderr].map(|said| String::from_utf8_lossy(said).into_owned());
    assert!(output.status.success(), "{}", said.concat());
}

/// Takes a backup while clients send. What was acknowledged before it must be in it; of the rest nobody knows.
fn taken_under_load(server: &Program, name: &str, take: impl FnOnce()) -> Sent {
    let before = Load::start(server.client.address, &format!("before-{name}"), 5);
    before.wait_for(15);
    let mut sent = before.stop();
    let during = Load::start(server.client.address, &format!("during-{name}"), 6);
    during.wait_for(5);
    take();
    let during = during.stop();
    assert!(during.acknowledged.len() > 5, "ingest stood still");
    sent.unknown.extend(during.acknowledged);
    sent.unknown.extend(during.unknown);
    sent
}

/// A dump, restored into a cluster whose transactions are counted anew.
#[test]
fn a_dump_comes_back() {
    let data = DataDir::new();
    let server = data.serve();
    let dump = data.path().join("calibrant.dump").display().to_string();
    let sent = taken_under_load(&server, "dump", || {
        let file = format!("--file={dump}");
        succeeded(&data.run(&["database", "--", "pg_dump", "--format=custom", &file]));
    });

    let other = DataDir::new();
    succeeded(&other.run(&[
        "database",
        "--",
        "pg_restore",
        "--exit-on-error",
        "--single-transaction",
        "--dbname=calibrant",
        &dump,
    ]));
    other.verify();
    let restored = other.serve();
    sent.check(&restored, || other.verify());
}

/// A copy of the files.
#[test]
fn a_base_backup_comes_back() {
    let data = DataDir::new();
    let server = data.serve();
    let other = DataDir::new();
    let copy = other.path().join("postgres");
    let sent = taken_under_load(&server, "copy", || {
        let to = format!("--pgdata={}", copy.display());
        succeeded(&data.run(&[
            "database",
            "--",
            "pg_basebackup",
            "--checkpoint=fast",
            "--wal-method=stream",
            &to,
        ]));
    });
    // Whoever ran the backup owns the files; the database's account must.
    let owner = format!("--reference={}", data.path().join("postgres").display());
    let mut chown = std::process::Command::new("chown");
    succeeded(&chown.arg("-R").arg(owner).arg(&copy).output().unwrap());
    other.verify();
    let restored = other.serve();
    sent.check(&restored, || other.verify());
}
