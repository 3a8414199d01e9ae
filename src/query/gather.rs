//! Gathers the sums of slices from outputs, a piece at a time: what is held grows with the users, not with the outputs.

use std::collections::{BTreeSet, HashMap, HashSet};

use polars::prelude::*;

use super::accumulate::{Accumulated, Key, Sorted};
use super::sums::{Slice, SliceKey, Slices};
use crate::fold::facts::{derive, read_by};
use crate::metrics::index::Index;
use crate::metrics::statistics::{Clustering, Counts};
use crate::metrics::{Histogram, Sum, facts as f};

/// The columns that say in which slice an output is.
pub const GROUP: &str = "slice_group";
pub const BUCKET: &str = "slice_bucket";

const OUTPUTS: &str = "slice_outputs";
const WITH_USER: &str = "slice_outputs_with_user";
const COUNTED: &str = "counted_bucket";
const POSITIVES: &str = "positives";
const NEGATIVES: &str = "negatives";

/// What is put together when slices are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    Nothing,
    /// Each group over all its buckets.
    Buckets,
    /// All groups.
    Groups,
    /// All groups over all buckets.
    Everything,
}

impl Over {
    /// The key of a slice in which this is put together: number 0 of its kind.
    fn apply(self, (group, bucket, last): Key) -> Key {
        match self {
            Over::Nothing => (group, bucket, last),
            Over::Buckets => (group, 0, last),
            Over::Groups => (0, bucket, last),
            Over::Everything => (0, 0, last),
        }
    }
}

/// So many outputs wait at most until their sums are evaluated: making a plan of the expressions takes as long as evaluating them for
/// about so many.
const PIECE: usize = 32_768;

/// Outputs as they come.
pub struct Gathering<'a> {
    gathered: Gathered<'a>,
    /// Added and not evaluated yet.
    waiting: Option<DataFrame>,
}

/// Sums and counts of all that was added.
pub struct Gathered<'a> {
    sums: &'a [Sum],
    histograms: &'a [Histogram],
    /// By slice and cluster: outputs, outputs with a user, then the sums.
    clusters: Accumulated,
    /// Of each histogram, by slice and bucket: positives and negatives.
    counts: Vec<Accumulated>,
    /// The columns of the facts frame that their expressions name.
    named: HashSet<PlSmallStr>,
}

impl<'a> Gathering<'a> {
    pub fn new(sums: &'a [Sum], histograms: &'a [Histogram]) -> Gathering<'a> {
        Gathering {
            gathered: Gathered {
                sums,
                histograms,
                clusters: Accumulated::new(sums.len() + 2),
                counts: histograms.iter().map(|_| Accumulated::new(2)).collect(),
                named: named(sums, histograms),
            },
            waiting: None,
        }
    }

    /// The stated columns that adding reads, and some others.
    pub fn columns(&self, others: impl IntoIterator<Item = &'static str>) -> Vec<&'static str> {
        let own = [f::CLUSTER, f::USER].into_iter().chain(read_by(&self.gathered.named));
        let all: BTreeSet<&str> = own.chain(others).collect();
        all.into_iter().collect()
    }

    /// Adds stated facts of outputs, with the numbers of their group and bucket. The columns must be the same each time.
    pub fn add(&mut self, stated: DataFrame) -> PolarsResult<()> {
        if stated.height() == 0 {
            return Ok(());
        }
        let mut waiting = match self.waiting.take() {
            Some(waiting) => waiting,
            None => stated.clear(),
        };
        waiting.vstack_mut_owned(stated)?;
        if waiting.height() >= PIECE {
            return self.gathered.evaluate(waiting);
        }
        self.waiting = Some(waiting);
        Ok(())
    }

    /// What all that was added comes to.
    pub fn finish(mut self) -> PolarsResult<Gathered<'a>> {
        if let Some(waiting) = self.waiting.take() {
            self.gathered.evaluate(waiting)?;
        }
        Ok(self.gathered)
    }
}

