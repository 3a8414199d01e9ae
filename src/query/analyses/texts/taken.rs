//! The outputs that users took, with what they changed in them.

use super::MOST_CHARS_OF_ONE;
use super::kinds::EditKind;
use super::phrases::Place;
use super::vocabulary::{Token, Vocabulary};
use crate::domain::decision::{Decision, Manner};
use crate::domain::text::diff::{Hunk, diff};
use crate::domain::text::shifts;
use crate::fold::text::words_changed;
use crate::query::analyses::clusters::Member;
use crate::store::texts::Written;

/// Steps that are spent on finding what changed, in one output and in all.
const MOST_STEPS_OF_ONE: u64 = 2_000_000;
const MOST_STEPS: u64 = 300_000_000;
/// Steps that are spent on finding blocks that were moved, in one output and in all.
const MOST_MOVING_OF_ONE: u64 = 10_000_000;
const MOST_MOVING: u64 = 600_000_000;

/// An output that was taken, and what its user made of it.
pub struct Taken<'a> {
    pub id: &'a str,
    pub member: Member,
    pub place: Place,
    pub shown: Vec<Token>,
    user: Vec<Token>,
    /// Words and marks that were put in, taken out or replaced, at least.
    pub changed: usize,
    /// The same where a block that was moved counts one, as far as such blocks were found: never more.
    pub rearranged: usize,
    /// Whether more such blocks may be found than were.
    pub is_moving_cut: bool,
    pub hunks: Vec<Hunk>,
    /// If the texts are not the same.
    pub kind: Option<EditKind>,
}

/// What was taken out in one place, and what was put in there.
pub type Change<'a> = (&'a [Token], &'a [Token]);

impl Taken<'_> {
    /// Words and marks of the user's text.
    pub fn user_words(&self) -> usize {
        self.user.len()
    }

    /// What was changed, as a share of the words and marks of the longer text; of two empty ones nothing.
    pub fn word_distance(&self) -> f64 {
        self.changed as f64 / self.shown.len().max(self.user.len()).max(1) as f64
    }

    /// The changes of which it is known that they are changes throughout.
    pub fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        let resolved = self.hunks.iter().filter(|hunk| !hunk.is_coarse);
        resolved.map(|hunk| {
            let old = self.shown.get(hunk.old.clone()).unwrap_or_default();
            (old, self.user.get(hunk.new.clone()).unwrap_or_default())
        })
    }
}

/// The outputs taken, in the order of their clusters; of one cluster the newest first.
#[derive(Default)]
pub struct Texts<'a> {
    pub vocabulary: Vocabulary,
    pub taken: Vec<Taken<'a>>,
    /// Those that are left out.
    pub too_long: u64,
}

impl<'a> Texts<'a> {
    pub fn read(&mut self, written: &'a [Written]) {
        let (mut left, mut left_moving) = (MOST_STEPS, MOST_MOVING);
        for (age, output) in written.iter().enumerate() {
            let Some(user) = users_text(output) else { continue };
            let is_too_long = |text: &str| text.chars().count() > MOST_CHARS_OF_ONE;
            if is_too_long(&output.text) || is_too_long(user) {
                self.too_long += 1;
                continue;
            }
            let shown = self.vocabulary.read(&output.text);
            let is_edited = output.text != user;
            let user = if is_edited {
                self.vocabulary.read(user)
            } else {
                shown.clone()
            };
            let mut steps = left.min(MOST_STEPS_OF_ONE);
            left -= steps;
            let hunks = diff(&shown, &user, &mut steps);
            left += steps;
            let changed = if is_edited { words_changed(&shown, &user) } else { 0 };
            let (rearranged, is_moving_cut) = rearranged(&shown, &user, changed, &mut left_moving);
            self.taken.push(Taken {
                id: &output.output_id,
                member: Member {
                    cluster: output.cluster(),
                    has_user: output.user_key.is_some(),
                },
                place: Place {
                    output: 0,
                    cluster: output.cluster(),
                    age,
                },
                changed,
                rearranged,
                is_moving_cut,
                kind: is_edited.then(|| EditKind::read(&self.vocabulary, &shown, &user, &hunks)),
                shown,
                user,
                hunks,
            });
        }
        self.taken.sort_by_key(|taken| (taken.place.cluster, taken.place.age));
        let numbers = self.taken.iter_mut().enumerate();
        numbers.for_each(|(number, taken)| taken.place.output = number);
    }
}

/// Words changed where a block that was moved counts one, and whether more such blocks may be found. Where more words in a row came in
/// than the search looks beyond, it finds more edits than there are without moves: then those are told.
fn rearranged(shown: &[Token], user: &[Token], changed: usize, left: &mut u64) -> (usize, bool) {
    // A single change is no less by a move.
    if changed < 2 || *left == 0 {
        return (changed, changed > 1);
    }
    let mut steps = (*left).min(MOST_MOVING_OF_ONE);
    *left -= steps;
    let found = shifts::edits(shown, user, &mut steps);
    *left += steps;
    (found.edits.min(changed), found.is_cut || found.edits > changed)
}

/// What the user made of an output that was taken. Nobody looked at what the app took by itself.
fn users_text(output: &Written) -> Option<&str> {
    let decision = Decision::from_code(output.decision)?;
    match &output.final_text {
        Some(text) if decision.is_taken() => Some(text),
        None if decision == Decision::Accepted && output.manner == Manner::Asked.code() => Some(&output.text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves_are_never_told_as_more_than_changes() {
        let mut left = MOST_MOVING;
        assert_eq!(rearranged(&[4, 5, 1, 2, 3], &[1, 2, 3, 4, 5], 4, &mut left), (1, false));
        assert!(left < MOST_MOVING);
        // So many words in a row are out of the search's sight.
        let shown: Vec<Token> = (0..100).collect();
        let user: Vec<Token> = (200..260).chain(0..100).collect();
        assert_eq!(rearranged(&shown, &user, 60, &mut left), (60, true));
        assert_eq!(rearranged(&[2, 1], &[1, 2], 2, &mut 0), (2, true));
        assert_eq!(rearranged(&[2, 1], &[2], 1, &mut 0), (1, false));
    }
}
