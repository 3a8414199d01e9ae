//! What does moving over do, when users move one after the other and choose for themselves when?
//!
//! Who moves first may differ from who waits, and days differ too. So each user is compared with oneself, before and after moving,
//! and with the others on the same day. With cells `c` of a user `u`, a period `d` and a side `z ∈ {0, 1}`, and totals `N_c` of `D_c`,
//!
//! ```text
//! N_c/D_c = α_u + δ_d + β·z_c + error,   weighted by D_c
//! ```
//!
//! is a regression with fixed effects of users and periods (two-way fixed effects; difference in differences where all move at once).
//! By Frisch, Waugh and Lovell `β = Σ D·z̃·ỹ / Σ D·z̃²`, where `z̃` and `ỹ` are what users and periods leave of the side and of the rate.
//! Users who are on one side only tell of the days, and who is there once tells nothing. Where the effect is not the same for all, `β` is
//! a weighted mean of effects (de Chaisemartin and D'Haultfœuille 2020).
//!
//! One user's outputs are alike, so the variance is that of users. Few of them often carry most of the weight; then the usual sandwich is
//! too small. Leaving each user out in turn (periods held) is not: with `s_g` what user `g` does to `β`, and the share of the weight
//! `h_g = Σ_{c∈g} D·z̃² / Σ D·z̃²`,
//!
//! ```text
//! Var(β) = (G−1)/G · Σ_g (s_g/(1−h_g))²,   as sure as that of 1/Σ_g h_g² equal users
//! ```
//!
//! (MacKinnon, Nielsen and Webb 2023 on the jackknife; Carter, Schnepel and Steigerwald 2017 on the effective number of clusters.)

use std::collections::BTreeMap;

use super::cluster::Sizes;
use super::combination::Combination;
use super::symmetric::{Factor, Symmetric};

/// Shares of weight below this are rounding.
const ROUNDING: f64 = 1e-9;

/// What a user did in a period on one side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cell {
    pub user: i64,
    /// A small number: there is a matrix of periods by periods.
    pub period: usize,
    /// On the side that is moved to.
    pub moved: bool,
    /// Numerator and denominator; cells without a denominator say nothing.
    pub totals: (f64, f64),
}

/// By how much moving over changes the ratio. `clusters` are the users who tell of it, `fewest` as many equal ones as would tell as much.
/// `None` where nobody who moved can be told apart from the days.
#[must_use]
pub fn effect(mut cells: Vec<Cell>) -> Option<Combination> {
    cells.retain(|cell| cell.totals.1 > 0.0);
    cells.sort_by_key(|cell| (cell.user, cell.period, cell.moved));
    let users: Vec<&[Cell]> = cells.chunk_by(|one, other| one.user == other.user).collect();
    let periods = Periods::new(&users);
    let side = periods.residuals(&users, |cell| f64::from(u8::from(cell.moved)));
    let rate = periods.residuals(&users, |cell| cell.totals.0 / cell.totals.1);

    // Products of two residuals of each cell, added up by user.
    let own = |of: &[f64], and: &[f64]| -> Vec<f64> {
        let mut pairs = of.iter().zip(and);
        let mut sum = |cells: &&[Cell]| {
            let own = cells.iter().zip(pairs.by_ref());
            own.map(|(cell, (a, b))| cell.totals.1 * a * b).sum()
        };
        users.iter().map(&mut sum).collect()
    };
    let (weights, moments) = (own(&side, &side), own(&side, &rate));
    let weight: f64 = weights.iter().sum();
    let all: f64 = cells.iter().map(|cell| cell.totals.1).sum();
    if weight <= ROUNDING * all {
        return None;
    }
    let value = moments.iter().sum::<f64>() / weight;
    let shares = weights.iter().map(|own| own / weight);
    let telling: Vec<(f64, f64)> = shares
        .zip(&moments)
        .map(|(share, moment)| (share, moment / weight - share * value))
        .filter(|(share, _)| *share > ROUNDING)
        .collect();
    let clusters = telling.len();
    let squares: f64 = telling
        .iter()
        .map(|(share, moves)| (moves / (1.0 - share)).powi(2))
        .sum();
    let variance = squares * (clusters as f64 - 1.0) / clusters as f64;
    let effective = 1.0 / telling.iter().map(|(share, _)| share * share).sum::<f64>();
    Some(Combination {
        value,
        standard_error: (effective >= 2.0 && variance > 0.0).then(|| variance.sqrt()),
        clusters,
        // The sum of exact shares may be short of a whole number by its last digit.
        fewest: Sizes::equal((effective + ROUNDING) as u64),
    })
}

