//! How far do users move two stretches of days apart, though nothing changes?
//!
//! Users who come for days in a row and then stay away make neighbouring days alike. Of a difference between stretches `D = Σ_t c_t·x_t`,
//! with influence `e_{u,t}` of a user on a day and share `s_{u,t}` of what is counted on it,
//!
//! ```text
//! D₍₋ᵤ₎ − D = −Σ_t c_t·j_{u,t},   j = e/(1 − s)
//! V_users   = Σ_u (D₍₋ᵤ₎ − D)² + τ²·Σc² = Σ_{t,t'} c_t·c_t'·J_{t,t'} + τ²·Σc²,   J_{t,t'} = Σ_u j_{u,t}·j_{u,t'}
//! ```
//!
//! is its variance by the jackknife (Tukey 1958) that leaves out one user with all their days, however their days hang together: on average it
//! is not too small (Efron and Stein 1981). On the diagonal `J` is the HC3 variance of a day (MacKinnon and White 1985). Influences are around
//! each day's own ratio, so that a real shift of level is not taken for users. The variance used is the larger of `V_users` and that of days
//! with other users each, `Σc²/w`: users who come back every day cancel, and nothing is made surer by that.
//!
//! How well a variance between users is known depends on how many count. A stretch in which a user has the mean share `p_u` rests on
//! `G* = 1/Σp_u²` of them (Kish, see [`crate::stats::cluster::Sizes`]), so that `D/√V` has Student's distribution with Welch's degrees of freedom,
//!
//! ```text
//! ν = (V₁ + V₂)²/(V₁²/(G₁* − 1) + V₂²/(G₂* − 1))
//! ```
//!
//! Clusters may be groups of users, if each is made of the same users every day. From rollups, neighbouring days of another time zone than UTC have the
//! groups of a UTC day in common and seem more alike than they are: changes must be clearer there.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Day;
use crate::stats::cluster::LARGE;
use crate::stats::contrast::Moved;
use crate::stats::symmetric::Symmetric;

/// What users do to each bucket of a series.
#[derive(Clone, Debug)]
pub struct Users {
    /// `J`.
    moves: Symmetric,
    /// `Σ_u s_{u,t}·s_{u,t'}`.
    shares: Symmetric,
}

impl Users {
    /// From the buckets in their order, each with how far every user moves it; a bucket may have none.
    #[must_use]
    pub fn of<B: IntoIterator<Item = (i64, Moved)>>(buckets: impl IntoIterator<Item = B>) -> Users {
        let mut by_user: BTreeMap<i64, Vec<(usize, Moved)>> = BTreeMap::new();
        let mut side = 0;
        for (at, bucket) in buckets.into_iter().enumerate() {
            let all: Vec<(i64, Moved)> = bucket.into_iter().collect();
            let units: f64 = all.iter().map(|(_, own)| own.size).sum();
            for (user, own) in all {
                let size = own.size / units;
                // Without the only user there is no bucket.
                let by = if size < 1.0 { own.by / (1.0 - size) } else { 0.0 };
                by_user.entry(user).or_default().push((at, Moved { by, size }));
            }
            side = at + 1;
        }
        let mut users = Users {
            moves: Symmetric::zeros(side),
            shares: Symmetric::zeros(side),
        };
        for days in by_user.values() {
            for (count, (row, one)) in (1..).zip(days) {
                for (column, other) in days.iter().take(count) {
                    users.moves.add(*row, *column, one.by * other.by);
                    users.shares.add(*row, *column, one.size * other.size);
                }
            }
        }
        users
    }
}

/// How days vary together.
#[derive(Clone, Debug)]
pub(super) enum Spread {
    /// Each by itself.
    Apart,
    Together {
        /// Of `w_t·w_t'·(J_{t,t'} + τ²·[t = t'])`.
        moves: Sums,
        /// Of `w_t·w_t'·Σs·s`.
        shares: Sums,
    },
}

/// How sure a difference between stretches of days is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Contrast {
    /// Its variance, of days by themselves.
    apart: f64,
    /// `V_users`.
    users: f64,
    /// Degrees of freedom; infinite where users are not known.
    pub freedom: f64,
}

impl Contrast {
    pub(super) fn variance(&self) -> f64 {
        self.users.max(self.apart)
    }

