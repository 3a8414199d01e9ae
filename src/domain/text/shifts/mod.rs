//! The edits of the translation edit rate (TER): words put in, taken out or replaced, and blocks of words moved, each move counting one.
//!
//! Snover, Dorr, Schwartz, Micciulla and Makhoul 2006, "A study of translation edit rate with targeted human annotation". To find the
//! fewest is NP-hard; what is found is what `tercom` and `sacrebleu.metrics.TER` find, whose limits these are. The block whose move saves
//! most is moved, again and again until none saves any; of moves that save as much, that of the longest block, then of the first, then to
//! the first place. What is left is an edit distance that is looked for within 25 words of the diagonal (`band`).
//!
//! Both limits make the edits more than they need be, never fewer: where more than 25 words in a row came in or went, those without moves
//! may be the fewer.

mod band;
mod candidates;

use std::cmp::Reverse;

use self::band::Table;
use self::candidates::{Shift, candidates};

/// Moves that are weighed, in all rounds.
pub const MOST_WEIGHED: usize = 1_000;

/// What leads from one text to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edits {
    /// Words put in, taken out and replaced, and blocks moved.
    pub edits: usize,
    /// Blocks moved.
    pub shifts: usize,
    /// Whether the search for moves ended at a limit, so that there may be more that save something.
    pub is_cut: bool,
}

/// The edits that lead from an output to the user's text. Divided by the words of the user's text they are its TER; of an empty one
/// there is none, and all words of the output are taken out.
///
/// `steps` is what may be spent on the search for moves, in cells of tables and words compared, and is lowered by what was; the distance
/// of the texts as they are is computed in any case, in 50 cells for each word of the output, or as many as the lengths differ.
pub fn edits<T: PartialEq + Copy>(output: &[T], user: &[T], steps: &mut u64) -> Edits {
    let mut words = output.to_vec();
    let (mut shifts, mut weighed) = (0, 0);
    loop {
        let table = Table::new(&words, user, steps);
        let found = |is_cut| Edits {
            edits: shifts + table.distance(),
            shifts,
            is_cut,
        };
        let alignment = table.alignment(&words, user);
        let possible = candidates(&words, user, &alignment, MOST_WEIGHED - weighed, steps);
        weighed += possible.len();
        if weighed >= MOST_WEIGHED || *steps == 0 {
            return found(true);
        }
        match best(&table, &words, user, &possible, steps) {
            Some(shift) if *steps > 0 => shift.apply(&mut words),
            _ => return found(*steps == 0),
        }
        shifts += 1;
    }
}

/// The move that saves most, if one saves any.
fn best<T: PartialEq + Copy>(
    table: &Table,
    words: &[T],
    user: &[T],
    possible: &[Shift],
    steps: &mut u64,
) -> Option<Shift> {
    if possible.is_empty() {
        return None;
    }
    let mut weighing = table.weighing(words, user, steps);
    let mut best = None;
    for shift in possible {
        if *steps == 0 {
            return None;
        }
        let rank = (
            weighing.distance(shift, steps),
            Reverse(shift.length),
            shift.start,
            shift.target,
        );
        if best.is_none_or(|(known, _)| rank < known) {
            best = Some((rank, *shift));
        }
    }
    let ((distance, ..), shift) = best?;
    (distance < table.distance()).then_some(shift)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PLENTY: u64 = 1_000_000_000;

    #[track_caller]
    fn check(output: &str, user: &str, edits: usize, shifts: usize) {
        let words = |text: &str| text.bytes().collect::<Vec<u8>>();
        let found = super::edits(&words(output), &words(user), &mut PLENTY.clone());
        let expected = Edits {
            edits,
            shifts,
            is_cut: false,
        };
        assert_eq!(found, expected, "{output} {user}");
    }

    /// Each letter is a word.
    #[test]
    fn blocks_are_moved_at_the_cost_of_one() {
        check("abcdef", "abcdef", 0, 0);
        check("defabc", "abcdef", 1, 1);
        check("abxycdef", "abcdefxy", 1, 1);
        check("xyabcdef", "abcdefz", 3, 0);
        check("ba", "ab", 1, 1);
        // Twelve words are moved as ten and two.
        check("mnopqrstuvwxabcdefghijkl", "abcdefghijklmnopqrstuvwx", 2, 2);
    }

    #[test]
    fn empty_texts() {
        check("", "", 0, 0);
        check("abc", "", 3, 0);
        check("", "abc", 3, 0);
    }

    #[test]
    fn the_search_ends_where_it_may_spend_no_more() {
        let output: Vec<u32> = (0..400).map(|word| word * 7 % 400).collect();
        let user: Vec<u32> = (0..400).collect();
        let mut steps = 100_000;
        let found = edits(&output, &user, &mut steps);
        assert!(found.is_cut && steps == 0 && found.edits >= found.shifts, "{found:?}");
        let mut none = 0;
        let found = edits(&[2, 1], &[1, 2], &mut none);
        assert_eq!((found.edits, found.shifts, found.is_cut), (2, 0, true));
    }

    proptest! {
        /// In texts so short that the band is all of the table.
        #[test]
        fn moving_never_costs_more(
            output in prop::collection::vec(0..6_u32, 0..20), user in prop::collection::vec(0..6_u32, 0..20), budget in 0..20_000_u64,
        ) {
            let mut left = budget;
            let found = edits(&output, &user, &mut left);
            prop_assert!(left <= budget);
            prop_assert!(found.edits <= edits(&output, &user, &mut 0).edits);
            prop_assert!(found.edits >= output.len().abs_diff(user.len()) + found.shifts);
        }
    }
}
