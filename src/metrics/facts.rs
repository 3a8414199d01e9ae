//! The columns of the facts frame: one row per output, what the families' expressions may use.

use polars::prelude::*;

pub const CELL: &str = "cell";
pub const HOUR: &str = "hour";
pub const DAY: &str = "day";
/// Random group of the cluster.
pub const GROUP: &str = "user_group";
/// The user, or the output itself where no user is known.
pub const CLUSTER: &str = "cluster";
/// The user's key, or null.
pub const USER: &str = "user";
/// When it was shown, in microseconds since the epoch.
pub const SHOWN_AT: &str = "shown_at";
/// +1 to add an output, -1 to take it back.
pub const SIGN: &str = "sign";

pub const DECISION: &str = "decision";
/// Who brought the decision about.
pub const MANNER: &str = "manner";
/// Milliseconds from shown to the first decision, or null.
pub const DECISION_MS: &str = "decision_ms";
/// Milliseconds from shown to the first `ignore`, or null.
pub const IGNORED_MS: &str = "ignored_ms";
/// The sketch bucket of `decision_ms`, or null.
pub const DECISION_BUCKET: &str = "decision_bucket";
pub const CONFIDENCE: &str = "confidence";
/// Equal-width bin of ten, or null.
pub const CONFIDENCE_BIN: &str = "confidence_bin";
/// Cell of a grid of a thousand, or null.
pub const CONFIDENCE_CELL: &str = "confidence_cell";
/// Log loss of the confidence if the outcome is positive, and if it is negative.
pub const LOSS_IF_POSITIVE: &str = "loss_if_positive";
pub const LOSS_IF_NEGATIVE: &str = "loss_if_negative";
pub const CORRECT: &str = "correct";
pub const INITIAL_AGREES: &str = "initial_agrees";
pub const INITIAL_CORRECT: &str = "initial_correct";
pub const EDIT_DISTANCE: &str = "edit_distance";
pub const RETAINED_SHARE: &str = "retained_share";
pub const STILL_RETAINED: &str = "still_retained";
/// What was in place at each of [`HORIZONS`](crate::domain::persistence::HORIZONS), in ten-thousandths; -1 taken back by then, null not
/// known.
pub const KEPT: [&str; 4] = [KEPT_30S, KEPT_120S, KEPT_300S, KEPT_600S];
pub const KEPT_30S: &str = "kept_30s";
pub const KEPT_120S: &str = "kept_120s";
pub const KEPT_300S: &str = "kept_300s";
pub const KEPT_600S: &str = "kept_600s";
pub const CHARS_SHOWN: &str = "chars_shown";
pub const CHARS_FINAL: &str = "chars_final";
/// Milliseconds from the request to the whole output, or null.
pub const GENERATION_MS: &str = "generation_ms";
/// The sketch bucket of `generation_ms`, or null.
pub const GENERATION_BUCKET: &str = "generation_bucket";
/// The user's own number from before, the AI's, and the one that the user kept; each null where it is not known.
pub const INITIAL_VALUE: &str = "initial_value";
pub const OUTPUT_VALUE: &str = "output_value";
pub const FINAL_VALUE: &str = "final_value";
pub const COPIES: &str = "copies";
pub const REGENERATES: &str = "regenerates";
pub const RATINGS: &str = "ratings";
/// Fixed-point, since ratings may be negative.
pub const RATING_SUM: &str = "rating_sum";
pub const POSITIVE_RATINGS: &str = "positive_ratings";
pub const RATING_FLIPS: &str = "rating_flips";
pub const MISSED: &str = "missed";
pub const RESTATED: &str = "restated";
/// Why, in the code or words that came with the feedback, or null. No family may use it: the rollups do not know it.
pub const REASON: &str = "reason";
/// Undeclared attributes as a JSON object, or null. No family may use it: the rollups do not know it.
pub const ATTRIBUTES: &str = "attributes";

