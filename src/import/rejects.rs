//! The rejected rows: a file to correct and import again.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::domain::event::EventKind;

/// A row, or one event of it, that was not stored.
#[derive(Clone, Debug, Serialize)]
pub struct Rejection {
    pub line: u64,
    pub code: String,
    pub message: String,
    /// The event that was refused, when the row could be read.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<EventKind>,
    /// The row as it stands in the file.
    pub row: String,
}

/// Writes rejections as JSON lines. The file is created by the first one.
pub(super) struct RejectsFile {
    path: Option<PathBuf>,
    writer: Option<BufWriter<File>>,
}

impl RejectsFile {
    /// Without a path, nothing is written.
    pub fn new(path: Option<PathBuf>) -> RejectsFile {
        RejectsFile { path, writer: None }
    }

    /// `data.csv.gz.rejected.jsonl` beside `data.csv.gz`.
    pub fn default_path(file: &Path) -> PathBuf {
        let mut name = file.as_os_str().to_owned();
        name.push(".rejected.jsonl");
        name.into()
    }

    pub fn write(&mut self, rejection: &Rejection) -> io::Result<()> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let writer = match &mut self.writer {
            Some(writer) => writer,
            none => none.insert(BufWriter::new(File::create(path)?)),
        };
        serde_json::to_writer(&mut *writer, rejection)?;
        writer.write_all(b"\n")
    }

    /// The file, when there is one.
    pub fn finish(self) -> io::Result<Option<PathBuf>> {
        match self.writer {
            Some(mut writer) => writer.flush().map(|()| self.path),
            None => Ok(None),
        }
    }
}
