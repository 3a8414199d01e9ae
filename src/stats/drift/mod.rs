//! Did a rate change, when, and by how much?
//!
//! The data is a series of buckets (days): a ratio each, with its cluster-robust variance. [`monitor`] may be looked at after
//! every bucket and still keeps its promise about false alarms; [`find_changes`] looks back, and dates and sizes each change.
//!
//! Days differ by more than their samples explain, and such ordinary noise is no change. So both take a day's variance to be
//! that of its sample plus a variance `τ²` between days, estimated as in Laney (2002) from the steps between neighbouring days,
//! which see little of a change. They assume that days are about normal around their level, and independent but for their users.
//!
//! The same users are on many days. Those who come for days in a row and then stay away make neighbouring days alike although
//! nothing changes, so that stretches of days are compared with the variance that users leave their difference ([`Users`]),
//! where that is larger. When the same users come back every day, their differences are in every day's variance although they
//! cancel between days; both procedures then alarm less often than promised.
//!
//! What makes neighbouring days alike and is no user's, as a season or a campaign that lasts for some days, is a change of level here.

use std::f64::consts::FRAC_PI_2;

mod change;
mod dates;
mod monitor;
mod ramp;
mod split;
mod users;

pub use change::{Change, find_changes};
pub use monitor::{Monitor, evidence, monitor};
pub use users::Users;

use users::Spread;

/// The totals of one bucket of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// `ΣN`, e.g. accepted outputs.
    pub numerator: f64,
    /// `ΣD`, e.g. decided outputs; a bucket without any is passed over.
    pub denominator: f64,
    /// Cluster-robust variance of `ΣN/ΣD`; with `n` effective trials, `p(1 − p)/n`. A bucket without one (`NaN`) is passed over.
    pub variance: f64,
}

impl Bucket {
    fn usable(&self) -> bool {
        self.denominator > 0.0 && self.variance >= 0.0 && self.variance.is_finite()
    }
}

/// Buckets with what is known of their users.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    pub buckets: &'a [Bucket],
    /// Of the same buckets; without them each bucket is taken to have users of its own.
    pub users: Option<&'a Users>,
}

impl<'a, B: AsRef<[Bucket]> + ?Sized> From<&'a B> for Series<'a> {
    fn from(buckets: &'a B) -> Self {
        Series {
            buckets: buckets.as_ref(),
            users: None,
        }
    }
}

impl Series<'_> {
    /// The usable buckets, as [`days`] weighs them, and how they vary together.
    fn days(&self, typical: usize) -> (Vec<Day>, Spread) {
        let days = days(self.buckets, typical);
        let spread = Spread::new(self.users, &days);
        (days, spread)
    }
}

/// One usable bucket: a value and its weight, the inverse of its variance.
#[derive(Clone, Copy, Debug)]
struct Day {
    /// Its place among the buckets.
    at: usize,
    value: f64,
    weight: f64,
    /// `τ²`, which is part of its variance.
    between: f64,
}

/// The usable buckets, weighted by what the first `typical` buckets show about variances.
///
/// A bucket's own variance is an estimate, and when its few users happen to agree it is 0, which would give that bucket all
/// the weight. So it is not taken to be smaller than what a bucket of its size has on average.
fn days(buckets: &[Bucket], typical: usize) -> Vec<Day> {
    let (mut spread, mut trials) = (0.0, 0.0);
    for bucket in buckets.iter().take(typical).filter(|bucket| bucket.usable()) {
        spread += bucket.variance * bucket.denominator.powi(2);
        trials += bucket.denominator;
    }
    // Without any variance at all nothing can be said, and no weight is finite.
    if spread <= 0.0 {
        return Vec::new();
    }
    let day = |(at, bucket): (usize, &Bucket)| Day {
        at,
        value: bucket.numerator / bucket.denominator,
        weight: 1.0 / bucket.variance.max(spread / trials / bucket.denominator),
        between: 0.0,
    };
    let usable = buckets.iter().enumerate().filter(|(_, bucket)| bucket.usable());
    let mut days: Vec<_> = usable.map(day).collect();
    let first = days.iter().take_while(|day| day.at < typical).count();
    let between = between(days.get(..first).unwrap_or_default());
    for day in &mut days {
        day.weight = 1.0 / (1.0 / day.weight + between);
        day.between = between;
    }
    days
}

/// Each usable bucket's place, and how many of its standard errors (those of its sample and of days together) it is from the mean
/// of the first `baseline` ones. The error of that mean is left out. Empty where there is no baseline.
#[must_use]
pub fn standardised(buckets: &[Bucket], baseline: usize) -> Vec<(usize, f64)> {
    let days = days(buckets, baseline);
    let before = || days.iter().filter(|day| day.at < baseline);
    let weight: f64 = before().map(|day| day.weight).sum();
    if weight <= 0.0 {
        return Vec::new();
    }
    let centre = before().map(|day| day.weight * day.value).sum::<f64>() / weight;
    let score = |day: &Day| (day.at, (day.value - centre) * day.weight.sqrt());
    days.iter().map(score).collect()
}

