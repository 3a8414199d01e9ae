//! The statistics of the slices of one question, before they become estimates.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::request::Query;
use crate::metrics::Statistics;
use crate::metrics::index::Index;
use crate::metrics::statistics::{Clustering, Counts};

/// A slice: number of the group, number of the bucket.
pub type SliceKey = (u32, u32);

/// One slice: sums in total, and where its clusters are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Slice {
    pub outputs: u64,
    pub users: Option<u64>,
    pub totals: Vec<i64>,
    /// Its clusters among those of all slices.
    pub clusters: Range<usize>,
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

pub type ByKey = BTreeMap<SliceKey, Slice>;

/// Slices of one question.
#[derive(Clone, Debug)]
pub struct Slices {
    pub clustering: Clustering,
    /// Position of each sum in the totals and among the columns.
    pub index: Index,
    pub by_key: ByKey,
    /// Which cluster each is: a user, or a group of users.
    pub keys: Vec<i64>,
    /// Whether each is a user, and not an output of nobody; empty where clusters are groups of users.
    pub is_user: Vec<bool>,
    /// Per sum, its value for each cluster of each slice.
    pub columns: Vec<Vec<i64>>,
}

impl Slices {
    /// No slices yet, of some sums.
    pub fn empty(clustering: Clustering, index: Index) -> Slices {
        Slices {
            clustering,
            by_key: ByKey::new(),
            keys: Vec::new(),
            is_user: Vec::new(),
            columns: vec![Vec::new(); index.len()],
            index,
        }
    }

    /// Hands the statistics of one slice to whom makes something of them for a question.
    pub fn read<T>(&self, slice: &Slice, query: &Query, read: impl FnOnce(&Statistics) -> T) -> T {
        read(&Statistics {
            level: query.level,
            interval: query.interval,
            edit_thresholds: query.edit_thresholds,
            outputs: slice.outputs,
            users: slice.users,
            clustering: self.clustering,
            index: &self.index,
            totals: &slice.totals,
            clusters: &self.clusters(slice),
            is_user: self.is_user.get(slice.clusters.clone()).unwrap_or_default(),
            histograms: &slice.histograms,
            trace: None,
        })
    }

    /// Which clusters one slice has.
    pub fn keys(&self, slice: &Slice) -> &[i64] {
        self.keys.get(slice.clusters.clone()).unwrap_or_default()
    }

    /// The values of each sum for the clusters of one slice.
    fn clusters(&self, slice: &Slice) -> Vec<&[i64]> {
        self.columns
            .iter()
            .map(|column| column.get(slice.clusters.clone()).unwrap_or_default())
            .collect()
    }
}
