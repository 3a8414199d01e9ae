//! One feature: how far it is trusted and should be, how that went, whether its confidence means what it says, and what changed.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::change::{Explanation, Segment};
use super::next;
use super::overview::Meta;
use super::period::Scope;
use super::ratings::Ratings;
use super::source::{Param, Source, about, read};
use super::terminal::Terminal;
use super::words::{Estimate, Verdict, date, title, unit, unit_of_difference};
use crate::metrics::Unit;
use crate::metrics::number::{Spread, count, percent};

const HEADLINE: [&str; 6] = [
    "trust",
    "trustworthiness",
    "trust_gap",
    "acceptance_rate",
    "correctness_rate",
    "judgement_coverage",
];
const TREND: [&str; 3] = ["shown", "acceptance_rate", "correctness_rate"];
const CALIBRATION: [&str; 4] = [
    "calibration_gap_correctness",
    "ece_10_correctness",
    "brier_correctness",
    "auroc_correctness",
];
const RELIANCE: [&str; 7] = [
    "over_reliance",
    "under_reliance",
    "appropriate_reliance",
    "d_prime",
    "rair",
    "rsr",
    "weight_of_advice",
];
/// Ranges longer than this have a trend by week.
const DAILY: TimeDelta = TimeDelta::days(21);
/// Days below which drift cannot be told.
const FEW_DAYS: usize = 14;

type Metrics = BTreeMap<String, Estimate>;

/// What is read of the answers.
#[derive(Debug, Deserialize)]
pub struct Feature {
    trust: Slices<Trust>,
    series: Vec<Map<String, Value>>,
    calibration: Slices<Calibration>,
    reliance: Slices<Reliance>,
    ratings: Ratings,
    pub explain: Explanation,
    pub drift: Drift,
}

#[derive(Debug, Deserialize)]
struct Slices<T> {
    data: Vec<T>,
    meta: Meta,
}

#[derive(Debug, Deserialize)]
pub struct Trust {
    pub verdict: Verdict,
    sentence: String,
    pub judged_outputs_needed: Option<u64>,
    pub metrics: Metrics,
}

#[derive(Debug, Deserialize)]
struct Calibration {
    bins: Vec<Bin>,
    metrics: Metrics,
}

#[derive(Debug, Deserialize)]
struct Bin {
    from: f64,
    to: f64,
    n: u64,
    mean_confidence: Option<f64>,
    outcome: Estimate,
}

#[derive(Debug, Deserialize)]
struct Reliance {
    metrics: Metrics,
}

#[derive(Debug, Deserialize)]
pub struct Drift {
    data: Vec<Drifted>,
}

#[derive(Debug, Deserialize)]
struct Drifted {
    metric: String,
    days: usize,
    changes: Vec<Level>,
}

#[derive(Debug, Deserialize)]
struct Level {
    at: DateTime<Utc>,
    difference: Spread,
    segments: Vec<Segment>,
}

/// The API's answers on one feature, and where to look next.
pub fn ask(source: &Source, scope: &Scope, feature: &str, now: DateTime<Utc>) -> anyhow::Result<Value> {
    let params = scope.params(now);
    let trust = source.get(&about(feature, "trust"), &params)?;
    let Meta { from, to, .. } = read(trust.get("meta").unwrap_or(&Value::Null))?;
    let step = if to - from > DAILY { "week" } else { "day" };
    let mut trend: Vec<Param> = params.clone();
    trend.extend([
        ("feature", feature.to_owned()),
        ("metrics", TREND.join(",")),
        ("granularity", step.to_owned()),
    ]);
    let of_all_time: Vec<Param> = scope.filters().into_iter().collect();
    let mut answers = json!({
        "series": source.get("/series", &trend)?,
        "calibration": source.get(&about(feature, "calibration"), &params)?,
        "reliance": source.get(&about(feature, "reliance"), &params)?,
        "ratings": source.get(&about(feature, "ratings"), &params)?,
        "explain": source.get(&about(feature, "explain"), &scope.change_params(now))?,
        // What is normal is learnt from the first days of the feature, not from the range.
        "drift": source.get(&about(feature, "drift"), &of_all_time)?,
        "trust": trust,
    });
    let looks = next::looks(feature, &read(&answers)?);
    if let Some(answers) = answers.as_object_mut() {
        answers.insert("next".to_owned(), json!(looks));
    }
    Ok(answers)
}

pub fn lines(terminal: &Terminal, scope: &Scope, feature: &str, answers: &Value) -> anyhow::Result<Vec<String>> {
    let found: Feature = read(answers)?;
    let Some(trust) = found.trust() else {
        return Ok(Vec::new());
    };
    let mut lines = vec![format!(
        "{}  {}",
        terminal.bold(feature),
        trust.verdict.marked(terminal)
    )];
    lines.extend(terminal.paragraph(&trust.sentence));
    lines.push(String::new());
    lines.extend(facts(terminal, &trust.metrics, &HEADLINE));

    let mut section = |title: &str, body: Vec<String>| {
        if !body.is_empty() {
            lines.extend([String::new(), terminal.bold(title)]);
            lines.extend(body);
        }
    };
    section("Trend", found.trend(terminal));
    section("Does its confidence mean what it says?", found.calibration(terminal));
    let reliance = found.reliance.data.first();
    let reliance = reliance.map(|slice| facts(terminal, &slice.metrics, &RELIANCE));
    section("Is it relied on when it is right?", reliance.unwrap_or_default());
    section("What do raters say?", found.ratings.lines(terminal));
    let moved = format!("Acceptance, {}: {}.", scope.change_name(), found.explain.text());
    let mut changed = terminal.paragraph(&moved);
    changed.extend(found.drift.lines().iter().flat_map(|line| terminal.paragraph(line)));
    section("What changed?", changed);
    let looks: Vec<next::Look> = read(&answers["next"])?;
    let next = looks.iter().enumerate().flat_map(|(at, look)| {
        let mut lines = terminal.paragraph(&format!("{}. {}", at + 1, look.what));
        lines.push(terminal.dim(&format!("   {}", look.at)));
        lines
    });
    section("Where to look next", next.collect());
    lines.push(String::new());
    let foot = terminal.paragraph(&format!("{}.", found.trust.meta.text()));
    lines.extend(foot.iter().map(|line| terminal.dim(line)));
    Ok(lines)
}

