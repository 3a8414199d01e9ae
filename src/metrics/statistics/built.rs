//! Statistics made by hand, for tests.

use std::collections::HashMap;

use super::{Clustering, IntervalKind, Statistics};
use crate::metrics::index::Index;

/// Reads the statistics of users who have these sums each.
pub fn of_users<const SUMS: usize, T>(
    names: [&str; SUMS],
    users: &[[i64; SUMS]],
    read: impl FnOnce(&Statistics) -> T,
) -> T {
    let columns: Vec<Vec<i64>> = (0..SUMS)
        .map(|sum| users.iter().map(|user| user[sum]).collect())
        .collect();
    let totals: Vec<i64> = columns.iter().map(|column| column.iter().sum()).collect();
    let clusters: Vec<&[i64]> = columns.iter().map(Vec::as_slice).collect();
    read(&Statistics {
        level: Default::default(),
        interval: IntervalKind::Clustered,
        edit_thresholds: Default::default(),
        outputs: 1_000,
        users: Some(users.len() as u64),
        clustering: Clustering::Exact,
        index: &Index::new(&names.map(str::to_owned)),
        totals: &totals,
        clusters: &clusters,
        is_user: &vec![true; users.len()],
        histograms: &HashMap::new(),
        trace: None,
    })
}
