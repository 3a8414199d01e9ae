//! How much sets of cases may hold.

/// Sets that a project may have.
pub const MOST_SETS: i64 = 200;
pub const DESCRIPTION_CHARS: usize = 10_000;
/// The score from which a result passes where nobody says.
pub const PASS_FROM: f64 = 0.5;

/// Cases of a set.
pub const MOST_CASES: usize = 10_000;
/// Characters of input, expected and rubric each, and of a result's output.
pub const TEXT_CHARS: usize = crate::ingest::limits::TEXT_CHARS;
/// Tags of a case.
pub const MOST_TAGS: usize = 20;
pub const TAG_CHARS: usize = 64;

/// Bytes of one upload of cases or results.
pub const UPLOAD_BYTES: usize = 32 * 1024 * 1024;
/// What became of rows, that one answer lists.
pub const LISTED_ROWS: usize = 1_000;

/// Runs of a set.
pub const MOST_RUNS: i64 = 500;
/// Runs that one answer ranks: a table of their pairs can still be read.
pub const MOST_RANKED: usize = 20;
/// Results of a run.
pub const MOST_RESULTS: usize = 50_000;

/// Cases that are made from feedback at once.
pub const MOST_SAMPLED: u64 = 1_000;
pub const SAMPLED: u64 = 100;
/// Outputs that are chosen among: the newest.
pub const MOST_CANDIDATES: usize = 20_000;
/// Names that strata are made of, and strata.
pub const STRATA_NAMES: usize = 5;
pub const MOST_STRATA: usize = 500;
/// Days of production that a set is held against.
pub const MOST_DAYS: i64 = 365;
pub const DAYS: i64 = 30;
