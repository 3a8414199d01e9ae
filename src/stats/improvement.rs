//! Would recalibrated confidence have been better on observations that it was not fitted to?
//!
//! A map is fitted to some observations and judged on others: on each of several folds of users by a map fitted to the rest, or on
//! later observations by a map fitted to earlier ones. What it takes off the Brier score, the log loss and the calibration error has
//! an interval clustered by user, of differences within users. Folds must not split users, or a map would be judged on people it knows.

use super::calibration::{self, Bin, bin_index, log_loss_term};
use super::cluster::{ClusterRatio, Sizes};
use super::level::{Interval, Level};
use super::random::Random;
use super::recalibration::{Form, Map};
use super::sample::Sample;

/// Folds of users.
pub const FOLDS: usize = 5;
const BINS: usize = 10;
const SEED: u64 = 1_951;

/// Raw minus recalibrated: above 0 is better.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    pub value: f64,
    pub standard_error: Option<f64>,
    pub sizes: Sizes,
}

impl Gain {
    /// `value ± critical·se`; `None` without a standard error.
    #[must_use]
    pub fn interval(&self, level: Level) -> Option<Interval> {
        let half_width = self.sizes.critical(level) * self.standard_error?;
        Some(Interval::around(self.value, half_width))
    }
}

/// What a map takes off three errors.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Improvement {
    pub n: f64,
    pub brier: Gain,
    pub log_loss: Gain,
    /// Over ten bins of equal width, of the raw and of the recalibrated confidence.
    pub ece: Gain,
}

/// On folds of users, each judged by a map fitted to the others. `None` where a fold has no fit or nothing was seen.
#[must_use]
pub fn across_users(sample: &Sample, form: Form) -> Option<Improvement> {
    let fold_of = folds(sample.clusters);
    let fold = |cluster: u32| fold_of.get(cluster as usize).copied().unwrap_or_default();
    let maps: Vec<Map> = (0..FOLDS)
        .map(|left_out| {
            let cells = sample.weighted(|cluster| f64::from(u8::from(fold(cluster) != left_out)));
            Map::fit(form, &cells)
        })
        .collect::<Option<_>>()?;
    judge(sample, |cluster| maps.get(fold(cluster)))
}

/// On later observations, by a map fitted to earlier ones.
#[must_use]
pub fn over_time(earlier: &Sample, later: &Sample, form: Form) -> Option<Improvement> {
    let map = Map::fit(form, &earlier.cells())?;
    judge(later, |_| Some(&map))
}

/// The fold of each cluster: all folds are as large, give or take one, and drawn.
fn folds(clusters: usize) -> Vec<usize> {
    let mut random = Random::new(SEED);
    let mut drawn: Vec<(u64, usize)> = (0..clusters).map(|cluster| (random.next_u64(), cluster)).collect();
    drawn.sort_unstable();
    let mut folds = vec![0; clusters];
    for (place, (_, cluster)) in drawn.into_iter().enumerate() {
        if let Some(fold) = folds.get_mut(cluster) {
            *fold = place % FOLDS;
        }
    }
    folds
}

/// The errors of one cluster, raw minus recalibrated, and its bins before and after.
#[derive(Clone)]
struct Own {
    n: f64,
    brier: f64,
    log_loss: f64,
    raw: Vec<Bin>,
    mapped: Vec<Bin>,
}

