//! Integers that add up by slice and one number more, as rows come: what is held grows with the keys, not with the rows.

use polars::prelude::*;

use super::gather::{BUCKET, GROUP};

/// The numbers of a slice's group and bucket; and a cluster, or a bucket of a histogram.
pub type Key = (u32, u32, i64);

/// Sums by key, in some columns.
pub struct Accumulated {
    slots: PlHashMap<Key, usize>,
    /// Per column, the sum of each slot.
    columns: Vec<Vec<i64>>,
}

/// Keys in their order, and per column the sum of each.
pub struct Sorted {
    pub keys: Vec<Key>,
    pub columns: Vec<Vec<i64>>,
}

impl Accumulated {
    /// No rows yet.
    pub fn new(columns: usize) -> Accumulated {
        Accumulated {
            slots: PlHashMap::default(),
            columns: vec![Vec::new(); columns],
        }
    }

    /// Adds rows: the columns of slices, then the rest of the key, then as many values as there are columns. Null counts as 0.
    pub fn add(&mut self, rows: &DataFrame) -> PolarsResult<()> {
        let [groups, buckets, last, values @ ..] = rows.columns() else {
            return Ok(());
        };
        debug_assert_eq!((groups.name().as_str(), buckets.name().as_str()), (GROUP, BUCKET));
        let slices = groups.u32()?.iter().zip(buckets.u32()?.iter());
        let slots: Vec<usize> = slices
            .zip(last.i64()?.iter())
            .map(|((group, bucket), last)| {
                let key = (
                    group.unwrap_or_default(),
                    bucket.unwrap_or_default(),
                    last.unwrap_or_default(),
                );
                let next = self.slots.len();
                *self.slots.entry(key).or_insert(next)
            })
            .collect();
        for (sums, values) in self.columns.iter_mut().zip(values) {
            sums.resize(self.slots.len(), 0);
            for (slot, value) in slots.iter().zip(values.i64()?.iter()) {
                if let (Some(sum), Some(value)) = (sums.get_mut(*slot), value) {
                    *sum = sum.saturating_add(value);
                }
            }
        }
        Ok(())
    }

    /// The sums by what is made of each key, without the keys of which nothing is made.
    pub fn sorted(&self, key: impl Fn(Key) -> Option<Key>) -> Sorted {
        self.added_up(&self.in_order(key))
    }

    /// What is made of each key, in order, with the number of the slot whose sums are added to it.
    pub fn in_order(&self, key: impl Fn(Key) -> Option<Key>) -> Vec<(Key, usize)> {
        let slots = self.slots.iter();
        let mut order: Vec<(Key, usize)> = slots.filter_map(|(own, slot)| Some((key(*own)?, *slot))).collect();
        order.sort_unstable();
        order
    }

    /// The sums of some slots that are in the order of their keys.
    pub fn added_up(&self, order: &[(Key, usize)]) -> Sorted {
        let same = || order.chunk_by(|one, other| one.0 == other.0);
        let sums = |column: &Vec<i64>| {
            let of_slot = |(_, slot): &(Key, usize)| column.get(*slot).copied().unwrap_or_default();
            same()
                .map(|own| own.iter().map(of_slot).fold(0_i64, i64::saturating_add))
                .collect()
        };
        Sorted {
            keys: same().filter_map(|own| Some(own.first()?.0)).collect(),
            columns: self.columns.iter().map(sums).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(keys: &[Key], values: &[Option<i64>]) -> DataFrame {
        let columns = vec![
            Column::new(GROUP.into(), keys.iter().map(|key| key.0).collect::<Vec<u32>>()),
            Column::new(BUCKET.into(), keys.iter().map(|key| key.1).collect::<Vec<u32>>()),
            Column::new("last".into(), keys.iter().map(|key| key.2).collect::<Vec<i64>>()),
            Column::new("value".into(), values),
        ];
        DataFrame::new(keys.len(), columns).unwrap()
    }

    #[test]
    fn rows_of_one_key_add_up_whenever_they_come() {
        let mut sums = Accumulated::new(1);
        sums.add(&rows(&[(1, 0, 7), (0, 2, -3), (1, 0, 7)], &[Some(1), Some(10), None]))
            .unwrap();
        sums.add(&rows(&[(0, 1, -3), (1, 0, 7)], &[Some(100), Some(1_000)]))
            .unwrap();
        let all = sums.sorted(Some);
        assert_eq!(all.keys, [(0, 1, -3), (0, 2, -3), (1, 0, 7)]);
        assert_eq!(all.columns, [[100, 10, 1_001]]);
        let one_bucket = sums.sorted(|(group, _, last)| (group == 0).then_some((group, 0, last)));
        assert_eq!(
            (one_bucket.keys, one_bucket.columns),
            (vec![(0, 0, -3)], vec![vec![110]])
        );
    }
}
