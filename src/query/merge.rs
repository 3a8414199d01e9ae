//! Two lists in the order of their keys, put together.

use std::cmp::Ordering;

use crate::metrics::statistics::Counts;

/// Where a key is in the first list and in the second; in one of them at least.
pub type Place = (Option<usize>, Option<usize>);

/// Where each key of two sorted lists is in them, in the order of the keys.
pub fn places<T>(one: &[T], two: &[T], key: impl Fn(&T) -> i64) -> Vec<Place> {
    let mut places = Vec::with_capacity(one.len().max(two.len()));
    let mut ones = one.iter().map(&key).enumerate().peekable();
    let mut twos = two.iter().map(&key).enumerate().peekable();
    loop {
        let order = match (ones.peek(), twos.peek()) {
            (Some((_, a)), Some((_, b))) => a.cmp(b),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return places,
        };
        let first = if order.is_le() { ones.next() } else { None };
        let second = if order.is_ge() { twos.next() } else { None };
        places.push((first.map(|(at, _)| at), second.map(|(at, _)| at)));
    }
}

/// What two lists have at some places; what `both` makes of it where both have something.
pub fn values<T: Copy>(places: &[Place], one: &[T], two: &[T], both: impl Fn(T, T) -> T) -> Vec<T> {
    let at = |place: &Place| {
        let first = place.0.and_then(|at| one.get(at).copied());
        let second = place.1.and_then(|at| two.get(at).copied());
        match (first, second) {
            (Some(first), Some(second)) => Some(both(first, second)),
            (first, second) => first.or(second),
        }
    };
    places.iter().filter_map(at).collect()
}

/// Counts of two histograms together. Both are in the order of their buckets, and so is what comes of them.
pub fn counts(counts: Counts, more: &Counts) -> Counts {
    let mut sums = Counts::with_capacity(counts.len() + more.len());
    let (mut counts, mut more) = (counts.into_iter().peekable(), more.iter().copied().peekable());
    while let (Some(one), Some(other)) = (counts.peek(), more.peek()) {
        match one.0.cmp(&other.0) {
            Ordering::Less => sums.extend(counts.next()),
            Ordering::Greater => sums.extend(more.next()),
            Ordering::Equal => {
                let both = counts.next().zip(more.next());
                sums.extend(both.map(|((bucket, p, n), (_, q, m))| (bucket, p + q, n + m)));
            }
        }
    }
    sums.extend(counts);
    sums.extend(more);
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_both_lists_meet() {
        let (one, two) = ([1, 4, 7], [0, 4, 9]);
        let places = places(&one, &two, |key| *key);
        assert_eq!(values(&places, &one, &two, |key, _| key), [0, 1, 4, 7, 9]);
        assert_eq!(
            values(&places, &[10, 20, 30], &[1, 2, 3], |a, b| a + b),
            [1, 10, 22, 30, 3]
        );
        assert_eq!(
            super::places(&[], &two, |key| *key),
            [(None, Some(0)), (None, Some(1)), (None, Some(2))]
        );
    }
}
