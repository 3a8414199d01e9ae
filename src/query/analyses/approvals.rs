//! How do the steps of an agent end, tool by tool, and how does trust in each tool grow?
//!
//! A tool is a value of a dimension. How steps end is computed from all of them; growth follows users from their first step with the
//! tool on, whatever they did with others.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

use super::exposures::Exposures;
use super::growth::{self, Growth};
use super::trajectory::{Step, estimates_of, placed_in, steps};
use crate::domain::dimension::Dimension;
use crate::metrics::{self, Estimate, Metric, Reason};
use crate::query::answer::{Answer, Row};
use crate::query::gather::{Gathering, Over};
use crate::query::plan;
use crate::query::request::{MAX_GROUPS, Query, QueryError};
use crate::query::sources::Sources;
use crate::store::projects::Project;

/// What grows.
pub const ACCEPTANCE: &str = "acceptance_rate";
/// The dimension of tools unless the question names another.
pub const TOOL: &str = "tool";

/// What to look at.
#[derive(Clone)]
pub struct Question {
    /// The metrics of how steps end, the window, filters, level.
    pub query: Query,
    /// The dimension whose values are tools; the declared attribute [`TOOL`] without one, and no cut where there is none.
    pub dimension: Option<Dimension>,
}

/// One tool.
pub struct Tool {
    /// How its steps end.
    pub row: Row,
    /// Acceptance by its users' n-th step with it; steps without a user are left out.
    pub by_exposure: Vec<Step>,
    /// Acceptance of users later on minus that of the same users at first.
    pub growth: Estimate,
}

pub struct Approvals {
    pub dimension: Option<Dimension>,
    pub tools: Vec<Tool>,
    pub answer: Answer,
}

pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<Approvals, QueryError> {
    sources.read(conn, question.query.project, |snapshot, project| {
        let dimension = question.dimension.clone().or_else(|| declared(project));
        let query = Query {
            group_by: dimension.iter().cloned().collect(),
            ..question.query.clone()
        };
        let answer = plan::answer(snapshot.conn()?, sources, &query, now)?;
        let (values, cells) = snapshot.view.groups(&query.filters, &query.group_by);
        if values.len() > MAX_GROUPS {
            return Err(QueryError::TooManyGroups { found: values.len() });
        }
        let followed = Query {
            metrics: metrics::find(ACCEPTANCE)
                .map(|(_, metric): (_, &Metric)| metric)
                .into_iter()
                .collect(),
            ..query
        };
        let sums = metrics::sums_named(&followed.sums_read());
        let mut gathering = Gathering::new(&sums, &[]);
        let mut growth = Growth::default();
        let columns = gathering.columns(growth::READ);
        Exposures::walk(
            snapshot,
            &cells.into_iter().collect(),
            &answer.window,
            &columns,
            |met| {
                growth.add(&met)?;
                Ok(gathering.add(placed_in(met.parts.clone(), met)?)?)
            },
        )?;
        let mut by_tool: BTreeMap<u32, BTreeMap<u32, Vec<Estimate>>> = BTreeMap::new();
        gathering
            .finish()?
            .each_slice(Over::Nothing, |(tool, step), slices, slice| {
                let steps = by_tool.entry(tool).or_default();
                steps.insert(step, estimates_of(&followed, slices, slice));
            });
        let mut growth = growth.by_part(followed.level);
        let number = |row: &Row| {
            (0..)
                .zip(&values)
                .find(|(_, values)| **values == row.group)
                .map(|(number, _)| number)
        };
        let used = answer
            .rows
            .iter()
            .filter(|row| row.estimates.iter().any(|estimate| estimate.n > 0));
        let tools = used.filter_map(|row| {
            let number = number(row)?;
            Some(Tool {
                row: row.clone(),
                by_exposure: steps(&followed, by_tool.remove(&number).unwrap_or_default()),
                growth: growth.remove(&number).unwrap_or_else(|| Estimate::none(Reason::NoData)),
            })
        });
        Ok(Approvals {
            dimension,
            tools: tools.collect(),
            answer,
        })
    })
}

fn declared(project: &Project) -> Option<Dimension> {
    let has_tools = project.dimensions.iter().any(|name| name == TOOL);
    has_tools.then(|| Dimension::Attribute(TOOL.to_owned()))
}
