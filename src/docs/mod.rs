//! Files made from the code: the API's description, the metrics' definitions, the limits. Tests fail when the committed ones are
//! stale; `make generate` renews them.

mod limits;

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;

pub use self::limits::limits;
use crate::metrics::FAMILIES;
use crate::query::analyses::catalogue::ANALYSES;
use crate::server;

/// `openapi/openapi.json`.
pub fn openapi() -> anyhow::Result<String> {
    let mut text = server::openapi()
        .to_pretty_json()
        .context("the API's description cannot be written")?;
    text.push('\n');
    Ok(text)
}

/// `docs/metrics.md`.
pub fn metrics() -> String {
    let mut text = String::from(
        "# Metrics\n\nWritten from the registry in `src/metrics`; `make generate` renews it. Rates count outputs, never \
         events; the unit of analysis is one output shown to one user.\n\nThe effective number of outputs is that of independent \
         ones which would tell as much, `p(1 - p)/Var(p)` with the variance clustered by user; where all users have the same \
         share, Kish's `(sum n_u)^2 / sum n_u^2`. It is never more than the number of outputs: users who balance each other \
         out make no interval narrower than Wilson's.\n\nHow far an interval reaches depends on how many users it is known from: below 50, \
         critical values are Student's with one degree of freedom less than users. Where few users have most of the outputs, so that \
         Kish's number of users, `(sum n_u)^2 / sum n_u^2`, is less than a quarter of them, it takes their place (Kish 1965; Carter, Schnepel & \
         Steigerwald 2017; MacKinnon & Webb 2017). Below two nothing is known about how users differ, as of one user: a proportion is \
         then worth one output, and other metrics have no interval. The same holds for the random groups of users in the rollups.\n\nA \
         proportion has other intervals for who asks by `interval`: `clustered_exact` \
         (Clopper and Pearson 1934 with the effective number; Korn & Graubard 1998), for guarantees; `clustered_jeffreys`; \
         `clustered_linear`; and `naive`, Wilson's as if all outputs were independent.\n",
    );
    for family in FAMILIES {
        // Writing to a String cannot fail.
        let _ = write!(text, "\n## {}\n\n{}\n", family.id, family.question);
        for metric in family.metrics {
            let unit = word(metric.unit);
            let direction = word(metric.direction);
            let _ = write!(
                text,
                "\n### `{}`: {}\n\n{}\n\n- Formula: {}\n- Unit: {unit}; {direction}\n- Interval: {}\n- Source: {}\n",
                metric.id, metric.title, metric.summary, metric.formula, metric.interval, metric.source
            );
        }
    }
    text.push_str("\n# Analyses\n\nQuestions that take more than a metric, below `/api/v1`.\n");
    for analysis in &ANALYSES {
        let _ = write!(
            text,
            "\n## `{}`\n\n{}\n\n- Method: {}\n- Interval: {}\n- Source: {}\n",
            analysis.route, analysis.question, analysis.method, analysis.interval, analysis.source
        );
    }
    text
}

/// The name of an enum's value as the API writes it, with spaces.
fn word(value: impl serde::Serialize) -> String {
    let name = serde_json::to_value(value).unwrap_or_default();
    name.as_str().unwrap_or_default().replace('_', " ")
}

/// Writes a file, or to standard output.
pub fn write(to: Option<&Path>, text: &str) -> anyhow::Result<()> {
    match to {
        Some(path) => std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display())),
        None => {
            print!("{text}");
            Ok(())
        }
    }
}
