//! A digest as headings, sentences, lists and a table, before it is known what they are written as.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use super::{Digest, DigestAlert, DigestChange, DigestFeature, DigestMetric};
use crate::metrics::families::trust::Verdict;
use crate::metrics::number::{Spread, count, counted, percent};
use crate::metrics::{self, Unit};
use crate::query::analyses::alerts::AlertState;
use crate::query::analyses::priorities::{FixStanding, Priority, Subject};

/// A piece of a line.
pub enum Span {
    Plain(String),
    Strong(String),
    /// A name as it was sent.
    Code(String),
}

/// A cell of a table: its first line, and a second one below it.
pub struct Cell {
    pub first: String,
    pub below: Option<String>,
}

pub enum Block {
    Title(String),
    Heading(&'static str),
    Sentence(Vec<Span>),
    List(Vec<Vec<Span>>),
    /// The first cell of a row names it.
    Table {
        head: Vec<String>,
        rows: Vec<Vec<Cell>>,
    },
}

/// The week, in which alerts fired so often, in a few sentences.
pub fn headlines(digest: &Digest, fired: u64) -> Vec<String> {
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
    if fired > 0 || !digest.firing.is_empty() {
        let now = digest.firing.len() as u64;
        let is = if now == 1 { "is" } else { "are" };
        lines.push(format!(
            "{} fired; {} {is} firing now.",
            counted(fired, "alert"),
            count(now as f64)
        ));
    }
    let standing = |standing| digest.next.iter().find(move |own| own.standing == standing);
    let first = standing(FixStanding::Open).map(|open| ("To fix next", open));
    let first = first.or_else(|| standing(FixStanding::Underway).map(|underway| ("Underway", underway)));
    if let Some((what, first)) = first {
        lines.push(format!(
            "{what}: {} in {}, which cost {} in {}.",
            subject(first),
            first.feature,
            lost(first),
            counted_days(digest)
        ));
    }
    lines
}

/// `28 days`: over which the losses were counted.
fn counted_days(digest: &Digest) -> String {
    let days = (digest.next_to - digest.next_from).num_days();
    counted(days.unsigned_abs(), "day")
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
    let span = |from, to: DateTime<Utc>| format!("{} – {}", date(from), date(to - TimeDelta::milliseconds(1)));
    let mut blocks = vec![
        Block::Title(format!("{}, week {}", digest.project, digest.week)),
        sentence(&format!(
            "{}, {}; {} intervals, clustered by user.",
            span(digest.from, digest.to),
            digest.timezone,
            percent(digest.level)
        )),
        Block::List(digest.headlines.iter().map(|line| spans(line)).collect()),
    ];
    if !digest.features.is_empty() {
        blocks.push(Block::Heading("Features"));
        blocks.push(table(&digest.features));
        blocks.push(sentence(
            "After each value: its change against the week before. A change is a headline if it is beyond chance among all that are in \
             the table (at most 5 % of headlines by chance); intervals are those of one look, so that one may leave zero out and make none.",
        ));
    }
    if let Some(from) = digest.immature_from {
        blocks.push(sentence(&format!(
            "Decisions on outputs shown from {} on are still arriving.",
            date(from)
        )));
    }
    blocks.push(Block::Heading("Alerts"));
    blocks.push(match digest.alerts.as_slice() {
        [] => sentence("None fired and none cleared."),
        alerts => Block::List(alerts.iter().map(|alert| alert_line(alert, &date)).collect()),
    });
    blocks.push(Block::Heading("Changes"));
    if digest.changes.is_empty() {
        blocks.push(sentence("None was logged in the last four weeks."));
    } else {
        blocks.push(sentence(
            "Made in the four weeks up to the end of the week, not in the week alone.",
        ));
        let changes = digest.changes.iter().map(|change| change_line(change, &date));
        blocks.push(Block::List(changes.collect()));
    }
    blocks.push(Block::Heading("What to fix next"));
    blocks.push(sentence(&format!(
        "Losses of the {} {}, not of the week alone.",
        counted_days(digest),
        span(digest.next_from, digest.next_to)
    )));
    blocks.push(match digest.next.as_slice() {
        [] => sentence("Nothing to rank: no reason was given, and no segment loses more than the rest."),
        next => Block::List(next.iter().map(next_line).collect()),
    });
    blocks
}

fn table(features: &[DigestFeature]) -> Block {
    let known = features.first().map(|own| own.metrics.as_slice()).unwrap_or_default();
    let mut head = vec!["Feature".to_owned()];
    head.extend(known.iter().map(|own| title(own.metric).to_owned()));
    let rows = features.iter().map(|own| {
        let name = Cell {
            first: own.feature.clone(),
            below: Some(own.verdict.words().to_owned()),
        };
        let metrics = own.metrics.iter().map(|metric| Cell {
            first: Spread::from(&metric.now).text(unit(metric.metric)),
            below: (metric.metric != "shown" && metric.change.value.is_some()).then(|| change(metric)),
        });
        std::iter::once(name).chain(metrics).collect()
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
    let mut line = vec![Span::Strong(alert.name.clone())];
    line.extend(spans(&format!(
        " {did} on {}. {}",
        date(alert.noticed_at),
        alert.sentence
    )));
    line
}

fn change_line(change: &DigestChange, date: &impl Fn(DateTime<Utc>) -> String) -> Vec<Span> {
    let mut line = vec![
        Span::Strong(change.title.clone()),
        Span::Plain(format!(" ({}, {}). ", change.feature, date(change.made_at))),
    ];
    line.extend(spans(&change.sentence));
    line
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
        Subject::AcceptedWrong => "accepted though wrong".to_owned(),
    }
}

/// `123 [98, 150] outputs`.
fn lost(priority: &Priority) -> String {
    format!("{} outputs", Spread::from(&priority.cost).text(Unit::Outputs))
}

fn change(own: &DigestMetric) -> String {
    Spread::from(&own.change).difference(unit(own.metric))
}

fn unit(metric: &str) -> Unit {
    metrics::find(metric).map_or(Unit::Share, |(_, metric)| metric.unit)
}

fn title(metric: &str) -> &str {
    metrics::find(metric).map_or(metric, |(_, metric)| metric.title)
}

fn sentence(text: &str) -> Block {
    Block::Sentence(spans(text))
}

/// A sentence whose names stand between backticks. Names may have backticks of their own: a sentence in which they do not pair is left as
/// it is.
fn spans(text: &str) -> Vec<Span> {
    let parts: Vec<&str> = text.split('`').collect();
    let names = || parts.iter().skip(1).step_by(2);
    if parts.len().is_multiple_of(2) || names().any(|name| name.trim().is_empty()) {
        return vec![Span::Plain(text.to_owned())];
    }
    let kinds: [fn(String) -> Span; 2] = [Span::Plain, Span::Code];
    let spans = parts.iter().zip(kinds.iter().cycle());
    spans.map(|(part, kind)| kind((*part).to_owned())).collect()
}
