//! The guarantee, or why there is none, in words.

use super::{Autonomy, NoThreshold, Question, Start};
use crate::metrics::number::{count, counted};

impl Start {
    /// `0.961 (115 users)`.
    fn told(&self) -> String {
        format!("{:.3} ({})", self.above, counted(self.users, "user"))
    }
}

/// A share that was asked for, with all its digits: `5.0 %`, `0.14 %`, `99.99 %`.
fn asked(share: f64) -> String {
    let percent = (share * 1e8).round() / 1e6;
    if percent.fract() == 0.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent} %")
    }
}

/// `1 user has`, `21 users have`.
fn have(users: u64) -> String {
    format!("{} {}", counted(users, "user"), if users == 1 { "has" } else { "have" })
}

/// The guarantee, or why there is none, in words.
pub fn sentence(found: &Autonomy, question: &Question) -> String {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let users = found
        .curve
        .last()
        .and_then(|all| all.error_rate.users)
        .unwrap_or_default();
    let (risk, sure) = (asked(question.risk), asked(1.0 - question.delta));
    let mut text = match (&found.threshold, found.reason) {
        (Some(covered), _) => format!(
            "With {sure} confidence, users see on average at most {risk} errors among outputs with a confidence above {:.3}, which \
             are {} of all: users taken as independent, each counting once, and outputs to come as like the {} of theirs that were judged.",
            covered.above,
            percent(covered.share),
            count((found.judged - found.judged_of_nobody) as f64)
        ),
        (None, Some(NoThreshold::TooFewUsers)) => format!(
            "No threshold meets the risk of {risk} with {sure} confidence: {} judged outputs. It takes {} to show it without an error, and \
             about {} if errors are half as many.",
            have(users),
            count(found.least_users as f64),
            count(found.users_needed as f64)
        ),
        (None, Some(NoThreshold::RiskNotMet)) => {
            let starts: Vec<String> = found.starts.iter().map(Start::told).collect();
            let mut text = format!(
                "No threshold meets the risk of {risk} with {sure} confidence: wherever tests begin, outputs are wrong too often, or not \
                 clearly seldom enough: above {}.",
                starts.join(", ")
            );
            if users < found.users_needed {
                text += &format!(
                    " {} judged outputs: fewer than the about {} that it takes if errors are half as many.",
                    have(users),
                    count(found.users_needed as f64)
                );
            }
            text
        }
        (None, _) => {
            "No output has both a confidence and a judgement, so that no threshold can be shown to be safe.".to_owned()
        }
    };
    if found.judged_of_nobody > 0 {
        text += &format!(
            " Of the judged outputs {} are of nobody known: they say nothing of users, and count for error rates only.",
            count(found.judged_of_nobody as f64)
        );
    }
    text
}
