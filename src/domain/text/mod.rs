//! Texts as lists of tokens, and what differs between two such lists.

pub mod diff;
pub mod same;
pub mod shifts;
pub mod tokens;
