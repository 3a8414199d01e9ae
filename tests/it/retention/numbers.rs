//! The answers to all questions are the same, to the last bit, whatever has gone.

use calibrant::domain::dimension::Dimension;
use calibrant::domain::window::Granularity;
use calibrant::metrics::{self, Reason};
use calibrant::query::answer::Row;
use calibrant::query::{self, Query, QueryError, Sources};
use calibrant::simulate::Options;
use calibrant::store::Db;
use calibrant::store::projects::Project;
use chrono::{DateTime, TimeDelta, Utc};

use super::{keep, let_go, sound};
use crate::support::{simulated, tables};

fn end() -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn product() -> (Db, Project) {
    simulated::product(Options {
        days: 12,
        users: 60,
        outputs: 800,
        ..Options::ending(end())
    })
}

/// All metrics by feature and day, from the rollups.
fn question(project: &Project) -> Query {
    let mut query = Query::new(project.id, metrics::all().map(|(_, metric)| metric).collect());
    query.group_by = vec![Dimension::Feature];
    query.granularity = Some(Granularity::Day);
    query.exact_outputs = 0;
    query
}

fn answer(db: &Db, query: &Query) -> Vec<Row> {
    let answer = db
        .with(|conn| query::run(conn, &Sources::default(), query, end()))
        .unwrap();
    answer.rows.into_iter().chain(answer.totals).collect()
}

fn count(db: &Db, table: &str) -> usize {
    tables::rows(db, &format!("SELECT 1 AS one FROM {table}")).len()
}

#[track_caller]
fn assert_same(found: &[Row], expected: &[Row]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!((&found.group, found.bucket), (&expected.group, expected.bucket));
        for ((found, expected), (_, metric)) in found.estimates.iter().zip(&expected.estimates).zip(metrics::all()) {
            assert_eq!(found, expected, "{}", metric.id);
        }
    }
}

#[test]
fn numbers_stay_when_texts_events_and_outputs_go() {
    let (db, project) = product();
    let question = question(&project);
    let before = answer(&db, &question);
    assert!(before.len() > 50);
    let (events, outputs) = (count(&db, "events"), count(&db, "outputs"));
    assert!(count(&db, "output_texts") > 0);

    // All of it was received at the end.
    keep(&db, project.id, [Some(1), None, None]);
    let gone = let_go(&db, project.id, end() + TimeDelta::days(2));
    assert!(gone.texts > 0);
    assert_eq!((gone.events, gone.outputs, count(&db, "output_texts")), (0, 0, 0));
    assert_same(&answer(&db, &question), &before);
    sound(&db);

    keep(&db, project.id, [None, Some(5), None]);
    let gone = let_go(&db, project.id, end());
    assert!(gone.sealed > 150, "{gone:?}");
    assert_eq!(count(&db, "events"), events - gone.events as usize);
    assert_eq!(count(&db, "outputs"), outputs);
    assert_same(&answer(&db, &question), &before);
    let checked = sound(&db);
    assert_eq!(checked.expired_events as u64, gone.events);
    assert_eq!(checked.sealed_outputs, gone.sealed);
    // Nothing is done twice.
    assert!(let_go(&db, project.id, end()).is_nothing());

    keep(&db, project.id, [None, Some(5), Some(8)]);
    let gone = let_go(&db, project.id, end());
    assert!(gone.outputs > 50 && gone.events == 0, "{gone:?}");
    assert_eq!(count(&db, "outputs"), outputs - gone.outputs as usize);
    assert_same(&answer(&db, &question), &before);
    sound(&db);
    assert_same(&answer(&db, &question), &before);

    // More of the days that have gone in part.
    keep(&db, project.id, [None, Some(5), Some(5)]);
    let later = let_go(&db, project.id, end() + TimeDelta::hours(7));
    assert!(later.outputs > 0 && later.sealed > 0);
    assert_same(&answer(&db, &question), &before);
    sound(&db);
}

