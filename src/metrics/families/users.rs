//! How many people is this about?

use polars::prelude::{col, lit};

use super::NONE;
use crate::metrics::estimate::Estimate;
use crate::metrics::{Direction, Family, Histogram, Metric, Unit, facts};

/// The histogram that has one bucket per user.
pub const USERS: &str = "users";

pub static FAMILY: Family = Family {
    id: "users",
    question: "How many people is this about?",
    sums: Vec::new,
    histograms: || {
        vec![Histogram {
            kind: 4,
            name: USERS,
            bucket: col(facts::USER),
            exact_bucket: None,
            positive: lit(true),
        }]
    },
    metrics: &[Metric {
        id: "users",
        title: "Users",
        summary: "Distinct users who were shown outputs.",
        formula: "number of distinct user_id",
        unit: Unit::Count,
        direction: Direction::Neutral,
        interval: NONE,
        source: "definition",
        estimate: |s| match s.users {
            Some(users) => Estimate {
                users: Some(users),
                ..Estimate::count(users)
            },
            None => s.nothing(crate::metrics::Reason::NotAligned),
        },
    }],
};
