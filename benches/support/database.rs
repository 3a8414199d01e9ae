//! A PostgreSQL for the length of a bench, with the settings that Calibrant gives its own, and databases copied from a
//! migrated one.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use calibrant::simulate::Simulation;
use calibrant::store::Db;
use calibrant::store::private::PrivateDatabase;
use calibrant::store::projects::{self, Settings};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

use super::product;

pub struct Cluster {
    /// Before the folder, since it must stop before its files go.
    cluster: PrivateDatabase,
    folder: Folder,
    next: Cell<u32>,
}

/// A folder that goes with its value.
struct Folder(PathBuf);

impl Folder {
    fn new(parent: &Path) -> Folder {
        let path = parent.join(format!("run-{}", std::process::id()));
        std::fs::create_dir(&path).expect("the bench's folder is writable");
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            eprintln!("{} is left behind: {error}", self.0.display());
        }
    }
}

/// One database; dropped with its value.
pub struct Database<'a> {
    cluster: &'a Cluster,
    name: String,
}

/// Makes the schema, and declares the dimensions of both products.
pub fn prepare(url: &str) {
    let db = Db::open(url, 1).expect("the schema can be made");
    let mut conn = db.dedicated().expect("the database runs");
    let (project, _) = projects::find_or_create(&mut conn, projects::DEFAULT).expect("a project can be made");
    let names = Simulation::dimensions().iter().chain(&[product::DIMENSION]);
    let mut dimensions: Vec<String> = names.map(|name| (*name).to_owned()).collect();
    dimensions.sort_unstable();
    dimensions.dedup();
    let settings = Settings {
        dimensions: Some(dimensions),
        ..Settings::default()
    };
    projects::update(&mut conn, project.id, &settings).expect("a project can be changed");
}

/// A psql that runs one command, without the user's own settings.
pub fn psql(url: &str, command: &str) -> Command {
    let mut psql = Command::new("psql");
    psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command"])
        .arg(command)
        .arg(url);
    psql
}

impl Cluster {
    /// Starts it in a new folder and prepares what databases are copied from.
    pub fn start(parent: &Path) -> Cluster {
        let folder = Folder::new(parent);
        let cluster = PrivateDatabase::start(&folder.0).expect("PostgreSQL is installed");
        prepare(&cluster.url());
        PgConnection::establish(&cluster.url())
            .expect("the database runs")
            .batch_execute("ALTER SYSTEM SET max_connections = 200")
            .expect("we own the cluster");
        drop(cluster);
        Cluster {
            cluster: PrivateDatabase::start(&folder.0).expect("PostgreSQL starts again"),
            folder,
            next: Cell::new(0),
        }
    }

    pub fn folder(&self) -> &Path {
        &self.folder.0
    }

    /// An empty database with the schema. What earlier measurements left to write is written first.
    pub fn database(&self) -> Database<'_> {
        let number = self.next.replace(self.next.get() + 1);
        let name = format!("bench_{number}");
        let mut admin = self.admin();
        admin
            .batch_execute(&format!("CREATE DATABASE {name} TEMPLATE calibrant"))
            .expect("no one is connected to the template");
        admin.batch_execute("CHECKPOINT").expect("we own the cluster");
        Database { cluster: self, name }
    }

    /// The limit: PostgreSQL's own client copies rows into an empty log with its indexes, each file by a process of its own.
    /// Gives rows per second.
    pub fn copy_in(&self, files: &[PathBuf], rows: usize) -> f64 {
        let database = self.database();
        let started = Instant::now();
        let copies: Vec<Child> = files
            .iter()
            .map(|file| format!("\\copy events from '{}'", file.display()))
            .map(|command| psql(&database.url(), &command).spawn().expect("psql is installed"))
            .collect();
        for mut copy in copies {
            assert!(copy.wait().expect("it was started").success());
        }
        rows as f64 / started.elapsed().as_secs_f64()
    }

    fn admin(&self) -> PgConnection {
        PgConnection::establish(&self.url("postgres")).expect("the database runs")
    }

    fn url(&self, database: &str) -> String {
        self.cluster.url().replace("/calibrant?", &format!("/{database}?"))
    }
}

impl Database<'_> {
    pub fn url(&self) -> String {
        self.cluster.url(&self.name)
    }

    pub fn connect(&self) -> PgConnection {
        PgConnection::establish(&self.url()).expect("the database runs")
    }

    /// Writes rows of the log to a file.
    pub fn copy_out(&self, file: &Path, most: usize) {
        let command = format!("\\copy (SELECT * FROM events LIMIT {most}) to '{}'", file.display());
        assert!(
            psql(&self.url(), &command)
                .stdout(Stdio::null())
                .status()
                .expect("psql is installed")
                .success()
        );
    }

    /// pgbench with a script, from PostgreSQL's own folder: transactions per second, and the median and the 99th percentile of
    /// their times in milliseconds.
    pub fn pgbench(&self, script: &str, clients: usize, time: Duration) -> (f64, Vec<f64>) {
        let folder = self.cluster.folder();
        let path = folder.join("insert.sql");
        std::fs::write(&path, script).expect("the folder is writable");
        let output = Command::new(program("pgbench"))
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2", "--log"])
            .arg(format!("--log-prefix={}", folder.join("pgbench").display()))
            .arg(format!("--client={clients}"))
            .arg(format!("--time={}", time.as_secs()))
            .arg("--file")
            .arg(&path)
            .arg(self.url())
            .output()
            .expect("pgbench is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let report = String::from_utf8_lossy(&output.stdout).into_owned();
        let rate = report
            .lines()
            .find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok())
            .unwrap_or_else(|| panic!("pgbench says {report}"));
        (rate, logged_times(folder))
    }
}

/// The milliseconds of every transaction that pgbench logged. The logs are removed.
fn logged_times(folder: &Path) -> Vec<f64> {
    let mut times = Vec::new();
    for entry in std::fs::read_dir(folder).expect("it is ours").flatten() {
        if entry.file_name().to_string_lossy().starts_with("pgbench.") {
            let text = std::fs::read_to_string(entry.path()).expect("pgbench wrote it");
            let microseconds = text
                .lines()
                .filter_map(|line| line.split(' ').nth(2)?.parse::<f64>().ok());
            times.extend(microseconds.map(|time| time / 1e3));
            std::fs::remove_file(entry.path()).expect("it is ours");
        }
    }
    times
}

impl Drop for Database<'_> {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        if let Err(error) = self.cluster.admin().batch_execute(&drop) {
            eprintln!("{error}");
        }
    }
}

/// The newest of the server programs that Debian has beside psql, or the one on the PATH.
fn program(name: &str) -> PathBuf {
    std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|version| version.path().join("bin").join(name))
        .filter(|path| path.exists())
        .max()
        .unwrap_or_else(|| PathBuf::from(name))
}
