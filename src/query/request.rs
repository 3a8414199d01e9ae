//! A question, checked.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::filter::Filter;
use crate::domain::dimension::Dimension;
use crate::domain::edits::EditThresholds;
use crate::domain::key::ProjectId;
use crate::domain::window::Granularity;
use crate::metrics::families::calibration::Target;
use crate::metrics::index::{are_of_edit_classes, sums_read};
use crate::metrics::statistics::IntervalKind;
use crate::metrics::{self, Metric};
use crate::rollup::codec::Damaged;
use crate::stats::level::Level;
use crate::store::StoreError;
use crate::store::projects::Project;

/// Metrics in one question.
pub const MAX_METRICS: usize = 50;
/// Dimensions to group by.
pub const MAX_GROUP_BY: usize = 5;
/// Characters of a dimension's name, as of an attribute's.
pub const MAX_NAME_CHARS: usize = 64;
pub const MAX_FILTERS: usize = 20;
pub const MAX_FILTER_VALUES: usize = 200;
/// Groups in one answer.
pub const MAX_GROUPS: usize = 1_000;
/// Buckets of time in one answer.
pub const MAX_BUCKETS: usize = 2_400;
/// Groups times buckets in one answer.
pub const MAX_ROWS: usize = 50_000;

/// Up to so many outputs, an answer is computed from the outputs themselves.
pub const EXACT_OUTPUTS: i64 = 20_000;

/// What to compute, over which outputs, cut how.
#[derive(Clone)]
pub struct Query {
    pub project: ProjectId,
    pub metrics: Vec<&'static Metric>,
    /// Give the reliability curve too; one of the metrics must be of the calibration family.
    pub curve: Option<Target>,
    pub group_by: Vec<Dimension>,
    pub filters: Vec<Filter>,
    /// If there are any, the groups are these, each the outputs that pass all of its filters, and nothing else is in the answer.
    pub arms: Vec<Vec<Filter>>,
    /// Give what each cluster contributes to each estimate.
    pub contributions: bool,
    /// Count distinct users even where no metric needs them; of large slices that takes a while.
    pub counts_users: bool,
    /// Start of the range; the UTC day of the first output when absent.
    pub from: Option<DateTime<Utc>>,
    /// End of the range; the end of the UTC day of the last output when absent.
    pub to: Option<DateTime<Utc>>,
    pub granularity: Option<Granularity>,
    pub timezone: Tz,
    pub level: Level,
    pub interval: IntervalKind,
    /// Which edits are light, medium or heavy; what the project says once it is known, see [`Query::in_terms_of`].
    pub edit_thresholds: EditThresholds,
    /// Compute from the outputs even if they are many.
    pub exact: bool,
    /// Up to so many outputs, compute from the outputs anyway.
    pub exact_outputs: i64,
    /// And so each group of an answer without buckets, so that it says the same as when it is asked for by itself.
    pub exact_by_group: bool,
    /// Give buckets without outputs too.
    pub fill: bool,
}

impl Query {
    /// The plainest question about a project.
    pub fn new(project: ProjectId, metrics: Vec<&'static Metric>) -> Query {
        Query {
            project,
            metrics,
            curve: None,
            group_by: Vec::new(),
            filters: Vec::new(),
            arms: Vec::new(),
            contributions: false,
            counts_users: false,
            from: None,
            to: None,
            granularity: None,
            timezone: Tz::UTC,
            level: Level::default(),
            interval: IntervalKind::default(),
            edit_thresholds: EditThresholds::default(),
            exact: false,
            exact_outputs: EXACT_OUTPUTS,
            exact_by_group: false,
            fill: false,
        }
    }

    /// The same with what the project means by its words. Whatever answers a question asks it so.
    pub fn in_terms_of(&self, project: &Project) -> Query {
        Query {
            edit_thresholds: project.edit_thresholds,
            ..self.clone()
        }
    }

