//! The machine: the data directory, its disk, PostgreSQL's programs, the address.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::finding::{Finding, bytes};
use crate::config::Config;
use crate::query::segments::MOST_BYTES;
use crate::store::private::{Inspected, Postmaster, find_tools};

/// With less than this, PostgreSQL is about to stop taking events.
const LEAST_FREE: u64 = 1_000_000_000;
/// With less than this, it is time to make room.
const LITTLE_FREE: u64 = 10_000_000_000;

pub fn data_directory(config: &Config) -> Finding {
    const CHECK: &str = "data directory";
    let folder = config.data_dir.display();
    let about = match fs::metadata(&config.data_dir) {
        Ok(about) => about,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Finding::warning(
                CHECK,
                format!("{folder} does not exist"),
                "`calibrant serve` makes it; if there should be data, choose its folder with --data-dir",
            );
        }
        Err(error) => {
            return Finding::problem(
                CHECK,
                format!("{folder} cannot be read: {error}"),
                "run this as the user who runs the server",
            );
        }
    };
    if !about.is_dir() {
        return Finding::problem(
            CHECK,
            format!("{folder} is no directory"),
            "choose another with --data-dir",
        );
    }
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o002 != 0 {
        return Finding::problem(
            CHECK,
            format!("{folder} can be written by everyone (mode {mode:o})"),
            format!("chmod o-w {folder}"),
        );
    }
    let own = fs::metadata("/proc/self").map(|process| process.uid());
    if own.is_ok_and(|own| own != about.uid() && own != 0) {
        return Finding::problem(
            CHECK,
            format!("{folder} belongs to user {}, not to the one who runs this", about.uid()),
            "run the server as its owner, or choose another with --data-dir",
        );
    }
    Finding::ok(CHECK, format!("{folder}, of user {}, mode {mode:o}", about.uid()))
}

pub fn disk(config: &Config) -> Finding {
    const CHECK: &str = "disk";
    let Some(Disk { free, total }) = disk_of(&config.data_dir) else {
        return Finding::warning(CHECK, "`df` does not say how much is free", "look at the disk by hand");
    };
    let found = format!("{} of {} are free", bytes(free), bytes(total));
    if free < LEAST_FREE {
        return Finding::problem(
            CHECK,
            found,
            "make room now: with a full disk events are refused with 503 `storage_full`",
        );
    }
    if free < LITTLE_FREE && free < total / 10 {
        return Finding::warning(CHECK, found, "make room, or let old data go with retention");
    }
    Finding::ok(CHECK, found)
}

/// Bytes of a disk.
pub struct Disk {
    pub free: u64,
    total: u64,
}

/// The disk that a folder is on, or will be.
pub fn disk_of(folder: &Path) -> Option<Disk> {
    let folder = folder.ancestors().find(|folder| folder.exists())?;
    let output = Command::new("df")
        .arg("-Pk")
        .arg(folder)
        .env("LC_ALL", "C")
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut fields = text.lines().nth(1)?.split_whitespace().skip(1);
    let total: u64 = fields.next()?.parse().ok()?;
    let free: u64 = fields.nth(1)?.parse().ok()?;
    Some(Disk {
        free: free * 1_024,
        total: total * 1_024,
    })
}

pub fn segments(config: &Config) -> Finding {
    const CHECK: &str = "segments";
    let folder = config.data_dir.join("segments");
    let (mut files, mut size) = (0_u64, 0_u64);
    if let Err(error) = measure(&folder, &mut files, &mut size) {
        return Finding::problem(
            CHECK,
            format!("{} cannot be read: {error}", folder.display()),
            "give the folder to the user who runs the server, or delete it: it is written again",
        );
    }
    let found = format!("{files} files of {} in all, at most {}", bytes(size), bytes(MOST_BYTES));
    Finding::ok(CHECK, found)
}

fn measure(folder: &Path, files: &mut u64, size: &mut u64) -> std::io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        other => other?,
    };
    for entry in entries {
        let Ok(about) = entry
            .as_ref()
            .map_err(|_| ())
            .and_then(|entry| entry.metadata().map_err(|_| ()))
        else {
            // Removed meanwhile.
            continue;
        };
        if about.is_dir() {
            measure(&entry?.path(), files, size)?;
        } else {
            *files += 1;
            *size += about.len();
        }
    }
    Ok(())
}