/// Metrics under each other; those that have nothing to say are left out.
pub fn facts(terminal: &Terminal, metrics: &Metrics, ids: &[&str]) -> Vec<String> {
    let rows: Vec<Vec<String>> = ids
        .iter()
        .filter_map(|id| Some((*id, metrics.get(*id)?)))
        .filter(|(id, estimate)| HEADLINE.contains(id) || estimate.spread.value.is_some())
        .map(|(id, estimate)| vec![title(id).to_owned(), estimate.text(unit(id)), estimate.evidence()])
        .collect();
    if rows.is_empty() {
        return vec!["Nothing was sent that would tell.".to_owned()];
    }
    terminal.table(&["Metric", "Value", "On"], &rows)
}

impl Feature {
    pub fn trust(&self) -> Option<&Trust> {
        self.trust.data.first()
    }

    /// Mean confidence minus the share that was right.
    pub fn confidence_gap(&self) -> Option<&Estimate> {
        self.calibration
            .data
            .first()?
            .metrics
            .get("calibration_gap_correctness")
    }

    fn trend(&self, terminal: &Terminal) -> Vec<String> {
        let number = |row: &Map<String, Value>, column: &str| row.get(column).and_then(Value::as_f64);
        let cell = |row: &Map<String, Value>, metric: &str| {
            let spread = Spread {
                value: number(row, metric),
                lower: number(row, &format!("{metric}_lower")),
                upper: number(row, &format!("{metric}_upper")),
            };
            spread.text(unit(metric))
        };
        let rows: Vec<Vec<String>> = self
            .series
            .iter()
            .map(|row| {
                let time = row.get("time").and_then(Value::as_str).unwrap_or_default();
                let from = DateTime::parse_from_rfc3339(time).map(|time| date(time.to_utc()));
                let values = TREND.map(|metric| cell(row, metric)).to_vec();
                [vec![from.unwrap_or_default()], values].concat()
            })
            .collect();
        let head = ["From", title(TREND[0]), title(TREND[1]), title(TREND[2])];
        terminal.table(&head, &rows)
    }

    fn calibration(&self, terminal: &Terminal) -> Vec<String> {
        let Some(slice) = self.calibration.data.first() else {
            return Vec::new();
        };
        let bands: Vec<Vec<String>> = slice
            .bins
            .iter()
            .filter(|bin| bin.n > 0)
            .map(|bin| {
                vec![
                    format!("{} to {}", percent(bin.from), percent(bin.to)),
                    bin.mean_confidence.map(percent).unwrap_or_default(),
                    bin.outcome.text(Unit::Share),
                    count(bin.n as f64),
                ]
            })
            .collect();
        let mut lines = facts(terminal, &slice.metrics, &CALIBRATION);
        if !bands.is_empty() {
            lines.push(String::new());
            lines.extend(terminal.table(&["Confidence", "Mean", "Was right", "n"], &bands));
        }
        lines
    }
}

impl Drift {
    /// The last change of level of all, in words.
    pub fn last(&self) -> Option<String> {
        let all = self.data.iter().flat_map(|drifted| {
            let changes = drifted.changes.iter();
            changes.map(move |level| (level.at, drifted.metric.as_str(), level))
        });
        let (_, metric, level) = all.max_by_key(|(at, ..)| *at)?;
        Some(level.text(metric))
    }

    fn lines(&self) -> Vec<String> {
        let line = |drifted: &Drifted| {
            let Drifted { metric, days, changes } = drifted;
            if !changes.is_empty() {
                return changes.iter().map(|level| level.text(metric)).collect();
            }
            let name = title(metric);
            vec![match *days < FEW_DAYS {
                true => format!("{name} has too few days to tell ({days})."),
                false => format!("{name}: no change of level is found over {days} days."),
            }]
        };
        self.data.iter().flat_map(line).collect()
    }
}

impl Level {
    /// `Acceptance rate changed on 3 Nov 2026 by −8.1 points [−10.2, −6.0], in version = v3.`
    fn text(&self, metric: &str) -> String {
        let by = self.difference.text(unit_of_difference(metric));
        let drove = self.segments.iter().filter(|segment| segment.drove(&self.difference));
        let segments: Vec<String> = drove.map(Segment::name).collect();
        let within = if segments.is_empty() {
            String::new()
        } else {
            format!(", in {}", segments.join(" and "))
        };
        format!("{} changed on {} by {by}{within}.", title(metric), date(self.at))
    }
}
