//! The API's words as people read them, as the dashboard writes them (`dashboards/web/src/format/words.ts`).

use chrono::{DateTime, TimeDelta, Utc};
use console::Style;
use serde::Deserialize;

use super::terminal::Terminal;
use crate::metrics::number::{Spread, evidence};
use crate::metrics::{self, Unit};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Over,
    Under,
    Calibrated,
    Insufficient,
}

impl Verdict {
    pub const ALL: [Verdict; 4] = [
        Verdict::Over,
        Verdict::Under,
        Verdict::Calibrated,
        Verdict::Insufficient,
    ];

    pub fn words(self) -> &'static str {
        match self {
            Verdict::Over => "Over-trusted",
            Verdict::Under => "Under-trusted",
            Verdict::Calibrated => "Calibrated",
            Verdict::Insufficient => "Cannot tell",
        }
    }

    /// With a shape, and a colour where there are colours.
    pub fn marked(self, terminal: &Terminal) -> String {
        let (shape, style) = match self {
            Verdict::Over => ('▲', Style::new().red()),
            Verdict::Under => ('▼', Style::new().blue()),
            Verdict::Calibrated => ('●', Style::new().green()),
            Verdict::Insufficient => ('○', Style::new().dim()),
        };
        terminal.paint(&format!("{shape} {}", self.words()), &style)
    }
}

/// An estimate as the API writes it.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Estimate {
    #[serde(flatten)]
    pub spread: Spread,
    pub n: u64,
    pub users: Option<u64>,
    pub reason: Option<String>,
}

impl Estimate {
    /// The value with its interval, or why there is none.
    pub fn text(&self, unit: Unit) -> String {
        match (self.spread.value, &self.reason) {
            (None, Some(reason)) => self::reason(reason),
            _ => self.spread.text(unit),
        }
    }

    pub fn evidence(&self) -> String {
        match self.spread.value {
            Some(_) => evidence(self.n, self.users),
            None => String::new(),
        }
    }
}

fn reason(code: &str) -> String {
    let words = match code {
        "no_data" => "no outputs",
        "no_decisions" => "no decisions yet",
        "no_judgements" => "not judged yet",
        "no_confidence" => "no confidence sent",
        "no_edits" => "no texts or edit figures",
        "no_initial_answers" => "no answers from before",
        "no_cases" => "no such case yet",
        "too_few" => "too few to say",
        "one_class" => "all outcomes alike",
        "not_aligned" => "needs whole UTC days",
        other => return other.replace('_', " "),
    };
    words.to_owned()
}

pub fn unit(metric: &str) -> Unit {
    metrics::find(metric).map_or(Unit::Share, |(_, metric)| metric.unit)
}

/// The unit of differences of a metric.
pub fn unit_of_difference(metric: &str) -> Unit {
    unit(metric).of_differences()
}

pub fn title(metric: &str) -> &str {
    metrics::find(metric).map_or(metric, |(_, metric)| metric.title)
}

/// `locale = de`, or `no locale`.
pub fn segment(dimension: &str, value: Option<&str>) -> String {
    match value {
        Some(value) => format!("{dimension} = {value}"),
        None => format!("no {dimension}"),
    }
}

pub fn date(time: DateTime<Utc>) -> String {
    time.format("%-d %b %Y").to_string()
}

/// Half-open, as the first and the last day in it.
pub fn span(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    format!("{} – {}", date(from), date(to - TimeDelta::milliseconds(1)))
}
