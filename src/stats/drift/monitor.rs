//! Is something wrong by now? An alarm that may be looked at every day.
//!
//! An *e-detector* (Shin, Ramdas and Rinaldo 2022): if the evidence `Λ_t(s)` that the level shifted at bucket `s` has mean 1
//! or less while there is no shift, then the Shiryaev–Roberts sum `e_t = Σ_{s<=t} Λ_t(s)` has mean `t` or less, and an alarm
//! at `e_t >= 1/α` comes after `1/α` buckets on average, or later. Looking more often changes nothing.
//!
//! `Λ_t(s)` compares the buckets since `s` with all earlier ones, the baseline included, so that the baseline's own error is
//! counted. With difference `D`, its variance `V` (`1/W_before + 1/W_after`, or more where users leave it more:
//! [`super::Users`]) and a shift of either sign, normal with variance `g²` (Robbins 1970),
//!
//! ```text
//! given:    Λ = √(V/(V + g²)) · exp(½·D²·(1/V − 1/(V + g²)))
//! learned:  Λ = √(V/(V + g²)) · ((S + D²/V)/(S + D²/(V + g²)))^((n − 1)/2)
//! ```
//!
//! averaged over four sizes `g`. The first takes the buckets' variances as given. The second knows them up to a factor, which
//! the spread `S` of the `n` buckets around the two levels tells: it is the likelihood ratio of what remains when level and
//! scale are unknown (Pérez-Ortiz, Lardy, de Heide and Grünwald 2024), and exact for normal days however few. The smaller
//! `e_t` counts, which is valid whenever either is.
//!
//! Assumed: bucket ratios are about normal while nothing changes and, but for the users that they share, independent; their
//! variances are right up to a factor. Users need not be many for that of users: if each is as likely to be off one way as the
//! other, `D/√V` is tame however few they are (self-normalised sums, de la Peña 1999). A part of it that chance explains is
//! left out, or the evidence of a shift would come later. `Λ` then has mean 1 or less at each look; that it keeps to it from
//! look to look, as the bound for all looks asks, is so for independent buckets and shown by simulation for others
//! (`tests/it/promises/bursts.rs`).

use super::users::Spread;
use super::{Day, Series};

/// Standard deviations of the shifts looked for, in standard errors of a typical baseline bucket.
const SHIFTS: [f64; 4] = [0.5, 1.0, 2.0, 4.0];

/// With fewer baseline buckets there is nothing to compare with.
const LEAST_BASELINE: usize = 3;

/// What a monitored series showed.
#[derive(Clone, Debug, PartialEq)]
pub struct Monitor {
    /// `ln e_t` after each bucket. 0 in the baseline; a bucket without data repeats the one before it.
    pub log_e: Vec<f64>,
    /// The first bucket with `e_t >= 1/α`.
    pub alarm: Option<usize>,
}

/// Watches the buckets after the first `baseline` ones for a level that differs from the earlier ones.
///
/// `alpha` is a rate: false alarms come every `1/alpha` monitored buckets or less often, and within `T` of them with
/// probability `T·alpha` at most. `None` when fewer than three baseline buckets are usable, or they show no variance.
#[must_use]
pub fn monitor<'a>(series: impl Into<Series<'a>>, baseline: usize, alpha: f64) -> Option<Monitor> {
    let series = series.into();
    let (days, spread) = series.days(baseline);
    let detector = Detector::after(&days, spread, baseline)?;
    let mut log_e = vec![0.0; series.buckets.len()];
    for (seen, day) in (1..).zip(&days).skip(detector.first) {
        let e = detector.log_e(days.get(..seen).unwrap_or_default());
        log_e.iter_mut().skip(day.at).for_each(|later| *later = e);
    }
    let alarm = log_e.iter().skip(baseline).position(|&e| e >= -alpha.ln());
    Some(Monitor {
        log_e,
        alarm: alarm.map(|after| baseline + after),
    })
}

/// `ln e_t` after the last bucket alone: what [`monitor`] says of it, for one who looks bucket by bucket.
#[must_use]
pub fn evidence<'a>(series: impl Into<Series<'a>>, baseline: usize) -> Option<f64> {
    let (days, spread) = series.into().days(baseline);
    let detector = Detector::after(&days, spread, baseline)?;
    Some(if days.len() > detector.first {
        detector.log_e(&days)
    } else {
        0.0
    })
}

