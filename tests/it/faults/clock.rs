//! A server's clock that is set back and forward. The log's order is that of transactions, so that nothing is passed over.

use calibrant::domain::event::{Event, EventKind};
use calibrant::fold::signal::Signal;
use calibrant::fold::verify::verify;
use calibrant::ingest::commit::Committer;
use calibrant::ingest::prepare::{Context, prepare};
use calibrant::store::StoreError;
use calibrant::store::projects;
use chrono::{TimeDelta, Utc};

use crate::support::TestServer;

/// Days that the clock is off, one reading after the other.
const OFF: [i64; 7] = [0, -400, 0, 30, -1, 2, 0];

#[test]
fn events_received_in_the_past_and_in_the_future_are_counted() {
    let server = TestServer::start();
    let project = server
        .db
        .with(|conn| Ok::<_, StoreError>(projects::find_or_create(conn, projects::DEFAULT)?.0))
        .unwrap();
    let committer = Committer::start(&server.db, &Signal::default());
    for (number, days) in OFF.into_iter().enumerate() {
        let context = Context {
            project: project.id,
            stores_text: true,
            erasure_salt: project.erasure_salt,
            received_at: Utc::now() + TimeDelta::days(days),
            idempotency_key: None,
        };
        // One output of its own, and one that all share: without a time of their own, events happen when they are received.
        let rows = ["own", "shared"].map(|kind| {
            let output = if kind == "own" {
                format!("own-{number}")
            } else {
                kind.to_owned()
            };
            let mut event = Event::new(EventKind::Copy, &output);
            event.id = Some(format!("{kind}-{number}"));
            event.feature = Some("f".to_owned());
            prepare(event, 0, &context)
        });
        committer.store_blocking(rows.to_vec()).unwrap();
        server.settle();
        let status = server.get("/api/v1/status").expect(200);
        assert_eq!(status["log_position"], 2 * (number + 1), "{status}");
        assert!(status["backlog"]["lag_seconds"].as_f64().unwrap() >= 0.0);
    }
    let status = server.get("/api/v1/status").expect(200);
    assert_eq!(status["outputs"], OFF.len() + 1);
    let checked = verify(&mut server.db.dedicated().unwrap(), |_| ()).unwrap();
    assert_eq!(checked[0].differences, 0, "{checked:?}");
}
