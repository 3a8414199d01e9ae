//! All connections in use.

use std::sync::Barrier;
use std::thread;

use calibrant::store::{Db, StoreError};

use crate::support::{TestServer, fresh_database};

const CONNECTIONS: u32 = 2;

#[test]
fn who_finds_no_connection_is_told_to_come_back() {
    let server = TestServer::over(Db::connect(&fresh_database(), CONNECTIONS).unwrap());
    let (taken, enough) = (
        Barrier::new(CONNECTIONS as usize + 1),
        Barrier::new(CONNECTIONS as usize + 1),
    );
    thread::scope(|scope| {
        for _ in 0..CONNECTIONS {
            scope.spawn(|| {
                let held = server.db.with(|_| {
                    taken.wait();
                    enough.wait();
                    Ok::<_, StoreError>(())
                });
                held.unwrap();
            });
        }
        taken.wait();
        let refused = server.get("/api/v1/status");
        let live = server.get("/api/v1/health/live").status;
        enough.wait();
        refused.expect_problem(503, "unavailable");
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(live, 200);
    });
    server.get("/api/v1/status").expect(200);
}
