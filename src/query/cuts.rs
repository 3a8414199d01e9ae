//! The same question cut by one dimension after another.
//!
//! The outputs are read once and summed up by cell and cluster; what a dimension groups together is added up from there.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

use super::answer::Row;
use super::assembly::Rows;
use super::origin::is_exact;
use super::plan::{self, Plan};
use super::request::{Query, QueryError};
use super::rows;
use super::snapshot::Snapshot;
use super::sources::Sources;
use crate::domain::dimension::Dimension;
use crate::metrics;
use crate::store::projects;

/// The rows of a question without buckets grouped by each of some dimensions, in the caller's transaction. Those of a dimension
/// are the ones that [`plan::answer`] gives.
pub fn rows(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    dimensions: &[Dimension],
    now: DateTime<Utc>,
) -> Result<Vec<Vec<Row>>, QueryError> {
    let project = projects::find(conn, query.project)?;
    let query = &query.in_terms_of(&project);
    let by_all = Query {
        group_by: dimensions.to_vec(),
        ..query.clone()
    };
    let by_each: Vec<Query> = dimensions
        .iter()
        .map(|dimension| Query {
            group_by: vec![dimension.clone()],
            ..query.clone()
        })
        .collect();
    let mut snapshot = Snapshot::new(conn, sources, &project)?;
    let window = plan::window(&mut snapshot, query)?;
    let view = Arc::clone(&snapshot.view);
    let refined = plan::refine(&mut snapshot, &by_all, &project, &window)?;
    let mut whole = plan::plan(query, &view.cells, refined.as_ref(), window)?;
    if !is_exact(&mut snapshot, &whole)? {
        // Rollups add up cells by themselves.
        let answers = by_each.iter().map(|query| plan::answer(conn, sources, query, now));
        return answers.map(|answer| Ok(answer?.rows)).collect();
    }
    // Each cell is a group of its own until the dimensions say more.
    whole
        .cells
        .iter_mut()
        .zip(0..)
        .for_each(|((_, group), next)| *group = next);
    let plans: Vec<Plan> = by_each
        .iter()
        .map(|query| plan::plan(query, &view.cells, refined.as_ref(), window))
        .collect::<Result<_, _>>()?;

    let mut sums = whole.sums_read();
    loop {
        let known = sums.len();
        let named = metrics::sums_named(&sums);
        let gathered = rows::gathered(&mut snapshot, &whole, &named)?;
        let mut found = Vec::with_capacity(plans.len());
        for plan in &plans {
            let groups = plan.group_of_cell();
            let numbers = whole
                .cells
                .iter()
                .map(|(cell, _)| groups.get(cell).copied().unwrap_or_default());
            let slices = gathered.regrouped(&numbers.collect::<Vec<_>>());
            let mut rows = Rows::default();
            rows.add(plan, slices, 0..plan.groups.len() as u32);
            sums.extend(rows.missed.iter().cloned());
            found.push(rows.rows);
        }
        if sums.len() == known {
            return Ok(found);
        }
    }
}
