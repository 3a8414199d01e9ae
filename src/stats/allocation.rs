//! How many to draw from each stratum?
//!
//! Proportionally, each stratum has its share of the sample, by largest remainders; equally, each has as many as the others while it
//! lasts, and what small strata leave is shared among the larger (Neyman 1934 on why one may choose). Either way the parts add up to
//! the sample, or to all there is.

/// Proportional to the sizes: with quotas `q = n·size/Σ`, the whole parts of all, and one more for the largest remainders, earlier
/// strata first among equals.
#[must_use]
pub fn proportional(sizes: &[u64], n: u64) -> Vec<u64> {
    let all: u64 = sizes.iter().sum();
    let n = n.min(all);
    if all == 0 {
        return vec![0; sizes.len()];
    }
    let product = |size: u64| u128::from(size) * u128::from(n);
    let mut parts: Vec<u64> = sizes
        .iter()
        .map(|size| (product(*size) / u128::from(all)) as u64)
        .collect();
    let mut remainders: Vec<(u128, usize)> = sizes
        .iter()
        .map(|size| product(*size) % u128::from(all))
        .zip(0..)
        .collect();
    remainders.sort_by_key(|(remainder, _)| std::cmp::Reverse(*remainder));
    let left = n - parts.iter().sum::<u64>();
    for (_, at) in remainders.into_iter().take(left as usize) {
        if let Some(part) = parts.get_mut(at) {
            *part += 1;
        }
    }
    parts
}

/// As equal as the sizes allow; what cannot be shared evenly goes to earlier strata.
#[must_use]
pub fn equal(sizes: &[u64], n: u64) -> Vec<u64> {
    let mut parts = vec![0; sizes.len()];
    let mut left = n.min(sizes.iter().sum());
    while left > 0 {
        let open: Vec<usize> = sizes
            .iter()
            .zip(&parts)
            .enumerate()
            .filter(|(_, (size, part))| part < size)
            .map(|(at, _)| at)
            .collect();
        let each = (left / open.len().max(1) as u64).max(1);
        for at in open {
            if let (Some(size), Some(part)) = (sizes.get(at), parts.get_mut(at)) {
                let more = each.min(size - *part).min(left);
                *part += more;
                left -= more;
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn shares_are_as_said() {
        assert_eq!(proportional(&[70, 20, 10], 10), [7, 2, 1]);
        assert_eq!(proportional(&[1, 1, 1], 2), [1, 1, 0]);
        assert_eq!(proportional(&[0, 0], 5), [0, 0]);
        assert_eq!(equal(&[1000, 3, 50], 60), [29, 3, 28]);
        assert_eq!(equal(&[1, 1, 1], 2), [1, 1, 0]);
        assert_eq!(equal(&[], 3), [0; 0]);
    }

    proptest! {
        #[test]
        fn parts_add_up_and_fit(sizes in prop::collection::vec(0..200_u64, 0..20), n in 0..2_000_u64) {
            for parts in [proportional(&sizes, n), equal(&sizes, n)] {
                prop_assert_eq!(parts.iter().sum::<u64>(), n.min(sizes.iter().sum()));
                prop_assert!(parts.iter().zip(&sizes).all(|(part, size)| part <= size));
            }
        }
    }
}
