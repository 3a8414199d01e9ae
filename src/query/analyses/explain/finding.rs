//! What an explanation says.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::edits::EditThresholds;
use crate::domain::window::Window;
use crate::metrics::Estimate;
use crate::query::analyses::compare::Between;

/// One value of a dimension.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Segment {
    pub dimension: String,
    /// Null for outputs without the dimension.
    #[schema(required = true)]
    pub value: Option<String>,
    pub before: Estimate,
    pub after: Estimate,
    /// Its share of what the metric counts.
    pub share_before: f64,
    pub share_after: f64,
    /// What its growing or shrinking adds to the change.
    pub mix: f64,
    /// What its own change adds to the change.
    pub rate: f64,
    /// Mix and rate together; over all segments of a dimension they add up to the change.
    pub contribution: Between,
    /// How much more it adds than its share of the outputs would, had all moved alike.
    pub excess: Between,
    /// The excess pulled towards zero by its noise: what segments are ranked by.
    pub shrunk: f64,
    /// The standard error of the excess.
    #[serde(skip)]
    pub noise: Option<f64>,
}

/// One way to cut the outputs.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExplainedDimension {
    pub dimension: String,
    pub mix: f64,
    pub rate: f64,
    /// The whole moved one way and every segment the other: believe the segments.
    pub simpson: bool,
    /// Those that matter most first.
    pub segments: Vec<Segment>,
}

/// Why a metric moved.
#[derive(Clone, Debug)]
pub struct Explained {
    pub before: Estimate,
    pub after: Estimate,
    pub change: Between,
    /// The segments of all dimensions that matter most, first.
    pub leading: Vec<Segment>,
    pub dimensions: Vec<ExplainedDimension>,
    pub windows: [Window; 2],
    pub log_position: i64,
    pub edit_thresholds: Option<EditThresholds>,
}

/// Why a metric moved in many features.
#[derive(Clone, Debug)]
pub struct ExplainedFeatures {
    pub features: Vec<(String, Explained)>,
    pub windows: [Window; 2],
    pub log_position: i64,
    pub edit_thresholds: Option<EditThresholds>,
}
