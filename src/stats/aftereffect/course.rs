//! A person's trials in order, in blocks.

use std::ops::AddAssign;

/// Trials of the first blocks, and of all others.
const FIRST: [u32; 2] = [16, 32];
/// What a block has at most.
pub const LONGEST: u32 = 64;

/// Cases and trials after marked ones, and after others.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct After {
    pub marked: (u64, u64),
    pub other: (u64, u64),
}

impl AddAssign for After {
    fn add_assign(&mut self, other: After) {
        for (own, other) in [(&mut self.marked, other.marked), (&mut self.other, other.other)] {
            *own = (own.0 + other.0, own.1 + other.1);
        }
    }
}

/// Neighbouring trials of a person, a bit each, the first lowest.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Block {
    marked: u64,
    cases: u64,
    trials: u32,
}

impl Block {
    /// Whether each is marked, and whether it is a case: 1 or 0.
    pub fn trials(self) -> impl ExactSizeIterator<Item = (u8, u8)> + Clone {
        let bit = |bits: u64, at: u32| (bits >> at & 1) as u8;
        (0..self.trials).map(move |at| (bit(self.marked, at), bit(self.cases, at)))
    }
}

/// What a person's trials were, one after another.
#[derive(Clone, Debug, Default)]
pub struct Course(pub(super) Vec<Block>);

impl Course {
    pub fn push(&mut self, is_marked: bool, is_case: bool) {
        let number = self.0.len().saturating_sub(1);
        let longest = FIRST.get(number).copied().unwrap_or(LONGEST);
        let is_full = self.0.last().is_none_or(|block| block.trials == longest);
        if is_full {
            self.0.push(Block::default());
        }
        if let Some(block) = self.0.last_mut() {
            block.marked |= u64::from(is_marked) << block.trials;
            block.cases |= u64::from(is_case) << block.trials;
            block.trials += 1;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|block| block.trials as usize).sum()
    }

    /// Each trial as [`Block::trials`] has it.
    pub(super) fn trials(&self) -> impl Iterator<Item = (u8, u8)> + Clone {
        self.0.iter().flat_map(|block| block.trials())
    }

    /// What came so many trials after marked and other ones, in the same blocks.
    #[must_use]
    pub fn after(&self, lag: usize) -> After {
        let mut after = After::default();
        for block in &self.0 {
            let pairs = block.trials.saturating_sub(lag as u32);
            let cases = block.cases.checked_shr(lag as u32).unwrap_or(0);
            for (side, before) in [
                (&mut after.marked, block.marked & lowest(pairs)),
                (&mut after.other, !block.marked & lowest(pairs)),
            ] {
                side.0 += u64::from((before & cases).count_ones());
                side.1 += u64::from(before.count_ones());
            }
        }
        after
    }
}

/// The lowest so many bits.
fn lowest(bits: u32) -> u64 {
    1_u64.checked_shl(bits).map_or(u64::MAX, |next| next - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_is_counted_within_blocks() {
        let (bad, good) = ((true, false), (false, true));
        let course = |trials: &[(bool, bool)]| {
            let mut course = Course::default();
            trials
                .iter()
                .for_each(|(is_marked, is_case)| course.push(*is_marked, *is_case));
            course
        };
        let after = course(&[good, bad, bad, good]).after(1);
        assert_eq!((after.other, after.marked), ((0, 1), (1, 2)));
        // Blocks of 16, 32 and 64.
        let long = course(&[good; 130]);
        assert_eq!(
            long.0.iter().map(|block| block.trials).collect::<Vec<_>>(),
            [16, 32, 64, 18]
        );
        assert!(course(&[good; 10_000]).0.iter().all(|block| block.trials <= LONGEST));
        assert_eq!(long.after(10).other, (130 - 4 * 10, 130 - 4 * 10));
        assert_eq!(course(&[good; 3]).after(5), After::default());
    }
}
