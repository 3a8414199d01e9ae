//! Any number of raters, of whom each output may have others.
//!
//! All coefficients come from sums over outputs. With `n_ik` of the `m_i` raters of output `i` in category `k`:
//!
//! * coincidences `o_ck = Σ_i n_ic·(n_ik − [c = k])/(m_i − 1)` over outputs with two raters or more, margins `n_c`, sum `n`;
//!   Krippendorff's `α = 1 − (n − 1)·Σ o_ck·δ²_ck / Σ n_c·n_k·δ²_ck` with the distance `δ²` of the [`Scale`] (Krippendorff 2004);
//! * agreement `p_a`, the mean of `Σ_k n_ik(n_ik − 1)/(m_i(m_i − 1))` over outputs with two raters or more, and `π_k`, the mean of
//!   `n_ik/m_i` over all; Fleiss' `κ = (p_a − Σπ_k²)/(1 − Σπ_k²)` (1971; with unequal raters as in Gwet 2014), and Gwet's (2008)
//!   `AC1 = (p_a − p_e)/(1 − p_e)` with `p_e = Σπ_k(1 − π_k)/(K − 1)`, which stays high when one answer dominates.

/// What the distance between two categories means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Names: any two differ alike.
    Nominal,
    /// Ranks: how many ratings lie between them.
    Ordinal,
    /// Amounts: how far their values are apart.
    Interval,
}

/// Sums over outputs: `K²` coincidences, `K` shares, outputs, outputs with two raters or more, their agreement.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratings {
    k: usize,
    sums: Vec<f64>,
}

impl Ratings {
    /// Of no outputs.
    #[must_use]
    pub fn new(categories: usize) -> Ratings {
        Ratings {
            k: categories,
            sums: vec![0.0; categories * categories + categories + 3],
        }
    }

    /// From sums that were added up elsewhere.
    #[must_use]
    pub fn from_sums(categories: usize, sums: &[f64]) -> Ratings {
        Ratings {
            k: categories,
            sums: sums.to_vec(),
        }
    }

    /// The sums, which add up over disjoint outputs.
    #[must_use]
    pub fn sums(&self) -> &[f64] {
        &self.sums
    }

    /// Adds an output: how many raters chose each category. One without ratings changes nothing.
    pub fn add(&mut self, counts: &[f64]) {
        let raters: f64 = counts.iter().sum();
        if raters <= 0.0 || counts.len() != self.k {
            return;
        }
        let (coincidences, rest) = self.sums.split_at_mut(self.k * self.k);
        let (shares, totals) = rest.split_at_mut(self.k);
        for (share, count) in shares.iter_mut().zip(counts) {
            *share += count / raters;
        }
        let pairs: f64 = counts.iter().map(|count| count * (count - 1.0)).sum();
        let own = if raters >= 2.0 {
            for (c, (row, first)) in coincidences.chunks_mut(self.k.max(1)).zip(counts).enumerate() {
                for (k, (slot, second)) in row.iter_mut().zip(counts).enumerate() {
                    *slot += first * (second - f64::from(u8::from(c == k))) / (raters - 1.0);
                }
            }
            [1.0, 1.0, pairs / (raters * (raters - 1.0))]
        } else {
            [1.0, 0.0, 0.0]
        };
        totals.iter_mut().zip(own).for_each(|(total, own)| *total += own);
    }

    fn total(&self, at: usize) -> f64 {
        self.sums
            .get(self.k * self.k + self.k + at)
            .copied()
            .unwrap_or_default()
    }

    /// Outputs with two raters or more, on which all coefficients rest.
    #[must_use]
    pub fn outputs(&self) -> f64 {
        self.total(1)
    }

    /// `p_a`, the chance that two raters of an output agree; `None` without an output that has two.
    #[must_use]
    pub fn agreement(&self) -> Option<f64> {
        (self.outputs() > 0.0).then(|| self.total(2) / self.outputs())
    }

    fn shares(&self) -> impl Iterator<Item = f64> {
        let all = self.total(0);
        let shares = self.sums.iter().skip(self.k * self.k).take(self.k);
        shares.map(move |share| share / all)
    }

    fn beyond(&self, chance: f64) -> Option<f64> {
        let room = 1.0 - chance;
        (room > f64::EPSILON).then_some((self.agreement()? - chance) / room)
    }

    /// The agreement that chance alone would bring, as Fleiss has it: `Σπ_k²`.
    #[must_use]
    pub fn chance(&self) -> f64 {
        self.shares().map(|share| share * share).sum()
    }

