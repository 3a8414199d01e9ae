//! Is one side better than another, how sure is that, and what would it take to know?
//!
//! Two sides of the same question, each made of filters. Differences are clustered by user, also where users are on both sides
//! ([`contrast`]). The verdict rests on a confidence sequence ([`sequence`]), so that looking every day is honest; the interval of
//! one planned look is given beside it. Several metrics share a false-discovery rate ([`multiple`]). What users did in an earlier
//! period can be taken off the noise ([`cuped`]). Of metrics that are better the closer they are to zero, the signs of both sides decide
//! which way is better ([`words::better_of_sides`]). Of shares, Newcombe's interval is given as the naive companion of the clustered one: near 0
//! and 1 it would be the better of the two, but only where each output is of a user of its own ([`crate::stats::two_proportions`]).

mod finding;
mod measure;
pub mod words;

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;

pub use self::finding::{Between, Compared, ComparedMetric, ComparisonVerdict, Look, NaiveDifference, SampleRatio};
use self::measure::{Measured, Sides};
use super::arrivals::{self, Arriving};
use crate::domain::clock;
use crate::domain::window::Window;
use crate::metrics::{Direction, Metric};
use crate::query::answer::{Answer, Row};
use crate::query::filter::Filter;
use crate::query::request::{Query, QueryError};
use crate::query::snapshot::Snapshot;
use crate::query::sources::Sources;
use crate::query::{plan, running};
use crate::stats::{balance, multiple, posterior, sequence};
use crate::store::cells::CellId;
use crate::store::projects;

/// Looks in the series of a comparison: about so many, and one a day at most.
const LOOKS: usize = 30;
/// How often a difference that is there should be found.
const POWER: f64 = 0.8;

/// Two sides to compare.
#[derive(Clone)]
pub struct Comparison {
    /// Metrics, range, filters that both sides share, level.
    pub query: Query,
    pub baseline: Vec<Filter>,
    pub candidate: Vec<Filter>,
    /// Of each metric, in its unit: the least difference worth having.
    pub margins: Vec<f64>,
    /// Users at which the sequence is narrowest.
    pub planned_users: f64,
    /// The share of users that were to be on the candidate's side, if it was planned.
    pub candidate_share: Option<f64>,
    /// How many days before the range say what users did before, if that is to be taken off.
    pub days_before: Option<i64>,
}

/// Compares, from one state of the database.
pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    comparison: &Comparison,
    now: DateTime<Utc>,
) -> Result<Compared, QueryError> {
    conn.build_transaction()
        .read_only()
        .repeatable_read()
        .run(|conn| answer(conn, sources, comparison, now))
}

/// Compares in the caller's transaction, which sees one state of the database.
pub fn answer(
    conn: &mut PgConnection,
    sources: &Sources,
    comparison: &Comparison,
    now: DateTime<Utc>,
) -> Result<Compared, QueryError> {
    let mut query = comparison.query.clone();
    query.arms = vec![comparison.baseline.clone(), comparison.candidate.clone()];
    query.contributions = true;
    // Sequences count independent users, and so does the sample ratio.
    query.counts_users = true;
    query.fill = true;
    let mut ask = |query: &Query| plan::answer(conn, sources, query, now);
    let answer = ask(&query)?;
    let sides = Sides::of(&answer.rows);
    let before = match comparison.days_before {
        Some(days) => Some(ask(&before(&query, &answer, days))?),
        None => None,
    };
    let elapsed = elapsed(conn, sources, &query, &answer.window, now)?;
    let mut metrics: Vec<ComparedMetric> = (0..)
        .zip(&query.metrics)
        .map(|(at, metric)| compare(comparison, metric, at, &sides, before.as_ref(), elapsed))
        .collect();
    adjust(&mut metrics);
    // What has no value now, since its sums are not kept for instance, is not followed either.
    let looks = match metrics.first().and_then(|metric| metric.difference.value) {
        Some(_) => looks(conn, sources, comparison, &query, &answer.window)?,
        None => Vec::new(),
    };
    let mut sample_ratio = sample_ratio(comparison, &answer);
    if let Some(share) = comparison.candidate_share
        && sample_ratio.p_value.is_some()
    {
        let side = |name, filters, share| Arriving { name, filters, share };
        let sides = [
            side("baseline", &comparison.baseline, 1.0 - share),
            side("candidate", &comparison.candidate, share),
        ];
        sample_ratio.places = arrivals::find(conn, sources, &query, &answer.window, &sides)?;
    }
    Ok(Compared {
        sample_ratio,
        metrics,
        looks,
        answer,
    })
}