/// The normal equations of the periods' effects, those of users taken out.
struct Periods {
    count: usize,
    factor: Factor,
}

impl Periods {
    fn new(users: &[&[Cell]]) -> Periods {
        let count = users
            .iter()
            .copied()
            .flatten()
            .map(|cell| cell.period + 1)
            .max()
            .unwrap_or_default();
        let mut matrix = Symmetric::zeros(count);
        for cells in users {
            let mut sizes: BTreeMap<usize, f64> = BTreeMap::new();
            for cell in *cells {
                *sizes.entry(cell.period).or_default() += cell.totals.1;
            }
            let all: f64 = sizes.values().sum();
            for (period, size) in &sizes {
                matrix.add(*period, *period, *size);
                for (other, its) in sizes.range(..=period) {
                    matrix.add(*period, *other, -size * its / all);
                }
            }
        }
        Periods {
            count,
            factor: matrix.factored(),
        }
    }

    /// What users and periods leave of a value of each cell, by weighted least squares.
    fn residuals(&self, users: &[&[Cell]], value: impl Fn(&Cell) -> f64) -> Vec<f64> {
        let mean = |cells: &[Cell], value: &dyn Fn(&Cell) -> f64| {
            let (sum, all) = cells.iter().fold((0.0, 0.0), |(sum, all), cell| {
                (sum + cell.totals.1 * value(cell), all + cell.totals.1)
            });
            sum / all
        };
        let mut sums = vec![0.0; self.count];
        for cells in users {
            let own = mean(cells, &value);
            for cell in *cells {
                if let Some(sum) = sums.get_mut(cell.period) {
                    *sum += cell.totals.1 * (value(cell) - own);
                }
            }
        }
        let effects = self.factor.solve(sums);
        let left = |cell: &Cell| value(cell) - effects.get(cell.period).unwrap_or(&0.0);
        let of_user = |cells: &&[Cell]| {
            let own = mean(cells, &left);
            cells.iter().map(|cell| left(cell) - own).collect::<Vec<f64>>()
        };
        users.iter().flat_map(of_user).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(user: i64, period: usize, moved: bool, totals: (f64, f64)) -> Cell {
        Cell {
            user,
            period,
            moved,
            totals,
        }
    }

    #[test]
    fn the_keen_move_first_and_days_get_better_without_an_effect() {
        let mut cells = Vec::new();
        for user in 0..40_i64 {
            let moves = 5 + user as usize / 4;
            for day in 0..20_usize {
                let rate = 0.6 - 0.01 * user as f64 + 0.01 * day as f64;
                let n = 1.0 + (user % 3) as f64;
                cells.push(cell(user, day, day >= moves, (n * rate, n)));
            }
        }
        let found = effect(cells.clone()).unwrap();
        assert!(found.value.abs() < 1e-12, "{found:?}");
        let pooled = |moved: bool| {
            let own = cells.iter().filter(|cell| cell.moved == moved);
            let (n, d) = own.fold((0.0, 0.0), |sum, cell| (sum.0 + cell.totals.0, sum.1 + cell.totals.1));
            n / d
        };
        assert!(
            (pooled(true) - pooled(false)).abs() > 0.1,
            "the sides differ without it"
        );
        for cell in &mut cells {
            cell.totals.0 += if cell.moved { 0.07 * cell.totals.1 } else { 0.0 };
        }
        assert!((effect(cells).unwrap().value - 0.07).abs() < 1e-12);
    }

    #[test]
    fn who_is_on_one_side_only_tells_nothing_of_it() {
        let apart = [(1, false), (2, false), (3, true), (4, true)];
        let cells = apart.map(|(user, moved)| [0, 1].map(|day| cell(user, day, moved, (1.0, 2.0))));
        assert_eq!(effect(cells.concat()), None);
        assert_eq!(effect(Vec::new()), None);
        // Two periods, and all move between them: an effect cannot be told from a day.
        let together = [1, 2, 3].map(|user| [0, 1].map(|day| cell(user, day, day == 1, (1.0, 2.0))));
        assert_eq!(effect(together.concat()), None);
    }

    #[test]
    fn two_users_with_all_the_weight_are_as_two() {
        let mut cells = Vec::new();
        for user in 0..30_i64 {
            let n = if user < 2 { 1000.0 } else { 1.0 };
            for day in 0..4_usize {
                let taken = if (user + day as i64) % 3 == 0 { n } else { 0.0 };
                cells.push(cell(user, day, user % 2 == 0 && day >= 2, (taken, n)));
            }
        }
        let found = effect(cells).unwrap();
        assert!(found.fewest == Sizes::equal(2) && found.clusters == 30, "{found:?}");
    }
}
