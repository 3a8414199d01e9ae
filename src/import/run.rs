//! An import from beginning to end: read, store in batches, report.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use anyhow::ensure;

use super::mapping::Mapping;
use super::progress;
use super::rejects::{Rejection, RejectsFile};
use super::report::Report;
use super::rows::{ImportedRow, open};
use crate::domain::event::{Event, EventKind};

#[derive(Clone, Debug)]
pub struct Options {
    /// Read and check everything, store nothing.
    pub dry_run: bool,
    /// Where rejected rows go. Without it beside the imported file, in a dry run nowhere.
    pub rejected_file: Option<PathBuf>,
    /// How many events are stored at once.
    pub batch: usize,
    /// Draw a progress bar, when standard error is a terminal.
    pub progress: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            dry_run: false,
            rejected_file: None,
            batch: 1000,
            progress: true,
        }
    }
}

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    Created,
    Duplicate,
    Rejected { code: String, message: String },
}

/// Imports a file.
///
/// `store` takes at most `options.batch` events and answers with one outcome for each, in order; its errors end the
/// import, and running it again goes on where it ended. In a dry run `check` stands in for it: it says with a code and a
/// message what is wrong with an event.
pub fn run(
    path: &Path,
    mapping: &Mapping,
    options: &Options,
    check: impl Fn(&Event) -> Result<(), (String, String)>,
    mut store: impl FnMut(Vec<Event>) -> anyhow::Result<Vec<Outcome>>,
) -> anyhow::Result<Report> {
    let mut rows = open(path, mapping)?;
    let bar = progress::bar(rows.total_bytes(), options.progress);
    let settle = |events: Vec<Event>| {
        if options.dry_run {
            Ok(events.iter().map(|event| outcome(check(event))).collect())
        } else {
            store(events)
        }
    };
    let mut import = Import::new(path, mapping, options, settle);
    while let Some(row) = rows.next() {
        import.add(row)?;
        bar.set_position(rows.bytes_read());
    }
    let mut report = import.finish()?;
    bar.finish_and_clear();
    report.unseen_columns = rows.unseen_columns();
    Ok(report)
}

fn outcome(checked: Result<(), (String, String)>) -> Outcome {
    match checked {
        Ok(()) => Outcome::Created,
        Err((code, message)) => Outcome::Rejected { code, message },
    }
}

/// An import under way.
struct Import<S> {
    settle: S,
    batch: usize,
    pending: Vec<Event>,
    /// Where each pending event comes from.
    origins: Vec<Origin>,
    report: Report,
    rejects: RejectsFile,
}

/// What a rejection says beside its reason.
struct Origin {
    line: u64,
    row: Rc<str>,
    /// Nothing for a row that makes no event.
    kind: Option<EventKind>,
}

impl Origin {
    fn rejection(self, code: String, message: String) -> Rejection {
        Rejection {
            line: self.line,
            code,
            message,
            kind: self.kind,
            row: self.row.to_string(),
        }
    }
}

impl<S: FnMut(Vec<Event>) -> anyhow::Result<Vec<Outcome>>> Import<S> {
    fn new(path: &Path, mapping: &Mapping, options: &Options, settle: S) -> Import<S> {
        let beside = (!options.dry_run).then(|| RejectsFile::default_path(path));
        Import {
            settle,
            batch: options.batch.max(1),
            pending: Vec::new(),
            origins: Vec::new(),
            report: Report::new(path, mapping, options.dry_run),
            rejects: RejectsFile::new(options.rejected_file.clone().or(beside)),
        }
    }

    fn add(&mut self, row: ImportedRow) -> anyhow::Result<()> {
        let ImportedRow { line, raw, events } = row;
        let row: Rc<str> = raw.into();
        let origin = |kind| Origin {
            line,
            row: Rc::clone(&row),
            kind,
        };
        self.report.rows += 1;
        let events = match events {
            Ok(events) => events,
            Err(error) => {
                self.reject(origin(None).rejection(error.code.to_owned(), error.message));
                return Ok(());
            }
        };
        self.report.rows_without_events += u64::from(events.is_empty());
        for event in events {
            self.report.observe(&event);
            self.origins.push(origin(Some(event.kind)));
            self.pending.push(event);
            if self.pending.len() >= self.batch {
                self.flush()?;
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> anyhow::Result<()> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let origins = std::mem::take(&mut self.origins);
        let outcomes = (self.settle)(std::mem::take(&mut self.pending))?;
        let (answers, asked) = (outcomes.len(), origins.len());
        ensure!(answers == asked, "the store answered for {answers} of {asked} events");
        for (origin, outcome) in origins.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Created => self.report.created += 1,
                Outcome::Duplicate => self.report.duplicates += 1,
                Outcome::Rejected { code, message } => self.reject(origin.rejection(code, message)),
            }
        }
        Ok(())
    }

    /// A rejection that cannot be written down is no reason to stop either: the report tells of both.
    fn reject(&mut self, rejection: Rejection) {
        if let Err(error) = self.rejects.write(&rejection) {
            self.report.rejected_file_error.get_or_insert_with(|| error.to_string());
        }
        self.report.reject(rejection);
    }

    fn finish(mut self) -> anyhow::Result<Report> {
        self.flush()?;
        match self.rejects.finish() {
            Ok(path) => self.report.rejected_file = path,
            Err(error) => self.report.rejected_file_error = Some(error.to_string()),
        }
        Ok(self.report)
    }
}