#[test]
fn small_questions_about_days_that_have_gone_are_answered_from_the_rollups() {
    let (db, project) = product();
    let mut question = question(&project);
    let before = answer(&db, &question);
    keep(&db, project.id, [None, None, Some(6)]);
    assert!(let_go(&db, project.id, end()).outputs > 0);

    question.exact_outputs = i64::MAX;
    assert_same(&answer(&db, &question), &before);
    let refused = |question: &Query| {
        let outcome = db.with(|conn| query::run(conn, &Sources::default(), question, end()));
        match outcome {
            Err(QueryError::OutputsGone { until }) => until.to_string(),
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("answered from what is left"),
        }
    };
    question.exact = true;
    let until = refused(&question);
    assert_eq!(until, "2026-10-26");
    question.exact = false;
    question.from = Some("2026-10-22T00:30:00Z".parse().unwrap());
    question.granularity = None;
    refused(&question);
    // Later days can be asked for as ever.
    question.from = Some(format!("{until}T00:00:00Z").parse().unwrap());
    question.exact = true;
    assert!(!answer(&db, &question).is_empty());
}

/// A metric that reads a sum which was not kept of outputs that are gone has no value over their days.
#[test]
fn a_new_metric_does_not_count_what_it_never_saw() {
    let (db, project) = product();
    let mut question = question(&project);
    let copies = metrics::all().position(|(_, metric)| metric.id == "undo_rate").unwrap();
    let read = metrics::index::sums_read(&[question.metrics[copies]], None, question.edit_thresholds);
    let sum = read
        .iter()
        .find(|sum| sum.contains("undo") || sum.contains("undone"))
        .unwrap();
    let before = answer(&db, &question);
    keep(&db, project.id, [None, None, Some(6)]);
    let_go(&db, project.id, end());
    // As if an earlier version of the program, which did not have this sum, had written the bases.
    tables::execute(
        &db,
        &format!(
            "UPDATE rollup_bases SET layout = array_replace(layout, '{sum}', 'a sum of old'); UPDATE fold_state SET layout = '{{}}'"
        ),
    );
    step_once(&db);
    let after = answer(&db, &question);
    assert_eq!(after.len(), before.len());
    assert!(
        after
            .iter()
            .all(|row| row.estimates[copies].reason == Some(Reason::NotKept))
    );
    let others = |rows: &[Row]| -> Vec<_> { rows.iter().map(|row| row.estimates[0].clone()).collect() };
    assert_eq!(others(&after), others(&before));
    sound(&db);
    question.from = Some("2026-10-26T00:00:00Z".parse().unwrap());
    assert!(
        answer(&db, &question)
            .iter()
            .any(|row| row.estimates[copies].value.is_some())
    );
}

/// What later goes to the base of such a day is of some of its outputs; the metric has no value over the day then, either.
#[test]
fn what_is_added_to_an_older_base_does_not_hide_what_it_lacks() {
    let (db, project) = product();
    let mut question = question(&project);
    let undone = metrics::all().position(|(_, metric)| metric.id == "undo_rate").unwrap();
    keep(&db, project.id, [None, None, Some(6)]);
    let first = let_go(&db, project.id, end() + TimeDelta::hours(9));
    tables::execute(
        &db,
        "UPDATE rollup_bases SET layout = array_replace(layout, 'undone', 'a sum of old'); UPDATE fold_state SET layout = '{}'",
    );
    step_once(&db);
    let later = let_go(&db, project.id, end() + TimeDelta::hours(18));
    assert!(first.outputs > 0 && later.outputs > 0, "{first:?} {later:?}");
    // Of this day, some outputs went before and some after.
    question.from = Some("2026-10-26T00:00:00Z".parse().unwrap());
    question.to = Some("2026-10-27T00:00:00Z".parse().unwrap());
    let rows = answer(&db, &question);
    assert!(!rows.is_empty());
    for row in &rows {
        assert_eq!(row.estimates[undone].reason, Some(Reason::NotKept), "{:?}", row.group);
    }
    sound(&db);
    assert_same(&answer(&db, &question), &rows);
}

fn step_once(db: &Db) {
    calibrant::fold::step::step(&mut db.dedicated().unwrap()).unwrap();
}
