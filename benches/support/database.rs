//! A PostgreSQL for the length of a bench, with the settings that Calibrant gives its own, and databases copied from a
//! migrated one.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

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

    /// A connection that holds all ranges of the log, as those of other machines that fold.
    pub fn hold_lease(&self) -> PgConnection {
        let mut conn = self.connect();
        conn.batch_execute("BEGIN; SELECT FROM fold_ranges FOR UPDATE")
            .expect("the ranges are there");
        conn
    }

    /// Writes the rows of the log to a file.
    pub fn copy_out(&self, file: &Path) {
        let command = format!("\\copy events to '{}'", file.display());
        assert!(
            psql(&self.url(), &command)
                .stdout(Stdio::null())
                .status()
                .expect("psql is installed")
                .success()
        );
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