    /// The same with `V_users` less a standard error of itself, as far as chance among [`LARGE`] users has one: days whose users merely happened to be
    /// alike then make nothing less sure. Fewer users excuse no more.
    pub(super) fn variance_beyond_chance(&self) -> f64 {
        let chance = (2.0 / self.freedom.max(LARGE as f64)).sqrt();
        (self.users / (1.0 + chance)).max(self.apart)
    }
}

impl Spread {
    pub(super) fn new(users: Option<&Users>, days: &[Day]) -> Spread {
        let Some(users) = users else {
            return Spread::Apart;
        };
        let weighted = |products: &Symmetric, extra: fn(&Day) -> f64| {
            Sums::new(days.len(), |row, column| match (days.get(row), days.get(column)) {
                (Some(one), Some(other)) => {
                    let own = if row == column { extra(one) } else { 0.0 };
                    one.weight * other.weight * (products.get(one.at, other.at) + own)
                }
                _ => 0.0,
            })
        };
        Spread::Together {
            moves: weighted(&users.moves, |day| day.between),
            shares: weighted(&users.shares, |_| 0.0),
        }
    }

    /// The mean of the days from a split on less that of those before, whose weights add up to so much.
    pub(super) fn contrast(&self, days: &Range<usize>, split: usize, [before, after]: [f64; 2]) -> Contrast {
        let apart = 1.0 / before + 1.0 / after;
        let Spread::Together { moves, shares } = self else {
            return Contrast {
                apart,
                users: 0.0,
                freedom: f64::INFINITY,
            };
        };
        let sides = [days.start..split, split..days.end];
        let mean = |sums: &Sums, side: &Range<usize>, weight: f64| sums.over(side, side) / weight / weight;
        let [one, other] = &sides;
        let (first, second) = (mean(moves, one, before), mean(moves, other, after));
        let users = first + second - 2.0 * moves.over(one, other) / before / after;

        let (first, second) = (first.max(1.0 / before), second.max(1.0 / after));
        let counting = [mean(shares, one, before), mean(shares, other, after)].map(f64::recip);
        let [few, others] = counting.map(|counting| (counting - 1.0).max(0.0));
        Contrast {
            apart,
            users,
            freedom: (first + second) * (first + second) / (first * first / few + second * second / others),
        }
    }

    /// The variance of `Σ_t w_t·m_t·x_t` over days from one on, which is `apart` of days by themselves.
    pub(super) fn variance(&self, first: usize, loads: &[f64], apart: f64) -> f64 {
        let Spread::Together { moves, .. } = self else {
            return apart;
        };
        let row = |(row, one): (usize, &f64)| {
            let terms = (first..)
                .zip(loads)
                .map(|(column, other)| one * other * moves.over(&(row..row + 1), &(column..column + 1)));
            terms.sum::<f64>()
        };
        (first..).zip(loads).map(row).sum::<f64>().max(apart)
    }
}

/// Sums over rectangles of a symmetric matrix, from those over all rectangles that begin in its corner (Crow 1984).
#[derive(Clone, Debug)]
pub(super) struct Sums(Symmetric);

impl Sums {
    fn new(side: usize, value: impl Fn(usize, usize) -> f64) -> Sums {
        let mut sums = Symmetric::zeros(side + 1);
        for row in 0..side {
            // Of this row, up to a column.
            let mut along = 0.0;
            for column in 0..=row {
                along += value(row, column);
                // Above the diagonal the sums are those on the other side of it.
                let above = if column < row {
                    sums.get(row, column + 1)
                } else {
                    sums.get(row + 1, row)
                };
                sums.add(row + 1, column + 1, above + along);
            }
        }
        Sums(sums)
    }

