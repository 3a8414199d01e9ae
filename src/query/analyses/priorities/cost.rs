//! What reasons and segments cost, outputs lost, and what was accepted though it was wrong.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

use super::{Judged, Severity, Subject, Told};
use crate::domain::dimension::Dimension;
use crate::metrics;
use crate::query::analyses::complaints::{self, Decided};
use crate::query::analyses::ranking;
use crate::query::filter::Filter;
use crate::query::request::{Query, QueryError};
use crate::query::snapshot::Snapshot;
use crate::query::sources::Sources;
use crate::query::{cuts, plan};
use crate::stats::contrast::Pair;
use crate::store::projects::Project;

/// Reasons of a project that are ranked, those named most often.
pub const MOST_REASONS: usize = 50;
/// Features whose segments are looked at, those with most decided outputs, and of which it is ranked what was accepted though it was wrong, those
/// with most of it.
pub const MOST_FEATURES: usize = 12;

/// What something costs, and what each cluster contributes to that.
pub struct Cost {
    pub feature: String,
    pub subject: Subject,
    pub value: f64,
    pub outputs: u64,
    pub users: u64,
    /// Of a reason: what of its feature was lost, and how much of that is known why.
    pub told: Option<Told>,
    /// Of what was accepted though it was wrong: how much of what was accepted is known to be right or wrong.
    pub judged: Option<Judged>,
    pub influences: Vec<(i64, f64)>,
}

/// Outputs and what they cost.
#[derive(Default)]
struct Total {
    outputs: u64,
    by_cluster: BTreeMap<i64, f64>,
    /// The clusters that are users.
    users: HashSet<i64>,
}

impl Total {
    fn add(&mut self, output: &Decided, cost: f64) {
        self.outputs += 1;
        if output.has_user {
            self.users.insert(output.cluster);
        }
        *self.by_cluster.entry(output.cluster).or_default() += cost;
    }

    /// `None` of what costs nothing.
    fn cost(self, feature: String, subject: Subject) -> Option<Cost> {
        let value: f64 = self.by_cluster.values().sum();
        (value > 0.0).then(|| Cost {
            feature,
            subject,
            value,
            outputs: self.outputs,
            users: self.users.len() as u64,
            told: None,
            judged: None,
            influences: self.by_cluster.into_iter().collect(),
        })
    }
}

/// A feature's outputs.
#[derive(Default)]
struct OfFeature {
    told: Told,
    by_reason: BTreeMap<String, Total>,
    judged: Judged,
    wrong: Total,
}

impl OfFeature {
    fn add(&mut self, output: &Decided, severity: &Severity) {
        let is_lost = u64::from(output.lost >= 1.0);
        self.told.lost += is_lost;
        if let Some(reason) = output.reason {
            self.told.with_reason += is_lost;
            let total = self.by_reason.entry(reason.to_owned()).or_default();
            total.add(
                output,
                output.lost * severity.of_reasons.get(reason).copied().unwrap_or(1.0),
            );
        }
        if is_lost == 0 {
            self.judged.kept += 1;
            self.judged.judged += u64::from(output.correct.is_some());
            if output.correct == Some(false) {
                self.wrong.add(output, (1.0 - output.lost) * severity.of_wrong);
            }
        }
    }

    fn costs(self, feature: &str) -> impl Iterator<Item = Cost> {
        let (told, judged) = (self.told, self.judged);
        let reasons = self.by_reason.into_iter().filter_map(move |(reason, total)| {
            let cost = total.cost(feature.to_owned(), Subject::Reason { reason })?;
            Some(Cost {
                told: Some(told),
                ..cost
            })
        });
        let wrong = self.wrong.cost(feature.to_owned(), Subject::AcceptedWrong);
        reasons.chain(wrong.map(|cost| Cost {
            judged: Some(judged),
            ..cost
        }))
    }
}

