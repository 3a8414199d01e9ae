//! What reasons and segments cost: outputs lost.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

use super::{Subject, Told};
use crate::domain::dimension::Dimension;
use crate::metrics;
use crate::query::analyses::{complaints, ranking};
use crate::query::filter::Filter;
use crate::query::request::{Query, QueryError};
use crate::query::snapshot::Snapshot;
use crate::query::sources::Sources;
use crate::query::{cuts, plan};
use crate::stats::contrast::Pair;
use crate::store::projects::Project;

/// Reasons of a project that are ranked, those named most often.
pub const MOST_REASONS: usize = 50;
/// Features whose segments are looked at, those with most decided outputs.
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
    pub influences: Vec<(i64, f64)>,
}

#[derive(Default)]
struct Named {
    outputs: u64,
    /// The cost that each cluster had.
    by_cluster: BTreeMap<i64, f64>,
    /// The clusters that are users.
    users: HashSet<i64>,
}

/// What each reason costs each feature, and how many lost outputs have one.
pub fn of_reasons(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    project: &Project,
    severity: &BTreeMap<String, f64>,
) -> Result<(Vec<Cost>, Told), QueryError> {
    let query = Query {
        group_by: vec![Dimension::Feature],
        ..query.clone()
    };
    let mut snapshot = Snapshot::new(conn, sources, project)?;
    let mut told: BTreeMap<u32, Told> = BTreeMap::new();
    let mut named: BTreeMap<(u32, String), Named> = BTreeMap::new();
    let walked = complaints::walk(&mut snapshot, &query, project, |decided| {
        let is_lost = u64::from(decided.lost >= 1.0);
        let of_feature = told.entry(decided.group).or_default();
        of_feature.lost += is_lost;
        let Some(reason) = decided.reason else { return };
        of_feature.with_reason += is_lost;
        let own = named.entry((decided.group, reason.to_owned())).or_default();
        own.outputs += 1;
        if decided.has_user {
            own.users.insert(decided.cluster);
        }
        *own.by_cluster.entry(decided.cluster).or_default() +=
            decided.lost * severity.get(reason).copied().unwrap_or(1.0);
    })?;
    let feature = |group: u32| walked.groups.get(group as usize)?.first().cloned().flatten();
    let mut costs: Vec<Cost> = named
        .into_iter()
        .filter_map(|((group, reason), own)| {
            let value: f64 = own.by_cluster.values().sum();
            (value > 0.0).then_some(Cost {
                feature: feature(group)?,
                subject: Subject::Reason { reason },
                value,
                outputs: own.outputs,
                users: own.users.len() as u64,
                told: told.get(&group).copied(),
                influences: own.by_cluster.into_iter().collect(),
            })
        })
        .collect();
    costs.sort_by(|one, other| other.value.total_cmp(&one.value));
    costs.truncate(MOST_REASONS);
    Ok((costs, told.into_values().sum()))
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
