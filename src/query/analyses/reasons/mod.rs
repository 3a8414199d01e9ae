//! Why do users reject it? The reasons that came with the feedback, counted, and against the period before.
//!
//! An output has one reason: the newest that was given. Codes and words of people's own stand side by side, as they were sent. Reasons are
//! ordered by the lower end of their share's interval, so that one user who says the same a hundred times does not lead.

mod tally;

use std::collections::{BTreeMap, HashMap};

use diesel::pg::PgConnection;
use serde::Serialize;
use utoipa::ToSchema;

use self::tally::{Tally, tallies};
use crate::domain::window::Window;
use crate::metrics::Estimate;
use crate::query::origin::check_kept;
use crate::query::request::{MAX_GROUPS, Query, QueryError};
use crate::query::sources::Sources;
use crate::store::cells::CellId;

#[derive(Clone)]
pub struct Question {
    pub query: Query,
    /// Reasons of each group.
    pub limit: usize,
}

/// Whether a reason is one of a few codes, or people's own words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReasonForm {
    /// It has no spaces, as `too_long`.
    Code,
    /// It has spaces.
    Words,
}

/// One reason.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReasonCount {
    pub reason: String,
    pub form: ReasonForm,
    /// Outputs with it, however they were decided.
    pub outputs: u64,
    /// Users who gave it.
    pub users: u64,
    /// Outputs with it by decision.
    pub decisions: BTreeMap<&'static str, u64>,
    /// Of all outputs shown.
    pub share_of_shown: Estimate,
    /// Of the outputs rejected or undone.
    pub share_of_rejected: Estimate,
    /// Of all outputs shown in the period of the same length before; null where the range has no start.
    #[schema(required = true)]
    pub before: Option<Estimate>,
    /// The share of all outputs shown minus that of the period before.
    #[schema(required = true)]
    pub change: Option<Estimate>,
}

/// The reasons in one group.
#[derive(Clone, Debug)]
pub struct GroupReasons {
    /// One value for each dimension that was grouped by.
    pub group: Vec<Option<String>>,
    pub shown: u64,
    /// Of the outputs rejected or undone, those with a reason.
    pub explained: Estimate,
    pub reasons: Vec<ReasonCount>,
    /// Reasons that are not listed, and the outputs that have one of them.
    pub others: Others,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Others {
    pub reasons: u64,
    pub outputs: u64,
}

pub struct Reasons {
    pub groups: Vec<GroupReasons>,
    /// All groups together, where there are some.
    pub total: Option<GroupReasons>,
    pub window: Window,
    pub before: Option<Window>,
    pub log_position: i64,
}

pub fn run(conn: &mut PgConnection, sources: &Sources, question: &Question) -> Result<Reasons, QueryError> {
    let query = &question.query;
    sources.asked(conn, query, |snapshot, project, window| {
        check_kept(snapshot, &window)?;
        let (groups, cells) = snapshot.view.groups(&query.filters, &query.group_by);
        if groups.len() > MAX_GROUPS {
            return Err(QueryError::TooManyGroups { found: groups.len() });
        }
        let group_of_cell: HashMap<CellId, u32> = cells.into_iter().collect();
        let now = tallies(snapshot, &group_of_cell, &window)?;
        // A range without a start begins with the first output: nothing was before.
        let before = query.from.map(|from| Window {
            from: from - (window.to - from),
            to: from,
        });
        let before = before.filter(|before| check_kept(snapshot, before).is_ok());
        let earlier = before
            .map(|before| tallies(snapshot, &group_of_cell, &before))
            .transpose()?;
        let total = (!query.group_by.is_empty() && !now.is_empty()).then(|| {
            let earlier: Option<Tally> = earlier.as_ref().map(|earlier| earlier.values().sum());
            let all: Tally = now.values().sum();
            all.told(Vec::new(), earlier.as_ref(), query.level, question.limit)
        });
        let nothing = Tally::default();
        let told = (0..).zip(groups).filter_map(|(number, group)| {
            let tally = now.get(&number)?;
            let earlier = earlier.as_ref().map(|earlier| earlier.get(&number).unwrap_or(&nothing));
            Some(tally.told(group, earlier, query.level, question.limit))
        });
        Ok(Reasons {
            groups: told.collect(),
            total,
            window,
            before,
            log_position: project.folded_events,
        })
    })
}
