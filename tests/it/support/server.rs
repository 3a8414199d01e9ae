//! A server in this process, on a free port, over a database of its own.

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use actix_web::dev::ServerHandle;
use calibrant::api::auth;
use calibrant::api::rate::Rates;
use calibrant::domain::key::ProjectId;
use calibrant::domain::scope::Scope;
use calibrant::query::segments::Segments;
use calibrant::server::{Folding, Service};
use calibrant::state::Limits;
use calibrant::store::{Db, StoreError, events, keys, projects};
use tempfile::TempDir;

use super::client::{Answer, Client};
use super::cluster;

pub struct TestServer {
    pub db: Db,
    /// An admin key of the project `default`.
    pub key: String,
    client: Client,
    handle: ServerHandle,
    /// Where its segments are.
    _folder: TempDir,
    running: Option<JoinHandle<()>>,
}

impl TestServer {
    pub fn start() -> TestServer {
        TestServer::over(cluster::fresh_db())
    }

    /// A server over a database that may be in use already.
    pub fn over(db: Db) -> TestServer {
        TestServer::limited(db, Limits::with_rates(Rates::UNLIMITED))
    }

    /// A server that lets clients do no more than that.
    pub fn limited(db: Db, limits: Limits) -> TestServer {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (started, handle) = mpsc::channel();
        let served = db.clone();
        let folder = tempfile::tempdir().unwrap();
        let segments = Segments::in_folder(folder.path().to_owned(), u64::MAX);
        let running = thread::spawn(move || {
            let service = Service::start_with(served, segments, &limits, Folding::Here).unwrap();
            actix_web::rt::System::new().block_on(async {
                let server = service.http(listener, false).unwrap();
                started.send(server.handle()).unwrap();
                server.await.unwrap();
            });
            service.stop();
        });
        let handle = handle.recv().unwrap();
        let (_, key) = make_project(&db, projects::DEFAULT);
        TestServer {
            db,
            client: Client::new(address),
            key,
            handle,
            running: Some(running),
            _folder: folder,
        }
    }

    /// Another project and an admin key of it.
    pub fn project(&self, name: &str) -> (ProjectId, String) {
        make_project(&self.db, name)
    }

    pub fn address(&self) -> SocketAddr {
        self.client.address
    }

    pub fn get(&self, path: &str) -> Answer {
        self.client.request("GET", path, Some(&self.key), &[], b"")
    }

    pub fn get_as(&self, key: &str, path: &str) -> Answer {
        self.client.request("GET", path, Some(key), &[], b"")
    }

    pub fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.client.request("POST", path, Some(&self.key), &[], body.as_ref())
    }

    pub fn post_as(&self, key: &str, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.client.request("POST", path, Some(key), &[], body.as_ref())
    }

    /// Another key of the server's own project.
    pub fn key_with(&self, scopes: &[Scope]) -> String {
        self.db
            .with(|conn| {
                let (project, _) = projects::find_or_create(conn, projects::DEFAULT)?;
                let (text, row) = auth::new_key(project.id, "test", scopes);
                keys::insert(conn, &row)?;
                Ok::<_, StoreError>(text)
            })
            .unwrap()
    }

    /// Sends events that must all be stored, and waits until they are in the numbers.
    #[track_caller]
    pub fn send(&self, body: impl AsRef<[u8]>) {
        let answer = self.post("/api/v1/events", body).expect(200);
        assert_eq!(answer["rejected"], 0, "{answer}");
        self.settle();
    }

    /// Any request, with or without a key.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        key: Option<&str>,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        self.client.request(method, path, key, headers, body)
    }

    /// Waits until everything that is stored is in the numbers.
    pub fn settle(&self) {
        let started = Instant::now();
        loop {
            let waiting = self
                .db
                .with(|conn| events::backlog(conn, None, 1).map_err(StoreError::from))
                .unwrap();
            if waiting.events == 0 {
                return;
            }
            assert!(
                started.elapsed() < Duration::from_secs(60),
                "the fold does not catch up"
            );
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        drop(self.handle.stop(false));
        if let Some(running) = self.running.take() {
            let _ = running.join();
        }
    }
}

fn make_project(db: &Db, name: &str) -> (ProjectId, String) {
    let mut conn = db.dedicated().unwrap();
    let (project, _) = projects::find_or_create(&mut conn, name).unwrap();
    let (text, row) = auth::new_key(project.id, "test", &Scope::ALL);
    keys::insert(&mut conn, &row).unwrap();
    (project.id, text)
}
