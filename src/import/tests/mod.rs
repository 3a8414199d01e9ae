//! Small files, imported whole.

mod arbitrary;
mod events;
mod refusals;
mod rows;
mod runs;

use std::fs;
use std::path::PathBuf;

use super::*;
use crate::domain::event::Event;

const WIDE: &str = r#"
    name = "wide"
    missing = ["", "NA"]
    dimensions = ["plan"]

    [fields]
    output_id = "id"
    feature = { value = "mail" }

    [[event]]
    type = "shown"
    occurred_at = { column = "at", time_format = "epoch_s" }
    confidence = { column = "percent", scale = 0.01 }
    attributes.plan = "plan"
    initial.agrees = { equals = ["before", "said"] }

    [[event]]
    type = { column = "decision", map = { yes = "accept", no = "reject", none = "skip" } }

    [[event]]
    type = "judge"
    when = "truth"
    correct = { equals = ["said", "truth"] }
    source = { value = "outcome" }
"#;
const WIDE_HEADER: &str = "id,at,percent,plan,before,said,decision,truth";

/// A file that is gone when the test ends.
struct Temporary(PathBuf);

impl Temporary {
    fn new(name: &str, content: &[u8]) -> Temporary {
        let path = std::env::temp_dir().join(format!("{}-{name}", uuid::Uuid::now_v7()));
        fs::write(&path, content).unwrap();
        Temporary(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn rows(mapping: &str, name: &str, content: &str) -> Vec<ImportedRow> {
    let file = Temporary::new(name, content.as_bytes());
    open(&file.0, &Mapping::parse(mapping).unwrap()).unwrap().collect()
}

fn events(mapping: &str, name: &str, content: &str) -> Vec<Event> {
    rows(mapping, name, content)
        .into_iter()
        .flat_map(|row| row.events.unwrap())
        .collect()
}

fn codes(mapping: &str, name: &str, content: &str) -> Vec<(u64, Option<&'static str>)> {
    rows(mapping, name, content)
        .into_iter()
        .map(|row| (row.line, row.events.err().map(|error| error.code)))
        .collect()
}

const RATINGS: &str = r#"
    name = "ratings"
    [fields]
    output_id = "id"
    [[event]]
    type = "rate"
    each = "ratings"
    rating = { column = "@item.stars", scale = 0.25 }
    rater = { template = "rater-{@number}" }
    comment = "reasons.@index"
"#;
