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
use crate::stats::cluster::{ClusterRatio, Sizes};
use crate::stats::combination::Term;
use crate::stats::level::Level;
use crate::stats::panel::Cell;
use crate::store::projects::Project;

/// Up to so many outputs are read one by one, each user apart.
const MOST_EXACT: f64 = 100_000.0;

/// A side in some days.
pub struct Part {
    pub value: f64,
    pub estimate: Estimate,
    pub influences: Vec<(i64, f64)>,
    sizes: Sizes,
}

impl Part {
    /// Its share in a combination.
    pub fn term(&self, weight: f64) -> Term<'_> {
        Term {
            weight,
            value: self.value,
            influences: &self.influences,
            sizes: self.sizes,
        }
    }
}

/// Numerator and denominator by cluster.
type Totals = BTreeMap<i64, (f64, f64)>;

pub struct Meter<'a> {
    pub conn: &'a mut PgConnection,
    pub sources: &'a Sources,
    pub question: &'a Question,
    pub project: Project,
    pub now: DateTime<Utc>,
    /// Up to so many outputs come from the outputs. All parts come from there or none, so that their clusters are the same.
    exact_outputs: i64,
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

    /// Whether all outputs from a day on are kept.
    pub fn keeps(&mut self, first: i32) -> Result<bool, QueryError> {
        let snapshot = Snapshot::new(self.conn, self.sources, &self.project)?;
        Ok(snapshot.view.last_gone(first..i32::MAX).is_none())
    }

    /// Chooses where the numbers come from, given how many outputs there are in all that is compared, and from which day on.
    pub fn settle(&mut self, outputs: f64, first: i32) -> Result<(), QueryError> {
        self.exact_outputs = if outputs <= MOST_EXACT && self.keeps(first)? {
            i64::MAX
        } else {
            0
        };
        Ok(())
    }

    /// The outcome of each arm over some days.
    pub fn parts(&mut self, arms: &[Vec<Filter>], days: &Range<i32>) -> Result<Vec<Option<Part>>, QueryError> {
        let query = self.outcome(arms, days, None);
        let mut parts: Vec<Option<Part>> = arms.iter().map(|_| None).collect();
        let mut put = |arm: u32, part: Option<Part>| {
            if let Some(place) = parts.get_mut(arm as usize) {
                *place = part;
            }
        };
        match &self.question.outcome {
            Outcome::Metric(_) => {
                for row in self.answer(&query)? {
                    put(row.number, of_row(&row));
                }
            }
            Outcome::Complaints(reason) => {
                for ((arm, _), own) in self.complaints(reason, &query)? {
                    put(arm, of_totals(&own, query.level));
                }
            }
        }
        Ok(parts)
    }

    /// What each user did on each day on either side, read from the outputs; `None` of what is no ratio of sums.
    pub fn cells(&mut self, arms: &[Vec<Filter>; 2], days: &Range<i32>) -> Result<Option<Vec<Cell>>, QueryError> {
        let mut query = self.outcome(arms, days, Some(Granularity::Day));
        query.exact = true;
        let mut cells = Vec::new();
        let mut put = |period: usize, arm: u32, user: i64, totals: (f64, f64)| {
            cells.push(Cell {
                user,
                period,
                moved: arm == 1,
                totals,
            });
        };
        match &self.question.outcome {
            Outcome::Metric(_) => {
                for row in self.answer(&query)? {
                    let day = row.bucket.map_or(days.start, |start| clock::day_of(start.to_utc()));
                    for own in row.contributions.iter().flatten().flat_map(|found| &found.0) {
                        let Some(totals) = own.totals else { return Ok(None) };
                        put((day - days.start) as usize, row.number, own.cluster, totals);
                    }
                }
            }
            Outcome::Complaints(reason) => {
                for ((arm, bucket), own) in self.complaints(reason, &query)? {
                    for (user, totals) in own {
                        put(bucket as usize, arm, user, totals);
                    }
                }
            }
        }
        Ok(Some(cells))
    }

    fn outcome(&self, arms: &[Vec<Filter>], days: &Range<i32>, granularity: Option<Granularity>) -> Query {
        let metrics = match &self.question.outcome {
            Outcome::Metric(metric) => vec![*metric],
            Outcome::Complaints(_) => Vec::new(),
        };
        Query {
            arms: arms.to_vec(),
            contributions: true,
            granularity,
            ..self.about(metrics, days)
        }
    }

    /// Outputs that name a reason among those decided, by cluster, by arm and bucket.
    fn complaints(&mut self, reason: &str, query: &Query) -> Result<BTreeMap<(u32, u32), Totals>, QueryError> {
        let mut snapshot = Snapshot::new(self.conn, self.sources, &self.project)?;
        let mut totals: BTreeMap<(u32, u32), Totals> = BTreeMap::new();
        complaints::walk(&mut snapshot, query, &self.project, |decided| {
            let own = totals.entry((decided.group, decided.bucket)).or_default();
            let (named, all) = own.entry(decided.cluster).or_default();
            *named += f64::from(u8::from(decided.reason == Some(reason)));
            *all += 1.0;
        })?;
        Ok(totals)
    }
}

fn of_row(row: &Row) -> Option<Part> {
    let estimate = row.estimates.first()?.clone();
    let contributions = row.contributions.first()?.as_ref()?;
    Some(Part {
        value: estimate.value?,
        influences: contributions.0.iter().map(|own| (own.cluster, own.influence)).collect(),
        sizes: Sizes::of(contributions.0.iter().map(|own| own.size)),
        estimate,
    })
}

fn of_totals(totals: &Totals, level: Level) -> Option<Part> {
    let ratio = ClusterRatio::from_totals(&totals.values().copied().collect::<Vec<_>>());
    let value = ratio.ratio()?;
    Some(Part {
        value,
        influences: totals
            .iter()
            .map(|(cluster, (n, d))| (*cluster, (n - value * d) / ratio.denominator))
            .collect(),
        sizes: ratio.sizes(),
        estimate: share(&ratio, totals.len() as u64, level, Reason::NoCases),
    })
}