/// Each usable bucket's place, and successes and trials: as many independent ones as would vary as much as it does, sample and days
/// together. Of a rate `r` with the weight `w` that is `r̄·(1 − r̄)·w`, at most as many as there were; `r̄` is the mean of all buckets, since
/// the own rate of a bucket whose users all agree would say nothing. Empty where [`standardised`] is, and unless `0 < r̄ < 1`.
#[must_use]
pub fn independent_counts(buckets: &[Bucket], baseline: usize) -> Vec<(usize, (f64, f64))> {
    let days = days(buckets, baseline);
    let weight: f64 = days.iter().map(|day| day.weight).sum();
    let centre = days.iter().map(|day| day.weight * day.value).sum::<f64>() / weight;
    let spread = centre * (1.0 - centre);
    // Not a number without days.
    if spread.is_nan() || spread <= 0.0 {
        return Vec::new();
    }
    let of = |day: &Day| {
        let all = buckets.get(day.at).map_or(0.0, |bucket| bucket.denominator);
        let trials = (spread * day.weight).min(all);
        // Rounding must not bring more successes than trials.
        (day.at, ((day.value * trials).clamp(0.0, trials), trials))
    };
    days.iter().map(of).collect()
}

/// `τ²`: with it, the steps between neighbouring days are as large on average as they should be.
fn between(days: &[Day]) -> f64 {
    const HALVINGS: u32 = 60;
    let steps = days.windows(2).count() as f64;
    let excess = |between: f64| {
        let sum: f64 = days.windows(2).map(|pair| range(pair, between)).sum();
        dispersion(sum, steps) - 1.0
    };
    let widest = days
        .windows(2)
        .map(|pair| range(pair, 0.0).powi(2) * step_variance(pair, 0.0));
    // With the widest step squared as `τ²`, no range is above √½.
    let (mut low, mut high) = (0.0, widest.fold(0.0, f64::max));
    if steps < 1.0 || excess(low) <= 0.0 {
        return 0.0;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if excess(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The variance of the step from one day to the next, with a variance between days on top of theirs.
fn step_variance(pair: &[Day], between: f64) -> f64 {
    pair.iter().map(|day| 1.0 / day.weight + between).sum()
}

/// The moving range: the standardised step from one day to the next.
fn range(pair: &[Day], between: f64) -> f64 {
    match pair {
        [a, b] => (b.value - a.value).abs() / step_variance(pair, between).sqrt(),
        _ => 0.0,
    }
}

/// `σ` from the sum of so many moving ranges: a half-normal has mean `√(2/π)`.
fn dispersion(sum: f64, ranges: f64) -> f64 {
    FRAC_PI_2.sqrt() * sum / ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_what_their_variance_is_worth() {
        let day = |share: f64, variance: f64| Bucket {
            numerator: 100.0 * share,
            denominator: 100.0,
            variance,
        };
        // Four times the variance of independent outputs; no variance between days; users of the third day all agree.
        let mut days = vec![day(0.5, 0.01), day(0.5, 0.01), day(0.5, 0.0)];
        for (at, (successes, trials)) in independent_counts(&days, 2) {
            assert!(
                (successes - 12.5).abs() < 1e-12 && (trials - 25.0).abs() < 1e-12,
                "{at}"
            );
        }
        days.push(day(0.5, f64::NAN));
        assert_eq!(independent_counts(&days, 2).len(), 3);
        // Never more than there were.
        let tight = independent_counts(&[day(0.5, 1e-6), day(0.5, 1e-6)], 2);
        assert_eq!(tight, [(0, (50.0, 100.0)), (1, (50.0, 100.0))]);
        assert!(independent_counts(&[day(0.0, 0.01), day(0.0, 0.01)], 2).is_empty());
        assert!(independent_counts(&[], 2).is_empty());
    }
}

#[cfg(test)]
mod simulated {
    //! Series to try the procedures on.

    use super::Bucket;
    use crate::stats::random::Random;

    /// Days of 400 trials (a third at weekends), by `level(day)`, with a variance that is known (`estimated` = false) or is
    /// p(1 − p)/n of the day, and noise of standard deviation `noise` between days.
    pub fn series(
        random: &mut Random,
        days: usize,
        noise: f64,
        estimated: bool,
        level: impl Fn(usize) -> f64,
    ) -> Vec<Bucket> {
        (0..days)
            .map(|day| {
                let n = if day % 7 > 4 { 133 } else { 400 };
                let p = (level(day) + noise * random.normal()).clamp(0.0, 1.0);
                let trials = f64::from(n);
                let accepted = if estimated {
                    (0..n).map(|_| f64::from(u8::from(random.uniform() < p))).sum()
                } else {
                    trials * (p + random.normal() * (p * (1.0 - p) / trials).sqrt())
                };
                let share = if estimated { accepted / trials } else { level(day) };
                Bucket {
                    numerator: accepted,
                    denominator: trials,
                    variance: share * (1.0 - share) / trials,
                }
            })
            .collect()
    }
}