fn compare(
    comparison: &Comparison,
    metric: &'static Metric,
    at: usize,
    sides: &Sides,
    before: Option<&Answer>,
    elapsed: Option<f64>,
) -> ComparedMetric {
    let level = comparison.query.level;
    let margin = comparison.margins.get(at).copied().unwrap_or_default();
    let [baseline, candidate] = sides.estimates(at);
    let nothing = Between::missing([&baseline, &candidate]);
    let mut compared = ComparedMetric {
        metric: metric.id,
        verdict: ComparisonVerdict::CannotTellYet,
        sentence: String::new(),
        baseline,
        candidate,
        difference: nothing,
        naive: sides.naive(at, level),
        standard_error: None,
        ratio: nothing,
        p_value: None,
        adjusted_p_value: None,
        sequence: nothing,
        users: 0,
        least_users: sequence::ENOUGH,
        enough_users: false,
        always_valid_p_value: None,
        probability_better: None,
        expected_loss: None,
        detectable: None,
        users_needed: None,
        more_days_needed: None,
        variance_explained: None,
    };
    if let Some(mut measured) = Measured::new(sides, at) {
        compared.variance_explained = before.and_then(|before| measured.take_off(sides, before, at));
        let users = measured.users;
        compared.users = users as u64;
        compared.enough_users = compared.users >= compared.least_users;
        let contrast = &measured.contrast;
        let own = [&compared.baseline, &compared.candidate];
        compared.difference = Between::of(own, contrast.difference, contrast.interval(level));
        compared.sequence = Between::of(own, contrast.difference, None);
        compared.ratio = measured.ratio(own, level);
        compared.standard_error = contrast.standard_error;
        compared.p_value = contrast.p_value();
        if let Some(error) = contrast.standard_error.filter(|error| *error > 0.0) {
            let tuning = sequence::tuning(comparison.planned_users, level);
            let is_asked = metric.direction == Direction::CloserToZeroIsBetter && compared.enough_users;
            let sum = is_asked.then(|| measured.sum(tuning, level)).flatten();
            let better = words::better_of_sides(metric.direction, sum);
            let choice = better.and_then(|sign| {
                let degrees_of_freedom = contrast.degrees_of_freedom();
                posterior::choice(sign * contrast.difference, error, degrees_of_freedom)
            });
            if let Some(choice) = choice {
                compared.probability_better = Some(choice.better);
                compared.expected_loss = Some(choice.expected_loss);
            }
            // Verdicts rest on the sequence, and so does what it takes to get one.
            compared.detectable = Some(sequence::detectable(error, users, tuning, level, POWER));
            // Of fewer users a sequence promises nothing: the first few who agree would make a narrow one.
            if compared.enough_users {
                let interval = sequence::interval(contrast.difference, error, users, tuning, level);
                compared.sequence = Between::interval(contrast.difference, Some(interval));
                compared.always_valid_p_value = Some(sequence::p_value(contrast.difference, error, users, tuning));
                compared.verdict = words::verdict(better, interval, margin);
            }
            if margin > 0.0 {
                let needed = sequence::units_needed(margin, error, users, tuning, level, POWER);
                compared.users_needed = Some(needed.ceil() as u64);
                let days = elapsed.map(|elapsed| elapsed * (needed / users - 1.0));
                compared.more_days_needed = days.map(|days| days.max(0.0).ceil() as u64);
            }
        }
    }
    compared.sentence = words::sentence(metric, &compared, margin, sides.is_comparable(at));
    compared
}

