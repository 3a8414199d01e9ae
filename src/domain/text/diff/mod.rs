//! What differs between two lists of tokens.
//!
//! The greedy algorithm of Myers (1986, doi:10.1007/BF01840446), in the form that divides at the middle of the shortest edit: time
//! grows with the length times the number of differences, memory with the length. Steps are counted, so that texts which have
//! little in common cannot hold up anyone: what is not resolved when they are spent stays one difference as a whole.

mod middle;

use std::ops::Range;

use self::middle::middle;

/// One place where the lists differ: what stands in the old one, and what in the new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    pub old: Range<usize>,
    pub new: Range<usize>,
    /// Whether it was not looked into for lack of steps, so that some of it may be the same on both sides.
    pub is_coarse: bool,
}

impl Hunk {
    fn meets(&self, next: &Hunk) -> bool {
        self.old.end == next.old.start && self.new.end == next.new.start
    }
}

/// The places where two lists differ, in order; between them they are the same. Without coarse ones, no shorter list of removals and
/// insertions leads from one to the other. `steps` is what may be spent, and is lowered by what was.
///
/// A removal or insertion of which there are several equal ones, as of `a b` from `a b a b`, is the last of them.
pub fn diff<T: PartialEq>(old: &[T], new: &[T], steps: &mut u64) -> Vec<Hunk> {
    let mut hunks = Vec::new();
    divide(Part { old, new, at: (0, 0) }, steps, &mut hunks);
    settle(old, new, &mut hunks);
    hunks
}

/// A part of both lists, and where it begins in them.
struct Part<'a, T> {
    old: &'a [T],
    new: &'a [T],
    at: (usize, usize),
}

impl<'a, T: PartialEq> Part<'a, T> {
    /// Without what both begin and end with.
    fn trimmed(self) -> Part<'a, T> {
        let same = |(one, other): &(&T, &T)| one == other;
        let start = self.old.iter().zip(self.new).take_while(same).count();
        let old = self.old.get(start..).unwrap_or_default();
        let new = self.new.get(start..).unwrap_or_default();
        let end = old.iter().rev().zip(new.iter().rev()).take_while(same).count();
        Part {
            old: old.get(..old.len() - end).unwrap_or_default(),
            new: new.get(..new.len() - end).unwrap_or_default(),
            at: (self.at.0 + start, self.at.1 + start),
        }
    }

    fn split(&self, (x, y): (usize, usize)) -> Option<(Part<'a, T>, Part<'a, T>)> {
        // A part that is all of it would be divided for ever.
        if (x, y) == (0, 0) || (x, y) == (self.old.len(), self.new.len()) {
            return None;
        }
        let ((old_before, old_after), (new_before, new_after)) =
            self.old.split_at_checked(x).zip(self.new.split_at_checked(y))?;
        let first = Part {
            old: old_before,
            new: new_before,
            at: self.at,
        };
        let second = Part {
            old: old_after,
            new: new_after,
            at: (self.at.0 + x, self.at.1 + y),
        };
        Some((first, second))
    }

    fn hunk(&self, is_coarse: bool) -> Hunk {
        Hunk {
            old: self.at.0..self.at.0 + self.old.len(),
            new: self.at.1..self.at.1 + self.new.len(),
            is_coarse,
        }
    }
}

/// Each division halves the differences, so that the depth is their logarithm.
fn divide<T: PartialEq>(part: Part<T>, steps: &mut u64, hunks: &mut Vec<Hunk>) {
    *steps = steps.saturating_sub(part.old.len().min(part.new.len()) as u64);
    let part = part.trimmed();
    if part.old.is_empty() && part.new.is_empty() {
        return;
    }
    let is_simple = part.old.is_empty() || part.new.is_empty();
    let halves = if is_simple {
        None
    } else {
        middle(part.old, part.new, steps).and_then(|middle| part.split(middle))
    };
    match halves {
        Some((first, second)) => {
            divide(first, steps, hunks);
            divide(second, steps, hunks);
        }
        None => push(hunks, part.hunk(!is_simple && !differ_throughout(&part))),
    }
}

/// Two single tokens that differ: nothing is left to look into.
fn differ_throughout<T>(part: &Part<T>) -> bool {
    part.old.len() == 1 && part.new.len() == 1
}

fn push(hunks: &mut Vec<Hunk>, hunk: Hunk) {
    match hunks.last_mut() {
        Some(last) if last.meets(&hunk) => {
            last.old.end = hunk.old.end;
            last.new.end = hunk.new.end;
            last.is_coarse |= hunk.is_coarse;
        }
        _ => hunks.push(hunk),
    }
}

