//! What runs of a set of cases came to: scores ([`scores`]), one run against another ([`compare`]), whether the set says what users say
//! ([`quality`]), and whether it is about what users meet ([`coverage`]).

pub mod compare;
pub mod coverage;
pub mod quality;
pub mod scores;
