//! What is found of several runs.

use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::metrics::Estimate;

/// How a run stands among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvalStanding {
    /// It scored higher in every round, so that no strength is high enough.
    WinsAll,
    /// It has a strength.
    Ranked,
    /// No wins and losses tie it to the runs that are ranked.
    Apart,
    /// It scored lower in every round.
    LosesAll,
    /// No case has a result of it and of another run by the same judge.
    NotCompared,
}

/// Rounds: a case on which two runs meet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct EvalRecord {
    pub wins: u64,
    pub ties: u64,
    pub losses: u64,
}

/// A run among others.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalRankedRun {
    pub run: Uuid,
    pub name: String,
    #[schema(required = true)]
    pub version: Option<String>,
    /// What tells it apart from the others: its version if that does, else its name, else its name and time.
    pub label: String,
    pub standing: EvalStanding,
    /// Logits, which add up to zero over the runs that have one: a run that is ahead by 1 wins 73 % of the rounds.
    pub strength: Estimate,
    /// Ties count half. The mean over the runs that it meets.
    pub win_rate: Estimate,
    /// Cases on which it meets any other.
    pub cases: u64,
    #[serde(flatten)]
    pub record: EvalRecord,
}

/// Two runs.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalRankedPair {
    /// The one that comes before the other in the list of runs.
    pub first: Uuid,
    pub second: Uuid,
    /// Cases on which they meet.
    pub cases: u64,
    /// Of the first, on those cases.
    #[serde(flatten)]
    pub record: EvalRecord,
    pub win_rate: Estimate,
    /// First minus second, which also knows how both do against others.
    pub strength_difference: Estimate,
    /// Of no difference: of strength, or, where either has none, of who wins more. Null where nothing tells them apart.
    #[schema(required = true)]
    pub p_value: Option<f64>,
    /// For all pairs together.
    #[schema(required = true)]
    pub adjusted_p_value: Option<f64>,
    /// Which of them is better for sure; null where it cannot be told.
    #[schema(required = true)]
    pub ahead: Option<Uuid>,
}

/// Which of several runs is best.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct EvalRanking {
    /// Cases on which any two runs meet.
    pub cases: u64,
    /// What is found, in words.
    pub sentence: String,
    /// Runs that others are compared with and none is ahead of: one, if it can be told which is best.
    pub best: Vec<Uuid>,
    /// The strongest first.
    pub runs: Vec<EvalRankedRun>,
    /// Every two of them.
    pub pairs: Vec<EvalRankedPair>,
}