struct Detector {
    /// Subtracted from every value, so that squares do not cancel.
    centre: f64,
    typical_variance: f64,
    /// Days in the baseline.
    first: usize,
    spread: Spread,
}

impl Detector {
    /// What the baseline says; `None` if that is nothing.
    fn after(days: &[Day], spread: Spread, baseline: usize) -> Option<Detector> {
        let first = days.iter().take_while(|day| day.at < baseline).count();
        if first < LEAST_BASELINE {
            return None;
        }
        let before = Sums::of(days.iter().take(first), 0.0);
        Some(Detector {
            centre: before.weighted / before.weight,
            typical_variance: before.n / before.weight,
            first,
            spread,
        })
    }

    /// `ln e_t` after these days: the sum over all starts `s` outside the baseline, from the latest to the earliest.
    fn log_e(&self, days: &[Day]) -> f64 {
        let total = Sums::of(days.iter(), self.centre);
        let mut after = Sums::default();
        let (mut given, mut learned) = (Vec::new(), Vec::new());
        for (at, day) in days.iter().enumerate().skip(self.first).rev() {
            after.add(day, self.centre);
            let weights = [total.weight - after.weight, after.weight];
            let contrast = self.spread.contrast(&(0..days.len()), at, weights);
            let split = Split::new(&total, &after, contrast.variance_beyond_chance());
            for shift in SHIFTS {
                let size = shift * shift * self.typical_variance;
                given.push(split.given(size));
                learned.push(split.learned(size));
            }
        }
        log_sum_exp(&given).min(log_sum_exp(&learned)) - (SHIFTS.len() as f64).ln()
    }
}

/// Weighted sums of the days' distances from the centre.
#[derive(Clone, Copy, Default)]
struct Sums {
    n: f64,
    weight: f64,
    weighted: f64,
    squares: f64,
}

impl Sums {
    fn of<'a>(days: impl Iterator<Item = &'a Day>, centre: f64) -> Self {
        let mut sums = Self::default();
        days.for_each(|day| sums.add(day, centre));
        sums
    }

    fn add(&mut self, day: &Day, centre: f64) {
        let x = day.value - centre;
        self.n += 1.0;
        self.weight += day.weight;
        self.weighted += day.weight * x;
        self.squares += day.weight * x * x;
    }
}

/// The days before and since a start, compared.
struct Split {
    n: f64,
    /// `D²`.
    square: f64,
    /// `V`.
    variance: f64,
    /// `S`, the spread around both means.
    spread: f64,
}

impl Split {
    fn new(total: &Sums, after: &Sums, variance: f64) -> Self {
        let (weight, weighted) = (total.weight - after.weight, total.weighted - after.weighted);
        let around = |weight: f64, weighted: f64| weighted * weighted / weight;
        let spread = total.squares - around(weight, weighted) - around(after.weight, after.weighted);
        Self {
            n: total.n,
            square: (after.weighted / after.weight - weighted / weight).powi(2),
            variance,
            spread: spread.max(0.0),
        }
    }

    fn given(&self, size: f64) -> f64 {
        let wider = self.variance + size;
        0.5 * (self.variance / wider).ln() + 0.5 * self.square * (1.0 / self.variance - 1.0 / wider)
    }

    fn learned(&self, size: f64) -> f64 {
        let wider = self.variance + size;
        let (null, shifted) = (
            self.spread + self.square / self.variance,
            self.spread + self.square / wider,
        );
        // Days that are all the same say nothing about scale.
        let gain = if shifted > 0.0 { (null / shifted).ln() } else { 0.0 };
        0.5 * (self.variance / wider).ln() + 0.5 * (self.n - 1.0) * gain
    }
}

fn log_sum_exp(terms: &[f64]) -> f64 {
    let largest = terms.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + terms.iter().map(|term| (term - largest).exp()).sum::<f64>().ln()
}

#[cfg(test)]
mod tests {
    use super::super::Bucket;
    use super::super::simulated::series;
    use super::*;
    use crate::stats::random::Random;

    const BASELINE: usize = 28;

