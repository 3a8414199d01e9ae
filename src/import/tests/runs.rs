//! What a run stores and reports.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::*;
use crate::domain::event::{Event, EventKind};

fn import(path: &Path, options: &Options, log: &RefCell<BTreeSet<String>>) -> Report {
    let check = |event: &Event| match event.kind {
        EventKind::Reject => Err(("bad".to_owned(), "not this one".to_owned())),
        _ => Ok(()),
    };
    let store = |events: Vec<Event>| {
        assert!(events.len() <= options.batch);
        let outcomes = events.into_iter().map(|event| match check(&event) {
            Err((code, message)) => Outcome::Rejected { code, message },
            Ok(()) if log.borrow_mut().insert(event.id.unwrap()) => Outcome::Created,
            Ok(()) => Outcome::Duplicate,
        });
        Ok(outcomes.collect())
    };
    run(path, &Mapping::parse(WIDE).unwrap(), options, check, store).unwrap()
}

#[test]
fn a_second_import_changes_nothing() {
    let content = format!("{WIDE_HEADER}\no1,0,1,p,r,r,yes,r\nbad\no2,0,1,p,r,r,no,r\n");
    let file = Temporary::new("w.csv", content.as_bytes());
    let log = RefCell::default();
    let rejected = Temporary::new("rejected.jsonl", b"");
    let options = Options {
        batch: 2,
        progress: false,
        rejected_file: Some(rejected.0.clone()),
        ..Options::default()
    };

    let dry = import(
        &file.0,
        &Options {
            dry_run: true,
            ..options.clone()
        },
        &log,
    );
    assert!(log.borrow().is_empty());
    let first = import(&file.0, &options, &log);
    assert_eq!(
        (first.rows, first.rows_rejected, first.events, first.events_rejected),
        (3, 1, 6, 1)
    );
    assert_eq!((first.created, first.duplicates, first.outputs), (5, 0, 2));
    assert_eq!((dry.created, dry.events_rejected, &dry.by_code), (5, 1, &first.by_code));
    let second = import(&file.0, &options, &log);
    assert_eq!((second.created, second.duplicates, log.borrow().len()), (0, 5, 5));

    let lines = fs::read_to_string(&rejected.0).unwrap();
    let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines[0]["code"], "wrong_width");
    assert_eq!((&lines[0]["line"], &lines[0]["row"]), (&3.into(), &"bad".into()));
    assert_eq!(
        (&lines[1]["code"], &lines[1]["type"]),
        (&"bad".into(), &"reject".into())
    );
    let text = dry.to_string();
    assert!(
        text.contains("Dry run") && text.contains("5 valid, 1 rejected") && text.contains("\"o1\""),
        "{text}"
    );
}

#[test]
fn a_clean_import_leaves_no_file_behind() {
    let file = Temporary::new("w.csv", format!("{WIDE_HEADER}\no1,0,1,p,r,r,yes,r\n").as_bytes());
    let report = import(
        &file.0,
        &Options {
            progress: false,
            ..Options::default()
        },
        &RefCell::default(),
    );
    assert_eq!((report.created, report.rejected_file), (3, None));
}

#[test]
fn rows_behind_a_quote_that_does_not_fit_are_counted() {
    let row = |id: usize| format!("o{id},0,1,p,r,r,yes,r\n");
    let rows: String = (0..40).map(row).collect();
    let file = Temporary::new(
        "w.csv",
        format!("{WIDE_HEADER}\n{}{}{rows}", row(90), "\"o91").as_bytes(),
    );
    let rejected = Temporary::new("rejected.jsonl", b"");
    let options = Options {
        progress: false,
        rejected_file: Some(rejected.0.clone()),
        ..Options::default()
    };
    let report = import(&file.0, &options, &RefCell::default());
    assert_eq!((report.rows, report.rows_rejected, report.outputs), (41, 40, 1));
    assert_eq!(fs::read_to_string(&rejected.0).unwrap().lines().count(), 40);
}