    /// The same as Gwet has it, for two categories or more: `Σπ_k(1 − π_k)/(K − 1)`.
    #[must_use]
    pub fn gwets_chance(&self) -> f64 {
        (1.0 - self.chance()) / (self.k as f64 - 1.0)
    }

    /// Fleiss' κ; `None` without an output that has two raters, or when all ratings are the same.
    #[must_use]
    pub fn fleiss_kappa(&self) -> Option<f64> {
        self.beyond(self.chance())
    }

    /// Gwet's AC1; `None` without an output that has two raters, or with a single category.
    #[must_use]
    pub fn ac1(&self) -> Option<f64> {
        if self.k < 2 {
            return None;
        }
        self.beyond(self.gwets_chance())
    }

    /// Krippendorff's α; `None` without an output that has two raters, or when all ratings are the same. `values` are those of the
    /// categories, ascending.
    #[must_use]
    pub fn alpha(&self, scale: Scale, values: &[f64]) -> Option<f64> {
        let coincidences = self.sums.get(..self.k * self.k)?;
        let margins: Vec<f64> = coincidences.chunks(self.k.max(1)).map(|row| row.iter().sum()).collect();
        let n: f64 = margins.iter().sum();
        let places = places(scale, &margins, values);
        let (mut observed, mut expected) = (0.0, 0.0);
        for (c, (row, n_c)) in coincidences.chunks(self.k.max(1)).zip(&margins).enumerate() {
            for (k, (count, n_k)) in row.iter().zip(&margins).enumerate() {
                let apart = match scale {
                    Scale::Nominal => f64::from(u8::from(c != k)),
                    Scale::Ordinal | Scale::Interval => (places.get(c)? - places.get(k)?).powi(2),
                };
                observed += count * apart;
                expected += n_c * n_k * apart;
            }
        }
        (expected > 0.0).then(|| 1.0 - (n - 1.0) * observed / expected)
    }
}

/// Where each category stands on its scale. For ranks it is the middle of its ratings in the order of all: two such places are
/// apart by the ratings in between and half of each category's own.
fn places(scale: Scale, margins: &[f64], values: &[f64]) -> Vec<f64> {
    match scale {
        Scale::Nominal => Vec::new(),
        Scale::Interval => values.to_vec(),
        Scale::Ordinal => {
            let mut below = 0.0;
            let middle = |own: &f64| {
                below += own;
                below - own / 2.0
            };
            margins.iter().map(middle).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rated(outputs: &[[f64; 3]]) -> Ratings {
        let mut ratings = Ratings::new(3);
        outputs.iter().for_each(|counts| ratings.add(counts));
        ratings
    }

    #[test]
    fn what_is_undefined_is_none() {
        let values = [0.0, 0.5, 1.0];
        let none = rated(&[[0.0; 3], [1.0, 0.0, 0.0]]);
        assert_eq!((none.agreement(), none.fleiss_kappa(), none.ac1()), (None, None, None));
        assert_eq!(none.alpha(Scale::Nominal, &values), None);
        let unanimous = rated(&[[3.0, 0.0, 0.0], [2.0, 0.0, 0.0]]);
        assert_eq!((unanimous.agreement(), unanimous.fleiss_kappa()), (Some(1.0), None));
        assert_eq!(unanimous.alpha(Scale::Ordinal, &values), None);
        assert_eq!(unanimous.ac1(), Some(1.0), "not troubled by a single answer");
    }

    #[test]
    fn sums_merge_and_a_scale_of_two_has_one_alpha() {
        let (one, two) = (
            rated(&[[2.0, 1.0, 0.0], [0.0, 0.0, 3.0]]),
            rated(&[[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]),
        );
        let whole = rated(&[[2.0, 1.0, 0.0], [0.0, 0.0, 3.0], [0.0, 1.0, 1.0], [1.0, 0.0, 0.0]]);
        let sums: Vec<f64> = one.sums().iter().zip(two.sums()).map(|(a, b)| a + b).collect();
        assert_eq!(Ratings::from_sums(3, &sums), whole);
        let mut binary = Ratings::new(2);
        [[2.0, 1.0], [0.0, 3.0], [4.0, 1.0]]
            .iter()
            .for_each(|counts| binary.add(counts));
        let alpha = |scale| binary.alpha(scale, &[0.0, 1.0]).unwrap();
        assert!((alpha(Scale::Nominal) - alpha(Scale::Ordinal)).abs() < 1e-12);
        assert!((alpha(Scale::Nominal) - alpha(Scale::Interval)).abs() < 1e-12);
    }
}
