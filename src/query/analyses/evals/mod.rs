//! What runs of a set of cases came to: scores ([`scores`]), one run against another ([`compare`]), which of several is best
//! ([`ranking`]), whether the set says what users say ([`quality`]: case by case in [`agreement`], version by version in [`versions`]),
//! and whether it is about what users meet ([`coverage`]).

mod agreement;
pub mod compare;
pub mod coverage;
pub mod quality;
pub mod ranking;
pub mod scores;
mod versions;
