//! What a rule says when it fires and when it clears. No text and no user of the product is in it.

use chrono::{DateTime, TimeDelta, Utc};

use super::look::{AlertCause, AlertLook, AlertState};
use super::{AlertSide, Rule};
use crate::domain::dimension::Dimension;
use crate::metrics::families::trust::Verdict;
use crate::metrics::number::{Spread, count, counted, evidence};
use crate::query::filter::{Filter, Operator};

/// What a rule is about: `Acceptance of chat.answer, locale = de`.
pub fn subject(rule: &Rule) -> String {
    let (features, others): (Vec<&Filter>, Vec<&Filter>) = rule.query.filters.iter().partition(|filter| {
        filter.dimension == Dimension::Feature && filter.operator == Operator::In && filter.values.len() == 1
    });
    let feature = features
        .iter()
        .filter_map(|filter| filter.values.first()?.as_deref())
        .next();
    let mut text = match feature {
        Some(feature) => format!("{} of {feature}", rule.metric.title),
        None => rule.metric.title.to_owned(),
    };
    for filter in others {
        text.push_str(", ");
        text.push_str(&condition(filter));
    }
    text
}

fn condition(filter: &Filter) -> String {
    let values: Vec<&str> = filter
        .values
        .iter()
        .map(|value| value.as_deref().unwrap_or("none"))
        .collect();
    let sign = match filter.operator {
        Operator::In => "=",
        Operator::NotIn => "≠",
    };
    format!("{} {sign} {}", filter.dimension.name(), values.join(" or "))
}

pub fn threshold(rule: &Rule, look: &AlertLook, side: AlertSide, level: f64, to: AlertState) -> String {
    let side = match side {
        AlertSide::Below => "below",
        AlertSide::Above | AlertSide::Either => "above",
    };
    let limit = value(rule, level);
    let says = match to {
        AlertState::Firing => format!("{side} {limit}"),
        AlertState::Waiting | AlertState::Ok => format!("no longer surely {side} {limit}"),
    };
    format!("{} {}: {says}.", subject(rule), seen(rule, look))
}

pub fn change(rule: &Rule, look: &AlertLook, cause: AlertCause) -> String {
    let before = look.baseline.map_or_else(
        || "before".to_owned(),
        |before| format!("{} from {}", value(rule, before.value), span(before.from, before.to)),
    );
    let seen = seen(rule, look);
    let says = match cause {
        AlertCause::Recovered => format!("back to {before}"),
        AlertCause::Settled => format!("it has lasted since it was {before}, and later days are compared with it"),
        _ => format!("another level than {before}"),
    };
    format!("{} {seen}: {says}.", subject(rule))
}

pub fn silence(rule: &Rule, look: &AlertLook, hours: i64, cause: AlertCause) -> String {
    let hours = counted(hours.unsigned_abs(), "hour");
    let at = look.to.format("%-d %b %Y, %H:%M UTC");
    let of = subject(rule);
    match cause {
        AlertCause::Silent => format!(
            "{of}: nothing in the {hours} to {at}, when at least {} were shown in the same hours of each week before.",
            count(look.due.unwrap_or_default() as f64)
        ),
        _ => format!(
            "{of}: something is shown again, {} in the {hours} to {at}.",
            count(look.n as f64)
        ),
    }
}

pub fn verdict(rule: &Rule, look: &AlertLook, before: Option<Verdict>, now: Verdict, cause: AlertCause) -> String {
    let seen = seen(rule, look);
    let says = match (cause, before) {
        (AlertCause::Settled, _) => format!("still {}", told(now)),
        (AlertCause::Recovered, _) => format!("{} again", told(now)),
        (_, Some(before)) => format!("now {}, {} before", told(now), told(before)),
        (_, None) => format!("now {}", told(now)),
    };
    format!("{} {seen}: {says}.", subject(rule))
}

fn told(verdict: Verdict) -> String {
    verdict.words().to_lowercase()
}

/// `was 41.2 % [38, 44] from 5 Nov 2026 to 11 Nov 2026 (n 1,096 · 21 users)`.
fn seen(rule: &Rule, look: &AlertLook) -> String {
    let spread = Spread {
        value: look.value,
        lower: look.lower,
        upper: look.upper,
    };
    format!(
        "was {} in {} ({})",
        spread.text(rule.metric.unit),
        span(look.from, look.to),
        evidence(look.n, look.users)
    )
}

fn value(rule: &Rule, value: f64) -> String {
    Spread::point(value).text(rule.metric.unit)
}

/// Half-open, as the first and the last day in it.
fn span(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let date = |time: DateTime<Utc>| time.format("%-d %b %Y").to_string();
    format!("{} – {}", date(from), date(to - TimeDelta::milliseconds(1)))
}
