//! Two who judge the same outputs: the confusion table, and Cohen's κ.
//!
//! With shares `p_ij` of the table, margins `p_i.` and `p_.j`, and weights `w_ij` of how much `i` and `j` agree,
//!
//! ```text
//! p_o = Σ w_ij·p_ij,   p_e = Σ w_ij·p_i.·p_.j,   κ = (p_o − p_e)/(1 − p_e)
//! ```
//!
//! (Cohen 1960, 1968.) An output in cell `(i, j)` moves κ by `u_ij/n`, less the mean of all `u`, with
//!
//! ```text
//! u_ij = (w_ij·(1 − p_e) − (w̄_i. + w̄_.j)·(1 − p_o))/(1 − p_e)²,   w̄_i. = Σ_j w_ij·p_.j,   w̄_.j = Σ_i w_ij·p_i.
//! ```
//!
//! so that `Var(u)/n` is the variance of Fleiss, Cohen and Everitt (1969), and sums of `u` over a user's outputs give the
//! clustered one. When one answer dominates, chance agreement is high and κ low however often both agree.

/// Counts of `(first, second)` category, over `k` categories.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    k: usize,
    /// Row by row.
    counts: Vec<f64>,
}

/// How much two categories agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// Only the same category agrees.
    Nominal,
    /// `1 − |v_i − v_j|/range`.
    Linear,
    /// `1 − ((v_i − v_j)/range)²`.
    Quadratic,
}

impl Weights {
    fn of(self, values: &[f64], i: usize, j: usize) -> f64 {
        let value = |at: usize| values.get(at).copied().unwrap_or_default();
        let range = value(values.len().saturating_sub(1)) - value(0);
        let apart = if range > 0.0 {
            (value(i) - value(j)).abs() / range
        } else {
            0.0
        };
        match self {
            Weights::Nominal => f64::from(u8::from(i == j)),
            Weights::Linear => 1.0 - apart,
            Weights::Quadratic => 1.0 - apart * apart,
        }
    }
}

/// Cohen's κ and what each cell does to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Kappa {
    /// 1 is agreement, 0 that of chance.
    pub value: f64,
    /// Of independent outputs.
    pub standard_error: f64,
    /// The least that it could be with these margins, `−p_e/(1 − p_e)`.
    pub least: f64,
    k: usize,
    n: f64,
    /// `u_ij` less its mean, row by row.
    influence: Vec<f64>,
}

impl Kappa {
    /// How far one output in a cell moves the value.
    #[must_use]
    pub fn influence(&self, first: usize, second: usize) -> f64 {
        self.influence.get(first * self.k + second).copied().unwrap_or_default() / self.n
    }
}

impl Table {
    /// An empty table.
    #[must_use]
    pub fn new(categories: usize) -> Table {
        Table {
            k: categories,
            counts: vec![0.0; categories * categories],
        }
    }

    /// Counts an output; one of a category beyond the table is left out.
    pub fn add(&mut self, first: usize, second: usize, count: f64) {
        if first < self.k
            && second < self.k
            && let Some(slot) = self.counts.get_mut(first * self.k + second)
        {
            *slot += count;
        }
    }

    /// The rows of the table.
    pub fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.counts.chunks(self.k.max(1))
    }

    /// Outputs that were counted.
    #[must_use]
    pub fn n(&self) -> f64 {
        self.counts.iter().sum()
    }

    /// Outputs on which both say the same.
    #[must_use]
    pub fn agreeing(&self) -> f64 {
        self.counts.iter().step_by(self.k + 1).sum()
    }

    /// κ of categories with these values, ascending, one for each category. `None` when nothing was counted, or when chance alone
    /// would make both agree always.
    #[must_use]
    pub fn kappa(&self, weights: Weights, values: &[f64]) -> Option<Kappa> {
        let n = self.n();
        if n <= 0.0 {
            return None;
        }
        let first: Vec<f64> = self.rows().map(|row| row.iter().sum::<f64>() / n).collect();
        let second: Vec<f64> = (0..self.k)
            .map(|j| self.counts.iter().skip(j).step_by(self.k).sum::<f64>() / n)
            .collect();
        let weight = |i, j| weights.of(values, i, j);
        let mean_of = |shares: &[f64], weight: &dyn Fn(usize) -> f64| -> f64 {
            shares.iter().enumerate().map(|(at, share)| share * weight(at)).sum()
        };
        let of_first: Vec<f64> = (0..self.k).map(|i| mean_of(&second, &|j| weight(i, j))).collect();
        let of_second: Vec<f64> = (0..self.k).map(|j| mean_of(&first, &|i| weight(i, j))).collect();
        let expected: f64 = first.iter().zip(&of_first).map(|(share, mean)| share * mean).sum();
        let cells = || {
            self.rows()
                .enumerate()
                .flat_map(|(i, row)| row.iter().enumerate().map(move |(j, n)| (i, j, n)))
        };
        let observed: f64 = cells().map(|(i, j, count)| weight(i, j) * count / n).sum();
        let room = 1.0 - expected;
        if room <= f64::EPSILON {
            return None;
        }
        let mean = (observed * expected - 2.0 * expected + observed) / (room * room);
        let influence: Vec<f64> = cells()
            .map(|(i, j, _)| {
                let margins = of_first.get(i).unwrap_or(&0.0) + of_second.get(j).unwrap_or(&0.0);
                (weight(i, j) * room - margins * (1.0 - observed)) / (room * room) - mean
            })
            .collect();
        let variance: f64 = influence
            .iter()
            .zip(&self.counts)
            .map(|(u, count)| u * u * count / n)
            .sum();
        Some(Kappa {
            value: (observed - expected) / room,
            standard_error: (variance / n).sqrt(),
            least: -expected / room,
            k: self.k,
            n,
            influence,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &[&[f64]]) -> Table {
        let mut table = Table::new(rows.len());
        for (i, row) in rows.iter().enumerate() {
            for (j, count) in row.iter().enumerate() {
                table.add(i, j, *count);
            }
        }
        table
    }

    #[test]
    fn extremes() {
        assert_eq!(Table::new(3).kappa(Weights::Nominal, &[0.0, 0.5, 1.0]), None);
        // Both always say the same thing: chance could not do otherwise.
        assert_eq!(
            table(&[&[9.0, 0.0], &[0.0, 0.0]]).kappa(Weights::Nominal, &[0.0, 1.0]),
            None
        );
        let value = |rows: &[&[f64]]| table(rows).kappa(Weights::Nominal, &[0.0, 1.0]).unwrap().value;
        assert_eq!(value(&[&[5.0, 0.0], &[0.0, 5.0]]), 1.0);
        assert_eq!(value(&[&[0.0, 5.0], &[5.0, 0.0]]), -1.0);
        assert_eq!(value(&[&[1.0, 1.0], &[1.0, 1.0]]), 0.0);
    }

    #[test]
    fn the_influence_is_the_change_by_one_more_output() {
        let counts: [&[f64]; 3] = [&[300.0, 40.0, 10.0], &[60.0, 200.0, 50.0], &[10.0, 30.0, 300.0]];
        let values = [0.0, 0.25, 1.0];
        for weights in [Weights::Nominal, Weights::Linear, Weights::Quadratic] {
            let before = table(&counts).kappa(weights, &values).unwrap();
            for (i, j) in [(0, 0), (0, 2), (2, 1)] {
                let mut more = table(&counts);
                more.add(i, j, 1e-3);
                let change = (more.kappa(weights, &values).unwrap().value - before.value) / 1e-3;
                assert!((change - before.influence(i, j)).abs() < 1e-7, "{weights:?} {i} {j}");
            }
        }
    }
}
