//! Open connections: how many there may be, and how long one may do nothing.
//!
//! The web server limits how long the first request of a connection may take to say what it wants, and nothing after that.
//! Here every connection that has no request at work is watched.

use std::io::ErrorKind;
use std::net::{Shutdown, TcpStream};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

/// Connections at once, if the process may open as many files.
pub const MOST: usize = 4_096;
/// Files that are not connections of clients: the database, the log, the program.
const OTHER_FILES: usize = 128;
/// What the system allows where it does not say.
const USUAL_FILES: usize = 1_024;
/// How long a connection may do nothing, or take to send the head of a request and to fetch its answer.
pub const IDLE: Duration = Duration::from_secs(85);
/// The same when half of the connections are in use.
pub const IDLE_WHEN_CROWDED: Duration = Duration::from_secs(5);
/// How long a client that was refused may go on sending: until then it can read why.
pub const LINGER: Duration = Duration::from_secs(5);
/// How often idle connections are looked for.
const ROUND: Duration = Duration::from_secs(1);
/// How often a client that waits for long is looked after.
const GLANCE: Duration = Duration::from_millis(250);
/// In place of an instant: a request is at work.
const BUSY: u64 = u64::MAX;

/// The connections of a server.
#[derive(Clone)]
pub struct Connections {
    most: usize,
    started: Instant,
    open: Arc<Mutex<Vec<Weak<Connection>>>>,
}

/// One connection.
pub struct Connection {
    socket: TcpStream,
    started: Instant,
    /// Since when it has had no request at work, in milliseconds after the start.
    idle_since: AtomicU64,
    /// No further request of it is taken.
    is_ending: AtomicBool,
}

/// A request at work, for as long as it lives.
pub struct Work(Arc<Connection>);

impl Connection {
    pub fn work(self: &Arc<Connection>) -> Work {
        self.idle_since.store(BUSY, Ordering::Relaxed);
        Work(Arc::clone(self))
    }

    /// Ends when the client has: it closed its side, or the connection broke. Who closes only the sending side of a connection
    /// cannot be told from who left, and HTTP clients do not do so.
    pub async fn left(&self) {
        while !self.has_left() {
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// The socket does not block, since the server reads it so.
    fn has_left(&self) -> bool {
        match self.socket.peek(&mut [0]) {
            Ok(bytes) => bytes == 0,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        }
    }

    /// Ends it soon, whether or not the client has sent all that it means to.
    pub fn end_soon(&self) {
        self.is_ending.store(true, Ordering::Relaxed);
    }

    fn rest(&self) {
        self.idle_since.store(millis_since(self.started), Ordering::Relaxed);
    }

    /// How long it has done nothing.
    fn idle(&self) -> Duration {
        let since = self.idle_since.load(Ordering::Relaxed);
        Duration::from_millis(millis_since(self.started).saturating_sub(since))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.0.rest();
    }
}

impl Connections {
    /// At most `most` at once, or as many as the process may open files for.
    pub fn new(most: usize) -> Connections {
        // Each takes two files: the socket, and the handle to it that is kept here.
        let files = open_files().unwrap_or(USUAL_FILES).saturating_sub(OTHER_FILES);
        Connections {
            most: most.min(files / 2).max(2),
            started: Instant::now(),
            open: Arc::default(),
        }
    }

    pub fn most(&self) -> usize {
        self.most
    }

    /// Notes a new connection. `None` if the system gives no second handle to it.
    pub fn add(&self, socket: &impl AsFd) -> Option<Arc<Connection>> {
        let socket = socket.as_fd().try_clone_to_owned().ok()?;
        let connection = Arc::new(Connection {
            socket: socket.into(),
            started: self.started,
            idle_since: AtomicU64::new(millis_since(self.started)),
            is_ending: AtomicBool::new(false),
        });
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.push(Arc::downgrade(&connection));
        Some(connection)
    }

    /// Ends connections that have been idle for too long, for as long as it is polled.
    pub async fn watch(self) {
        loop {
            tokio::time::sleep(ROUND).await;
            self.end_idle();
        }
    }

    fn end_idle(&self) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|connection| connection.strong_count() > 0);
        let crowded = open.len() * 2 >= self.most;
        let patience = if crowded { IDLE_WHEN_CROWDED } else { IDLE };
        for connection in open.iter().filter_map(Weak::upgrade) {
            let is_ending = connection.is_ending.load(Ordering::Relaxed);
            if connection.idle() > if is_ending { LINGER } else { patience } {
                // It may have ended by itself in between.
                let _ = connection.socket.shutdown(Shutdown::Both);
            }
        }
    }
}

fn millis_since(start: Instant) -> u64 {
    start.elapsed().as_millis() as u64
}

/// How many files the process may have open.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let soft = line.split_whitespace().next()?;
    Some(soft.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn only_idle_connections_are_ended() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (socket, _) = listener.accept().unwrap();
        let connections = Connections::new(MOST);
        let connection = connections.add(&socket).unwrap();
        let ended = || {
            connections.end_idle();
            client.set_nonblocking(true).unwrap();
            matches!(client.peek(&mut [0]), Ok(0))
        };
        assert!(!ended());
        let started = connections.started;
        let long_ago = Arc::new(Connection {
            socket: socket.try_clone().unwrap(),
            started: started.checked_sub(IDLE + ROUND).unwrap(),
            idle_since: AtomicU64::new(0),
            is_ending: AtomicBool::new(false),
        });
        connections.open.lock().unwrap().push(Arc::downgrade(&long_ago));
        let work = long_ago.work();
        assert!(!ended(), "a request is at work");
        drop(work);
        assert!(!ended(), "it has just ended");
        long_ago.idle_since.store(0, Ordering::Relaxed);
        assert!(ended());
        drop(connection);
    }

    #[test]
    fn a_client_that_leaves_is_noticed() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (socket, _) = listener.accept().unwrap();
        socket.set_nonblocking(true).unwrap();
        let connection = Connections::new(MOST).add(&socket).unwrap();
        assert!(!connection.has_left());
        std::io::Write::write_all(&mut client, b"GET /").unwrap();
        assert!(!connection.has_left(), "it has more to say");
        drop(client);
        let mut said = [0; 16];
        while matches!(std::io::Read::read(&mut &socket, &mut said), Ok(bytes) if bytes > 0) {}
        assert!(connection.has_left());
    }

    #[test]
    fn the_system_says_how_many_files_there_may_be() {
        assert!(open_files().unwrap() > 10);
        assert!((2..=MOST).contains(&Connections::new(MOST).most()));
        assert_eq!(Connections::new(10).most(), 10);
    }
}
