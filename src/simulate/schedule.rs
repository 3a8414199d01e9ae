//! Who sees which feature when: the outputs as bare slots in time, before anything is known about them.

use chrono::{DateTime, Utc};

use super::draw::{Draw, Purpose};
use super::people::People;
use super::product::FEATURES;

/// A pause that ends a session.
const SESSION_PAUSE: i64 = 30 * 60 * 1_000;

/// One output to come.
#[derive(Clone, Copy)]
pub(super) struct Slot {
    /// When it is shown, in milliseconds since 1970.
    pub at: i64,
    pub user: u32,
    /// The place in `FEATURES`.
    pub feature: u32,
    /// The how-many-th of its feature, from 0, in the order of time.
    pub number: u32,
    /// How many outputs of the feature the user has seen before.
    pub experience: u32,
    /// The how-many-th session of the user.
    pub session: u32,
}

/// All slots in the order of time. 32 bytes each: a million fit in 32 MB, and their events are made as they are needed.
pub(super) fn schedule(
    seed: u64,
    people: &People,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    outputs: u64,
) -> Vec<Slot> {
    let span = start.timestamp_millis()..end.timestamp_millis();
    let mut slots = Vec::with_capacity(usize::try_from(outputs).unwrap_or_default());
    for (feature, profile) in FEATURES.iter().enumerate() {
        let mut draw = Draw::stream(seed, Purpose::Visits, &[feature as u64]);
        let mut left = (profile.share * outputs as f64).round() as u64;
        let (length, pause) = profile.visit;
        while left > 0 {
            let (user, mut at) = visit(people, &span, &mut draw);
            while left > 0 && at < span.end {
                slots.push(Slot {
                    at,
                    user,
                    feature: feature as u32,
                    number: 0,
                    experience: 0,
                    session: 0,
                });
                left -= 1;
                if draw.chance(length.recip()) {
                    break;
                }
                at += 400 + (1_000.0 * draw.exponential(pause)) as i64;
            }
        }
    }
    slots.sort_by_key(|slot| (slot.at, slot.feature, slot.user));
    count(&mut slots, people.len());
    slots
}

/// Somebody comes: by rejection, so that the density over time follows each person's own days and nights, and daylight
/// saving needs no care.
fn visit(people: &People, span: &std::ops::Range<i64>, draw: &mut Draw) -> (u32, i64) {
    loop {
        let (user, person) = people.pick(draw);
        let elapsed = draw.unit();
        let at = span.start + (elapsed * (span.end - span.start) as f64) as i64;
        let rhythm = DateTime::from_timestamp_millis(at).map_or(1.0, |at| person.rhythm(at));
        if elapsed >= person.joined && draw.chance(rhythm) {
            return (user, at);
        }
    }
}

/// Numbers, experience and sessions follow from the order of time.
fn count(slots: &mut [Slot], people: usize) {
    let mut numbers = [0; FEATURES.len()];
    let mut experience = vec![[0; FEATURES.len()]; people];
    let mut sessions = vec![(i64::MIN, 0); people];
    for slot in slots {
        let (feature, user) = (slot.feature as usize, slot.user as usize);
        slot.number = next(&mut numbers[feature]);
        slot.experience = next(&mut experience[user][feature]);
        let (last, session) = &mut sessions[user];
        if slot.at.saturating_sub(*last) > SESSION_PAUSE {
            *session += 1;
        }
        *last = slot.at;
        slot.session = *session;
    }
}

fn next(counter: &mut u32) -> u32 {
    let now = *counter;
    *counter += 1;
    now
}
