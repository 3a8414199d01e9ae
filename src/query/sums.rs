//! The statistics of the slices of one question, before they become estimates.

use std::collections::{BTreeMap, HashMap};

use crate::metrics::statistics::{Clustering, Counts};

/// A slice: number of the group, number of the bucket.
pub type SliceKey = (u32, u32);

/// Sums in total and by cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slice {
    pub outputs: u64,
    pub users: Option<u64>,
    pub totals: Vec<i64>,
    pub clusters: Vec<Vec<i64>>,
    /// By histogram name; `None` where it cannot be cut to this slice.
    pub histograms: HashMap<&'static str, Option<Counts>>,
}

impl Slice {
    pub fn empty(sums: usize) -> Slice {
        Slice {
            totals: vec![0; sums],
            users: Some(0),
            ..Slice::default()
        }
    }
}

/// All slices of one question.
#[derive(Clone, Debug)]
pub struct Slices {
    pub clustering: Clustering,
    /// Position of each sum in the slices' vectors.
    pub index: HashMap<String, usize>,
    pub by_key: BTreeMap<SliceKey, Slice>,
}

/// Adds sums element by element.
pub fn add(to: &mut Vec<i64>, from: &[i64]) {
    if to.is_empty() {
        to.extend_from_slice(from);
    } else {
        to.iter_mut()
            .zip(from)
            .for_each(|(to, from)| *to = to.saturating_add(*from));
    }
}
