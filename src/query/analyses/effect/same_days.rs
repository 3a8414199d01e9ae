//! Versions side by side, while users move from one to the other.
//!
//! Who gets a version first is seldom drawn by lot, so that the users of two versions may differ on any day. Each is therefore compared
//! with oneself before, and with the others on the same day ([`panel`]). The days before count, too: they tell what the users are like.

use std::ops::Range;

use super::days::{Days, Shared};
use super::designs::{conclude, estimate, own, range, version};
use super::measured::Meter;
use super::{Effect, EffectDesign, Refusal, untold};
use crate::query::filter::Operator;
use crate::query::request::QueryError;
use crate::stats::panel;

/// Up to so many outputs are read to follow each user.
const MOST_FOLLOWED: f64 = 1_000_000.0;
/// With fewer users, if all told as much, it is not tried.
const LEAST_USERS: u64 = 10;

/// The effect; `None` where users cannot be followed, or where too few tell of it.
pub fn measure(meter: &mut Meter, days: &Days, shared: &Shared) -> Result<Option<Effect>, QueryError> {
    let question = meter.question;
    let Some(from) = followed_from(shared) else {
        return Ok(None);
    };
    if !meter.keeps(from)? {
        return Ok(None);
    }
    let arms = [Operator::NotIn, Operator::In].map(|operator| vec![own(question), version(question, operator)]);
    let cells = meter.cells(&arms, &(from..shared.days.end))?;
    let Some(measured) = cells
        .and_then(panel::effect)
        .filter(|found| found.fewest.clusters >= LEAST_USERS)
    else {
        return Ok(None);
    };
    let sides = meter.parts(&arms, &shared.days)?;
    let [before, after] = [0, 1].map(|side| estimate(sides.get(side).and_then(Option::as_ref)));
    let mut effect = Effect {
        design: Some(EffectDesign::SameDays),
        before,
        after,
        before_days: Some(range(&shared.days)),
        after_days: Some(range(&shared.days)),
        warnings: days.warnings.clone(),
        ..untold(question, Refusal::default())
    };
    effect.warnings.push(
        "Each user is compared with what they did before they moved, and with others on the same day. Whatever else changed for users \
         just as they moved is in the effect."
            .to_owned(),
    );
    conclude(question, &mut effect, Some(measured), (shared.days.len(), 1.0));
    Ok(Some(effect))
}

/// As early as the outputs are not too many; `None` if those of the shared days are.
fn followed_from(shared: &Shared) -> Option<i32> {
    let Range { start, .. } = shared.days;
    if shared.outputs > MOST_FOLLOWED {
        return None;
    }
    let few = shared.earlier.iter().find(|(_, outputs)| **outputs <= MOST_FOLLOWED);
    Some(few.map_or(start, |(day, _)| *day))
}
