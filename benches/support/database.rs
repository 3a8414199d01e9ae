//! A PostgreSQL for the length of a bench, with the settings that Calibrant gives its own, and databases copied from a
//! migrated one.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use calibrant::simulate::Simulation;
use calibrant::store::Db;
use calibrant::store::private::PrivateDatabase;
use calibrant::store::projects::{self, Settings};
use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};

pub struct Cluster {
    /// Before the folder, since it must stop before its files go.
    cluster: PrivateDatabase,
    folder: Folder,
    next: Cell<u32>,
}

/// A folder under `/tmp` that goes with its value.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        let path = PathBuf::from(format!("/tmp/calibrant-bench-{}", std::process::id()));
        std::fs::create_dir(&path).expect("/tmp is writable");
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

impl Cluster {
    /// Starts it in a new folder under `/tmp` and prepares what databases are copied from.
    pub fn start() -> Cluster {
        let folder = Folder::new();
        let cluster = PrivateDatabase::start(&folder.0).expect("PostgreSQL is installed");
        let db = Db::open(&cluster.url(), 1).expect("the schema can be made");
        let mut conn = db.dedicated().expect("the database runs");
        let (project, _) = projects::find_or_create(&mut conn, projects::DEFAULT).expect("a project can be made");
        let mut dimensions: Vec<String> = Simulation::dimensions().iter().map(|name| (*name).to_owned()).collect();
        dimensions.sort_unstable();
        let settings = Settings {
            dimensions: Some(dimensions),
            ..Settings::default()
        };
        projects::update(&mut conn, project.id, &settings).expect("a project can be changed");
        conn.batch_execute("ALTER SYSTEM SET max_connections = 200")
            .expect("we own the cluster");
        drop((conn, db, cluster));
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

    /// A psql that runs one command.
    pub fn psql(&self, command: &str) -> Command {
        let mut psql = Command::new("psql");
        psql.args(["--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--command"])
            .arg(command)
            .arg(self.url())
            .stdout(Stdio::null());
        psql
    }

    /// pgbench with a script, from PostgreSQL's own folder. Gives what it prints.
    pub fn pgbench(&self, script: &str, clients: usize, seconds: u64) -> String {
        let path = self.cluster.folder().join("insert.sql");
        std::fs::write(&path, script).expect("the folder is writable");
        let output = Command::new(program("pgbench"))
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .arg(format!("--client={clients}"))
            .arg(format!("--time={seconds}"))
            .arg("--file")
            .arg(&path)
            .arg(self.url())
            .output()
            .expect("pgbench is installed");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }
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
