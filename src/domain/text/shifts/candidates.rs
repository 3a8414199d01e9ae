//! Which blocks may be moved, and where to.

use std::ops::Range;

use super::band::Alignment;

/// Words of a block that is moved.
const LONGEST: usize = 10;
/// Words between where a block stands in the output and where in the user's text.
const FARTHEST: usize = 50;

/// A block of words, and the place that it is moved to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shift {
    pub start: usize,
    pub length: usize,
    /// The place before which it comes. Where that is inside the block, it moves towards the end by as many words as it is inside.
    pub target: usize,
}

impl Shift {
    /// The words that stand elsewhere afterwards are all among these.
    pub fn range(&self, words: usize) -> Range<usize> {
        let end = self.start + self.length;
        if self.target < self.start {
            self.target..end
        } else if self.target > end {
            self.start..self.target
        } else {
            self.start..(self.target + self.length).min(words)
        }
    }

    /// Moves it within its range.
    pub fn turn<T>(&self, range: &mut [T]) {
        let length = self.length.min(range.len());
        if self.target < self.start {
            range.rotate_right(length);
        } else {
            range.rotate_left(length);
        }
    }

    pub fn apply<T>(&self, words: &mut [T]) {
        let range = self.range(words.len());
        self.turn(words.get_mut(range).unwrap_or_default());
    }
}

/// The moves of blocks that stand in the user's text too, where both texts have something wrong there: `room` of them, and what the last
/// block has beyond.
pub fn candidates<T: PartialEq>(
    words: &[T],
    user: &[T],
    alignment: &Alignment,
    room: usize,
    steps: &mut u64,
) -> Vec<Shift> {
    let mut found = Vec::new();
    for start in 0..words.len() {
        let wrong = alignment.wrong_output.get(start..).unwrap_or_default();
        if !wrong.iter().take(LONGEST).any(|is_wrong| *is_wrong) {
            continue;
        }
        let rest = words.get(start..).unwrap_or_default();
        let near = start.saturating_sub(FARTHEST)..(start + FARTHEST + 1).min(user.len());
        *steps = steps.saturating_sub(near.len() as u64);
        if *steps == 0 {
            return found;
        }
        for place in near {
            let same = rest.iter().zip(user.get(place..).unwrap_or_default()).take(LONGEST);
            let longest = same.take_while(|(one, other)| one == other).count();
            for length in 1..=longest {
                if let Some(targets) = targets(alignment, start, place, length) {
                    let shift = |target| Shift { start, length, target };
                    found.extend(targets.map(shift));
                }
                if found.len() >= room {
                    return found;
                }
            }
        }
    }
    found
}

/// Where the block at `start` may go to come where it stands in the user's text at `place`.
fn targets(alignment: &Alignment, start: usize, place: usize, length: usize) -> Option<impl Iterator<Item = usize>> {
    let is_wrong = |wrong: &[bool], at: usize| {
        let mut block = wrong.iter().skip(at).take(length);
        block.any(|is_wrong| *is_wrong)
    };
    let targets = alignment.after.get(place..=place + length)?;
    let [_, own, ..] = targets else { return None };
    let is_inside = (start + 1..=start + length).contains(own);
    let is_possible = is_wrong(&alignment.wrong_output, start) && is_wrong(&alignment.wrong_user, place) && !is_inside;
    is_possible.then(|| {
        let mut before = None;
        // Some words of the user's text have no counterpart: the same place comes again.
        targets
            .iter()
            .copied()
            .filter(move |target| before.replace(*target) != Some(*target))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moves() {
        for (start, length, target, expected) in [
            (3, 2, 1, "adebcf"),
            (1, 2, 5, "adebcf"),
            (1, 2, 6, "adefbc"),
            // Inside of the block.
            (1, 2, 1, "abcdef"),
            (1, 2, 2, "adbcef"),
            (1, 2, 3, "adebcf"),
            (4, 2, 6, "abcdef"),
            (3, 2, 5, "abcfde"),
        ] {
            let mut words: Vec<char> = "abcdef".chars().collect();
            Shift { start, length, target }.apply(&mut words);
            assert_eq!(words.iter().collect::<String>(), expected, "{start} {length} {target}");
        }
    }
}