    #[test]
    fn without_a_baseline_there_is_nothing_to_watch() {
        let mut buckets = vec![
            Bucket {
                numerator: 30.0,
                denominator: 100.0,
                variance: 0.002
            };
            10
        ];
        assert_eq!(monitor(&[], 5, 0.01), None);
        assert_eq!(monitor(&buckets, 2, 0.01), None);
        let calm = monitor(&buckets, 5, 0.01).unwrap();
        assert_eq!((calm.log_e.len(), calm.alarm), (10, None));
        assert!(calm.log_e[..5].iter().all(|&e| e == 0.0));
        buckets[7].denominator = 0.0;
        let gap = monitor(&buckets, 5, 0.01).unwrap();
        assert_eq!(gap.log_e[6], gap.log_e[7]);
        assert_eq!(gap.log_e[5], calm.log_e[5]);
        buckets.iter_mut().for_each(|bucket| bucket.variance = 0.0);
        assert_eq!(monitor(&buckets, 5, 0.01), None);
    }

    #[test]
    fn looking_bucket_by_bucket_says_the_same() {
        let mut random = Random::new(9);
        let mut buckets = series(&mut random, 50, 0.02, true, |day| if day < 40 { 0.5 } else { 0.6 });
        buckets[33].denominator = 0.0;
        let watched = monitor(&buckets, BASELINE, 0.01).unwrap();
        for seen in BASELINE..buckets.len() {
            let last = watched.log_e[seen - usize::from(seen > 0)];
            assert_eq!(evidence(&buckets[..seen], BASELINE), Some(last), "{seen}");
        }
        assert_eq!(evidence(&buckets, 2), None);
    }

    #[test]
    fn both_directions_weigh_the_same() {
        let mut random = Random::new(3);
        let up = series(&mut random, 50, 0.02, false, |day| if day < 35 { 0.5 } else { 0.6 });
        let mirror = |bucket: &Bucket| Bucket {
            numerator: bucket.denominator - bucket.numerator,
            ..*bucket
        };
        let down: Vec<_> = up.iter().map(mirror).collect();
        let (up, down) = (
            monitor(&up, BASELINE, 0.01).unwrap(),
            monitor(&down, BASELINE, 0.01).unwrap(),
        );
        assert_eq!(up.alarm, down.alarm);
        for (a, b) in up.log_e.iter().zip(&down.log_e) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }

    #[test]
    fn false_alarms_come_as_rarely_as_promised() {
        const SERIES: u32 = 500;
        for (baseline, noise, estimated, seed) in [
            (BASELINE, 0.0, false, 1),
            (BASELINE, 0.05, false, 2),
            (BASELINE, 0.0, true, 3),
            (7, 0.05, true, 4),
            (7, 0.0, false, 5),
        ] {
            let mut random = Random::new(seed);
            let (mut runs, mut rare) = (0, 0);
            for _ in 0..SERIES {
                let buckets = series(&mut random, 90, noise, estimated, |_| 0.3);
                let watched = monitor(&buckets, baseline, 0.05).unwrap();
                // Runs are cut off at the end, which only shortens the average.
                runs += watched.alarm.map_or(90 - baseline, |at| at + 1 - baseline);
                rare += u32::from(watched.log_e.iter().any(|&e| e >= 1000.0_f64.ln()));
            }
            let run_length = runs as f64 / f64::from(SERIES);
            assert!(run_length >= 20.0, "{baseline} {noise} {estimated}: {run_length}");
            let bound = 0.001 * (90 - baseline) as f64;
            assert!(
                f64::from(rare) <= bound * f64::from(SERIES),
                "{baseline} {noise} {estimated}: {rare}"
            );
        }
    }

    #[test]
    fn a_clear_shift_is_noticed_at_once() {
        const SERIES: usize = 200;
        let mut random = Random::new(6);
        let (mut soon, mut early) = (0, 0);
        for _ in 0..SERIES {
            let buckets = series(&mut random, 70, 0.0, true, |day| if day < 50 { 0.3 } else { 0.5 });
            match monitor(&buckets, BASELINE, 0.001).unwrap().alarm {
                Some(50 | 51) => soon += 1,
                Some(..50) => early += 1,
                _ => {}
            }
        }
        assert!(soon >= 180 && early <= 4, "{soon} {early}");
    }
}
