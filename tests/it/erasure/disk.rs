//! A server that is killed in the middle of an erasure, a dump of the database, and the files of the data directory.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::crash::program::{DataDir, KEY, wait_until};
use crate::support::Client;

/// Nothing else in any file is called this.
const USER: &str = "zweigelt-the-erased";
const WORDS: &str = "quoth the zweigelt nevermore";
const OUTPUTS: usize = 4_000;

fn events() -> Vec<Value> {
    (0..OUTPUTS)
        .flat_map(|number| {
            let user = if number % 2 == 0 { USER.to_owned() } else { format!("u{}", number % 50) };
            let words = if number % 2 == 0 { WORDS } else { "other words" };
            let output = format!("o{number}");
            [
                json!({"type": "shown", "id": format!("s{number}"), "output_id": output, "feature": "f", "user_id": user, "output": words,
                    "input": words, "occurred_at": format!("2026-03-{:02}T08:00:00Z", 1 + number % 20)}),
                json!({"type": "rate", "id": format!("r{number}"), "output_id": output, "rater": USER, "rating": 1,
                    "occurred_at": format!("2026-03-{:02}T09:00:00Z", 1 + number % 20)}),
            ]
        })
        .collect()
}

/// The files below a folder that hold the user's name or words.
fn files_with(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_with(&path, found);
        } else if let Ok(bytes) = fs::read(&path)
            && [USER, WORDS].iter().any(|needle| contains(&bytes, needle.as_bytes()))
        {
            found.push(path.display().to_string());
        }
    }
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|window| window == needle)
}

fn dump(data: &DataDir) -> Vec<u8> {
    data.run(&["database", "--", "pg_dump"]).stdout
}

#[test]
fn an_erasure_goes_on_after_a_kill_and_leaves_nothing_on_disk() {
    let data = DataDir::new();
    let mut server = data.serve();
    for batch in events().chunks(1_000) {
        server
            .post("/api/v1/events", &json!({"events": batch}).to_string())
            .expect(200);
    }
    server.settle();
    assert!(contains(&dump(&data), USER.as_bytes()) && contains(&dump(&data), WORDS.as_bytes()));

    let path = format!("/api/v1/users/{USER}");
    let (address, asked) = (server.client.address, path.clone());
    let asking = thread::spawn(move || {
        let _ = Client::new(address).try_request("DELETE", &asked, Some(KEY), &[], b"");
    });
    // Some of it is gone, and some is not.
    let progress = || {
        let query = "SELECT coalesce(max(events), 0) FROM erasures WHERE finished_at IS NULL";
        let said = data.run(&["database", "--", "psql", "-At", "-c", query]).stdout;
        String::from_utf8_lossy(&said).trim().parse::<i64>().unwrap_or_default()
    };
    wait_until("the erasure has begun", || progress() > 0);
    server.kill();
    asking.join().unwrap();

    let server = data.serve();
    let answer = server.client.request("DELETE", &path, Some(KEY), &[], b"");
    assert!([200, 202].contains(&answer.status), "{}", answer.text());
    let location = answer.header("location").unwrap().to_owned();
    let mut receipt = Value::Null;
    wait_until("the erasure has ended", || {
        receipt = server.get(&location).expect(200);
        thread::sleep(Duration::from_millis(100));
        !receipt["vacuumed_at"].is_null()
    });
    // Of its own outputs all events, of the others those that it rated.
    assert_eq!(
        (&receipt["outputs"], &receipt["events"]),
        (&json!(OUTPUTS / 2), &json!(OUTPUTS + OUTPUTS / 2)),
        "{receipt}"
    );
    assert_eq!(
        (&receipt["texts"], &receipt["opinions"]),
        (&json!(OUTPUTS / 2), &json!(OUTPUTS / 2)),
        "{receipt}"
    );
    data.verify();
    let dumped = dump(&data);
    assert!(dumped.len() > 100_000 && !contains(&dumped, USER.as_bytes()) && !contains(&dumped, WORDS.as_bytes()));

    // What docs/privacy.md says to do so that the files hold nothing either.
    let run = |statement: &str| data.succeed(&["database", "--", "psql", "-v", "ON_ERROR_STOP=1", "-c", statement]);
    run("VACUUM (FULL, ANALYZE)");
    run("ALTER SYSTEM SET wal_recycle = off");
    run("SELECT pg_reload_conf()");
    let segments = fs::read_dir(data.path().join("postgres/pg_wal")).unwrap().count();
    for _ in 0..=segments {
        run("SELECT pg_switch_wal()");
        run("CHECKPOINT");
    }
    let mut found = Vec::new();
    files_with(data.path(), &mut found);
    assert_eq!(found, Vec::<String>::new());
    drop(server);
    data.succeed(&["rebuild"]);
    data.verify();
}