/// Moves removals and insertions as far towards the end as they mean the same, short of the next difference. What was removed from
/// `Hi. I hope you are well. We` is then `I hope you are well.`, and not `. I hope you are well`.
fn settle<T: PartialEq>(old: &[T], new: &[T], hunks: &mut [Hunk]) {
    let mut limit = (old.len(), new.len());
    for hunk in hunks.iter_mut().rev() {
        let (list, own) = match (hunk.old.is_empty(), hunk.new.is_empty()) {
            (false, true) => (old, hunk.old.clone()),
            (true, false) => (new, hunk.new.clone()),
            _ => {
                limit = (hunk.old.start, hunk.new.start);
                continue;
            }
        };
        let room = (limit.0 - hunk.old.end).min(limit.1 - hunk.new.end);
        // At the end of the lists there is no other difference to run into.
        let room = if limit == (old.len(), new.len()) {
            room
        } else {
            room.saturating_sub(1)
        };
        let same = |(start, end): &(usize, usize)| list.get(*start) == list.get(*end);
        let far = (own.start..).zip(own.end..).take(room).take_while(same).count();
        hunk.old = hunk.old.start + far..hunk.old.end + far;
        hunk.new = hunk.new.start + far..hunk.new.end + far;
        limit = (hunk.old.start, hunk.new.start);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::text::tokens::tokens;

    const PLENTY: u64 = 10_000_000;

    /// What is removed and inserted, as text.
    #[track_caller]
    fn check(old: &str, new: &str, expected: &[(&str, &str)]) {
        let (old, new): (Vec<&str>, Vec<&str>) = (tokens(old).collect(), tokens(new).collect());
        let hunks = diff(&old, &new, &mut PLENTY.clone());
        let found: Vec<(String, String)> = hunks
            .iter()
            .map(|hunk| (old[hunk.old.clone()].join(" "), new[hunk.new.clone()].join(" ")))
            .collect();
        let expected: Vec<(String, String)> = expected
            .iter()
            .map(|(one, other)| ((*one).to_owned(), (*other).to_owned()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn words() {
        check("the cat sat", "the cat sat", &[]);
        check("she said it", "he said it", &[("she", "he")]);
        check("a b c d", "a x y d", &[("b c", "x y")]);
        check("", "new text", &[("", "new text")]);
        check("old text", "", &[("old text", "")]);
        check(
            "one two three",
            "zero one three four",
            &[("", "zero"), ("two", ""), ("", "four")],
        );
    }

    #[test]
    fn the_last_of_equal_removals_is_meant() {
        check(
            "Hi . I hope you are well . We",
            "Hi . We",
            &[("I hope you are well .", "")],
        );
        check(
            "Hi . We",
            "Hi . I hope you are well . We",
            &[("", "I hope you are well .")],
        );
        check("x a a a a", "x a a", &[("a a", "")]);
    }

    #[test]
    fn texts_that_have_little_in_common_are_one_difference() {
        let (old, new): (Vec<u32>, Vec<u32>) = ((0..4_000).collect(), (0..4_000).rev().collect());
        let mut steps = 50_000;
        let hunks = diff(&old, &new, &mut steps);
        assert!(hunks.iter().any(|hunk| hunk.is_coarse), "{}", hunks.len());
        assert_eq!(apply(&old, &new, &hunks), new);
        assert_eq!(steps, 0);
    }

    fn apply(old: &[u32], new: &[u32], hunks: &[Hunk]) -> Vec<u32> {
        let (mut built, mut at) = (Vec::new(), 0);
        for hunk in hunks {
            built.extend_from_slice(&old[at..hunk.old.start]);
            assert_eq!(built.len(), hunk.new.start, "{hunks:?}");
            built.extend_from_slice(&new[hunk.new.clone()]);
            at = hunk.old.end;
        }
        built.extend_from_slice(&old[at..]);
        built
    }

    /// How many tokens two lists have in common, in order, by their differences.
    fn kept(old: usize, hunks: &[Hunk]) -> usize {
        old - hunks.iter().map(|hunk| hunk.old.len()).sum::<usize>()
    }

    fn longest_common_subsequence(old: &[u32], new: &[u32]) -> usize {
        let mut row = vec![0; new.len() + 1];
        for one in old {
            let mut corner = 0;
            for (at, other) in new.iter().enumerate() {
                let above = row[at + 1];
                row[at + 1] = if one == other { corner + 1 } else { above.max(row[at]) };
                corner = above;
            }
        }
        row[new.len()]
    }

    proptest! {
        #[test]
        fn it_leads_from_one_to_the_other_by_the_shortest_way(
            old in prop::collection::vec(0..4_u32, 0..60), new in prop::collection::vec(0..4_u32, 0..60),
        ) {
            let hunks = diff(&old, &new, &mut PLENTY.clone());
            prop_assert_eq!(&apply(&old, &new, &hunks), &new);
            prop_assert_eq!(kept(old.len(), &hunks), longest_common_subsequence(&old, &new));
            prop_assert!(hunks.iter().all(|hunk| !hunk.is_coarse && (!hunk.old.is_empty() || !hunk.new.is_empty())));
            prop_assert!(hunks.windows(2).all(|pair| pair[0].old.end < pair[1].old.start || pair[0].new.end < pair[1].new.start));
        }

        #[test]
        fn whatever_it_may_spend(
            old in prop::collection::vec(0..8_u32, 0..80), new in prop::collection::vec(0..8_u32, 0..80), budget in 0..2_000_u64,
        ) {
            let mut left = budget;
            let hunks = diff(&old, &new, &mut left);
            prop_assert_eq!(&apply(&old, &new, &hunks), &new);
            prop_assert!(left <= budget);
            prop_assert!(kept(old.len(), &hunks) <= longest_common_subsequence(&old, &new));
        }
    }
}
