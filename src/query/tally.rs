//! Counts a histogram by slice.

use std::collections::HashMap;

use super::sums::SliceKey;
use crate::metrics::statistics::Counts;

/// Buckets further from zero than this are counted apart from the others.
const NEAR: i64 = 1 << 13;

/// The counts of some slices.
#[derive(Default)]
pub struct Tally {
    slices: HashMap<SliceKey, Buckets>,
    /// The slice that was added to last: rows come sorted by cell.
    last: Option<(SliceKey, Buckets)>,
}

/// The counts of one slice: positives and negatives by bucket.
#[derive(Default)]
struct Buckets {
    /// Buckets from zero upwards, then those below zero.
    near: [Vec<(i64, i64)>; 2],
    far: Vec<(i64, i64, i64)>,
}

impl Tally {
    pub fn add(&mut self, slice: SliceKey, bucket: i64, positives: i64, negatives: i64) {
        if self.last.as_ref().is_none_or(|(last, _)| *last != slice) {
            self.settle();
            self.last = Some((slice, self.slices.remove(&slice).unwrap_or_default()));
        }
        if let Some((_, buckets)) = &mut self.last {
            buckets.add(bucket, positives, negatives);
        }
    }

    fn settle(&mut self) {
        if let Some((slice, buckets)) = self.last.take() {
            self.slices.insert(slice, buckets);
        }
    }

    pub fn finish(mut self) -> HashMap<SliceKey, Counts> {
        self.settle();
        let slices = self.slices.into_iter();
        slices.map(|(slice, buckets)| (slice, buckets.finish())).collect()
    }
}

impl Buckets {
    fn add(&mut self, bucket: i64, positives: i64, negatives: i64) {
        if !(-NEAR..NEAR).contains(&bucket) {
            self.far.push((bucket, positives, negatives));
            return;
        }
        let [above, below] = &mut self.near;
        let (side, at) = if bucket >= 0 {
            (above, bucket as usize)
        } else {
            (below, (-1 - bucket) as usize)
        };
        if side.len() <= at {
            side.resize(at + 1, (0, 0));
        }
        if let Some(counts) = side.get_mut(at) {
            counts.0 += positives;
            counts.1 += negatives;
        }
    }

    fn finish(mut self) -> Counts {
        self.far.sort_unstable();
        let far = self.far.chunk_by(|one, other| one.0 == other.0).filter_map(|same| {
            let (bucket, _, _) = same.first()?;
            Some((
                *bucket,
                same.iter().map(|row| row.1).sum(),
                same.iter().map(|row| row.2).sum(),
            ))
        });
        let [above, below] = &self.near;
        let below = (1..).zip(below).map(|(at, counts): (i64, _)| (-at, counts.0, counts.1));
        let above = (0..).zip(above).map(|(at, counts): (i64, _)| (at, counts.0, counts.1));
        let mut counts: Counts = far
            .chain(below)
            .chain(above)
            .filter(|(_, positives, negatives): &(i64, i64, i64)| *positives != 0 || *negatives != 0)
            .map(|(bucket, positives, negatives)| (bucket, positives.unsigned_abs(), negatives.unsigned_abs()))
            .collect();
        counts.sort_unstable();
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_added_and_come_in_order() {
        let mut tally = Tally::default();
        for bucket in [3, -2, i64::MAX, 3, i64::MIN, 0, i64::MAX] {
            tally.add((0, 0), bucket, 1, 0);
            tally.add((1, 0), bucket, 0, 2);
        }
        tally.add((0, 0), -2, -1, 0);
        let counts = tally.finish();
        assert_eq!(
            counts[&(0, 0)],
            [(i64::MIN, 1, 0), (0, 1, 0), (3, 2, 0), (i64::MAX, 2, 0)]
        );
        assert_eq!(counts[&(1, 0)].len(), 5);
    }
}
