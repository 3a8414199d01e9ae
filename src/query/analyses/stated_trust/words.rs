//! Whether users do as they say, in words.

use super::{LEAST_USERS, StatedTrust, StatedTrustVerdict};
use crate::metrics::Unit;
use crate::metrics::number::{Spread, counted};

pub fn sentence(found: &StatedTrust) -> String {
    if found.stated.value.is_none() {
        return format!("Nobody says: no user rated an output on the rubric `{}`.", found.rubric);
    }
    let users = found.taken.users.unwrap_or_default();
    if users < LEAST_USERS {
        return format!(
            "Cannot tell yet: {} said how far they trust it and decided on something, and it takes {LEAST_USERS}.",
            counted(users, "user")
        );
    }
    let verdict = match found.verdict {
        StatedTrustVerdict::SaysMore => "Users say more than they do",
        StatedTrustVerdict::DoesMore => "Users do more than they say",
        StatedTrustVerdict::Alike => "Users do as they say",
        StatedTrustVerdict::CannotTell => "Cannot tell yet whether users do as they say",
    };
    let difference = Spread::from(&found.difference);
    let said = found
        .taken
        .value
        .zip(found.difference.value)
        .map(|(took, more)| took - more);
    let stated = Spread {
        value: said,
        ..Spread::from(&found.stated)
    };
    format!(
        "{verdict}: they put their trust at {} of the scale and take {} of what each decides on, a difference of {}. {}",
        stated.alone(Unit::Share),
        Spread::from(&found.taken).alone(Unit::Share),
        difference.difference(Unit::Share),
        order(found)
    )
}

/// Users from which on it is said whether those who say more take more.
const ENOUGH: u64 = 30;

/// Whether asking tells who relies on it.
fn order(found: &StatedTrust) -> String {
    let correlation = Spread::from(&found.correlation);
    let text = correlation.text(Unit::Ratio);
    match found.correlation.value {
        None => "All say or do the same, so that it cannot be told whether those who say more take more.".to_owned(),
        // The interval is one of many users: of few, one who differs makes it clear too often.
        Some(_) if found.taken.n < ENOUGH => {
            format!("Whether those who say more take more takes {ENOUGH} users to tell (rank correlation {text}).")
        }
        Some(value) if correlation.is_clear() && value > 0.0 => {
            format!("Those who say more take more (rank correlation {text}).")
        }
        Some(_) if correlation.is_clear() => format!("Those who say more take less (rank correlation {text})."),
        Some(_) => format!("It cannot be told whether those who say more take more (rank correlation {text})."),
    }
}
