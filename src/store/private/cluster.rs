//! A cluster in a data directory: how to make, start, find and stop it.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};

use super::host::{Account, find_tools, is_root, memory, unprivileged_account};
use super::postmaster::{Postmaster, pid_file};
use super::settings;

/// The database's name and its owner's.
pub const NAME: &str = "calibrant";
/// Locked by whoever owns the data directory.
pub const LOCK: &str = "calibrant.lock";
/// The role that may read the views for other tools, and nothing else.
const READERS: &str = "calibrant_bi";
/// The socket in its folder, by PostgreSQL's rule.
pub const SOCKET_FILE: &str = ".s.PGSQL.5432";
/// Unix sockets have a short limit on the length of their path.
const SOCKET_PATH_BYTES: usize = 90;
/// PostgreSQL's log may grow to this size, and one of this size is kept beside it.
const LOG_BYTES: u64 = 32 * 1024 * 1024;

/// After a crash, processes of the dead postmaster may still hold its memory, on a busy machine for many seconds; one that had just
/// recovered waits a minute for a checkpointer that never comes.
const START_ATTEMPTS: usize = 90;
const START_PAUSE: Duration = Duration::from_secs(1);

/// Where it is, and who runs it.
#[derive(Clone)]
pub struct Cluster {
    tools: PathBuf,
    folder: PathBuf,
    socket: PathBuf,
    account: Option<Account>,
}

impl Cluster {
    pub fn url(&self, database: &str) -> String {
        url_through(&self.socket, database)
    }

