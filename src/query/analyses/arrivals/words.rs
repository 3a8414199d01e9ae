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
    let (of_days, of_segments) = (counted(days.tested, period), counted(segments.tested, "segment"));
    let mut text = if days.tested + segments.tested == 0 {
        format!("Too few users to look at single {period}s or segments.")
    } else if days.off + segments.off == 0 {
        let looked_at = [(days.tested, of_days), (segments.tested, of_segments)]
            .into_iter()
            .filter(|(tested, _)| *tested > 0);
        let places: Vec<String> = looked_at.map(|(_, places)| places).collect();
        format!("None of {} stands out by itself.", places.join(" and "))
    } else if days.outstanding + segments.outstanding == 0 {
        format!(
            "Users are not spread as planned, much alike on {of_days} and in {of_segments}: look for a cause that all share, such as \
             shares other than those that were planned."
        )
    } else {
        let (on, within) = (days.outstanding, segments.outstanding);
        let of_days = (on > 0).then(|| format!("on {on} of {of_days}"));
        let of_segments = (within > 0).then(|| format!("in {within} of {of_segments}"));
        let places: Vec<String> = of_days.into_iter().chain(of_segments).collect();
        format!("Users are not spread as planned {}.", places.join(" and "))
    };
    if let Some(PeriodBalance { from, balance, .. }) = found.worst_period() {
        let from = from.date_naive();
        text += &format!(" The worst {period} begins {from}: {}.", most(balance, &found.arms));
    }
    // The worst comes first.
    if let Some(worst) = found.by_segment.iter().find(|segment| segment.balance.stands_out) {
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

/// How many places were tested, are not as planned, and stand out.
#[derive(Default)]
struct Tested {
    tested: u64,
    off: u64,
    outstanding: u64,
}

fn tested<'a>(places: impl Iterator<Item = &'a PlaceBalance>) -> Tested {
    let mut found = Tested::default();
    for place in places.filter(|place| place.p_value.is_some()) {
        found.tested += 1;
        found.off += u64::from(place.mismatch);
        found.outstanding += u64::from(place.stands_out);
    }
    found
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
