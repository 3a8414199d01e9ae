//! Which features are trusted too much or too little, and what moved?

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::change::Explanation;
use super::period::Scope;
use super::source::{Source, about, read};
use super::terminal::Terminal;
use super::words::{Estimate, Verdict, span, unit};
use crate::metrics::number::{count, counted};

const HEAD: [&str; 7] = ["Feature", "Verdict", "Trust", "Trustworthiness", "Gap", "On", "Shown"];

/// What is read of `GET /features`.
#[derive(Debug, Deserialize)]
struct Features {
    data: Vec<Summary>,
    meta: Meta,
}

#[derive(Debug, Deserialize)]
struct Summary {
    feature: String,
    verdict: Verdict,
    metrics: BTreeMap<String, Estimate>,
}

/// What is read of any answer's `meta`.
#[derive(Debug, Deserialize)]
pub struct Meta {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub level: f64,
}

impl Meta {
    pub fn text(&self) -> String {
        let level = self.level * 100.0;
        format!(
            "{}, UTC days; {level} % intervals, clustered by user",
            span(self.from, self.to)
        )
    }
}

/// The API's answers on all features.
pub fn ask(source: &Source, scope: &Scope, now: DateTime<Utc>) -> anyhow::Result<Value> {
    let features = source.get("/features", &scope.params(now))?;
    let of_change = scope.change_params(now);
    let changes = read::<Features>(&features)?
        .data
        .iter()
        .map(|summary| source.get(&about(&summary.feature, "explain"), &of_change))
        .collect::<anyhow::Result<Vec<Value>>>()?;
    Ok(json!({"features": features, "changes": changes}))
}

pub fn lines(terminal: &Terminal, scope: &Scope, answers: &Value) -> anyhow::Result<Vec<String>> {
    let Features { mut data, meta } = read(&answers["features"])?;
    if data.is_empty() {
        return Ok(terminal.paragraph("Nothing was shown in this time range with these filters; try --range all."));
    }
    let changes: Vec<Explanation> = read(&answers["changes"])?;
    data.sort_by(|one, other| other.concern().total_cmp(&one.concern()));
    let change = |feature: &str| {
        let own = changes.iter().find(|explanation| explanation.feature == feature);
        own.map(Explanation::text).unwrap_or_default()
    };
    let title = format!("Acceptance, {}", scope.change_name());
    let head: Vec<&str> = HEAD.into_iter().chain([title.as_str()]).collect();
    let rows: Vec<Vec<String>> = data
        .iter()
        .map(|summary| [summary.cells(terminal), vec![change(&summary.feature)]].concat())
        .collect();
    let mut lines = terminal.paragraph(&in_words(&data));
    lines.push(String::new());
    let table = terminal.flat_table(&head, &rows);
    let table = table.or_else(|| terminal.tall_table(&tall_head(&title), &tall(&rows)));
    lines.extend(table.unwrap_or_else(|| terminal.lists(&head, &rows)));
    lines.push(String::new());
    let foot = terminal.paragraph(&format!(
        "{}. `calibrant report FEATURE` says more about one.",
        meta.text()
    ));
    lines.extend(foot.iter().map(|line| terminal.dim(line)));
    Ok(lines)
}

/// The verdict under the name, and intervals under their values.
fn tall(rows: &[Vec<String>]) -> Vec<Vec<String>> {
    let tall_row = |row: &Vec<String>| {
        let (named, others) = row.split_at(2.min(row.len()));
        let others = others
            .iter()
            .map(|cell| cell.replace(" [", "\n[").replace("], ", "],\n").replace(" · ", "\n"));
        std::iter::once(named.join("\n")).chain(others).collect()
    };
    rows.iter().map(tall_row).collect()
}

fn tall_head(title: &str) -> Vec<&str> {
    HEAD.into_iter()
        .filter(|name| *name != "Verdict")
        .map(|name| {
            if name == "Trustworthiness" {
                "Trust- worthiness"
            } else {
                name
            }
        })
        .chain([title])
        .collect()
}

/// `Of 8 features, 2 are over-trusted, 1 is calibrated.`
fn in_words(features: &[Summary]) -> String {
    let parts = Verdict::ALL.into_iter().filter_map(|verdict| {
        let n = features.iter().filter(|feature| feature.verdict == verdict).count();
        let what = match verdict {
            Verdict::Insufficient => "cannot be told yet".to_owned(),
            other => format!("{} {}", if n == 1 { "is" } else { "are" }, other.words().to_lowercase()),
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

impl Summary {
    /// How surely and how far trust is off.
    fn concern(&self) -> f64 {
        match self.verdict {
            Verdict::Over | Verdict::Under => self.metric("trust_gap").spread.value.unwrap_or_default().abs(),
            _ => -1.0,
        }
    }

    fn metric(&self, id: &str) -> Estimate {
        self.metrics.get(id).cloned().unwrap_or_default()
    }

    fn cells(&self, terminal: &Terminal) -> Vec<String> {
        let number = |id: &str| self.metric(id).text(unit(id));
        vec![
            self.feature.clone(),
            self.verdict.marked(terminal),
            number("trust"),
            number("trustworthiness"),
            number("trust_gap"),
            self.metric("trust_gap").evidence(),
            count(self.metric("shown").spread.value.unwrap_or_default()),
        ]
    }
}
