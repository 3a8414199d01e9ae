//! The guarantee, or why there is none, in words.

use super::{Autonomy, NoThreshold, Question};
use crate::metrics::number::count;

/// The guarantee, or why there is none, in words.
pub fn sentence(found: &Autonomy, question: &Question) -> String {
    let percent = |share: f64| format!("{:.1} %", share * 100.0);
    let (risk, sure) = (percent(question.risk), percent(1.0 - question.delta));
    let mut text = match (&found.threshold, found.reason) {
        (Some(covered), _) => format!(
            "With {sure} confidence, users see on average at most {risk} errors among outputs with a confidence above {:.3}, which \
             are {} of all: users taken as independent, each counting once, and outputs to come as like the {} of theirs that were judged.",
            covered.above,
            percent(covered.share),
            count((found.judged - found.judged_of_nobody) as f64)
        ),
        (None, Some(NoThreshold::TooFewUsers)) => format!(
            "No threshold meets the risk of {risk}: {} users have judged outputs, and it takes about {} to show with {sure} confidence \
             that errors are half as many.",
            found
                .curve
                .last()
                .map_or(0, |all| all.error_rate.users.unwrap_or_default()),
            found.users_needed
        ),
        (None, Some(NoThreshold::RiskNotMet)) => format!(
            "No threshold meets the risk of {risk} with {sure} confidence: already the most confident outputs that are enough to tell \
             are wrong too often, or not clearly seldom enough."
        ),
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
