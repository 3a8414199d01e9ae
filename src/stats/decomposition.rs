//! Why did a rate move: because parts of the whole changed, or because the whole is made of other parts?
//!
//! Kitagawa's (1955) two components. With the share `w` and the rate `r` of each part before (1) and after (2), and `r̄` the mean of both
//! overall rates,
//!
//! ```text
//! rate = (r₂ − r₁)·(w₁ + w₂)/2        mix = (w₂ − w₁)·((r₁ + r₂)/2 − r̄)
//! ```
//!
//! which over all parts add up to the change exactly. Taking `r̄` off does not change the sum, since the shares add up to one, and
//! makes the mix of a part mean something by itself: growing is bad where the rate is below the rest. A part that is not there in
//! one period is given the rate of the other, so that all of it is mix.

/// One part in both periods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// Its share of the whole before and after, in `[0, 1]`.
    pub shares: [f64; 2],
    /// Its rate before and after; `None` where it has no outputs.
    pub rates: [Option<f64>; 2],
}

/// What a part adds to the change.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Share {
    pub mix: f64,
    pub rate: f64,
    /// How the sum of both moves with the share before and after, and with the rate before and after: for standard errors. The
    /// overall rates are held.
    pub by_share: [f64; 2],
    pub by_rate: [f64; 2],
}

impl Share {
    #[must_use]
    pub fn total(&self) -> f64 {
        self.mix + self.rate
    }
}

/// The overall rate of a period.
#[must_use]
pub fn overall(parts: &[Part], period: usize) -> f64 {
    parts
        .iter()
        .filter_map(|part| Some(part.shares.get(period)? * (*part.rates.get(period)?)?))
        .sum()
}

/// What each part adds to the change of the overall rate.
#[must_use]
pub fn kitagawa(parts: &[Part]) -> Vec<Share> {
    let mean = f64::midpoint(overall(parts, 0), overall(parts, 1));
    parts
        .iter()
        .map(|part| {
            let [before, after] = part.shares;
            let (first, second) = match part.rates {
                [Some(first), Some(second)] => (first, second),
                [one, other] => {
                    let known = one.or(other).unwrap_or(mean);
                    (known, known)
                }
            };
            let excess = f64::midpoint(first, second) - mean;
            let half = (second - first) / 2.0;
            Share {
                mix: (after - before) * excess,
                rate: half * (before + after),
                by_share: [half - excess, half + excess],
                by_rate: [-before, after],
            }
        })
        .collect()
}

/// Whether the whole moved one way and every part the other (Simpson's paradox).
#[must_use]
pub fn is_reversed(parts: &[Part]) -> bool {
    let change = overall(parts, 1) - overall(parts, 0);
    let mut moves = parts.iter().filter_map(|part| match part.rates {
        [Some(first), Some(second)] => Some(second - first),
        _ => None,
    });
    let mut any = false;
    change != 0.0
        && moves.all(|own| {
            any = true;
            own * change < 0.0
        })
        && any
}

/// Values pulled towards zero by how noisy they are, so that small parts do not lead a ranking: empirical Bayes with a normal prior
/// around zero, `v·τ²/(τ² + s²)` (Efron and Morris 1975). `τ²` is that with which `Σ v²/(τ² + s²)` is the number of values (Paule and
/// Mandel 1982), or 0.
#[must_use]
pub fn shrunk(values: &[(f64, f64)]) -> Vec<f64> {
    const HALVINGS: u32 = 100;
    let n = values.len() as f64;
    let excess = |spread: f64| values.iter().map(|(v, s)| v * v / (spread + s * s)).sum::<f64>() - n;
    let (mut low, mut high) = (0.0, values.iter().map(|(v, _)| v * v).sum::<f64>());
    if high <= 0.0 || excess(0.0) <= 0.0 {
        return vec![0.0; values.len()];
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if excess(middle) > 0.0 {
            low = middle;
        } else {
            high = middle;
        }
    }
    values.iter().map(|(v, s)| v * high / (high + s * s)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(w1: f64, r1: f64, w2: f64, r2: f64) -> Part {
        Part {
            shares: [w1, w2],
            rates: [Some(r1), Some(r2)],
        }
    }

    #[test]
    fn adds_up_to_the_change() {
        let parts = [
            part(0.5, 0.4, 0.2, 0.5),
            part(0.5, 0.8, 0.5, 0.7),
            Part {
                shares: [0.0, 0.3],
                rates: [None, Some(0.1)],
            },
        ];
        let change = overall(&parts, 1) - overall(&parts, 0);
        let shares = kitagawa(&parts);
        assert!((shares.iter().map(Share::total).sum::<f64>() - change).abs() < 1e-15);
        assert_eq!(shares[2].rate, 0.0);
        assert!(shares[2].mix < 0.0, "a bad part that is new is to blame");
    }

    #[test]
    fn a_pure_shift_is_all_mix_and_a_pure_change_all_rate() {
        let shift = kitagawa(&[part(0.5, 0.2, 0.9, 0.2), part(0.5, 0.8, 0.1, 0.8)]);
        assert!(shift.iter().all(|share| share.rate == 0.0 && share.mix < 0.0));
        let change = kitagawa(&[part(0.5, 0.2, 0.5, 0.1), part(0.5, 0.8, 0.5, 0.8)]);
        assert!((change[0].rate + 0.05).abs() < 1e-15 && change[1].total() == 0.0);
    }

    #[test]
    fn simpson_is_noticed() {
        assert!(is_reversed(&[part(0.9, 0.2, 0.1, 0.1), part(0.1, 0.9, 0.9, 0.8)]));
        assert!(!is_reversed(&[part(0.5, 0.2, 0.5, 0.1), part(0.5, 0.9, 0.5, 0.8)]));
        assert!(!is_reversed(&[]));
    }

    #[test]
    fn noise_is_pulled_to_zero_and_signal_is_kept() {
        let pulled = shrunk(&[(0.10, 0.001), (0.05, 0.2)]);
        assert!((pulled[0] - 0.10).abs() < 0.02 && pulled[1] < 0.02, "{pulled:?}");
        assert_eq!(shrunk(&[(0.01, 0.02), (-0.01, 0.02)]), [0.0, 0.0]);
    }
}