/// Who listens where the server should, and where the server of the data directory does. `cluster` is of that directory.
pub fn address(config: &Config, cluster: Option<&Inspected>) -> Finding {
    const CHECK: &str = "address";
    let bind = config.bind;
    if let Some(own) = cluster.and_then(|cluster| cluster.address).filter(|own| *own != bind) {
        return match is_calibrant(own) {
            true => Finding::ok(
                CHECK,
                format!("the server of this data directory answers at {own}, not at {bind}"),
            ),
            false => Finding::warning(
                CHECK,
                format!("the server of this data directory listens on {own} and does not answer"),
                "wait until it has started or stopped, and look into its log",
            ),
        };
    }
    if bind.port() == 0 {
        return Finding::ok(CHECK, format!("{bind}: the next start takes any free port"));
    }
    match TcpListener::bind(bind) {
        Ok(_) if cluster.is_some_and(|cluster| cluster.is_owned) => Finding::ok(
            CHECK,
            format!(
                "{bind} is free; the data directory is in use by a command, or by a server that does not listen yet"
            ),
        ),
        Ok(_) => Finding::ok(CHECK, format!("{bind} is free: no server runs there")),
        Err(error) if error.kind() == ErrorKind::AddrInUse => match is_calibrant(bind) {
            true => Finding::ok(CHECK, format!("a Calibrant server answers at {bind}")),
            false => Finding::problem(
                CHECK,
                format!("another program listens on {bind}, or a server that does not answer"),
                "stop it, or choose another address with --bind",
            ),
        },
        Err(error) => Finding::problem(
            CHECK,
            format!("the server cannot listen on {bind}: {error}"),
            "choose an address of this machine with --bind; ports below 1024 are root's",
        ),
    }
}

fn is_calibrant(address: SocketAddr) -> bool {
    const PATIENCE: Duration = Duration::from_secs(3);
    const REQUEST: &[u8] = b"GET /api/v1/health/live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    let ask = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(REQUEST)?;
        let mut answer = String::new();
        stream.take(4_096).read_to_string(&mut answer)?;
        Ok(answer)
    };
    ask().is_ok_and(|answer| answer.starts_with("HTTP/1.1 200") && answer.contains(r#"{"status":"ok"}"#))
}

/// PostgreSQL's server programs, for the private database.
pub fn programs(cluster: &Inspected) -> Finding {
    const CHECK: &str = "programs";
    let folder = match find_tools() {
        Ok(folder) => folder,
        Err(error) => return Finding::problem(CHECK, "PostgreSQL's server programs are missing", format!("{error:#}")),
    };
    let major = major_version(&folder);
    let found = format!("PostgreSQL {} in {}", major.as_deref().unwrap_or("?"), folder.display());
    match (&cluster.version, &major) {
        (Some(made), Some(installed)) if made != installed => Finding::problem(
            CHECK,
            format!("{found}, but PostgreSQL {made} made the cluster"),
            format!("install PostgreSQL {made}, or move the data with pg_upgrade or dump and restore"),
        ),
        (_, None) => Finding::warning(
            CHECK,
            found,
            "`postgres --version` does not answer; look at the installation",
        ),
        _ => Finding::ok(CHECK, found),
    }
}

/// As in `postgres (PostgreSQL) 15.18 (Debian …)`.
fn major_version(folder: &Path) -> Option<String> {
    let output = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    let version = text.split_whitespace().nth(2)?;
    version.split('.').next().map(str::to_owned)
}

/// The private database's process.
pub fn cluster(cluster: &Inspected) -> Finding {
    const CHECK: &str = "private database";
    if !cluster.exists {
        return Finding::warning(
            CHECK,
            format!("there is none in {}", cluster.folder.display()),
            "`calibrant serve` makes one; if there should be data, choose its folder with --data-dir",
        );
    }
    match (&cluster.postmaster, cluster.answers) {
        (Postmaster::Running { pid }, true) if cluster.is_owned => {
            Finding::ok(CHECK, format!("runs as process {pid}, kept by a Calibrant server"))
        }
        (Postmaster::Running { pid }, true) => Finding::warning(
            CHECK,
            format!("runs as process {pid}, but its server is gone, as after kill -9"),
            "start `calibrant serve`: it takes the database over",
        ),
        (Postmaster::Running { pid }, false) => Finding::problem(
            CHECK,
            format!("process {pid} runs and does not answer: it starts, recovers, or stops"),
            format!("wait a minute and look into {}", log_of(cluster).display()),
        ),
        (Postmaster::Dead { pid }, _) if cluster.is_owned => Finding::problem(
            CHECK,
            format!("process {pid} has died"),
            format!(
                "its server starts it again within seconds; if not, look into {}",
                log_of(cluster).display()
            ),
        ),
        (Postmaster::Dead { pid }, _) => Finding::warning(
            CHECK,
            format!("does not run, and left the pid file of process {pid}, which is gone"),
            "start `calibrant serve`: it removes the file and recovers what was committed",
        ),
        (Postmaster::Stopped, _) => Finding::warning(
            CHECK,
            "does not run; it was stopped in good order",
            "start `calibrant serve` and ask again: the checks below need it",
        ),
    }
}

fn log_of(cluster: &Inspected) -> PathBuf {
    cluster.folder.join("server.log")
}
