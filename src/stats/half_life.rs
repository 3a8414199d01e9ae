//! How soon does a drop wear off?
//!
//! A gap that shrinks by the same factor from step to step, `g_L = g₁·r^(L−1)`, is half of what it was after `ln ½ / ln r` steps.
//! `g₁` and `r` are those of weighted least squares: given `r`, `g₁` is linear; the best `r` is found by golden-section search in
//! `[0, 1]`, within which the sum of squares of such a curve has one minimum for gaps of one sign. Where that is at 0, `r` is `g₂/g₁`, in which
//! the curve ends there: no more than 0, and like any ratio with a distribution about it, which the border itself has not.

/// A search cannot end exactly on a border.
const BORDER: f64 = 1e-6;

/// A fading gap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fading {
    /// The gap at the first step.
    pub first: f64,
    /// What of it is left from one step to the next, at most 1; 0 or less where it is gone, or made up for, at once.
    pub left: f64,
}

impl Fading {
    /// From the gap at steps 1, 2, … with the standard error of each. `None` with fewer than three steps, or with an error that is
    /// not positive.
    #[must_use]
    pub fn fit(gaps: &[(f64, f64)]) -> Option<Self> {
        const GOLDEN: f64 = 0.618_033_988_749_894_9;
        const NARROWINGS: u32 = 80;
        if gaps.len() < 3 || !gaps.iter().all(|(_, error)| *error > 0.0) {
            return None;
        }
        // What the best first gap leaves unexplained, less what no curve explains: −(Σwgx)²/Σwx².
        let fit = |left: f64| {
            let mut power = 1.0;
            let (mut products, mut squares) = (0.0, 0.0);
            for (gap, error) in gaps {
                let weight = 1.0 / (error * error);
                products += weight * gap * power;
                squares += weight * power * power;
                power *= left;
            }
            (products / squares, -products * products / squares)
        };
        let (mut low, mut high) = (0.0, 1.0);
        let inner = |low: f64, high: f64| (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        for _ in 0..NARROWINGS {
            let (one, other) = inner(low, high);
            if fit(one).1 <= fit(other).1 {
                high = other;
            } else {
                low = one;
            }
        }
        let left = f64::midpoint(low, high);
        let first = fit(left).0;
        let second = gaps.get(1).map_or(0.0, |(gap, _)| gap / first);
        Some(Self {
            first,
            left: if left <= BORDER { second.min(left) } else { left },
        })
    }

    /// Steps until half of the gap is left; infinite if it does not shrink, 0 if it is gone at once.
    #[must_use]
    pub fn half_life(&self) -> f64 {
        if self.left >= 1.0 - BORDER {
            f64::INFINITY
        } else if self.left <= BORDER {
            0.0
        } else {
            0.5_f64.ln() / self.left.ln()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_curve_is_found() {
        let gaps: Vec<(f64, f64)> = (0..10).map(|step| (-0.2 * 0.8_f64.powi(step), 0.01)).collect();
        let fading = Fading::fit(&gaps).unwrap();
        assert!((fading.first + 0.2).abs() < 1e-7 && (fading.left - 0.8).abs() < 1e-7);
        assert!((fading.half_life() - 0.5_f64.ln() / 0.8_f64.ln()).abs() < 1e-5);
    }

    #[test]
    fn borders() {
        assert_eq!(Fading::fit(&[(0.1, 1.0), (0.1, 1.0)]), None);
        assert_eq!(Fading::fit(&[(0.1, 1.0), (0.1, 0.0), (0.1, 1.0)]), None);
        assert_eq!(Fading::fit(&[(0.1, 1.0); 5]).unwrap().half_life(), f64::INFINITY);
        let gone = [(0.1, 1.0), (0.0, 1.0), (0.0, 1.0)];
        assert_eq!(Fading::fit(&gone).unwrap().half_life(), 0.0);
    }

    #[test]
    fn a_gap_that_changes_sides_is_made_up_for() {
        let found = Fading::fit(&[(-0.2, 1.0), (0.05, 1.0), (0.0, 1.0)]).unwrap();
        assert!(
            (found.first + 0.2).abs() < 1e-6 && (found.left + 0.25).abs() < 1e-6,
            "{found:?}"
        );
        assert_eq!(found.half_life(), 0.0);
    }
}
