//! What raters say, step by step of their scale.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::feature::facts;
use super::terminal::Terminal;
use super::words::Estimate;
use crate::metrics::Unit;
use crate::metrics::number::count;

/// How many outputs are rated, beside what the ratings say.
const HEADLINE: [&str; 2] = ["feedback_rate", "positive_rating_rate"];

/// What is read of the answer.
#[derive(Debug, Deserialize)]
pub struct Ratings {
    data: Vec<Slice>,
}

#[derive(Debug, Deserialize)]
struct Slice {
    metrics: BTreeMap<String, Estimate>,
    scales: Vec<Scale>,
}

#[derive(Debug, Deserialize)]
struct Scale {
    lowest: f64,
    highest: f64,
    form: Form,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Form {
    Thumbs,
    Steps,
    Bands,
}

#[derive(Debug, Deserialize)]
struct Step {
    from: f64,
    to: f64,
    ratings: u64,
    share: Estimate,
}

impl Ratings {
    /// Nothing where nobody rated.
    pub fn lines(&self, terminal: &Terminal) -> Vec<String> {
        let Some(slice) = self.data.first().filter(|slice| !slice.scales.is_empty()) else {
            return Vec::new();
        };
        let mut lines = facts(terminal, &slice.metrics, &HEADLINE);
        for scale in &slice.scales {
            let rows: Vec<Vec<String>> = scale
                .steps
                .iter()
                .map(|step| {
                    let n = count(step.ratings as f64);
                    vec![scale.name(step), step.share.text(Unit::Share), n]
                })
                .collect();
            lines.push(String::new());
            lines.extend(terminal.table(&[&scale.title(), "Share", "Ratings"], &rows));
        }
        lines
    }
}

impl Scale {
    fn title(&self) -> String {
        match self.form {
            Form::Thumbs => "Thumbs".to_owned(),
            _ => format!("From {} to {}", self.lowest, self.highest),
        }
    }

    fn name(&self, step: &Step) -> String {
        match self.form {
            Form::Thumbs if step.from > 0.0 => "up".to_owned(),
            Form::Thumbs => "down".to_owned(),
            Form::Steps => step.from.to_string(),
            Form::Bands => format!("{} to {}", step.from, step.to),
        }
    }
}