    /// The names of the sums that its estimates read.
    pub fn sums_read(&self) -> BTreeSet<String> {
        sums_read(&self.metrics, self.curve, self.edit_thresholds)
    }

    /// Which edits are light, medium or heavy, if that makes a difference to one of its metrics.
    pub fn states_edit_thresholds(&self) -> Option<EditThresholds> {
        are_of_edit_classes(&self.metrics).then_some(self.edit_thresholds)
    }

    /// Every dimension that it names.
    pub fn dimensions(&self) -> impl Iterator<Item = &Dimension> {
        let filters = self.filters.iter().chain(self.arms.iter().flatten());
        self.group_by.iter().chain(filters.map(|filter| &filter.dimension))
    }
}

/// Columns of answers, which no dimension may be called.
const RESERVED: [&str; 6] = ["time", "bucket", "metric", "value", "lower", "upper"];

/// The name under which an attribute can be declared as a dimension, or why it cannot.
pub fn declarable(name: &str) -> Result<String, String> {
    let (Dimension::Attribute(name) | Dimension::AnyAttribute(name)) = Dimension::parse(name) else {
        return Err(format!("`{name}` is built in and needs no declaration"));
    };
    let length = name.chars().count();
    if !(1..=MAX_NAME_CHARS).contains(&length) || name.chars().any(|c| c.is_control() || c == ',') {
        return Err(format!(
            "a dimension's name must have 1 to {MAX_NAME_CHARS} printable characters and no comma"
        ));
    }
    if RESERVED.contains(&name.as_str()) || metrics::find(&name).is_some() {
        return Err(format!(
            "`{name}` is the name of a column in answers; call the attribute something else"
        ));
    }
    Ok(name)
}

/// Why a question cannot be answered as asked.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error("the project has no dimension `{name}`; it has {}", .known.join(", "))]
    UnknownDimension { name: String, known: Vec<String> },
    #[error("{reason}")]
    NoDimension { reason: String },
    #[error("outputs with {example} are on both sides; make the sides exclude each other")]
    ArmsOverlap { example: String },
    #[error("the answer would have {found} groups, more than {MAX_GROUPS}; filter, or group by fewer dimensions")]
    TooManyGroups { found: usize },
    #[error("the answer would have more than {MAX_BUCKETS} buckets; choose a shorter range or a longer granularity")]
    TooManyBuckets,
    #[error("the answer would have {found} rows, more than {MAX_ROWS}; choose fewer groups or longer buckets")]
    TooManyRows { found: usize },
    #[error(
        "the exact computation would read {found} outputs, more than {limit}; narrow it, or leave `exact` out and use \
         ranges and buckets that start on whole hours"
    )]
    TooManyOutputs { found: i64, limit: i64 },
    #[error(
        "the outputs before {until} are no longer kept, only their sums are, and this reads the outputs themselves; begin at {until} or \
         later. Metrics without `exact`, over ranges and buckets that start on whole hours, are answered from the sums"
    )]
    OutputsGone { until: NaiveDate },
    #[error("the slice holds more than {limit} opinions; choose a shorter range or more filters")]
    TooManyOpinions { limit: i64 },
    #[error("more than {limit} outputs have a confidence and a known outcome; choose a shorter range, or filter")]
    TooManyOutcomes { limit: usize },
    /// Never an answer: it is asked again with a connection.
    #[error("the answer takes what is not in memory")]
    NotInMemory,
    #[error("nobody waits for the answer any more")]
    Abandoned,
    #[error(
        "the answer took too long; choose a shorter range or more filters, or try again when the server has less to do"
    )]
    TookTooLong,
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Damaged(#[from] Damaged),
    #[error("the computation failed: {0}")]
    Frame(#[from] polars::error::PolarsError),
}

impl From<diesel::result::Error> for QueryError {
    fn from(error: diesel::result::Error) -> Self {
        QueryError::Store(error.into())
    }
}
