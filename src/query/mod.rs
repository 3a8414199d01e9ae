//! From a question to an answer: which outputs, from which source, in which slices, as which estimates.
//!
//! Small slices are computed from the outputs themselves, exactly and per user, by way of segments; large ones from the rollups,
//! whose cost does not depend on the number of outputs. The answer says which.

mod accumulate;
pub mod analyses;
pub mod answer;
mod assembly;
mod blocks;
mod cut;
pub mod cuts;
pub mod dimensions;
pub mod filter;
mod gather;
mod grouping;
mod merge;
pub mod origin;
mod part;
pub mod plan;
mod refined;
pub mod request;
pub mod rollups;
mod rows;
pub mod running;
pub mod segments;
mod snapshot;
mod sources;
mod sums;
mod tabulate;
mod tally;
mod users;
mod view;
mod wanted;

pub use answer::{Answer, Row};
pub use plan::{recall, run};
pub use request::{Query, QueryError};
pub use sources::Sources;