/// What each reason costs each feature, and what was accepted though it was wrong; and how many lost outputs have a reason.
pub fn of_outputs(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    project: &Project,
    severity: &Severity,
) -> Result<(Vec<Cost>, Told), QueryError> {
    let query = Query {
        group_by: vec![Dimension::Feature],
        ..query.clone()
    };
    let mut snapshot = Snapshot::new(conn, sources, project)?;
    let mut features: BTreeMap<u32, OfFeature> = BTreeMap::new();
    let walked = complaints::walk(&mut snapshot, &query, project, |decided| {
        features.entry(decided.group).or_default().add(&decided, severity);
    })?;
    let told = features.values().map(|own| own.told).sum();
    let mut costs = Vec::new();
    for (group, own) in features {
        if let Some(Some(name)) = walked.groups.get(group as usize).and_then(|group| group.first()) {
            costs.extend(own.costs(name));
        }
    }
    let (mut reasons, mut wrong): (Vec<Cost>, Vec<Cost>) = costs.into_iter().partition(|cost| cost.told.is_some());
    for (costs, most) in [(&mut reasons, MOST_REASONS), (&mut wrong, MOST_FEATURES)] {
        costs.sort_by(|one, other| other.value.total_cmp(&one.value));
        costs.truncate(most);
    }
    reasons.append(&mut wrong);
    Ok((reasons, told))
}

/// What segments lose beyond what the rest of their feature loses, where they surely do.
pub fn of_segments(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    project: &Project,
    now: DateTime<Utc>,
) -> Result<Vec<Cost>, QueryError> {
    let dimensions: Vec<Dimension> = project
        .dimensions
        .iter()
        .map(|name| Dimension::Attribute(name.clone()))
        .collect();
    let mut costs = Vec::new();
    let Some((_, metric)) = metrics::find("acceptance_rate").filter(|_| !dimensions.is_empty()) else {
        return Ok(costs);
    };
    let mut query = Query {
        metrics: vec![metric],
        ..query.clone()
    };
    for feature in features(conn, sources, &query, now)? {
        let shared = query.filters.len();
        query.filters.push(Filter::is(Dimension::Feature, feature.clone()));
        query.contributions = true;
        let cut = cuts::rows(conn, sources, &query, &dimensions, now)?;
        for (dimension, rows) in dimensions.iter().zip(cut) {
            let question = ranking::Question {
                query: query.clone(),
                dimension: dimension.clone(),
                margin: None,
            };
            let ranked = ranking::ranked(metric, &question, &rows);
            for (segment, gap) in ranked.into_iter().zip(ranking::against_rest(&rows)) {
                let Some((contrast, moved)) = gap.filter(|_| segment.standing == ranking::Standing::Lower) else {
                    continue;
                };
                let decided = segment.estimate.denominator.unwrap_or_default();
                let lost = |(rest, own): Pair| decided * (rest.unwrap_or_default().by - own.unwrap_or_default().by);
                costs.push(Cost {
                    feature: feature.clone(),
                    subject: Subject::Segment {
                        dimension: dimension.name().to_owned(),
                        value: segment.value,
                    },
                    value: -decided * contrast.difference,
                    outputs: decided as u64,
                    users: segment.estimate.users.unwrap_or_default(),
                    told: None,
                    judged: None,
                    influences: moved.into_iter().map(|(cluster, pair)| (cluster, lost(pair))).collect(),
                });
            }
        }
        query.filters.truncate(shared);
    }
    Ok(costs)
}

/// The features with most decided outputs.
fn features(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    now: DateTime<Utc>,
) -> Result<Vec<String>, QueryError> {
    let query = Query {
        group_by: vec![Dimension::Feature],
        ..query.clone()
    };
    let mut rows = plan::answer(conn, sources, &query, now)?.rows;
    let decided = |row: &crate::query::Row| {
        row.estimates
            .first()
            .and_then(|own| own.denominator)
            .unwrap_or_default()
    };
    rows.sort_by(|one, other| decided(other).total_cmp(&decided(one)));
    rows.truncate(MOST_FEATURES);
    Ok(rows
        .into_iter()
        .filter_map(|row| row.group.into_iter().next()?)
        .collect())
}
