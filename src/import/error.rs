//! What can be wrong with a mapping, a file, and a row.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

/// The mapping cannot be used. `path` leads to the key, `message` says what to write instead.
#[derive(Debug, Error)]
#[error("mapping: {}{message}", prefix(.path))]
pub struct MappingError {
    pub path: String,
    pub message: String,
}

impl MappingError {
    pub(super) fn new(path: impl Into<String>, message: impl ToString) -> MappingError {
        MappingError {
            path: path.into(),
            message: message.to_string(),
        }
    }
}

fn prefix(path: &str) -> String {
    if path.is_empty() {
        String::new()
    } else {
        format!("{path}: ")
    }
}

/// The file cannot be imported at all.
#[derive(Debug, Error)]
pub enum ImportError {
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("cannot tell the format of {}: set `format` in the mapping to \"csv\", \"jsonl\" or \"json\"", path.display())]
    UnknownFormat { path: PathBuf },
    #[error("{} is not a JSON array: for one object per line set `format = \"jsonl\"` in the mapping", path.display())]
    NotAnArray { path: PathBuf },
    #[error("the header of {} cannot be read: {message}", path.display())]
    BadHeader { path: PathBuf, message: String },
    #[error("the mapping names columns that {} does not have: {}; its columns are: {}",
            path.display(), missing.join(", "), header.join(", "))]
    UnknownColumns {
        path: PathBuf,
        missing: Vec<String>,
        header: Vec<String>,
    },
}

/// Why one row was left out. The code is stable, for programs; the message is for people.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{code}: {message}")]
pub struct RowError {
    pub code: &'static str,
    pub message: String,
}

impl RowError {
    pub(super) fn new(code: &'static str, message: impl Into<String>) -> RowError {
        RowError {
            code,
            message: message.into(),
        }
    }

    /// The same error with the place in front of the message.
    pub(super) fn at(self, place: impl std::fmt::Display) -> RowError {
        RowError {
            code: self.code,
            message: format!("{place}: {}", self.message),
        }
    }
}
