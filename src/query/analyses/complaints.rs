//! What users say against outputs: why each that was lost was, where a reason is on record.
//!
//! Reasons are known to outputs only, so that these are read day by day, with the few columns that it takes.

use std::sync::Arc;

use polars::prelude::*;

use crate::domain::decision::{Decision, Manner};
use crate::metrics::facts as f;
use crate::query::gather::{BUCKET, GROUP};
use crate::query::origin::is_exact;
use crate::query::plan;
use crate::query::request::{Query, QueryError};
use crate::query::rows::placed;
use crate::query::snapshot::Snapshot;
use crate::store::projects::Project;

const COLUMNS: [&str; 9] = [
    f::CELL,
    f::CLUSTER,
    f::USER,
    f::SHOWN_AT,
    f::DECISION,
    f::MANNER,
    f::EDIT_DISTANCE,
    f::CORRECT,
    f::REASON,
];

/// An output that its user decided on.
pub struct Decided<'a> {
    /// The number of its group, or of its arm.
    pub group: u32,
    pub bucket: u32,
    pub cluster: i64,
    /// Whether its user is known; else it is a cluster of its own.
    pub has_user: bool,
    pub reason: Option<&'a str>,
    /// Whether it was judged right; `None` where nobody did.
    pub correct: Option<bool>,
    /// How much of it was lost: all of what was refused or undone, of what was edited the share that was rewritten.
    pub lost: f64,
}

/// The groups and the starts of the buckets that the numbers of a walk stand for.
pub struct Walked {
    pub groups: Vec<Vec<Option<String>>>,
    pub buckets: Vec<chrono::DateTime<chrono_tz::Tz>>,
}

/// Walks over the decided outputs of a question, in the caller's transaction.
pub fn walk(
    snapshot: &mut Snapshot,
    query: &Query,
    project: &Project,
    mut visit: impl FnMut(Decided),
) -> Result<Walked, QueryError> {
    let query = &Query {
        exact: true,
        ..query.clone()
    };
    let window = plan::window(snapshot, query)?;
    let view = Arc::clone(&snapshot.view);
    let refined = plan::refine(snapshot, query, project, &window)?;
    let plan = plan::plan(query, &view.cells, refined.as_ref(), window)?;
    is_exact(snapshot, &plan)?;
    let group_of_cell = plan.group_of_cell();
    let attributes = plan.refined.map(|_| f::ATTRIBUTES);
    let columns: Vec<&str> = COLUMNS.into_iter().chain(attributes).collect();
    for day in snapshot.days(&plan.window) {
        let frame = placed(&plan, &group_of_cell, snapshot.segment(day, Some(&columns))?)?;
        visit_all(&frame, &mut visit)?;
    }
    Ok(Walked {
        buckets: plan.buckets.iter().map(|bucket| bucket.start).collect(),
        groups: plan.groups,
    })
}

fn visit_all(frame: &DataFrame, visit: &mut impl FnMut(Decided)) -> PolarsResult<()> {
    let places = frame
        .column(GROUP)?
        .u32()?
        .iter()
        .zip(frame.column(BUCKET)?.u32()?.iter());
    let users = frame.column(f::USER)?.i64()?.iter();
    let clusters = frame.column(f::CLUSTER)?.i64()?.iter().zip(users);
    let decisions = frame.column(f::DECISION)?.i32()?.iter();
    let manners = frame.column(f::MANNER)?.i32()?.iter();
    let said = frame.column(f::EDIT_DISTANCE)?.f64()?.iter();
    let judged = frame.column(f::CORRECT)?.bool()?.iter();
    let said = said.zip(frame.column(f::REASON)?.str()?.iter()).zip(judged);
    let rows = places.zip(clusters).zip(decisions.zip(manners)).zip(said);
    for (((place, (cluster, user)), (decision, manner)), ((distance, reason), correct)) in rows {
        let ((Some(group), Some(bucket)), Some(cluster)) = (place, cluster) else {
            continue;
        };
        let decision = decision.and_then(|code| Decision::from_code(i16::try_from(code).ok()?));
        let is_automatic = manner == Some(i32::from(Manner::Automatic.code()));
        let lost = match decision {
            _ if is_automatic => continue,
            Some(Decision::Rejected | Decision::Undone) => 1.0,
            Some(Decision::Edited) => distance.unwrap_or_default().clamp(0.0, 1.0),
            Some(Decision::Accepted) => 0.0,
            _ => continue,
        };
        visit(Decided {
            group,
            bucket,
            cluster,
            has_user: user.is_some(),
            reason,
            correct,
            lost,
        });
    }
    Ok(())
}
