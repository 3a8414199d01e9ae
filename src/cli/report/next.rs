//! Where to look next, by what a feature's answers say.

use serde::{Deserialize, Serialize};

use super::feature::Feature;
use super::source::{about, address};
use super::words::{Verdict, unit};

#[derive(Debug, Deserialize, Serialize)]
pub struct Look {
    pub what: String,
    /// A path of the API that shows it.
    pub at: String,
}

/// What is most worth a look, first: the verdict, then what moved, then what confidence is worth.
pub fn looks(feature: &str, found: &Feature) -> Vec<Look> {
    let outputs = |decision: &str, correct: &str| {
        let params = [("feature", feature), ("decision", decision), ("correct", correct)];
        address("/outputs", &params.map(|(name, value)| (name, value.to_owned())))
    };
    let question = |name: &str| address(&about(feature, name), &[]);
    let mut looks = Vec::new();
    let mut look = |what: String, at: String| looks.push(Look { what, at });
    if let Some(trust) = found.trust() {
        match trust.verdict {
            Verdict::Over => look(
                "Read what users took although it was wrong: these are the outputs that cost trust later.".to_owned(),
                outputs("accepted", "false"),
            ),
            Verdict::Under => look(
                "Read what users declined although it was right: what made them doubt it?".to_owned(),
                outputs("rejected", "true"),
            ),
            Verdict::Insufficient => {
                let params = [("feature", feature.to_owned()), ("judged", "false".to_owned())];
                look(
                    match trust.judged_outputs_needed {
                        Some(needed) => {
                            format!("Judge outputs: about {needed} more would tell whether trust is deserved.")
                        }
                        None => "Judge outputs of at least two users, to tell whether trust is deserved.".to_owned(),
                    },
                    address("/outputs", &params),
                );
            }
            Verdict::Calibrated => {}
        }
    }
    if found.explain.change.is_clear() || found.explain.culprit().is_some() {
        look(
            format!("Acceptance moved: {}.", found.explain.text()),
            question("explain"),
        );
    }
    if let Some(change) = found.drift.last() {
        look(change, question("drift"));
    }
    if let Some(gap) = found.confidence_gap().filter(|gap| gap.spread.is_clear()) {
        let by = gap.spread.text(unit("calibration_gap_correctness"));
        look(
            format!("Its confidence is off by {by}: see whether a map from raw to calibrated confidence helps."),
            question("recalibration"),
        );
    }
    looks
}
