//! The outcome of a change on some side and in some days, with what each cluster contributes to it.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

use super::{Outcome, Question};
use crate::domain::clock;
use crate::domain::window::Granularity;
use crate::metrics::{Estimate, Metric, Reason};
use crate::query::analyses::clusters::share;
use crate::query::analyses::complaints;
use crate::query::answer::Row;
use crate::query::filter::Filter;
use crate::query::plan;
use crate::query::request::{Query, QueryError};
use crate::query::snapshot::Snapshot;
use crate::query::sources::Sources;
use crate::stats::cluster::ClusterRatio;
use crate::stats::combination::Term;
use crate::stats::level::Level;
use crate::store::projects::Project;

/// Up to so many outputs are read one by one, each user apart.
const MOST_EXACT: f64 = 100_000.0;

/// A side in some days.
pub struct Part {
    pub value: f64,
    pub estimate: Estimate,
    /// How many units it rests on.
    pub size: f64,
    pub influences: Vec<(i64, f64)>,
}

impl Part {
    /// Its share in a combination.
    pub fn term(&self, weight: f64) -> Term<'_> {
        Term {
            weight,
            value: self.value,
            influences: &self.influences,
        }
    }
}

/// Parts by number of the arm.
type Parts = Vec<Option<Part>>;

pub struct Meter<'a> {
    pub conn: &'a mut PgConnection,
    pub sources: &'a Sources,
    pub question: &'a Question,
    pub project: Project,
    pub now: DateTime<Utc>,
    /// Up to so many outputs come from the outputs. All parts come from there or none, so that their clusters are the same.
    pub exact_outputs: i64,
}

impl<'a> Meter<'a> {
    pub fn new(
        conn: &'a mut PgConnection,
        sources: &'a Sources,
        question: &'a Question,
        project: Project,
        now: DateTime<Utc>,
    ) -> Meter<'a> {
        Meter {
            conn,
            sources,
            question,
            project,
            now,
            exact_outputs: 0,
        }
    }

    /// A question about some days of the segment that the change aims at.
    pub fn about(&self, metrics: Vec<&'static Metric>, days: &Range<i32>) -> Query {
        Query {
            metrics,
            from: Some(clock::midnight(days.start)),
            to: Some(clock::midnight(days.end)),
            exact_outputs: self.exact_outputs,
            ..self.question.query.clone()
        }
    }

    pub fn answer(&mut self, query: &Query) -> Result<Vec<Row>, QueryError> {
        Ok(plan::answer(self.conn, self.sources, query, self.now)?.rows)
    }

    /// Chooses where the numbers come from, given how many outputs there are in all that is compared, and from which day on.
    pub fn settle(&mut self, outputs: f64, first: i32) -> Result<(), QueryError> {
        let snapshot = Snapshot::new(self.conn, self.sources, &self.project)?;
        let all_there = snapshot.view.last_gone(first..i32::MAX).is_none();
        self.exact_outputs = if all_there && outputs <= MOST_EXACT {
            i64::MAX
        } else {
            0
        };
        Ok(())
    }

    /// The outcome of each arm over some days.
    pub fn parts(&mut self, arms: &[Vec<Filter>], days: &Range<i32>) -> Result<Parts, QueryError> {
        let mut by_day = self.measure(arms, days, None)?;
        let none = || arms.iter().map(|_| None).collect();
        Ok(by_day.remove(&days.start).unwrap_or_else(none))
    }

    /// The outcome of each arm on each of some days that has outputs.
    pub fn daily(&mut self, arms: &[Vec<Filter>], days: &Range<i32>) -> Result<BTreeMap<i32, Parts>, QueryError> {
        self.measure(arms, days, Some(Granularity::Day))
    }

    /// By the first day of each bucket.
    fn measure(
        &mut self,
        arms: &[Vec<Filter>],
        days: &Range<i32>,
        granularity: Option<Granularity>,
    ) -> Result<BTreeMap<i32, Parts>, QueryError> {
        let mut query = match &self.question.outcome {
            Outcome::Metric(metric) => self.about(vec![metric], days),
            Outcome::Complaints(_) => self.about(Vec::new(), days),
        };
        query.arms = arms.to_vec();
        query.contributions = true;
        query.granularity = granularity;
        let mut found: BTreeMap<i32, Parts> = BTreeMap::new();
        let mut put = |day: i32, arm: u32, part: Option<Part>| {
            let parts = found.entry(day).or_insert_with(|| arms.iter().map(|_| None).collect());
            if let Some(place) = parts.get_mut(arm as usize) {
                *place = part;
            }
        };
        match &self.question.outcome {
            Outcome::Metric(_) => {
                for row in self.answer(&query)? {
                    let day = row.bucket.map_or(days.start, |start| clock::day_of(start.to_utc()));
                    put(day, row.number, of_row(&row));
                }
            }
            Outcome::Complaints(reason) => {
                let mut snapshot = Snapshot::new(self.conn, self.sources, &self.project)?;
                let mut totals: BTreeMap<(u32, u32), BTreeMap<i64, (f64, f64)>> = BTreeMap::new();
                complaints::walk(&mut snapshot, &query, &self.project, |decided| {
                    let own = totals.entry((decided.group, decided.bucket)).or_default();
                    let (named, all) = own.entry(decided.cluster).or_default();
                    *named += f64::from(u8::from(decided.reason == Some(reason)));
                    *all += 1.0;
                })?;
                for ((arm, bucket), own) in totals {
                    put(days.start + bucket as i32, arm, of_totals(&own, query.level));
                }
            }
        }
        Ok(found)
    }
}

fn of_row(row: &Row) -> Option<Part> {
    let estimate = row.estimates.first()?.clone();
    let contributions = row.contributions.first()?.as_ref()?;
    Some(Part {
        value: estimate.value?,
        size: estimate.denominator.unwrap_or(estimate.n as f64),
        influences: contributions.0.iter().map(|own| (own.cluster, own.influence)).collect(),
        estimate,
    })
}

fn of_totals(totals: &BTreeMap<i64, (f64, f64)>, level: Level) -> Option<Part> {
    let ratio = ClusterRatio::from_totals(&totals.values().copied().collect::<Vec<_>>());
    let value = ratio.ratio()?;
    Some(Part {
        value,
        size: ratio.denominator,
        influences: totals
            .iter()
            .map(|(cluster, (n, d))| (*cluster, (n - value * d) / ratio.denominator))
            .collect(),
        estimate: share(&ratio, totals.len() as u64, level, Reason::NoCases),
    })
}
