//! A private PostgreSQL for machines without one: found, initialised, started and stopped with the server.
//!
//! It listens on a Unix socket in the data directory and nowhere else. A lock on a file there keeps a second server away;
//! the operating system drops it when its holder dies, so that nothing stale is left to clear by hand.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};

use super::watch::Watch;

/// The database's name and its owner's.
const NAME: &str = "calibrant";
/// Unix sockets have a short limit on the length of their path.
const SOCKET_PATH_BYTES: usize = 90;
/// Who runs the database when the server is started as root, first found first taken.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

/// Settings for one machine that is not the database's alone. Durability is never traded.
const SETTINGS: &str = "
listen_addresses = ''
port = 5432
unix_socket_permissions = 0700
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 256MB
work_mem = 32MB
maintenance_work_mem = 128MB
max_connections = 60
max_wal_size = 4GB
wal_compression = on
checkpoint_completion_target = 0.9
timezone = 'UTC'
log_timezone = 'UTC'
";

/// After a crash, sessions of the dead postmaster may still hold its memory for a moment.
const START_ATTEMPTS: usize = 5;
const START_PAUSE: Duration = Duration::from_secs(1);

/// Where the unprivileged user's numbers come from.
#[derive(Clone, Copy, Debug)]
struct Account {
    uid: u32,
    gid: u32,
}

/// A PostgreSQL of our own. Stopped when dropped, if this process started it.
pub struct PrivateDatabase {
    cluster: Cluster,
    /// Starts it again when it dies, under a server.
    watch: Option<Watch>,
    /// Held for as long as this process owns the cluster.
    lock: Option<File>,
}

/// Where it is, and who runs it.
#[derive(Clone)]
struct Cluster {
    tools: PathBuf,
    folder: PathBuf,
    socket: PathBuf,
    account: Option<Account>,
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
        database.watch = Some(Watch::start(move || watched.answers(), move || revived.run()));
        Ok(database)
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

    /// Whether a data directory holds a cluster.
    pub fn exists(data: &Path) -> bool {
        data.join("postgres/PG_VERSION").exists()
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

impl Cluster {
    fn url(&self, database: &str) -> String {
        let host = percent_encoded(&self.socket.to_string_lossy());
        format!("postgres://{NAME}@/{database}?host={host}&port=5432")
    }

    fn at(data: &Path) -> anyhow::Result<Cluster> {
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

    fn try_own(&self) -> anyhow::Result<Option<File>> {
        let path = self.socket.with_file_name("calibrant.lock");
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }

    fn run(&self) -> anyhow::Result<()> {
        self.own_directory(&self.socket)?;
        if !self.folder.join("PG_VERSION").exists() {
            self.initialise()?;
        }
        fs::write(self.folder.join("calibrant.conf"), SETTINGS).context("cannot write the database's settings")?;
        self.forget_dead_postmaster()?;
        // A server of ours that was killed may have left its database running; it is as good as a new one, but its
        // settings may be older. It is stopped in good order first.
        if self.is_running()? {
            self.stop()?;
        }
        let log = self.folder.join("server.log");
        let socket = self.socket.display().to_string();
        let start = || {
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

    /// Removes the pid file of a postmaster that is gone: its number may belong to another process by now, which would be
    /// taken for the database, and stopped in its place.
    fn forget_dead_postmaster(&self) -> anyhow::Result<()> {
        let path = self.folder.join("postmaster.pid");
        let Ok(text) = fs::read_to_string(&path) else {
            return Ok(());
        };
        let pid = text.lines().next().unwrap_or_default();
        let process = Path::new("/proc").join(pid);
        let status = fs::read_to_string(process.join("status")).unwrap_or_default();
        let runs = status.starts_with("Name:\tpostgres\n") && !status.contains("\nState:\tZ");
        // A postmaster works in the folder of its cluster. Not every process may see that of another user's.
        let elsewhere = fs::read_link(process.join("cwd")).is_ok_and(|folder| folder != self.folder);
        if runs && !elsewhere {
            return Ok(());
        }
        fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))
    }

    /// Whether a postmaster takes connections, be it to say that it is still recovering.
    fn answers(&self) -> bool {
        UnixStream::connect(self.socket.join(".s.PGSQL.5432")).is_ok()
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
        match diesel::sql_query(format!("CREATE DATABASE {NAME}")).execute(&mut conn) {
            Ok(_) => Ok(()),
            Err(error) if error.to_string().contains("already exists") => Ok(()),
            Err(error) => Err(error).context("cannot create the database"),
        }
    }

    fn is_running(&self) -> anyhow::Result<bool> {
        let status = self.command("pg_ctl", |command| {
            command.arg("status");
        });
        Ok(status?.status.success())
    }

    fn stop(&self) -> anyhow::Result<()> {
        self.tool("pg_ctl", |command| {
            command.args(["stop", "--wait", "--mode=fast", "--timeout=60", "--silent"]);
        })
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

fn is_root() -> anyhow::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    Ok(fs::metadata("/proc/self")
        .context("cannot tell who runs this process")?
        .uid()
        == 0)
}

fn unprivileged_account() -> anyhow::Result<Account> {
    let accounts = fs::read_to_string("/etc/passwd").context("cannot read /etc/passwd")?;
    UNPRIVILEGED
        .iter()
        .find_map(|wanted| {
            accounts.lines().find_map(|line| {
                let mut fields = line.split(':');
                let name = fields.next()?;
                let uid = fields.nth(1)?.parse().ok()?;
                let gid = fields.next()?.parse().ok()?;
                (name == *wanted).then_some(Account { uid, gid })
            })
        })
        .context("started as root, the database needs an unprivileged user; create one called `postgres`")
}

/// The folder with PostgreSQL's server programs: the newest of Debian's, else the one on the PATH.
fn find_tools() -> anyhow::Result<PathBuf> {
    let installed = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        });
    let on_path = std::env::var_os("PATH")
        .into_iter()
        .flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>())
        .map(|folder| (0, folder));
    installed
        .chain(on_path)
        .filter(|(_, folder)| folder.join("initdb").exists() && folder.join("pg_ctl").exists())
        .max_by_key(|(version, _)| *version)
        .map(|(_, folder)| folder)
        .context(
            "no PostgreSQL server programs were found; install them (on Debian: apt-get install postgresql), or set \
             CALIBRANT_DATABASE_URL to a database that runs elsewhere",
        )
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}
