//! The program itself, with a data directory of its own. Ends with what it started, and only that.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::{Answer, Client};

pub const KEY: &str = "cal_sk_of_the_crash_tests_only";
const PATIENCE: Duration = Duration::from_secs(120);

/// A data directory that any account can reach, since as root the database runs as another.
pub struct DataDir {
    folder: tempfile::TempDir,
    is_mounted: bool,
}

impl DataDir {
    pub fn new() -> DataDir {
        let folder = tempfile::Builder::new()
            .prefix("calibrant-crash-")
            .tempdir_in("/tmp")
            .unwrap();
        fs::set_permissions(folder.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        DataDir {
            folder,
            is_mounted: false,
        }
    }

    /// A small disk of its own, in memory. `None`, said aloud, where this account may not mount one.
    pub fn on_small_disk(megabytes: u32) -> Option<DataDir> {
        let mut data = DataDir::new();
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={megabytes}m,mode=755"), "tmpfs"]);
        let mounted = mount.arg(data.path()).stderr(Stdio::null()).status();
        data.is_mounted = mounted.is_ok_and(|status| status.success());
        if !data.is_mounted {
            eprintln!("SKIPPED: a small disk cannot be mounted by this account");
        }
        data.is_mounted.then_some(data)
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn pid_file(&self) -> PathBuf {
        self.path().join("postgres/postmaster.pid")
    }

    pub fn postmaster(&self) -> Option<u32> {
        fs::read_to_string(self.pid_file()).ok()?.lines().next()?.parse().ok()
    }

    /// The postmaster if it runs: a number in a file may have passed to another process.
    pub fn live_postmaster(&self) -> Option<u32> {
        let works_in = |pid: &u32| fs::read_link(format!("/proc/{pid}/cwd")).ok();
        let folder = self.path().join("postgres");
        self.postmaster()
            .filter(|pid| works_in(pid).as_ref() == Some(&folder) && is_alive(*pid))
    }

    /// Kills the postmaster if it runs. Gives whether it did.
    pub fn kill_postmaster(&self) -> bool {
        self.live_postmaster().is_some_and(kill_if_alive)
    }

    /// How to connect to the private database.
    pub fn database_url(&self) -> String {
        let host = self.path().join("run").display().to_string().replace('/', "%2F");
        format!("postgres://calibrant@/calibrant?host={host}")
    }

    /// A command of the program on this directory.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_calibrant"));
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CALIBRANT_") {
                command.env_remove(name);
            }
        }
        command
            .args(arguments)
            .env("CALIBRANT_DATA_DIR", self.path())
            .env("CALIBRANT_ADMIN_KEY", KEY)
            .env("CALIBRANT_BIND", "127.0.0.1:0");
        command
    }

    #[track_caller]
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that must succeed.
    #[track_caller]
    pub fn succeed(&self, arguments: &[&str]) {
        let output = self.run(arguments);
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        assert!(output.status.success(), "{arguments:?}: {}", said.concat());
    }

    /// Everything that was computed is what the log says.
    #[track_caller]
    pub fn verify(&self) {
        self.succeed(&["verify"]);
    }

    pub fn serve(&self) -> Program {
        Program::start(self.command(&["serve"]), self.path())
    }

    pub fn serve_without_fold(&self) -> Program {
        Program::start(self.command(&["serve", "--no-fold"]), self.path())
    }

    /// A process that folds beside a running server.
    pub fn fold(&self) -> Worker {
        let log = self.path().join("worker-under-test.log");
        let log = File::options().create(true).append(true).open(log).unwrap();
        let mut command = self.command(&["fold"]);
        Worker(command.stdout(Stdio::null()).stderr(log).spawn().unwrap())
    }
}

impl Drop for DataDir {
    /// A killed server leaves its database behind.
    fn drop(&mut self) {
        if let Some(pid) = self.postmaster().filter(|pid| is_alive(*pid)) {
            signal("QUIT", pid);
            wait_until("the database is gone", || !is_alive(pid));
        }
        if self.is_mounted {
            let unmounted = Command::new("umount").arg("--lazy").arg(self.path()).status();
            assert!(unmounted.unwrap().success() || std::thread::panicking());
        }
    }
}

/// A running server.
pub struct Program {
    child: Child,
    pub client: Client,
    log: PathBuf,
}

impl Program {
    /// Waits until it says where it listens.
    pub fn start(mut command: Command, folder: &Path) -> Program {
        let log = folder.join("server-under-test.log");
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(File::options().create(true).append(true).open(&log).unwrap())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap());
        let mut lines = said.lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.strip_prefix("Calibrant listens on http://")?.parse().unwrap()));
        // Nobody reads the rest, but it must be able to say it.
        std::thread::spawn(move || lines.for_each(drop));
        let Some(address) = address else {
            let _ = child.wait();
            let database = fs::read_to_string(folder.join("postgres/server.log")).unwrap_or_default();
            panic!(
                "the server did not start: {}\n{database}",
                fs::read_to_string(&log).unwrap()
            );
        };
        Program {
            child,
            client: Client::new(address),
            log,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.client.request("GET", path, Some(KEY), &[], b"")
    }

    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.client.request("POST", path, Some(KEY), &[], body.as_bytes())
    }

    /// Waits until everything that is stored is in the numbers.
    pub fn settle(&self) -> Value {
        let mut status = Value::Null;
        wait_until("everything is folded", || {
            let answer = self.get("/api/v1/status");
            status = if answer.status == 200 {
                answer.json()
            } else {
                Value::Null
            };
            status["backlog"]["events"] == 0
        });
        status
    }

    pub fn wait_until_ready(&self) {
        wait_until("the server is ready", || self.get("/api/v1/health/ready").status == 200);
    }

    /// Kills it as the system would: no chance to tidy up.
    pub fn kill(&mut self) {
        signal("KILL", self.pid());
        self.child.wait().unwrap();
    }

    /// Asks it to stop. Gives whether it ended well.
    pub fn stop(&mut self) -> bool {
        signal("TERM", self.pid());
        self.child.wait().unwrap().success()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the server's log\n{}", self.log());
        }
        if matches!(self.child.try_wait(), Ok(None)) {
            self.kill();
        }
    }
}

/// A process that folds. Killed in the end.
pub struct Worker(Child);

impl Worker {
    pub fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Asks it to stop. Gives whether it ended well.
    pub fn stop(&mut self) -> bool {
        signal("TERM", self.0.id());
        self.0.wait().unwrap().success()
    }

    pub fn is_running(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        if self.is_running() {
            self.kill();
        }
    }
}

pub fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status();
    assert!(sent.unwrap().success(), "cannot send {name} to {pid}");
}

/// Kills a process that may end by itself at the same moment.
pub fn kill_if_alive(pid: u32) -> bool {
    let mut kill = Command::new("kill");
    let kill = kill.args(["-KILL", &pid.to_string()]).stderr(Stdio::null());
    kill.status().unwrap().success()
}

/// The processes that a process has started and that run.
pub fn processes_of(parent: u32) -> Vec<u32> {
    let parent = format!("\nPPid:\t{parent}\n");
    let all = fs::read_dir("/proc").unwrap().flatten();
    let mut found: Vec<u32> = all
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| {
            let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
            status.contains(&parent) && !status.contains("\nState:\tZ")
        })
        .collect();
    found.sort_unstable();
    found
}

/// A process that ended and that nobody has asked after is not alive.
pub fn is_alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| !status.contains("\nState:\tZ"))
}

#[track_caller]
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "waited in vain until {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
