//! The files of the segments: found by name, written at once or not at all, the oldest removed when there are too many.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::SystemTime;

use diesel::pg::PgConnection;
use polars::prelude::DataFrame;
use polars_io::ipc::{IpcCompression, IpcReader, IpcWriter};
use polars_io::{SerReader, SerWriter};
use uuid::Uuid;

use crate::domain::key::ProjectId;
use crate::query::request::QueryError;
use crate::store;

/// What the columns of a file are. Raise it when they change.
const FORMAT: u32 = 6;
const EXTENSION: &str = "arrow";

#[derive(Clone, Copy)]
pub struct Key {
    pub project: ProjectId,
    pub day: i32,
    pub step: i64,
}

pub struct Files {
    root: PathBuf,
    most_bytes: u64,
    /// The folder of the database in use: another one counts its own projects and steps.
    folder: OnceLock<PathBuf>,
}

impl Files {
    pub fn new(root: PathBuf, most_bytes: u64) -> Files {
        Files {
            root,
            most_bytes,
            folder: OnceLock::new(),
        }
    }

    fn folder(&self, conn: &mut PgConnection, project: ProjectId) -> Result<PathBuf, QueryError> {
        let folder = match self.folder.get() {
            Some(folder) => folder.clone(),
            None => {
                let found = self.root.join(format!("{FORMAT}-{}", store::identity(conn)?));
                self.folder.get_or_init(|| found).clone()
            }
        };
        Ok(folder.join(project.to_string()))
    }

    fn path(&self, conn: &mut PgConnection, key: Key) -> Result<PathBuf, QueryError> {
        let name = format!("{}.{}.{EXTENSION}", key.day, key.step);
        Ok(self.folder(conn, key.project)?.join(name))
    }

    pub fn has(&self, conn: &mut PgConnection, key: Key) -> Result<bool, QueryError> {
        Ok(self.path(conn, key)?.exists())
    }

    /// A segment that is there. One that cannot be read is removed.
    pub fn read(
        &self,
        conn: &mut PgConnection,
        key: Key,
        columns: Option<&[&str]>,
    ) -> Result<Option<DataFrame>, QueryError> {
        let path = self.path(conn, key)?;
        let Ok(file) = File::open(&path) else { return Ok(None) };
        let columns = columns.map(|columns| columns.iter().map(|name| (*name).to_owned()).collect());
        match IpcReader::new(file).with_columns(columns).finish() {
            Ok(frame) => Ok(Some(frame)),
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "a segment cannot be read; it is written again");
                let _ = fs::remove_file(&path);
                Ok(None)
            }
        }
    }

    /// Writes a segment. A disk that takes no more only costs time: the answer is there.
    pub fn write(&self, conn: &mut PgConnection, key: Key, frame: &mut DataFrame) -> Result<(), QueryError> {
        let folder = self.folder(conn, key.project)?;
        let path = self.path(conn, key)?;
        if let Err(error) = write_whole(&folder, &path, frame) {
            tracing::warn!(path = %path.display(), %error, "a segment cannot be written");
            return Ok(());
        }
        self.make_room(&path);
        Ok(())
    }

    /// Removes the segments of a project that are older than the last steps which touched their days: nobody reads them any more,
    /// and they hold what may have been erased since.
    pub fn remove_older(
        &self,
        conn: &mut PgConnection,
        project: ProjectId,
        touched: &HashMap<i32, i64>,
    ) -> Result<(), QueryError> {
        for (path, day, step) in steps_in(&self.folder(conn, project)?) {
            if touched.get(&day).is_some_and(|last| step < *last) {
                let _ = fs::remove_file(path);
            }
        }
        Ok(())
    }

    /// Removes the files that were written longest ago until the rest fits.
    fn make_room(&self, newest: &Path) {
        let mut files = Vec::new();
        collect(&self.root, &mut files);
        let mut bytes: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        files.sort_unstable();
        for (_, size, path) in files {
            if bytes <= self.most_bytes {
                return;
            }
            if path != newest && fs::remove_file(&path).is_ok() {
                bytes -= size;
            }
        }
    }
}

fn write_whole(folder: &Path, path: &Path, frame: &mut DataFrame) -> Result<(), io::Error> {
    fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!("{}.unfinished", Uuid::now_v7()));
    let written = File::create(&unfinished).and_then(|file| {
        IpcWriter::new(file)
            .with_compression(Some(IpcCompression::LZ4))
            .finish(frame)
            .map_err(io::Error::other)
    });
    let outcome = written.and_then(|()| fs::rename(&unfinished, path));
    if outcome.is_err() {
        let _ = fs::remove_file(&unfinished);
    }
    outcome
}

/// The files of a folder with their days and steps.
fn steps_in(folder: &Path) -> Vec<(PathBuf, i32, i64)> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let (day, rest) = name.split_once('.')?;
            let step = rest.strip_suffix(EXTENSION)?.strip_suffix('.')?.parse().ok()?;
            Some((entry.path(), day.parse().ok()?, step))
        })
        .collect()
}

/// All files below a folder: when they were written, their size, where they are.
fn collect(folder: &Path, files: &mut Vec<(SystemTime, u64, PathBuf)>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.metadata() {
            Ok(about) if about.is_dir() => collect(&entry.path(), files),
            Ok(about) => files.push((
                about.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                about.len(),
                entry.path(),
            )),
            // Removed meanwhile.
            Err(_) => {}
        }
    }
}
