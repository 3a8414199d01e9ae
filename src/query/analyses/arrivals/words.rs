//! Where users are not spread as planned, in words.

use super::{LeftOutReason, PeriodBalance, PlaceBalance, PlacesBalance, SegmentBalance};
use crate::domain::window::Granularity;
use crate::metrics::number::{count, counted};

/// What stands out most among the days and among the segments.
pub fn sentence(found: &PlacesBalance) -> String {
    let period = match found.granularity {
        Granularity::Week => "week",
        Granularity::Month => "month",
        _ => "day",
    };
    let days = tested(found.over_time.iter().map(|period| &period.balance));
    let segments = tested(found.by_segment.iter().map(|segment| &segment.balance));
    let mut text = match (days.0 + segments.0, days.1 + segments.1) {
        (0, _) => format!("Too few users to look at single {period}s or segments."),
        (_, 0) => format!(
            "None of {} and {} stands out by itself.",
            counted(days.0, period),
            counted(segments.0, "segment")
        ),
        (all, off) if all == off => format!(
            "Users are not spread as planned wherever one looks, on {} and in {}: look for a cause that all share, such as shares other than \
             those that were planned.",
            counted(days.0, period),
            counted(segments.0, "segment")
        ),
        _ => format!(
            "Users are not spread as planned on {} of {} and in {} of {}.",
            days.1,
            counted(days.0, period),
            segments.1,
            counted(segments.0, "segment")
        ),
    };
    let off = found.over_time.iter().filter(|period| period.balance.mismatch);
    if let Some(worst) = off.min_by(|one, other| one.balance.rank().total_cmp(&other.balance.rank())) {
        let PeriodBalance { from, balance, .. } = worst;
        text += &format!(
            " The worst {period} begins {}: {}.",
            from.date_naive(),
            most(balance, &found.arms)
        );
    }
    // The worst comes first.
    if let Some(worst) = found.by_segment.iter().find(|segment| segment.balance.mismatch) {
        text += &segment(worst, &found.arms);
    }
    for left_out in &found.left_out {
        if left_out.reason == LeftOutReason::FollowsArms {
            text += &format!(
                " `{}` has no value that is in all arms: they bring it about, or it decides the arm.",
                left_out.dimension
            );
        }
    }
    text
}

fn segment(worst: &SegmentBalance, arms: &[String]) -> String {
    let SegmentBalance {
        dimension,
        value,
        balance,
        hardly_in,
    } = worst;
    let named = match value {
        Some(value) => format!("`{dimension}` `{value}`"),
        None => format!("outputs without `{dimension}`"),
    };
    let mut text = format!(" The worst segment is {named}: {}.", most(balance, arms));
    if let Some(arm) = hardly_in.first() {
        text += &format!(" `{arm}` hardly has it: the arm may be why, or assignment never reached it.");
    }
    text
}

/// How many places were tested, and how many of them are off.
fn tested<'a>(places: impl Iterator<Item = &'a PlaceBalance>) -> (u64, u64) {
    places
        .filter(|place| place.p_value.is_some())
        .fold((0, 0), |(all, off), place| (all + 1, off + u64::from(place.mismatch)))
}

/// The arm that is furthest from what was due to it.
fn most(balance: &PlaceBalance, arms: &[String]) -> String {
    let off = |users: u64, due: f64| (users as f64 - due).abs() / due.sqrt();
    let sides = arms.iter().zip(&balance.users).zip(&balance.expected);
    let furthest =
        sides.max_by(|((_, one), due), ((_, other), of_other)| off(**one, **due).total_cmp(&off(**other, **of_other)));
    furthest
        .map(|((arm, users), due)| {
            let due = count(due.round());
            format!("`{arm}` has {} where {due} were expected", counted(*users, "user"))
        })
        .unwrap_or_default()
}
