//! Gathers the sums of slices from outputs, a piece at a time: what is held grows with the users, not with the outputs.

use std::collections::{BTreeSet, HashMap, HashSet};

use polars::prelude::*;

use super::frames::Frames;
use super::sums::{Slice, SliceKey, Slices};
use crate::fold::facts::{derive, read_by};
use crate::metrics::index::Index;
use crate::metrics::statistics::{Clustering, Counts};
use crate::metrics::{Histogram, Sum, facts as f};

/// The columns that say in which slice an output is.
pub const GROUP: &str = "slice_group";
pub const BUCKET: &str = "slice_bucket";

const OUTPUTS: &str = "slice_outputs";
const HAS_USER: &str = "has_user";
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
    /// The columns of a frame with what is put together in slice number 0 of its kind.
    fn apply(self, frame: LazyFrame) -> LazyFrame {
        let zero = |name: &str| lit(0).cast(DataType::UInt32).alias(name);
        match self {
            Over::Nothing => frame,
            Over::Buckets => frame.with_column(zero(BUCKET)),
            Over::Groups => frame.with_column(zero(GROUP)),
            Over::Everything => frame.with_columns([zero(GROUP), zero(BUCKET)]),
        }
    }
}

/// Sums and counts so far.
pub struct Gathered<'a> {
    sums: &'a [Sum],
    histograms: &'a [Histogram],
    /// By slice and cluster.
    clusters: Frames,
    /// Of each histogram, by slice and bucket.
    counts: Vec<Frames>,
    /// The columns of the facts frame that their expressions name.
    named: HashSet<PlSmallStr>,
}