impl Gathered<'_> {
    fn evaluate(&mut self, mut stated: DataFrame) -> PolarsResult<()> {
        stated.rechunk_mut();
        let facts = derive(stated, |name| self.named.contains(name))?.lazy();
        let mut columns = vec![col(GROUP), col(BUCKET), col(f::CLUSTER)];
        columns.push(lit(1).cast(DataType::Int64).alias(OUTPUTS));
        columns.push(f::count(col(f::USER).is_not_null()).alias(WITH_USER));
        columns.extend(self.sums.iter().map(|sum| sum.expr.clone().alias(sum.name.as_str())));
        self.clusters.add(&facts.clone().select(columns).collect()?)?;
        for (histogram, own) in self.histograms.iter().zip(&mut self.counts) {
            let positive = f::count(histogram.positive.clone());
            let bucket = histogram.exact_bucket.as_ref().unwrap_or(&histogram.bucket).clone();
            let counted = facts.clone().select([
                col(GROUP),
                col(BUCKET),
                bucket.cast(DataType::Int64).alias(COUNTED),
                positive.clone().alias(POSITIVES),
                (lit(1_i64) - positive).alias(NEGATIVES),
            ]);
            own.add(&counted.filter(col(COUNTED).is_not_null()).collect()?)?;
        }
        Ok(())
    }

    /// The slices of what was added.
    pub fn slices(&self, over: Over) -> Slices {
        self.with_histograms(|key| Some(over.apply(key)))
    }

    /// The slices of what was added with other groups: `numbers` has the new number of each old one.
    pub fn regrouped(&self, numbers: &[u32]) -> Slices {
        self.with_histograms(|(group, bucket, last)| Some((*numbers.get(group as usize)?, bucket, last)))
    }

    /// Hands out the slices one after another, so that one of them is held at a time: with each cluster in several, they are more than
    /// all that they are made of. Gives the sums that were missed.
    pub fn each_slice(&self, over: Over, take: impl FnMut(SliceKey, &Slices, &Slice)) -> BTreeSet<String> {
        let counts = self.counts.iter();
        let counts = counts.map(|own| counts_of(own.sorted(|key| Some(over.apply(key)))));
        self.one_by_one(|key| Some(over.apply(key)), counts.collect(), take)
    }

    /// The same of some clusters only, without histograms, which do not know clusters.
    pub fn each_of_clusters(
        &self,
        over: Over,
        keep: impl Fn(i64) -> bool,
        take: impl FnMut(SliceKey, &Slices, &Slice),
    ) -> BTreeSet<String> {
        self.one_by_one(|key| keep(key.2).then(|| over.apply(key)), Vec::new(), take)
    }

    fn one_by_one(
        &self,
        key: impl Fn(Key) -> Option<Key>,
        mut counts: Vec<HashMap<SliceKey, Counts>>,
        mut take: impl FnMut(SliceKey, &Slices, &Slice),
    ) -> BTreeSet<String> {
        let mut missed = BTreeSet::new();
        let order = self.clusters.in_order(key);
        for own in order.chunk_by(|(one, _), (other, _)| (one.0, one.1) == (other.0, other.1)) {
            let mut slices = self.of_sorted(self.clusters.added_up(own));
            self.give(&mut slices, &mut counts);
            slices.by_key.iter().for_each(|(key, slice)| take(*key, &slices, slice));
            missed.extend(slices.index.missed());
        }
        missed
    }

    fn with_histograms(&self, key: impl Fn(Key) -> Option<Key>) -> Slices {
        let mut slices = self.of_sorted(self.clusters.sorted(&key));
        let counts = self.counts.iter().map(|own| counts_of(own.sorted(&key)));
        self.give(&mut slices, &mut counts.collect::<Vec<_>>());
        slices
    }

    /// Moves the counts of each histogram to the slices that they are of.
    fn give(&self, slices: &mut Slices, counts: &mut [HashMap<SliceKey, Counts>]) {
        for (histogram, counts) in self.histograms.iter().zip(counts) {
            for (key, slice) in &mut slices.by_key {
                let own = counts.remove(key).unwrap_or_default();
                slice.histograms.insert(histogram.name, Some(own));
            }
        }
    }

    fn of_sorted(&self, Sorted { keys, columns }: Sorted) -> Slices {
        let mut slices = Slices::empty(Clustering::Exact, Index::new(self.sums.iter().map(|sum| &sum.name)));
        let mut columns = columns.into_iter();
        let (outputs, with_user) = (columns.next().unwrap_or_default(), columns.next().unwrap_or_default());
        slices.is_user = with_user.iter().map(|outputs| *outputs > 0).collect();
        slices.columns = columns.collect();
        for (row, (((group, bucket, _), outputs), is_user)) in keys.iter().zip(outputs).zip(&slices.is_user).enumerate()
        {
            let slice = slices.by_key.entry((*group, *bucket)).or_insert_with(|| Slice {
                clusters: row..row,
                ..Slice::empty(0)
            });
            slice.outputs += outputs.unsigned_abs();
            slice.users = slice.users.map(|users| users + u64::from(*is_user));
            slice.clusters.end = row + 1;
        }
        slices.keys = keys.into_iter().map(|(_, _, cluster)| cluster).collect();
        for slice in slices.by_key.values_mut() {
            let own = slices
                .columns
                .iter()
                .map(|column| column.get(slice.clusters.clone()).unwrap_or_default());
            slice.totals = own
                .map(|values| values.iter().fold(0_i64, |sum, value| sum.saturating_add(*value)))
                .collect();
        }
        slices
    }
}

fn named(sums: &[Sum], histograms: &[Histogram]) -> HashSet<PlSmallStr> {
    let of_histograms = histograms
        .iter()
        .flat_map(|own| [Some(&own.bucket), own.exact_bucket.as_ref(), Some(&own.positive)]);
    let exprs = sums.iter().map(|sum| &sum.expr).chain(of_histograms.flatten());
    exprs
        .flatten()
        .filter_map(|expr| match expr {
            Expr::Column(name) => Some(name.clone()),
            _ => None,
        })
        .collect()
}

/// The counts of one histogram by slice, with buckets as fine as the outputs allow.
fn counts_of(Sorted { keys, columns }: Sorted) -> HashMap<SliceKey, Counts> {
    let mut counts: HashMap<SliceKey, Counts> = HashMap::new();
    let [positives, negatives] = columns.as_slice() else {
        return counts;
    };
    for ((group, bucket, counted), (positives, negatives)) in keys.into_iter().zip(positives.iter().zip(negatives)) {
        let own = counts.entry((group, bucket)).or_default();
        own.push((counted, positives.unsigned_abs(), negatives.unsigned_abs()));
    }
    counts
}
