//! Looks at a data directory and touches nothing: for whoever wants to know what is wrong with it.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::cluster::{LOCK, NAME, SOCKET_FILE, url_through};
use super::postmaster::Postmaster;

/// A cluster as it is found.
#[derive(Clone, Debug)]
pub struct Inspected {
    pub folder: PathBuf,
    /// Whether there is a cluster at all.
    pub exists: bool,
    /// The major version that made it.
    pub version: Option<String>,
    pub postmaster: Postmaster,
    /// Whether a server, or a command of this program, holds it.
    pub is_owned: bool,
    /// Where that server listens; a command listens nowhere.
    pub address: Option<SocketAddr>,
    /// Whether it takes connections.
    pub answers: bool,
    /// How to connect to it.
    pub url: String,
}

/// Looks at the cluster of a data directory.
pub fn inspect(data: &Path) -> Inspected {
    let data = data.canonicalize().unwrap_or_else(|_| data.to_owned());
    let (folder, socket) = (data.join("postgres"), data.join("run"));
    let is_owned = is_owned(&data);
    let version = fs::read_to_string(folder.join("PG_VERSION")).ok();
    Inspected {
        exists: version.is_some(),
        version: version.map(|version| version.trim().to_owned()),
        postmaster: Postmaster::of(&folder),
        is_owned,
        address: is_owned
            .then(|| fs::read_to_string(data.join(LOCK)).ok()?.parse().ok())
            .flatten(),
        answers: UnixStream::connect(socket.join(SOCKET_FILE)).is_ok(),
        url: url_through(&socket, NAME),
        folder,
    }
}

/// The lock is let go at once; a server that starts in this instant would be told that another has it.
fn is_owned(data: &Path) -> bool {
    let Ok(file) = File::options().write(true).open(data.join(LOCK)) else {
        return false;
    };
    matches!(file.try_lock(), Err(fs::TryLockError::WouldBlock))
}