impl<'a> Gathered<'a> {
    pub fn new(sums: &'a [Sum], histograms: &'a [Histogram]) -> Gathered<'a> {
        Gathered {
            sums,
            histograms,
            clusters: Frames::default(),
            counts: vec![Frames::default(); histograms.len()],
            named: named(sums, histograms),
        }
    }

    /// The stated columns that adding reads, and some others.
    pub fn columns(&self, others: impl IntoIterator<Item = &'static str>) -> Vec<&'static str> {
        let own = [f::CLUSTER, f::USER].into_iter().chain(read_by(&self.named));
        let all: BTreeSet<&str> = own.chain(others).collect();
        all.into_iter().collect()
    }

    /// Adds stated facts of outputs, with the numbers of their group and bucket.
    pub fn add(&mut self, stated: DataFrame) -> PolarsResult<()> {
        if stated.height() == 0 {
            return Ok(());
        }
        let facts = derive(stated, |name| self.named.contains(name))?.lazy();
        let mut columns = vec![col(GROUP), col(BUCKET), col(f::CLUSTER)];
        columns.push(lit(1).cast(DataType::Int64).alias(OUTPUTS));
        columns.push(col(f::USER).is_not_null().alias(HAS_USER));
        columns.extend(self.sums.iter().map(|sum| sum.expr.clone().alias(sum.name.as_str())));
        let sums = self.sums;
        let clusters = by_cluster(sums, facts.clone().select(columns)).collect()?;
        self.clusters.push(clusters, |rows| by_cluster(sums, rows))?;
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
            let counted = by_bucket(counted.filter(col(COUNTED).is_not_null())).collect()?;
            own.push(counted, by_bucket)?;
        }
        Ok(())
    }

    /// What was added of some clusters only, without histograms, which do not know them.
    pub fn of_clusters(&self, keep: impl Fn(i64) -> bool) -> PolarsResult<Gathered<'a>> {
        let mut some = Gathered::new(self.sums, &[]);
        some.clusters = self.clusters.map(|frame| {
            let clusters = frame.column(f::CLUSTER)?.i64()?;
            let kept: BooleanChunked = clusters.iter().map(|cluster| cluster.map(&keep)).collect();
            frame.filter(&kept)
        })?;
        Ok(some)
    }

    /// What was added with other groups: `numbers` has the new number of each old one.
    pub fn regrouped(&self, numbers: &[u32]) -> PolarsResult<Gathered<'a>> {
        let renumber = |mut frame: DataFrame| {
            let new = |group: u32| numbers.get(group as usize).copied();
            let groups: UInt32Chunked = frame.column(GROUP)?.u32()?.iter().map(|group| new(group?)).collect();
            frame.with_column(Column::new(GROUP.into(), groups.into_series()))?;
            Ok(frame)
        };
        Ok(Gathered {
            sums: self.sums,
            histograms: self.histograms,
            named: self.named.clone(),
            clusters: self.clusters.map(renumber)?,
            counts: self
                .counts
                .iter()
                .map(|own| own.map(renumber))
                .collect::<PolarsResult<_>>()?,
        })
    }

    /// The slices of what was added.
    pub fn slices(&self, over: Over) -> PolarsResult<Slices> {
        let mut slices = self.clusters(over)?;
        for (histogram, own) in self.histograms.iter().zip(&self.counts) {
            let mut counts = counts(own, over)?;
            for (key, slice) in &mut slices.by_key {
                let own = counts.remove(key).unwrap_or_default();
                slice.histograms.insert(histogram.name, Some(own));
            }
        }
        Ok(slices)
    }

    /// The slices, without their histograms.
    fn clusters(&self, over: Over) -> PolarsResult<Slices> {
        let mut slices = Slices::empty(Clustering::Exact, Index::new(self.sums.iter().map(|sum| &sum.name)));
        let Some(rows) = self.clusters.all()? else {
            return Ok(slices);
        };
        let frame = by_cluster(self.sums, over.apply(rows))
            .sort([GROUP, BUCKET, f::CLUSTER], SortMultipleOptions::default())
            .collect()?;
        let longs = |name: &str| longs(&frame, name);
        let has_user = frame.column(HAS_USER)?.bool()?;
        slices.keys = longs(f::CLUSTER)?;
        slices.is_user = has_user.iter().map(Option::unwrap_or_default).collect();
        slices.columns = self
            .sums
            .iter()
            .map(|sum| longs(&sum.name))
            .collect::<PolarsResult<_>>()?;
        let clusters = slice_keys(&frame)?.into_iter().zip(longs(OUTPUTS)?);
        for (row, ((key, outputs), is_user)) in clusters.zip(&slices.is_user).enumerate() {
            let slice = slices.by_key.entry(key).or_insert_with(|| Slice {
                clusters: row..row,
                ..Slice::empty(0)
            });
            slice.outputs += outputs.unsigned_abs();
            slice.users = slice.users.map(|users| users + u64::from(*is_user));
            slice.clusters.end = row + 1;
        }
        for slice in slices.by_key.values_mut() {
            let own = slices
                .columns
                .iter()
                .map(|column| column.get(slice.clusters.clone()).unwrap_or_default());
            slice.totals = own
                .map(|values| values.iter().fold(0_i64, |sum, value| sum.saturating_add(*value)))
                .collect();
        }
        Ok(slices)
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

fn by_cluster(sums: &[Sum], rows: LazyFrame) -> LazyFrame {
    let mut aggregates = vec![col(OUTPUTS).sum(), col(HAS_USER).max()];
    aggregates.extend(sums.iter().map(|sum| col(sum.name.as_str()).sum()));
    rows.group_by([col(GROUP), col(BUCKET), col(f::CLUSTER)])
        .agg(aggregates)
}

fn by_bucket(rows: LazyFrame) -> LazyFrame {
    rows.group_by([col(GROUP), col(BUCKET), col(COUNTED)])
        .agg([col(POSITIVES).sum(), col(NEGATIVES).sum()])
}

/// The counts of one histogram by slice, with buckets as fine as the outputs allow.
fn counts(frames: &Frames, over: Over) -> PolarsResult<HashMap<SliceKey, Counts>> {
    let mut counts: HashMap<SliceKey, Counts> = HashMap::new();
    let Some(rows) = frames.all()? else {
        return Ok(counts);
    };
    let frame = by_bucket(over.apply(rows))
        .sort([GROUP, BUCKET, COUNTED], SortMultipleOptions::default())
        .collect()?;
    let buckets = longs(&frame, COUNTED)?;
    let (positives, negatives) = (longs(&frame, POSITIVES)?, longs(&frame, NEGATIVES)?);
    let counted = buckets.into_iter().zip(positives.into_iter().zip(negatives));
    for (key, (bucket, (positives, negatives))) in slice_keys(&frame)?.into_iter().zip(counted) {
        counts
            .entry(key)
            .or_default()
            .push((bucket, positives.unsigned_abs(), negatives.unsigned_abs()));
    }
    Ok(counts)
}

fn slice_keys(frame: &DataFrame) -> PolarsResult<Vec<SliceKey>> {
    let (groups, buckets) = (frame.column(GROUP)?.u32()?, frame.column(BUCKET)?.u32()?);
    let numbers = groups.iter().zip(buckets.iter());
    Ok(numbers
        .map(|(group, bucket)| (group.unwrap_or_default(), bucket.unwrap_or_default()))
        .collect())
}

fn longs(frame: &DataFrame, name: &str) -> PolarsResult<Vec<i64>> {
    let column = frame.column(name)?.i64()?;
    Ok(column.iter().map(Option::unwrap_or_default).collect())
}
