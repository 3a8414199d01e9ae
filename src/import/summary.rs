//! The report of an import for people.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use super::rejects::Rejection;
use super::report::Report;
use crate::domain::event::EventKind;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (opening, created) = if self.dry_run {
            ("Dry run, nothing was stored:", "valid")
        } else {
            ("Imported", "created")
        };
        writeln!(f, "{opening} {} as {}", self.file.display(), self.mapping)?;
        writeln!(
            f,
            "  rows      {}: {} rejected, {} without events",
            Grouped(self.rows),
            Grouped(self.rows_rejected),
            Grouped(self.rows_without_events)
        )?;
        write!(
            f,
            "  events    {}: {} {created}, ",
            Grouped(self.events),
            Grouped(self.created)
        )?;
        if !self.dry_run {
            write!(f, "{} duplicates, ", Grouped(self.duplicates))?;
        }
        writeln!(f, "{} rejected", Grouped(self.events_rejected))?;
        writeln!(f, "    by type     {}", Counts(&self.by_type))?;
        writeln!(f, "    by feature  {}", Counts(&self.by_feature))?;
        writeln!(f, "    by version  {}", Counts(&self.by_version))?;
        writeln!(f, "  outputs   {}", Grouped(self.outputs))?;
        writeln!(f, "  users     {}", Grouped(self.users))?;
        if let (Some(first), Some(last)) = (self.first_at, self.last_at) {
            writeln!(f, "  time      {} to {}", written(first), written(last))?;
        }
        if !self.unseen_columns.is_empty() {
            writeln!(
                f,
                "No row has these columns of the mapping: {}",
                self.unseen_columns.join(", ")
            )?;
        }
        self.write_rejections(f)?;
        if self.dry_run && !self.event_samples.is_empty() {
            writeln!(f, "The first events:")?;
            for event in &self.event_samples {
                writeln!(f, "  {}", serde_json::to_string(event).map_err(|_| fmt::Error)?)?;
            }
        }
        Ok(())
    }
}

impl Report {
    fn write_rejections(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.by_code.is_empty() {
            return Ok(());
        }
        writeln!(f, "Rejected: {}", Counts(&self.by_code))?;
        for Rejection {
            line, code, message, ..
        } in &self.rejection_samples
        {
            writeln!(f, "  line {line}: {code}: {message}")?;
        }
        if let Some(error) = &self.rejected_file_error {
            writeln!(
                f,
                "The rejected rows could not be written to a file: {error}; name another with --rejected"
            )?;
        }
        if let Some(path) = &self.rejected_file {
            writeln!(f, "All of them, with their rows: {}", path.display())?;
        }
        Ok(())
    }
}

fn written(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Names with their counts, the most frequent first; the rest only counted.
struct Counts<'a>(&'a BTreeMap<String, u64>);

impl fmt::Display for Counts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const LONGEST: usize = 8;
        let mut counts: Vec<_> = self.0.iter().collect();
        counts.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let shown = counts
            .iter()
            .take(LONGEST)
            .map(|(name, count)| format!("{name} {}", Grouped(**count)));
        f.write_str(&shown.collect::<Vec<_>>().join(", "))?;
        match counts.len() {
            0 => f.write_str("none"),
            length if length > LONGEST => write!(f, ", and {} more", length - LONGEST),
            _ => Ok(()),
        }
    }
}

/// A number with its thousands apart.
struct Grouped(u64);

impl fmt::Display for Grouped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0 / 1000, self.0 % 1000) {
            (0, rest) => write!(f, "{rest}"),
            (thousands, rest) => write!(f, "{},{rest:03}", Grouped(thousands)),
        }
    }
}

/// An event type under the name it has in JSON.
pub(super) struct KindName(pub EventKind);

impl fmt::Display for KindName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_sorted_and_cut() {
        let counts: BTreeMap<String, u64> = (0..10).map(|n| (format!("n{n}"), 1_000_000 + n)).collect();
        let text = Counts(&counts).to_string();
        assert!(
            text.starts_with("n9 1,000,009, n8 ") && text.ends_with(", and 2 more"),
            "{text}"
        );
        assert_eq!(Counts(&BTreeMap::new()).to_string(), "none");
    }

    #[test]
    fn types_have_the_names_of_the_api() {
        assert_eq!(KindName(EventKind::PartialAccept).to_string(), "partial_accept");
    }
}
