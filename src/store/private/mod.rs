//! A private PostgreSQL for machines without one: found, initialised, started and stopped with the server.
//!
//! It listens on a Unix socket in the data directory and nowhere else. A lock on a file there keeps a second server away;
//! the operating system drops it when its holder dies, so that nothing stale is left to clear by hand.

mod cluster;
mod host;
mod inspect;
mod postmaster;
mod settings;
mod watch;

use std::ffi::OsString;
use std::fs::File;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use anyhow::{Context, bail};

use self::cluster::{Cluster, NAME};
pub use self::host::{find_tools, is_root};
pub use self::inspect::{Inspected, inspect};
pub use self::postmaster::Postmaster;
use self::watch::Watch;

/// A PostgreSQL of our own. Stopped when dropped, if this process started it.
pub struct PrivateDatabase {
    cluster: Cluster,
    /// Starts it again when it dies, under a server.
    watch: Option<Watch>,
    /// Held for as long as this process owns the cluster.
    lock: Option<File>,
}

impl PrivateDatabase {
    /// Starts the cluster in a data directory, owns it, and starts it again should it die. Refuses when another process
    /// owns it.
    pub fn start(data: &Path) -> anyhow::Result<PrivateDatabase> {
        let cluster = Cluster::at(data)?;
        let lock = cluster.try_own()?.with_context(|| {
            format!(
                "another Calibrant server is using the data directory {}; stop it, or choose another with --data-dir",
                data.display()
            )
        })?;
        let mut database = PrivateDatabase {
            cluster,
            watch: None,
            lock: Some(lock),
        };
        database.cluster.run()?;
        let (watched, revived) = (database.cluster.clone(), database.cluster.clone());
        let look = move || {
            // A log that cannot be put aside is no reason to do without the database.
            let _ = watched.keep_log_small();
            watched.answers()
        };
        database.watch = Some(Watch::start(look, move || revived.run()));
        Ok(database)
    }

    /// Says in the lock where the server of the data directory listens, for whoever [inspects](inspect) it.
    pub fn note_address(&self, address: SocketAddr) -> anyhow::Result<()> {
        let Some(mut lock) = self.lock.as_ref() else {
            return Ok(());
        };
        write!(lock, "{address}").context("cannot write into the lock of the data directory")
    }

    /// Uses the cluster that a running server owns, or starts it for as long as the value lives.
    pub fn join(data: &Path) -> anyhow::Result<PrivateDatabase> {
        let cluster = Cluster::at(data)?;
        let lock = cluster.try_own()?;
        let database = PrivateDatabase {
            cluster,
            watch: None,
            lock,
        };
        if database.lock.is_some() {
            database.cluster.run()?;
        }
        Ok(database)
    }

    /// Uses the cluster of a running server, without which it would be nobody's.
    pub fn beside(data: &Path) -> anyhow::Result<PrivateDatabase> {
        let cluster = Cluster::at(data)?;
        if cluster.try_own()?.is_some() {
            bail!(
                "no server is running on the data directory {}; start one first",
                data.display()
            );
        }
        Ok(PrivateDatabase {
            cluster,
            watch: None,
            lock: None,
        })
    }

    /// Whether a data directory holds a cluster.
    pub fn exists(data: &Path) -> bool {
        data.join("postgres/PG_VERSION").exists()
    }

    /// How PostgreSQL's own programs find it.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        self.cluster.environment()
    }

    /// How to connect to it.
    pub fn url(&self) -> String {
        self.cluster.url(NAME)
    }
}

impl Drop for PrivateDatabase {
    fn drop(&mut self) {
        drop(self.watch.take());
        if self.lock.is_some()
            && let Err(error) = self.cluster.stop()
        {
            tracing::error!(%error, "the private PostgreSQL did not stop");
        }
    }
}
