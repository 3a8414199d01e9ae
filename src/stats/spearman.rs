//! Do two orders agree? Spearman's (1904) rank correlation, with ties, and what each pair does to it.
//!
//! With mid-ranks on `[0, 1]`, `R(x) = P(X < x) + ½P(X = x)`, it is `ρ = Cov(R, S)/√(Var R·Var S)`. Ranks depend on all pairs, so that
//! a pair moves `ρ` not only by its own product: with `h(x, x') = [x < x'] + ½[x = x']`, `r = R − ½` and `s = S − ½`,
//!
//! ```text
//! IF(Cov)   = r·s + E[h(x, X')·s'] + E[r'·h(y, Y')] − 3·Cov
//! IF(Var R) = r² + 2·E[h(x, X')·r'] − 3·Var R
//! IF(ρ)     = IF(Cov)/√(Var R·Var S) − ρ/2·(IF(Var R)/Var R + IF(Var S)/Var S)
//! ```
//!
//! (von Mises' derivative of the plug-in estimate; Borkowf 2002.) Sums of it over a user's outputs give a clustered variance.

/// A rank correlation.
#[derive(Clone, Debug, PartialEq)]
pub struct Spearman {
    /// In `[−1, 1]`.
    pub value: f64,
    /// How far each pair moves the value, in the order of the pairs.
    pub influence: Vec<f64>,
}

/// Of pairs `(x, y)`; `None` when either is the same in all of them.
#[must_use]
pub fn correlation(pairs: &[(f64, f64)]) -> Option<Spearman> {
    let n = pairs.len() as f64;
    let x = Order::new(pairs.iter().map(|pair| pair.0).collect());
    let y = Order::new(pairs.iter().map(|pair| pair.1).collect());
    let (r, s) = (x.ranks(), y.ranks());
    let mean = |of: &mut dyn Iterator<Item = f64>| of.sum::<f64>() / n;
    let covariance = mean(&mut r.iter().zip(&s).map(|(r, s)| r * s));
    let variances = [&r, &s].map(|ranks| mean(&mut ranks.iter().map(|rank| rank * rank)));
    let scale = (variances[0] * variances[1]).sqrt();
    if pairs.is_empty() || scale <= 0.0 {
        return None;
    }
    let value = covariance / scale;
    let (own_x, cross_x) = (x.after(&r), x.after(&s));
    let (own_y, cross_y) = (y.after(&s), y.after(&r));
    let ranks = r.iter().zip(&s);
    let crossed = cross_x.iter().zip(&cross_y);
    let own = own_x.iter().zip(&own_y);
    let influence = ranks
        .zip(crossed)
        .zip(own)
        .map(|(((r, s), (cross_x, cross_y)), (own_x, own_y))| {
            let of_covariance = r * s + cross_x + cross_y - 3.0 * covariance;
            let of_x = r * r + 2.0 * own_x - 3.0 * variances[0];
            let of_y = s * s + 2.0 * own_y - 3.0 * variances[1];
            (of_covariance / scale - value / 2.0 * (of_x / variances[0] + of_y / variances[1])) / n
        });
    Some(Spearman {
        value,
        influence: influence.collect(),
    })
}

/// Values with their places in ascending order.
struct Order {
    /// Positions of the values, the smallest value first, equal ones together.
    groups: Vec<Vec<usize>>,
    n: usize,
}

impl Order {
    fn new(values: Vec<f64>) -> Order {
        let n = values.len();
        let mut placed: Vec<(f64, usize)> = values.into_iter().zip(0..).collect();
        placed.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let groups = placed.chunk_by(|a, b| a.0 == b.0);
        Order {
            groups: groups.map(|tied| tied.iter().map(|(_, at)| *at).collect()).collect(),
            n,
        }
    }

    /// `R − ½` of each value.
    fn ranks(&self) -> Vec<f64> {
        let mut below = 0.0;
        self.spread(self.groups.iter().map(|tied| {
            let own = tied.len() as f64;
            let rank = (below + own / 2.0) / self.n as f64 - 0.5;
            below += own;
            rank
        }))
    }

    /// `E[h(x, X')·t']` at each value, of some `t` per value: the mean of the `t` of larger values, equal ones counting half.
    fn after(&self, of: &[f64]) -> Vec<f64> {
        let sum = |tied: &Vec<usize>| tied.iter().filter_map(|at| of.get(*at)).sum::<f64>();
        let sums: Vec<f64> = self.groups.iter().map(sum).collect();
        let mut left: f64 = sums.iter().sum();
        self.spread(sums.iter().map(|own| {
            left -= own;
            (left + own / 2.0) / self.n as f64
        }))
    }

    /// One value per group, at the positions of its members.
    fn spread(&self, of_groups: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut values = vec![0.0; self.n];
        for (tied, value) in self.groups.iter().zip(of_groups) {
            for at in tied {
                if let Some(slot) = values.get_mut(*at) {
                    *slot = value;
                }
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn constants_have_no_order() {
        assert_eq!(correlation(&[]), None);
        assert_eq!(correlation(&[(1.0, 2.0), (1.0, 3.0)]), None);
        let opposite = correlation(&[(1.0, 3.0), (2.0, 2.0), (3.0, 1.0)]).unwrap();
        assert!((opposite.value + 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_influence_is_that_of_leaving_a_pair_out() {
        let mut random = Random::new(9);
        let pairs: Vec<(f64, f64)> = (0..400)
            .map(|_| {
                let x = random.below(6) as f64;
                (x, x + 4.0 * random.normal())
            })
            .collect();
        let whole = correlation(&pairs).unwrap();
        assert!(whole.influence.iter().sum::<f64>().abs() < 1e-12);
        for at in [0, 7, 399] {
            let mut fewer = pairs.clone();
            fewer.remove(at);
            let left_out = whole.value - correlation(&fewer).unwrap().value;
            assert!(
                (left_out - whole.influence[at]).abs() < 0.03 / 400.0,
                "{at}: {left_out} {}",
                whole.influence[at]
            );
        }
    }
}