/// The columns that outputs state themselves, in their order; the others follow from them.
pub const STATED: [&str; 35] = [
    CELL,
    CLUSTER,
    USER,
    SHOWN_AT,
    DECISION,
    MANNER,
    DECISION_MS,
    IGNORED_MS,
    CONFIDENCE,
    CORRECT,
    INITIAL_AGREES,
    INITIAL_CORRECT,
    EDIT_DISTANCE,
    RETAINED_SHARE,
    STILL_RETAINED,
    KEPT_30S,
    KEPT_120S,
    KEPT_300S,
    KEPT_600S,
    CHARS_SHOWN,
    CHARS_FINAL,
    GENERATION_MS,
    INITIAL_VALUE,
    OUTPUT_VALUE,
    FINAL_VALUE,
    COPIES,
    REGENERATES,
    RATINGS,
    RATING_SUM,
    POSITIVE_RATINGS,
    RATING_FLIPS,
    MISSED,
    RESTATED,
    REASON,
    ATTRIBUTES,
];

/// One unit of a fixed-point sum is 1e-10: fine enough for nine digits, coarse enough for a billion outputs in 64 bits.
pub const SCALE: f64 = 1e10;

/// How many equal-width bins calibration is reported in.
pub const BINS: usize = 10;
/// How many cells the confidence grid has.
pub const GRID: usize = 1_000;

/// The same for ratings, which are not confined to [0, 1]: coarser, so that 90 million of the largest still fit.
pub const RATING_SCALE: f64 = 1e8;

/// A real-valued, non-negative expression as a fixed-point integer; null counts as zero.
pub fn fixed(expr: Expr) -> Expr {
    (expr * lit(SCALE) + lit(0.5)).fill_null(lit(0.0)).cast(DataType::Int64)
}

/// A fixed-point sum as the real number it stands for.
pub fn unfixed(sum: f64) -> f64 {
    sum / SCALE
}

/// A condition as 1 or 0; null counts as 0.
pub fn count(condition: Expr) -> Expr {
    condition.fill_null(lit(false)).cast(DataType::Int64)
}

/// 1 for an output that was shown, 0 for what should have been and was missed.
pub fn shown() -> Expr {
    count(col(MISSED).eq(lit(false)))
}

/// An integer column as it is; null counts as 0.
pub fn integer(column: &str) -> Expr {
    col(column).cast(DataType::Int64).fill_null(lit(0_i64))
}

/// A value where a condition holds, null elsewhere.
pub fn only(condition: Expr, value: Expr) -> Expr {
    when(condition).then(value).otherwise(lit(NULL))
}

/// Conditions on the decision. What the app took by itself is none of the user's decisions.
pub mod decision {
    use polars::prelude::*;

    use crate::domain::decision::{Decision, Manner};

    fn is(decision: Decision) -> Expr {
        stands(decision).and(manner(Manner::Automatic).not())
    }

    /// Whoever brought it about.
    fn stands(decision: Decision) -> Expr {
        col(super::DECISION).eq(lit(i32::from(decision.code())))
    }

    fn manner(manner: Manner) -> Expr {
        col(super::MANNER).eq(lit(i32::from(manner.code())))
    }

    /// Accepted unchanged and still so.
    pub fn accepted() -> Expr {
        is(Decision::Accepted)
    }

    pub fn edited() -> Expr {
        is(Decision::Edited)
    }

    pub fn rejected() -> Expr {
        is(Decision::Rejected)
    }

    pub fn undone() -> Expr {
        is(Decision::Undone)
    }

    pub fn ignored() -> Expr {
        is(Decision::Ignored)
    }

    /// Taken, whatever came later: accepted, edited, or undone afterwards.
    pub fn taken() -> Expr {
        accepted().or(edited()).or(undone())
    }

    /// Refused, and done by the user.
    pub fn taken_over() -> Expr {
        rejected().and(manner(Manner::TakenOver))
    }

    /// Taken by the app, whatever came later.
    pub fn automatic() -> Expr {
        manner(Manner::Automatic)
    }

    /// Taken by the app, and taken back.
    pub fn automatic_undone() -> Expr {
        automatic().and(stands(Decision::Undone))
    }

    pub fn decided() -> Expr {
        taken().or(rejected())
    }
}