    fn over(&self, rows: &Range<usize>, columns: &Range<usize>) -> f64 {
        let to = |row, column| self.0.get(row, column);
        to(rows.end, columns.end) - to(rows.start, columns.end) - to(rows.end, columns.start)
            + to(rows.start, columns.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Totals of four users on a day.
    type Totals = [(f64, f64); 4];

    const FIRST: Totals = [(3.0, 5.0), (1.0, 4.0), (7.0, 8.0), (2.0, 6.0)];
    const SECOND: Totals = [(2.0, 6.0), (2.0, 3.0), (1.0, 2.0), (5.0, 9.0)];

    fn users(days: &[Totals]) -> Users {
        Users::of(days.iter().map(|totals| {
            let (n, d) = totals
                .iter()
                .fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
            (0..).zip(totals).map(move |(user, own)| {
                let by = (own.0 - n / d * own.1) / d;
                (user, Moved { by, size: own.1 })
            })
        }))
    }

    fn day(at: usize, weight: f64) -> Day {
        Day {
            at,
            value: 0.0,
            weight,
            between: 0.0,
        }
    }

    /// `statsmodels.api.WLS(n / d, ones, weights=d).fit(cov_type="HC3")`, statsmodels 0.15.
    #[test]
    fn a_day_has_the_variance_of_hc3() {
        let own = users(&[FIRST]).moves.get(0, 0);
        assert!((own - 0.038_492_013_611_345_5).abs() < 1e-15, "{own}");
    }

    #[test]
    fn the_variance_of_a_difference_is_that_of_leaving_each_user_out() {
        let days = [FIRST, SECOND, FIRST, SECOND];
        let weights = [1e3, 2e3, 4e3, 1e3];
        let known: Vec<Day> = weights
            .iter()
            .enumerate()
            .map(|(at, weight)| day(at, *weight))
            .collect();
        let spread = Spread::new(Some(&users(&days)), &known);
        let difference = |without: Option<usize>| {
            let value = |totals: &Totals| {
                let kept = totals.iter().enumerate().filter(|(user, _)| Some(*user) != without);
                let sums = kept.fold((0.0, 0.0), |sum, (_, own)| (sum.0 + own.0, sum.1 + own.1));
                sums.0 / sums.1
            };
            let mean = |side: Range<usize>| {
                let weighted: f64 = side.clone().map(|at| weights[at] * value(&days[at])).sum();
                weighted / weights[side].iter().sum::<f64>()
            };
            mean(1..4) - mean(0..1)
        };
        let expected: f64 = (0..4)
            .map(|user| (difference(Some(user)) - difference(None)).powi(2))
            .sum();
        let contrast = spread.contrast(&(0..4), 1, [1e3, 7e3]);
        assert!(
            (contrast.variance() - expected).abs() < 1e-12,
            "{contrast:?} {expected}"
        );
        // Users count for less than fifty, so that a fifth of it may be chance.
        assert!((1.2 * contrast.variance_beyond_chance() - expected).abs() < 1e-12);
        // As a sum over days.
        let loads = [-1.0 / 1e3, 1.0 / 7e3, 1.0 / 7e3, 1.0 / 7e3];
        assert!((spread.variance(0, &loads, 0.0) - expected).abs() < 1e-12);
        // The first day has 5, 4, 8 and 6 outputs of its users.
        assert!(contrast.freedom > 2.0 && contrast.freedom < 6.0, "{contrast:?}");
        // Days that are surer of themselves than users let them be.
        assert_eq!(spread.variance(0, &loads, 1.0), 1.0);
    }

    #[test]
    fn who_is_there_every_day_makes_nothing_surer_and_who_is_unknown_nothing_less_sure() {
        let known: Vec<Day> = (0..4).map(|at| day(at, 1e2)).collect();
        let same = Spread::new(Some(&users(&[FIRST; 4])), &known).contrast(&(0..4), 2, [2e2; 2]);
        assert_eq!(same.variance(), 0.01);
        for spread in [Spread::Apart, Spread::new(Some(&Users::of([[]; 4])), &known)] {
            let contrast = spread.contrast(&(0..4), 2, [2e2; 2]);
            assert_eq!((contrast.variance(), contrast.freedom), (0.01, f64::INFINITY));
        }
    }

    #[test]
    fn one_user_alone_shows_nothing() {
        let alone: Totals = [(3.0, 5.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)];
        let known: Vec<Day> = (0..4).map(|at| day(at, 1e2)).collect();
        let contrast = Spread::new(Some(&users(&[alone; 4])), &known).contrast(&(0..4), 2, [2e2; 2]);
        assert_eq!((contrast.variance(), contrast.freedom), (0.01, 0.0));
    }
}
