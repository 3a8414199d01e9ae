//! What an import did, or would do.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::mapping::Mapping;
use super::rejects::Rejection;
use super::summary::KindName;
use crate::domain::event::Event;

/// How many rejections and events a report quotes.
const REJECTION_SAMPLES: usize = 5;
const EVENT_SAMPLES: usize = 3;

/// The counts of an import. Prints as a summary for people, and serialises for programs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    pub file: PathBuf,
    pub mapping: String,
    /// Nothing was stored: `created` counts the events that were found valid.
    pub dry_run: bool,
    pub rows: u64,
    pub rows_rejected: u64,
    /// Rows of which the mapping makes no event.
    pub rows_without_events: u64,
    pub events: u64,
    pub created: u64,
    pub duplicates: u64,
    pub events_rejected: u64,
    /// Rejected rows and events by their code.
    pub by_code: BTreeMap<String, u64>,
    pub rejection_samples: Vec<Rejection>,
    /// The file of all rejections, when there were any.
    pub rejected_file: Option<PathBuf>,
    /// Why that file is not there, or not complete.
    pub rejected_file_error: Option<String>,
    pub by_type: BTreeMap<String, u64>,
    /// Events that name the feature.
    pub by_feature: BTreeMap<String, u64>,
    /// Events that name the version.
    pub by_version: BTreeMap<String, u64>,
    pub outputs: u64,
    pub users: u64,
    pub first_at: Option<DateTime<Utc>>,
    pub last_at: Option<DateTime<Utc>>,
    pub event_samples: Vec<Event>,
    /// Columns that the mapping names and no row had.
    pub unseen_columns: Vec<String>,
    /// Names that were seen, as 64-bit hashes: exact but for one chance in a million at millions of names.
    #[serde(skip)]
    seen_outputs: HashSet<u64>,
    #[serde(skip)]
    seen_users: HashSet<u64>,
}

impl Report {
    pub(super) fn new(file: &Path, mapping: &Mapping, dry_run: bool) -> Report {
        Report {
            file: file.to_owned(),
            mapping: mapping.name().to_owned(),
            dry_run,
            ..Report::default()
        }
    }

    /// Counts an event that the mapping made.
    pub(super) fn observe(&mut self, event: &Event) {
        self.events += 1;
        *self.by_type.entry(KindName(event.kind).to_string()).or_default() += 1;
        tally(&mut self.by_feature, event.feature.as_ref());
        tally(&mut self.by_version, event.version.as_ref());
        self.seen_outputs.insert(hash(&event.output_id));
        self.outputs = self.seen_outputs.len() as u64;
        if let Some(user) = &event.user_id {
            self.seen_users.insert(hash(user));
            self.users = self.seen_users.len() as u64;
        }
        if let Some(time) = event.occurred_at {
            self.first_at = Some(self.first_at.map_or(time, |first| first.min(time)));
            self.last_at = Some(self.last_at.map_or(time, |last| last.max(time)));
        }
        if self.event_samples.len() < EVENT_SAMPLES {
            self.event_samples.push(event.clone());
        }
    }

    /// Counts a rejection: of an event when it has a kind, else of a row.
    pub(super) fn reject(&mut self, rejection: Rejection) {
        *(if rejection.kind.is_some() {
            &mut self.events_rejected
        } else {
            &mut self.rows_rejected
        }) += 1;
        *self.by_code.entry(rejection.code.clone()).or_default() += 1;
        if self.rejection_samples.len() < REJECTION_SAMPLES {
            self.rejection_samples.push(rejection);
        }
    }
}

fn tally(counts: &mut BTreeMap<String, u64>, name: Option<&String>) {
    if let Some(name) = name {
        match counts.get_mut(name) {
            Some(count) => *count += 1,
            None => {
                counts.insert(name.clone(), 1);
            }
        }
    }
}

fn hash(name: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    hasher.finish()
}
