//! How many people is this about?

use polars::prelude::{NULL, col, lit, when};

use super::NONE;
use crate::metrics::estimate::{Estimate, Reason};
use crate::metrics::facts::shown;
use crate::metrics::{Direction, Family, Histogram, Metric, Statistics, Sum, Unit, facts};

/// The histogram that has one bucket per user.
pub const USERS: &str = "users";
/// The number under which it is stored.
pub const USERS_KIND: i16 = 4;

pub static FAMILY: Family = Family {
    id: "users",
    question: "How many people is this about?",
    sums: || vec![Sum::new("shown", shown())],
    histograms: || {
        vec![Histogram {
            kind: USERS_KIND,
            name: USERS,
            // What was missed was shown to nobody.
            bucket: when(col(facts::MISSED)).then(lit(NULL)).otherwise(col(facts::USER)),
            exact_bucket: None,
            positive: lit(true),
        }]
    },
    metrics: &[
        Metric {
            id: "users",
            title: "Users",
            summary: "Distinct users who were shown outputs.",
            formula: "number of distinct user_id",
            unit: Unit::Count,
            direction: Direction::Neutral,
            interval: NONE,
            source: "definition",
            estimate: distinct,
        },
        Metric {
            id: "outputs_per_user",
            title: "Outputs per user",
            summary: "How many outputs a user was shown, on average. Outputs of nobody known are left out.",
            formula: "outputs with a user / number of distinct user_id",
            unit: Unit::Outputs,
            direction: Direction::Neutral,
            interval: NONE,
            source: "definition",
            estimate: per_user,
        },
        Metric {
            id: "top_user_share",
            title: "Share of the heaviest users",
            summary: "Share of the outputs that went to the heaviest hundredth of the users: where it is large, a few people make the rates.",
            formula: "outputs of the ⌈users / 100⌉ users with most / outputs with a user",
            unit: Unit::Share,
            direction: Direction::Neutral,
            interval: NONE,
            source: "definition",
            estimate: heaviest,
        },
    ],
};

fn distinct(s: &Statistics) -> Estimate {
    let users = match outputs_of_users(s) {
        Ok(outputs) => outputs.len() as u64,
        Err(Reason::NoCases) => 0,
        Err(reason) => return s.nothing(reason),
    };
    Estimate {
        users: Some(users),
        ..Estimate::count(users)
    }
}

/// How many outputs each user was shown.
fn outputs_of_users(s: &Statistics) -> Result<Vec<u64>, Reason> {
    let counts = s.histogram(USERS, Reason::NoCases)?;
    Ok(counts.iter().map(|(_, one, other)| one + other).collect())
}

fn per_user(s: &Statistics) -> Estimate {
    let outputs = match outputs_of_users(s) {
        Ok(outputs) => outputs,
        Err(reason) => return s.nothing(reason),
    };
    let (shown, users) = (outputs.iter().sum::<u64>() as f64, outputs.len() as f64);
    if users == 0.0 {
        return s.nothing(Reason::NoCases);
    }
    s.valued(shown / users, shown).of(shown, users)
}

fn heaviest(s: &Statistics) -> Estimate {
    let mut outputs = match outputs_of_users(s) {
        Ok(outputs) => outputs,
        Err(reason) => return s.nothing(reason),
    };
    outputs.sort_unstable_by(|one, other| other.cmp(one));
    let top = outputs.len().div_ceil(100);
    let (most, all) = (outputs.iter().take(top).sum::<u64>(), outputs.iter().sum::<u64>());
    if all == 0 {
        return s.nothing(Reason::NoCases);
    }
    s.valued(most as f64 / all as f64, all as f64)
        .of(most as f64, all as f64)
}