fn judge<'a>(sample: &Sample, map_of: impl Fn(u32) -> Option<&'a Map>) -> Option<Improvement> {
    let nothing = Own {
        n: 0.0,
        brier: 0.0,
        log_loss: 0.0,
        raw: vec![Bin::default(); BINS],
        mapped: vec![Bin::default(); BINS],
    };
    let clusters = sample.by_cluster(&nothing, |own, p, entry| {
        let Some(map) = map_of(entry.cluster) else { return };
        let q = map.apply(p);
        let square = |p: f64| entry.n * p * p - 2.0 * p * entry.y + entry.y;
        let loss = |p: f64| entry.y * log_loss_term(p, 1.0) + (entry.n - entry.y) * log_loss_term(p, 0.0);
        own.n += entry.n;
        own.brier += square(p) - square(q);
        own.log_loss += loss(p) - loss(q);
        for (bins, confidence) in [(&mut own.raw, p), (&mut own.mapped, q)] {
            if let Some(bin) = bins.get_mut(bin_index(confidence, BINS)) {
                bin.merge(&Bin {
                    n: entry.n,
                    sum_p: entry.n * confidence,
                    sum_y: entry.y,
                });
            }
        }
    });
    let gain = |of: fn(&Own) -> f64| {
        let totals: Vec<(f64, f64)> = clusters.iter().map(|own| (of(own), own.n)).collect();
        let ratio = ClusterRatio::from_totals(&totals);
        Some(Gain {
            value: ratio.ratio()?,
            standard_error: ratio.standard_error(),
            sizes: ratio.sizes(),
        })
    };
    Some(Improvement {
        n: clusters.iter().map(|own| own.n).sum(),
        brier: gain(|own| own.brier)?,
        log_loss: gain(|own| own.log_loss)?,
        ece: ece_gain(&clusters)?,
    })
}

fn ece_gain(clusters: &[Own]) -> Option<Gain> {
    let bins = |of: fn(&Own) -> &Vec<Bin>| clusters.iter().map(|own| of(own).clone()).collect::<Vec<_>>();
    let (raw, mapped) = (bins(|own| &own.raw), bins(|own| &own.mapped));
    let value = calibration::ece(&calibration::pool(&raw))? - calibration::ece(&calibration::pool(&mapped))?;
    let both = calibration::ece_influence(&raw)?
        .into_iter()
        .zip(calibration::ece_influence(&mapped)?);
    let influence: Vec<f64> = both.filter_map(|(before, after)| Some(before? - after?)).collect();
    let sizes = Sizes::of(clusters.iter().map(|own| own.n));
    Some(Gain {
        value,
        standard_error: sizes.variance(&influence).map(f64::sqrt),
        sizes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Users whose outputs are right as often as a curve says of their confidence.
    fn sample(users: i64, outputs: i64, seed: u64, truth: impl Fn(f64) -> f64) -> Sample {
        let mut random = Random::new(seed);
        let points = (0..users * outputs).map(|at| {
            let confidence = random.uniform();
            (at % users, confidence, random.uniform() < truth(confidence))
        });
        Sample::new(points.collect(), usize::MAX)
    }

    #[test]
    fn what_is_off_gets_better_and_what_is_right_does_not() {
        let level = Level::default();
        let off = sample(60, 40, 1, |p| 0.3 + 0.3 * p);
        let right = sample(60, 40, 2, |p| p);
        for form in [Form::Platt, Form::Beta, Form::Isotonic] {
            let found = across_users(&off, form).unwrap();
            for gain in [found.brier, found.log_loss, found.ece] {
                assert!(gain.interval(level).unwrap().lower > 0.0, "{form:?}: {found:?}");
            }
            let found = across_users(&right, form).unwrap();
            assert!(
                found.brier.interval(level).unwrap().lower < 0.001,
                "{form:?}: {found:?}"
            );
            let later = over_time(&off, &sample(40, 30, 3, |p| 0.3 + 0.3 * p), form).unwrap();
            assert!(later.brier.value > 0.01 && later.n == 1_200.0);
        }
    }

    #[test]
    fn folds_are_even_and_too_little_has_no_answer() {
        let mut sizes = [0; FOLDS];
        folds(102).into_iter().for_each(|fold| sizes[fold] += 1);
        assert_eq!(sizes.iter().sum::<usize>(), 102);
        assert!(sizes.iter().all(|size| (20..=21).contains(size)));
        assert_eq!(across_users(&sample(3, 5, 1, |_| 1.0), Form::Platt), None);
        assert_eq!(across_users(&Sample::default(), Form::Isotonic), None);
    }
}