/// How long there have been outputs of the sides in a window, in days; `None` if all of them are of one UTC day, which tells no pace.
fn elapsed(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    window: &Window,
    now: DateTime<Utc>,
) -> Result<Option<f64>, QueryError> {
    let project = projects::find(conn, query.project)?;
    let mut snapshot = Snapshot::new(conn, sources, &project)?;
    let side = |arm: &Vec<Filter>| snapshot.view.cells_where(&[query.filters.as_slice(), arm].concat());
    let cells: HashSet<CellId> = query.arms.iter().flat_map(side).collect();
    let days = snapshot.days(window);
    let is_of_a_side = |cell| cells.contains(&cell);
    let first = snapshot.first_with_outputs(days.iter().copied(), is_of_a_side)?;
    let last = snapshot.first_with_outputs(days.iter().rev().copied(), is_of_a_side)?;
    let Some((first, last)) = first.zip(last) else {
        return Ok(None);
    };
    let from = window.from.max(clock::midnight(first));
    let to = window.to.min(now).min(clock::midnight(last + 1));
    Ok((first < last).then(|| (to - from).num_seconds() as f64 / 86_400.0))
}

/// The same question about the days before.
fn before(query: &Query, answer: &Answer, days: i64) -> Query {
    let mut query = query.clone();
    query.from = Some(answer.window.from - TimeDelta::days(days));
    query.to = Some(answer.window.from);
    // Before, nobody was on a side: all outputs that pass the shared filters count.
    query.arms = vec![Vec::new()];
    query
}

fn adjust(metrics: &mut [ComparedMetric]) {
    let known: Vec<f64> = metrics.iter().filter_map(|metric| metric.p_value).collect();
    let mut adjusted = multiple::benjamini_hochberg(&known).into_iter();
    for metric in metrics.iter_mut().filter(|metric| metric.p_value.is_some()) {
        metric.adjusted_p_value = adjusted.next();
    }
}

/// The first metric up to the end of each of some days.
fn looks(
    conn: &mut PgConnection,
    sources: &Sources,
    comparison: &Comparison,
    query: &Query,
    window: &Window,
) -> Result<Vec<Look>, QueryError> {
    let mut query = query.clone();
    query.metrics.truncate(1);
    (query.from, query.to) = (Some(window.from), Some(window.to));
    let days = window.length().num_days() as usize / LOOKS;
    let looks = running::each(conn, sources, &query, days, |to, rows| look(comparison, to, rows))?;
    Ok(looks.into_iter().flatten().collect())
}

/// The first metric of the rows of both sides; `None` where a side has no value.
fn look(comparison: &Comparison, to: DateTime<Utc>, rows: &[Row]) -> Option<Look> {
    let sides = Sides::of(rows);
    let Measured { contrast, users, .. } = Measured::new(&sides, 0)?;
    let level = comparison.query.level;
    let tuning = sequence::tuning(comparison.planned_users, level);
    let is_enough = users >= sequence::ENOUGH as f64;
    let sequence = contrast
        .standard_error
        .filter(|error| *error > 0.0 && is_enough)
        .map(|error| sequence::interval(contrast.difference, error, users, tuning, level));
    let own = sides.estimates(0);
    let between = |interval| Between::of([&own[0], &own[1]], contrast.difference, interval);
    Some(Look {
        to,
        difference: between(contrast.interval(level)),
        sequence: between(sequence),
    })
}

fn sample_ratio(comparison: &Comparison, answer: &Answer) -> SampleRatio {
    let users = |row: Option<&Row>| row?.users;
    let sides = Sides::of(&answer.rows);
    let (baseline, candidate) = (users(sides.baseline), users(sides.candidate));
    let all = users(answer.totals.first());
    let p_value = comparison.candidate_share.and_then(|share| {
        let observed = [baseline?, candidate?];
        balance::p_value(&observed, &[1.0 - share, share])
    });
    SampleRatio {
        baseline_users: baseline,
        candidate_users: candidate,
        users_on_both: baseline
            .zip(candidate)
            .zip(all)
            .map(|((one, two), all)| (one + two).saturating_sub(all)),
        p_value,
        mismatch: p_value.is_some_and(|p| p < balance::MISMATCH),
        places: None,
    }
}
