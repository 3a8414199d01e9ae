//! A digest as headings, sentences, lists and a table, before it is known what they are written as.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{Digest, DigestAlert, DigestChange, DigestFeature, DigestMetric};
use crate::metrics::families::trust::Verdict;
use crate::metrics::number::{Spread, count, counted, percent};
use crate::metrics::{self, Unit};
use crate::query::analyses::alerts::AlertState;
use crate::query::analyses::compare::Between;
use crate::query::analyses::priorities::{FixStanding, Priority, Subject};

/// A piece of a line.
pub enum Span {
    Plain(String),
    Strong(String),
}

pub enum Block {
    Title(String),
    Heading(&'static str),
    Sentence(String),
    List(Vec<Vec<Span>>),
    Table { head: Vec<String>, rows: Vec<Vec<String>> },
}

/// The week in a few sentences.
pub fn headlines(digest: &Digest) -> Vec<String> {
    let mut lines = Vec::new();
    if digest.features.is_empty() {
        lines.push("Nothing was shown in this week and the one before.".to_owned());
    } else {
        lines.push(verdicts(&digest.features));
    }
    for own in &digest.features {
        if own.verdict != own.verdict_before
            && [own.verdict, own.verdict_before]
                .iter()
                .all(|verdict| *verdict != Verdict::Insufficient)
        {
            let (now, before) = (own.verdict.words(), own.verdict_before.words());
            lines.push(format!(
                "{} is {} now, {} the week before.",
                own.feature,
                now.to_lowercase(),
                before.to_lowercase()
            ));
        }
        for metric in own
            .metrics
            .iter()
            .filter(|metric| metric.moved && metric.metric != "shown")
        {
            lines.push(format!(
                "{} of {} moved by {}.",
                title(metric.metric),
                own.feature,
                change(metric)
            ));
        }
    }
    let fired = digest
        .alerts
        .iter()
        .filter(|alert| alert.state == AlertState::Firing)
        .count() as u64;
    if fired > 0 || !digest.firing.is_empty() {
        let now = digest.firing.len() as u64;
        let is = if now == 1 { "is" } else { "are" };
        lines.push(format!(
            "{} fired; {} {is} firing now.",
            counted(fired, "alert"),
            count(now as f64)
        ));
    }
    if let Some(first) = digest.next.iter().find(|own| own.standing != FixStanding::Mended) {
        lines.push(format!(
            "To fix next: {} in {}, which cost {}.",
            subject(first),
            first.feature,
            lost(first)
        ));
    }
    lines
}

/// `Of 8 features, 2 are over-trusted, 1 is calibrated.`
fn verdicts(features: &[DigestFeature]) -> String {
    let parts = [
        Verdict::Over,
        Verdict::Under,
        Verdict::Calibrated,
        Verdict::Insufficient,
    ]
    .into_iter()
    .filter_map(|verdict| {
        let n = features.iter().filter(|own| own.verdict == verdict).count();
        let what = match verdict {
            Verdict::Insufficient => "cannot be told yet".to_owned(),
            told => format!("{} {}", if n == 1 { "is" } else { "are" }, told.words().to_lowercase()),
        };
        (n > 0).then(|| format!("{n} {what}"))
    });
    let parts: Vec<String> = parts.collect();
    format!(
        "Of {}, {}.",
        counted(features.len() as u64, "feature"),
        parts.join(", ")
    )
}

/// The whole of it.
pub fn of(digest: &Digest) -> Vec<Block> {
    let zone: Tz = digest.timezone.parse().unwrap_or(Tz::UTC);
    let date = |time: DateTime<Utc>| time.with_timezone(&zone).format("%-d %b %Y").to_string();
    let mut blocks = vec![
        Block::Title(format!("{}, week {}", digest.project, digest.week)),
        Block::Sentence(format!(
            "{} – {}, {}; {} intervals, clustered by user.",
            date(digest.from),
            date(digest.to - TimeDelta::milliseconds(1)),
            digest.timezone,
            percent(digest.level)
        )),
        Block::List(digest.headlines.iter().cloned().map(plain).collect()),
    ];
    if !digest.features.is_empty() {
        blocks.push(Block::Heading("Features"));
        blocks.push(table(&digest.features));
    }
    if let Some(from) = digest.immature_from {
        blocks.push(Block::Sentence(format!(
            "Decisions on outputs shown from {} on are still arriving.",
            date(from)
        )));
    }
    blocks.push(Block::Heading("Alerts"));
    blocks.push(match digest.alerts.as_slice() {
        [] => Block::Sentence("None fired and none cleared.".to_owned()),
        alerts => Block::List(alerts.iter().map(|alert| alert_line(alert, &date)).collect()),
    });
    blocks.push(Block::Heading("Changes"));
    blocks.push(match digest.changes.as_slice() {
        [] => Block::Sentence("None was logged in the last four weeks.".to_owned()),
        changes => Block::List(changes.iter().map(|change| change_line(change, &date)).collect()),
    });
    blocks.push(Block::Heading("What to fix next"));
    blocks.push(match digest.next.as_slice() {
        [] => {
            Block::Sentence("Nothing to rank: no reason was given, and no segment loses more than the rest.".to_owned())
        }
        next => Block::List(next.iter().map(next_line).collect()),
    });
    blocks
}

fn table(features: &[DigestFeature]) -> Block {
    let known = features.first().map(|own| own.metrics.as_slice()).unwrap_or_default();
    let mut head = vec!["Feature".to_owned(), "Verdict".to_owned()];
    for own in known {
        head.push(title(own.metric).to_owned());
        if own.metric != "shown" {
            head.push("against the week before".to_owned());
        }
    }
    let rows = features.iter().map(|own| {
        let mut row = vec![own.feature.clone(), own.verdict.words().to_owned()];
        for metric in &own.metrics {
            row.push(value(metric));
            if metric.metric != "shown" {
                row.push(change(metric));
            }
        }
        row
    });
    Block::Table {
        head,
        rows: rows.collect(),
    }
}

fn alert_line(alert: &DigestAlert, date: &impl Fn(DateTime<Utc>) -> String) -> Vec<Span> {
    let did = match alert.state {
        AlertState::Firing => "fired",
        AlertState::Ok | AlertState::Waiting => "cleared",
    };
    vec![
        Span::Strong(alert.name.clone()),
        Span::Plain(format!(" {did} on {}. {}", date(alert.noticed_at), alert.sentence)),
    ]
}

fn change_line(change: &DigestChange, date: &impl Fn(DateTime<Utc>) -> String) -> Vec<Span> {
    vec![
        Span::Strong(change.title.clone()),
        Span::Plain(format!(
            " ({}, {}). {}",
            change.feature,
            date(change.made_at),
            change.sentence
        )),
    ]
}

fn next_line(priority: &Priority) -> Vec<Span> {
    let standing = match priority.standing {
        FixStanding::Open => "open",
        FixStanding::Underway => "underway",
        FixStanding::Mended => "mended",
    };
    vec![
        Span::Strong(subject(priority)),
        Span::Plain(format!(
            " in {}: {} ({}); {standing}",
            priority.feature,
            lost(priority),
            counted(priority.users, "user")
        )),
    ]
}

fn subject(priority: &Priority) -> String {
    match &priority.subject {
        Subject::Reason { reason } => reason.clone(),
        Subject::Segment {
            dimension,
            value: Some(value),
        } => format!("{dimension} = {value}"),
        Subject::Segment { dimension, value: None } => format!("no {dimension}"),
    }
}

/// `123 [98, 150] outputs`.
fn lost(priority: &Priority) -> String {
    format!("{} outputs", spread(&priority.cost).text(Unit::Outputs))
}

fn value(own: &DigestMetric) -> String {
    let (unit, estimate) = (unit(own.metric), &own.now);
    let spread = Spread {
        value: estimate.value,
        lower: estimate.lower,
        upper: estimate.upper,
    };
    spread.text(unit)
}

fn change(own: &DigestMetric) -> String {
    let unit = match unit(own.metric) {
        Unit::Share => Unit::ShareDifference,
        other => other,
    };
    spread(&own.change).text(unit)
}

fn spread(between: &Between) -> Spread {
    Spread {
        value: between.value,
        lower: between.lower,
        upper: between.upper,
    }
}

fn unit(metric: &str) -> Unit {
    metrics::find(metric).map_or(Unit::Share, |(_, metric)| metric.unit)
}

fn title(metric: &str) -> &str {
    metrics::find(metric).map_or(metric, |(_, metric)| metric.title)
}

fn plain(text: String) -> Vec<Span> {
    vec![Span::Plain(text)]
}