    /// The variables that libpq reads.
    pub fn environment(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("PGHOST", self.socket.clone().into()),
            ("PGPORT", "5432".into()),
            ("PGUSER", NAME.into()),
            ("PGDATABASE", NAME.into()),
        ]
    }

    pub fn at(data: &Path) -> anyhow::Result<Cluster> {
        fs::create_dir_all(data).with_context(|| format!("cannot create the data directory {}", data.display()))?;
        let data = data
            .canonicalize()
            .with_context(|| format!("cannot open {}", data.display()))?;
        let socket = data.join("run");
        if socket.as_os_str().len() > SOCKET_PATH_BYTES {
            bail!(
                "the path {} is too long for a Unix socket (at most {SOCKET_PATH_BYTES} bytes); choose a shorter --data-dir",
                socket.display()
            );
        }
        let account = if is_root()? {
            Some(unprivileged_account()?)
        } else {
            None
        };
        let tools = find_tools()?;
        Ok(Cluster {
            tools,
            folder: data.join("postgres"),
            socket,
            account,
        })
    }

    pub fn try_own(&self) -> anyhow::Result<Option<File>> {
        let path = self.socket.with_file_name(LOCK);
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {
                // What the one before wrote: a server says where it listens.
                file.set_len(0)
                    .with_context(|| format!("cannot write to {}", path.display()))?;
                Ok(Some(file))
            }
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }

    pub fn run(&self) -> anyhow::Result<()> {
        self.own_directory(&self.socket)?;
        if !self.folder.join("PG_VERSION").exists() {
            self.initialise()?;
        }
        fs::write(self.folder.join("calibrant.conf"), settings::text(memory()))
            .context("cannot write the database's settings")?;
        let log = self.log();
        let socket = self.socket.display().to_string();
        let start = || {
            self.forget_dead_postmaster()?;
            // A server of ours that was killed may have left its database running, or on its way: it is as good as a new one,
            // but its settings may be older. It is stopped in good order first.
            if self.is_running()? {
                self.stop()?;
            }
            self.tool("pg_ctl", |command| {
                command.args(["start", "--wait", "--timeout=120", "--silent"]);
                command.arg("--log").arg(&log);
                command
                    .arg("--options")
                    .arg(format!("-c unix_socket_directories='{socket}'"));
            })
        };
        let mut attempts = 1..START_ATTEMPTS;
        let mut started = start();
        while started.is_err() && attempts.next().is_some() {
            thread::sleep(START_PAUSE);
            started = start();
        }
        started.with_context(|| format!("the private PostgreSQL did not start; its log is {}", log.display()))?;
        self.create_database()
    }

    fn log(&self) -> PathBuf {
        self.folder.join("server.log")
    }

    /// Puts a log that has grown large aside, in the place of the one that was put aside before. PostgreSQL appends to whatever
    /// is there, so that it need not be told.
    pub fn keep_log_small(&self) -> std::io::Result<()> {
        let log = self.log();
        if fs::metadata(&log)?.len() > LOG_BYTES {
            fs::copy(&log, log.with_extension("log.1"))?;
            File::options().write(true).open(&log)?.set_len(0)?;
        }
        Ok(())
    }

    /// Removes the pid file of a postmaster that is gone: its number may belong to another process by now, which would be
    /// taken for the database, and stopped in its place.
    fn forget_dead_postmaster(&self) -> anyhow::Result<()> {
        if !matches!(Postmaster::of(&self.folder), Postmaster::Dead { .. }) {
            return Ok(());
        }
        let path = pid_file(&self.folder);
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))
    }

    /// Whether a postmaster takes connections, be it to say that it is still recovering.
    pub fn answers(&self) -> bool {
        UnixStream::connect(self.socket.join(SOCKET_FILE)).is_ok()
    }

    fn initialise(&self) -> anyhow::Result<()> {
        // An interrupted initialisation leaves a folder without PG_VERSION, which initdb would refuse.
        if self.folder.exists() {
            fs::remove_dir_all(&self.folder).context("cannot remove a half-made cluster")?;
        }
        self.own_directory(&self.folder)?;
        self.tool("initdb", |command| {
            command.args(["--encoding=UTF8", "--locale=C", "--auth=trust", "--no-instructions"]);
            command.arg(format!("--username={NAME}"));
        })
        .context("cannot initialise the private PostgreSQL")?;
        let configuration = self.folder.join("postgresql.conf");
        let mut text = fs::read_to_string(&configuration).context("cannot read postgresql.conf")?;
        text.push_str("\ninclude_if_exists = 'calibrant.conf'\n");
        fs::write(&configuration, text).context("cannot write postgresql.conf")
    }

    fn create_database(&self) -> anyhow::Result<()> {
        use diesel::{Connection, RunQueryDsl};
        let mut conn = diesel::PgConnection::establish(&self.url("postgres"))
            .context("cannot connect to the private PostgreSQL")?;
        // Dumps name the readers' role, so that it must be there before one is restored.
        for statement in [
            format!("CREATE DATABASE {NAME}"),
            format!("CREATE ROLE {READERS} NOLOGIN"),
        ] {
            match diesel::sql_query(statement).execute(&mut conn) {
                Err(error) if !error.to_string().contains("already exists") => {
                    return Err(error).context("cannot create the database");
                }
                _ => {}
            }
        }
        // Refused by a PostgreSQL that was built without it, which goes on with what its settings say.
        if diesel::sql_query(settings::FAST_COMPRESSION).execute(&mut conn).is_ok() {
            diesel::sql_query("SELECT pg_reload_conf()").execute(&mut conn)?;
        }
        Ok(())
    }

    /// Whether sessions can be opened.
    fn accepts(&self) -> bool {
        use diesel::Connection;
        diesel::PgConnection::establish(&format!("{}&connect_timeout=5", self.url("postgres"))).is_ok()
    }

    fn is_running(&self) -> anyhow::Result<bool> {
        let status = self.command("pg_ctl", |command| {
            command.arg("status");
        });
        Ok(status?.status.success())
    }

    /// Stops it in good order if it can, at once if it cannot: it recovers when it is started again.
    pub fn stop(&self) -> anyhow::Result<()> {
        let stop = |mode: &'static str| {
            self.tool("pg_ctl", |command| {
                command.args(["stop", "--wait", mode, "--timeout=30", "--silent"]);
            })
        };
        // Told to stop in good order while it recovers, PostgreSQL 15 may stand still for good.
        if self.accepts() && stop("--mode=fast").is_ok() {
            return Ok(());
        }
        // One that was dying as it was told to stop leaves its pid file.
        self.forget_dead_postmaster()?;
        if !self.is_running()? {
            return Ok(());
        }
        stop("--mode=immediate")
    }

    /// Runs one of PostgreSQL's tools on the cluster and fails with what it said.
    fn tool(&self, name: &str, arguments: impl FnOnce(&mut Command)) -> anyhow::Result<()> {
        let output = self.command(name, arguments)?;
        if output.status.success() {
            return Ok(());
        }
        bail!(
            "{name}: {} {}",
            String::from_utf8_lossy(&output.stderr).trim(),
            String::from_utf8_lossy(&output.stdout).trim()
        );
    }

    fn command(&self, name: &str, arguments: impl FnOnce(&mut Command)) -> anyhow::Result<Output> {
        let mut command = Command::new(self.tools.join(name));
        arguments(&mut command);
        command
            .arg("--pgdata")
            .arg(&self.folder)
            .current_dir("/")
            .env("LC_ALL", "C");
        // Its own process group: Ctrl-C in a terminal reaches the server, which then stops the database in order.
        command.process_group(0);
        if let Some(account) = self.account {
            command.uid(account.uid).gid(account.gid);
        }
        command.output().with_context(|| format!("cannot run {name}"))
    }

    /// Makes a directory that only the database's account may enter.
    fn own_directory(&self, path: &Path) -> anyhow::Result<()> {
        fs::create_dir_all(path).with_context(|| format!("cannot create {}", path.display()))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
        if let Some(account) = self.account {
            chown(path, Some(account.uid), Some(account.gid))
                .with_context(|| format!("cannot hand {} to the database's account", path.display()))?;
            self.open_the_way(path)?;
        }
        Ok(())
    }

    /// Says clearly when the unprivileged account cannot reach the directory that root can.
    fn open_the_way(&self, path: &Path) -> anyhow::Result<()> {
        for parent in path.ancestors().skip(1) {
            let mode = fs::metadata(parent)?.permissions().mode();
            if mode & 0o001 == 0 {
                bail!(
                    "started as root, the database runs as an unprivileged user, who cannot enter {}; choose a --data-dir \
                     outside it, such as /var/lib/calibrant",
                    parent.display()
                );
            }
        }
        Ok(())
    }
}

/// How to connect to a database of a cluster, through the folder of its socket.
pub fn url_through(socket: &Path, database: &str) -> String {
    let host = percent_encoded(&socket.to_string_lossy());
    format!("postgres://{NAME}@/{database}?host={host}&port=5432")
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
