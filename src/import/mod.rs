//! File import: feedback that was collected elsewhere, as CSV, JSON lines or one JSON array, plain or gzipped.
//!
//! Every source of old feedback has its own columns. A *mapping* (a small TOML file) says which columns become which
//! fields of which events, so that no one writes a converter and the same definitions of the metrics apply to old data and
//! new. Two promises shape the module: a bad row never stops an import, it is reported with its line and a stable code; and
//! every event gets an id that depends only on the mapping and the row, so that importing a file twice changes nothing.
//!
//! ```text
//! input ─ bytes ─▶ rows ─ JSON objects ─▶ mapping (blocks ▸ sources ▸ columns) ─ events ─▶ run ─▶ store, report
//! ```

mod assignment;
mod block;
mod column;
mod condition;
mod error;
mod fields;
mod identity;
mod input;
mod json_array;
mod mapping;
mod progress;
mod reader;
mod rejects;
mod report;
mod rows;
mod run;
mod source;
mod spread;
mod steps;
mod summary;
mod table;
mod template;
mod time;
mod value;

#[cfg(test)]
mod tests;

pub use error::{ImportError, MappingError, RowError};
pub use mapping::{Format, Mapping};
pub use rejects::Rejection;
pub use report::Report;
pub use rows::{ImportedRow, Rows, open};
pub use run::{Options, Outcome, run};
