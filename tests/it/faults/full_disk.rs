//! No room left under the database.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use super::{assert_all_known, assert_come_back, event};
use crate::crash::program::{DataDir, wait_until};

/// Enough for a fresh cluster and little more.
const MEGABYTES: u32 = 128;
const REFUSALS: usize = 30;

/// Takes all the room that is left.
fn fill(path: &Path) {
    let mut ballast = File::create(path).unwrap();
    for piece in [1 << 20, 1 << 12] {
        while ballast.write_all(&vec![0; piece]).is_ok() {}
    }
}

#[test]
fn a_full_disk_refuses_and_loses_nothing() {
    let Some(data) = DataDir::on_small_disk(MEGABYTES) else {
        return;
    };
    let server = data.serve();
    // The server's own log is on the same disk: lines that cannot be written do no harm.
    // Noise, which cannot be compressed.
    let long: String = (0..25_000).map(|_| format!("{:02x}", rand::random::<u8>())).collect();
    let large =
        |id: &str| format!(r#"{{"type":"shown","id":"{id}","output_id":"{id}","feature":"f","output":"{long}"}}"#);
    server.post("/api/v1/events", &event("before")).expect(200);
    let ballast = data.path().join("ballast");
    fill(&ballast);

    let (mut acknowledged, mut refused) = (Vec::new(), Vec::new());
    for number in 0.. {
        let id = format!("full-{number}");
        let answer = server.post("/api/v1/events", &large(&id));
        if answer.status == 200 {
            acknowledged.push(id);
        } else {
            // Without room for its own log PostgreSQL ends, and is started until it can go on.
            assert_come_back(&answer, &["storage_full", "unavailable"]);
            refused.push(answer.json()["code"].clone());
        }
        if refused.len() == REFUSALS {
            break;
        }
    }
    assert!(refused.contains(&"storage_full".into()), "{refused:?}");

    fs::remove_file(&ballast).unwrap();
    wait_until("events are stored again", || {
        server.post("/api/v1/events", &event("after")).status == 200
    });
    assert_all_known(&server, &["before", "after"].map(str::to_owned));
    for id in &acknowledged {
        let answer = server.post("/api/v1/events", &large(id)).expect(200);
        assert_eq!(answer["duplicates"], 1, "acknowledged and lost: {id}");
    }
    let status = server.settle();
    assert_eq!(status["log_position"], acknowledged.len() + 2, "{status}");
    data.verify();
}
