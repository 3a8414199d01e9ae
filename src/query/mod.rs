//! From a question to an answer: which outputs, from which source, in which slices, as which estimates.
//!
//! Small slices are computed from the outputs themselves, exactly and per user; large ones from the rollups, whose cost does
//! not depend on the number of outputs. The answer says which.

pub mod answer;
pub mod filter;
pub mod plan;
pub mod request;
pub mod rows;
pub mod sums;
pub mod tabulate;
pub mod view;

pub use answer::{Answer, Row};
pub use plan::run;
pub use request::{Query, QueryError};
