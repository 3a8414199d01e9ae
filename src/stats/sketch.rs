//! What are the quantiles of a duration, from buckets that merge by addition?
//!
//! DDSketch (Masson, Rim and Lee 2019) with relative accuracy α = 1 %: a positive value goes to
//! bucket `i = ⌈log_γ value⌉` with `γ = (1 + α)/(1 − α)`, so bucket `i` covers `(γ^(i−1), γ^i]`,
//! and is read back as `2γ^i/(γ + 1)`, within α of anything in it. Counts per bucket add up over
//! time, users and machines in any order to exactly the same sketch.
//!
//! Only the arithmetic lives here; a sketch is a list of `(index, count)` sorted by index, stored
//! wherever the caller likes. Indices fit an `i16`.

use super::level::{Interval, Level};

/// Relative accuracy α of every quantile.
pub const RELATIVE_ERROR: f64 = 0.01;

/// Bucket of everything that is not a positive number: zero, and negatives from skewed clocks.
/// Sorts before every other bucket and reads back as 0.
pub const ZERO: i32 = i16::MIN as i32;

/// `γ = (1 + α)/(1 − α)`.
const GAMMA: f64 = (1.0 + RELATIVE_ERROR) / (1.0 - RELATIVE_ERROR);
/// `ln γ`, which is not a constant expression; checked below.
const LN_GAMMA: f64 = 0.020_000_666_706_669_524;

/// The bucket of `value`, in `ZERO..=i16::MAX`.
///
/// [`ZERO`] for values that are not positive (or not numbers). The buckets span 1e−284 to 1e284;
/// positive values beyond land in the outermost bucket and lose the accuracy guarantee.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "clamped to i16 first")]
pub fn index(value: f64) -> i32 {
    if value.is_nan() || value <= 0.0 {
        return ZERO;
    }
    let bucket = (value.ln() / LN_GAMMA).ceil();
    bucket.clamp(f64::from(ZERO + 1), f64::from(i16::MAX)) as i32
}

/// The value a bucket stands for, `2γ^i/(γ + 1)`; 0 for [`ZERO`].
#[must_use]
pub fn value(index: i32) -> f64 {
    if index <= ZERO {
        return 0.0;
    }
    (f64::from(index) * LN_GAMMA).exp() * (2.0 / (1.0 + GAMMA))
}

fn count(buckets: &[(i32, u64)]) -> u64 {
    buckets.iter().map(|(_, n)| n).sum()
}

/// Value of the observation with `rank` others before it, in buckets sorted by index.
fn value_at_rank(buckets: &[(i32, u64)], rank: f64) -> Option<f64> {
    let mut seen = 0;
    let holder = buckets.iter().find(|(_, n)| {
        seen += n;
        seen as f64 > rank
    });
    holder.map(|&(index, _)| value(index))
}

/// The `q` quantile, `0 <= q <= 1`, of buckets sorted by index.
///
/// The lower order statistic: the observation of zero-based rank `⌊q·(n − 1)⌋`, without
/// interpolation, within [`RELATIVE_ERROR`]. `None` without observations or for `q` outside.
#[must_use]
pub fn quantile(buckets: &[(i32, u64)], q: f64) -> Option<f64> {
    let n = count(buckets);
    if n == 0 || !(0.0..=1.0).contains(&q) {
        return None;
    }
    value_at_rank(buckets, q * (n - 1) as f64)
}

/// Distribution-free interval for the `q` quantile: the order statistics of rank
/// `n·q ± z·√(n·q·(1 − q))`, rounded outward and kept inside `1..=n` (Conover 1999, §3.2).
///
/// Each end carries [`RELATIVE_ERROR`], so an interval may be a single bucket. Treats
/// observations as independent. `None` as [`quantile`].
#[must_use]
pub fn quantile_interval(buckets: &[(i32, u64)], q: f64, level: Level) -> Option<Interval> {
    let n = count(buckets) as f64;
    if n == 0.0 || !(0.0..=1.0).contains(&q) {
        return None;
    }
    let reach = level.z() * (n * q * (1.0 - q)).sqrt();
    // Ranks count from one here and from zero in `value_at_rank`.
    let lower = (n * q - reach).floor().clamp(1.0, n);
    let upper = (n * q + reach).ceil().clamp(1.0, n);
    Some(Interval {
        lower: value_at_rank(buckets, lower - 1.0)?,
        upper: value_at_rank(buckets, upper - 1.0)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(values: impl IntoIterator<Item = f64>) -> Vec<(i32, u64)> {
        let mut indices: Vec<i32> = values.into_iter().map(index).collect();
        indices.sort_unstable();
        indices
            .chunk_by(|a, b| a == b)
            .map(|same| (same[0], same.len() as u64))
            .collect()
    }

    #[test]
    fn the_constant_is_the_logarithm() {
        assert!((LN_GAMMA / GAMMA.ln() - 1.0).abs() < 1e-13);
        assert_eq!(LN_GAMMA, (2.0 * RELATIVE_ERROR / (1.0 - RELATIVE_ERROR)).ln_1p());
    }

    #[test]
    fn reading_a_bucket_back_is_within_the_error() {
        for step in -2800..=2800 {
            let x = 10_f64.powf(f64::from(step) / 10.0);
            let back = value(index(x));
            assert!((back / x - 1.0).abs() <= RELATIVE_ERROR * (1.0 + 1e-9), "{x} {back}");
        }
        for i in (i32::from(i16::MIN) + 1)..=i32::from(i16::MAX) {
            assert_eq!(index(value(i)), i);
        }
    }

    #[test]
    fn odd_values_have_a_bucket() {
        for x in [0.0, -0.0, -5.0, f64::NEG_INFINITY, f64::NAN] {
            assert_eq!(index(x), ZERO);
        }
        assert_eq!(value(ZERO), 0.0);
        assert_eq!(index(1.0), 0);
        assert_eq!(index(f64::MIN_POSITIVE), ZERO + 1);
        assert_eq!(index(f64::INFINITY), i32::from(i16::MAX));
        assert!(value(i32::from(i16::MAX)).is_finite());
    }

    #[test]
    fn quantiles_of_known_data() {
        assert_eq!((quantile(&[], 0.5), quantile(&[(0, 0)], 0.5)), (None, None));
        let buckets = sketch((0..=1000).map(f64::from));
        assert_eq!(quantile(&buckets, 0.0), Some(0.0));
        for q in [0.25, 0.5, 0.9, 0.99, 1.0] {
            let exact = 1000.0 * q;
            assert!((quantile(&buckets, q).unwrap() / exact - 1.0).abs() < 0.010_001);
            let interval = quantile_interval(&buckets, q, Level::default()).unwrap();
            assert!(interval.lower <= exact * 1.01 && exact * 0.99 <= interval.upper);
        }
        for wrong in [-0.1, 1.1, f64::NAN] {
            assert_eq!(quantile(&buckets, wrong), None);
            assert_eq!(quantile_interval(&buckets, wrong, Level::default()), None);
        }
    }

    #[test]
    fn one_observation_is_every_quantile() {
        let one = sketch([40.0]);
        let value = quantile(&one, 0.9);
        assert_eq!(value, quantile(&one, 0.1));
        let interval = quantile_interval(&one, 0.5, Level::default()).unwrap();
        assert_eq!((Some(interval.lower), Some(interval.upper)), (value, value));
    }
}
