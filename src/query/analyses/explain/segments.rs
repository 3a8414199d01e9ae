//! The segments of one dimension in both periods, and what each adds to the change.

use std::collections::BTreeMap;

use super::finding::{ExplainedDimension, Segment};
use crate::domain::dimension::Dimension;
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::compare::Between;
use crate::query::answer::{Contribution, Row};
use crate::query::request::{MAX_GROUPS, Query};
use crate::stats::contrast::{Contrast, Moved, Pair};
use crate::stats::decomposition::{self, Part, Share};

/// What a cluster brings to a segment in one period.
#[derive(Clone, Copy, Debug, Default)]
pub struct Own {
    pub influence: f64,
    /// Numerator and denominator.
    pub totals: (f64, f64),
}

pub fn contributions(row: Option<&Row>) -> impl Iterator<Item = &Contribution> {
    let found = row.and_then(|row| row.contributions.first()?.as_ref());
    found.into_iter().flat_map(|found| &found.0)
}

fn clusters(row: Option<&Row>) -> impl Iterator<Item = (i64, Own)> + '_ {
    contributions(row).map(|own| {
        let totals = own.totals.unwrap_or_default();
        let influence = own.influence;
        (own.cluster, Own { influence, totals })
    })
}

/// The rows of both periods by the value of a dimension.
pub struct Segments<'a> {
    pub values: BTreeMap<Option<String>, [Option<&'a Row>; 2]>,
    /// Numerator and denominator of each cluster in all segments together, by period.
    whole: [BTreeMap<i64, (f64, f64)>; 2],
}

impl<'a> Segments<'a> {
    pub fn new(before: &'a [Row], after: &'a [Row]) -> Segments<'a> {
        let mut values: BTreeMap<Option<String>, [Option<&Row>; 2]> = BTreeMap::new();
        let mut whole = [BTreeMap::new(), BTreeMap::new()];
        for (period, (rows, whole)) in [before, after].into_iter().zip(&mut whole).enumerate() {
            for row in rows.iter().take(MAX_GROUPS) {
                let slots = values.entry(row.group.first().cloned().flatten()).or_default();
                if let Some(slot) = slots.get_mut(period) {
                    *slot = Some(row);
                }
                for (cluster, own) in clusters(Some(row)) {
                    let (n, d) = whole.entry(cluster).or_insert((0.0, 0.0));
                    *n += own.totals.0;
                    *d += own.totals.1;
                }
            }
        }
        Segments { values, whole }
    }

    pub fn explain(&self, dimension: &Dimension, query: &Query) -> ExplainedDimension {
        let size = |row: &Option<&Row>| estimate(*row).denominator.unwrap_or_default();
        let mut sizes = [0.0, 0.0];
        for rows in self.values.values() {
            for (sum, row) in sizes.iter_mut().zip(rows) {
                *sum += size(row);
            }
        }
        let parts: Vec<Part> = self
            .values
            .values()
            .map(|rows| {
                let mut shares = [0.0, 0.0];
                for (share, (row, whole)) in shares.iter_mut().zip(rows.iter().zip(sizes)) {
                    *share = if whole > 0.0 { size(row) / whole } else { 0.0 };
                }
                Part {
                    shares,
                    rates: rows.map(|row| estimate(row).value),
                }
            })
            .collect();
        let shares = decomposition::kitagawa(&parts);
        let change = decomposition::overall(&parts, 1) - decomposition::overall(&parts, 0);
        let segments = self
            .values
            .iter()
            .zip(parts.iter().zip(&shares))
            .map(|((value, rows), (part, share))| {
                let weight = f64::midpoint(part.shares[0], part.shares[1]);
                let excess = share.total() - weight * change;
                let [contribution, excess] = [(share.total(), 0.0), (excess, weight)]
                    .map(|(value, weight)| self.contrast(rows, part, share, value, weight));
                Segment {
                    dimension: dimension.name().to_owned(),
                    value: value.clone(),
                    before: estimate(rows[0]),
                    after: estimate(rows[1]),
                    share_before: part.shares[0],
                    share_after: part.shares[1],
                    mix: share.mix,
                    rate: share.rate,
                    contribution: Between::interval(contribution.difference, contribution.interval(query.level)),
                    excess: Between::interval(excess.difference, excess.interval(query.level)),
                    noise: excess.standard_error,
                    shrunk: 0.0,
                }
            })
            .collect();
        ExplainedDimension {
            dimension: dimension.name().to_owned(),
            mix: shares.iter().map(|share| share.mix).sum(),
            rate: shares.iter().map(|share| share.rate).sum(),
            simpson: decomposition::is_reversed(&parts),
            segments,
        }
    }

    /// How sure a segment's contribution is, less `weight` times the change of the whole, from how far each cluster of each
    /// period moves it.
    fn contrast(&self, rows: &[Option<&Row>; 2], part: &Part, share: &Share, value: f64, weight: f64) -> Contrast {
        let mut pairs: BTreeMap<i64, Pair> = BTreeMap::new();
        let parts = part.shares.iter().zip(share.by_share.iter().zip(&share.by_rate));
        for (period, ((row, whole), (of_all, (by_share, by_rate)))) in
            rows.iter().zip(&self.whole).zip(parts).enumerate()
        {
            let (numerator, denominator) = whole.values().fold((0.0, 0.0), |sum, (n, d)| (sum.0 + n, sum.1 + d));
            if denominator <= 0.0 {
                continue;
            }
            let own: BTreeMap<i64, Own> = clusters(*row).collect();
            // The change of the whole rises with the later period and falls with the earlier one.
            let (sign, way) = if period == 0 { (-1.0, -weight) } else { (1.0, weight) };
            for (cluster, (n, d)) in whole {
                let own = own.get(cluster).copied().unwrap_or_default();
                let moved_share = (own.totals.1 - of_all * d) / denominator;
                let moved_whole = (n - numerator / denominator * d) / denominator;
                let moved = by_rate * own.influence + by_share * moved_share - way * moved_whole;
                let pair = pairs.entry(*cluster).or_default();
                // The contrast takes the first side off, the second on.
                let slot = if period == 0 { &mut pair.0 } else { &mut pair.1 };
                *slot = Some(Moved {
                    by: sign * moved,
                    size: *d,
                });
            }
        }
        Contrast::new(0.0, value, &pairs.into_values().collect::<Vec<_>>())
    }
}

fn estimate(row: Option<&Row>) -> Estimate {
    let found = row.and_then(|row| row.estimates.first().cloned());
    found.unwrap_or_else(|| Estimate::none(Reason::NoData))
}
