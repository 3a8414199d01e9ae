//! Questions after a number: what users guessed before, what the AI said, and where they ended.

use super::draw::Draw;
use crate::domain::event::{Event, EventKind};

/// The AI's number: median and log-scale standard deviation. A guess is off by a factor of the second deviation.
const ANSWERS: (f64, f64) = (40.0, 0.6);
const GUESSES: f64 = 0.35;
/// How far users who change an answer move to it, on average, and how alike they are.
const MOVED: (f64, f64) = (0.6, 4.0);

/// Gives an output its numbers if the user had an answer before: that is when the question was after one. Who takes or refuses the answer
/// as it is needs to state none.
pub(super) fn advise(mut draw: Draw, events: &mut [Event]) {
    let Some((shown, followers)) = events.split_first_mut() else {
        return;
    };
    let Some(initial) = &mut shown.initial else { return };
    let answer = draw.log_normal(ANSWERS.0, ANSWERS.1).round();
    let guess = (answer * draw.log_normal(1.0, GUESSES)).round();
    let own = match initial.agrees {
        Some(true) => answer,
        // Who disagrees has another number.
        _ if guess == answer => answer + 1.0,
        _ => guess,
    };
    initial.value = Some(own);
    shown.output_value = Some(answer);
    for event in followers {
        if matches!(event.kind, EventKind::Edit | EventKind::PartialAccept) {
            event.final_value = Some((own + draw.beta(MOVED.0, MOVED.1) * (answer - own)).round());
        }
    }
}
