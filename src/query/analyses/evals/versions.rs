//! Whether versions that score higher are those that users take more of.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::agreement::{clipped, none};
use super::quality::Question;
use crate::domain::dimension::Dimension;
use crate::metrics::{self, Estimate, Reason};
use crate::query::analyses::clusters::{Clusters, Member};
use crate::query::filter::{Filter, Operator};
use crate::query::plan;
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::level::Level;
use crate::stats::spearman;

/// Versions below which their order says nothing.
const LEAST_VERSIONS: usize = 4;

/// A version by its newest run, and by its users.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalVersion {
    pub version: String,
    pub run: Uuid,
    pub score: Estimate,
    /// Of what it showed in the time that is looked at, on the features that the set has cases of.
    pub acceptance_rate: Estimate,
}

/// What users did with versions that were run, on some features.
pub fn versions(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    scored: Vec<(String, Uuid, Estimate)>,
    features: &[&str],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<EvalVersion>, QueryError> {
    if scored.is_empty() || features.is_empty() {
        return Ok(Vec::new());
    }
    let metrics = metrics::find("acceptance_rate").map(|(_, metric)| metric);
    let mut query = Query::new(question.project, metrics.into_iter().collect());
    query.group_by = vec![Dimension::Version];
    let one_of = |dimension: Dimension, names: Vec<&str>| Filter {
        dimension,
        operator: Operator::In,
        values: names.into_iter().map(|name| Some(name.to_owned())).collect(),
    };
    query.filters = vec![
        one_of(Dimension::Feature, features.to_vec()),
        one_of(
            Dimension::Version,
            scored.iter().map(|(version, ..)| version.as_str()).collect(),
        ),
    ];
    (query.from, query.to, query.level) = (Some(from), Some(to), question.level);
    let answer = plan::run(conn, sources, &query, to)?;
    let found = scored.into_iter().map(|(version, run, score)| {
        let mut rows = answer.rows.iter();
        let row = rows.find(|row| row.group.first().and_then(Option::as_ref) == Some(&version));
        let rate = row.and_then(|row| row.estimates.first().cloned());
        EvalVersion {
            version,
            run,
            score,
            acceptance_rate: rate.unwrap_or_else(|| Estimate::none(Reason::NoData)),
        }
    });
    Ok(found.collect())
}

pub fn order(versions: &[EvalVersion], level: Level) -> Estimate {
    let pairs: Vec<(f64, f64)> = versions
        .iter()
        .filter_map(|version| Some((version.score.value?, version.acceptance_rate.value?)))
        .collect();
    if pairs.len() < LEAST_VERSIONS {
        return none(Reason::TooFew, pairs.len());
    }
    let Some(found) = spearman::correlation(&pairs) else {
        return none(Reason::OneClass, pairs.len());
    };
    let each = (0..).take(pairs.len()).map(|cluster| Member {
        cluster,
        has_user: false,
    });
    let estimate = Clusters::new(each).linear(found.value, found.influence.into_iter(), level);
    clipped(estimate, -1.0)
}
