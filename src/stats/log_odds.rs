//! Which words mark one set of texts against another?
//!
//! The log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi and Quinn 2008, "Fightin' Words",
//! doi:10.1093/pan/mpn018, equations 16, 19 and 22). With counts `y` of a word, `n` of all words, and pseudo-counts `α` and `α₀` from
//! what is known of the language,
//!
//! ```text
//! δ = ln (y₁+α)/(n₁+α₀−y₁−α) − ln (y₂+α)/(n₂+α₀−y₂−α)
//! Var(δ) ≈ 1/(y₁+α) + 1/(y₂+α)        ζ = δ/√Var(δ)
//! ```
//!
//! The prior pulls rare words to 0, where plain odds are extreme, and the variance keeps frequent ones from winning by size. That
//! variance takes each word for an independent draw. Words of one user are not: [`Clusters::variance`] linearises δ over users.

/// Counts of one word, or of all words: in both sets, and as pseudo-counts in the prior.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    pub first: f64,
    pub second: f64,
    pub prior: f64,
}

/// How much more a word belongs to the first set than to the second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogOdds {
    /// δ, a natural logarithm; positive where the word marks the first set.
    pub value: f64,
    /// Of independent words.
    pub variance: f64,
    /// `∂δ/∂y` and `−∂δ/∂n` of each set.
    slopes: [(f64, f64); 2],
}

impl LogOdds {
    /// `None` unless the word, and all others, have a count or a pseudo-count in both sets.
    #[must_use]
    pub fn new(word: Counts, all: Counts) -> Option<LogOdds> {
        let side = |y: f64, n: f64| {
            let (own, others) = (y + word.prior, n + all.prior - y - word.prior);
            (own > 0.0 && others > 0.0).then_some((own, others))
        };
        let ((y1, rest1), (y2, rest2)) = side(word.first, all.first).zip(side(word.second, all.second))?;
        let slope = |own: f64, others: f64| (1.0 / own + 1.0 / others, 1.0 / others);
        Some(LogOdds {
            value: (y1 / rest1).ln() - (y2 / rest2).ln(),
            variance: 1.0 / y1 + 1.0 / y2,
            slopes: [slope(y1, rest1), slope(y2, rest2)],
        })
    }

    /// ζ.
    #[must_use]
    pub fn z(&self) -> f64 {
        self.value / self.variance.sqrt()
    }

    /// How far a user moves δ, from its counts of the word and of all words.
    fn influence(&self, word: (f64, f64), all: (f64, f64)) -> f64 {
        let [(own1, all1), (own2, all2)] = self.slopes;
        own1 * word.0 - all1 * all.0 - (own2 * word.1 - all2 * all.1)
    }
}

/// How many words the users of both sets have: what is the same for every word.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Clusters {
    /// Users with any word in either set.
    pub clusters: u64,
    sums: (f64, f64),
    /// Of the squares in the first set, of the products, of the squares in the second.
    squares: (f64, f64, f64),
}

impl Clusters {
    /// From the words that each user has in the first and in the second set.
    #[must_use]
    pub fn new(totals: impl Iterator<Item = (f64, f64)>) -> Clusters {
        totals.fold(Clusters::default(), |so_far, (first, second)| Clusters {
            clusters: so_far.clusters + 1,
            sums: (so_far.sums.0 + first, so_far.sums.1 + second),
            squares: (
                so_far.squares.0 + first * first,
                so_far.squares.1 + first * second,
                so_far.squares.2 + second * second,
            ),
        })
    }

    /// The variance of δ between users, `G/(G−1)·Σ(e − ē)²` with the influence `e` of each. `users` has the counts of the word and of all
    /// words of those users who have the word, `((y₁, y₂), (n₁, n₂))`; the others are known together. `None` below two users.
    #[must_use]
    pub fn variance(&self, odds: &LogOdds, users: impl Iterator<Item = ((f64, f64), (f64, f64))>) -> Option<f64> {
        if self.clusters < 2 {
            return None;
        }
        let [(_, all1), (_, all2)] = odds.slopes;
        let without = all1 * all1 * self.squares.0 - 2.0 * all1 * all2 * self.squares.1 + all2 * all2 * self.squares.2;
        let (mut sum, mut squares) = (odds.influence((0.0, 0.0), self.sums), without);
        for (word, all) in users {
            let (own, none) = (odds.influence(word, all), odds.influence((0.0, 0.0), all));
            sum += own - none;
            squares += own * own - none * none;
        }
        let clusters = self.clusters as f64;
        Some(clusters / (clusters - 1.0) * (squares - sum * sum / clusters).max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(first: f64, second: f64, prior: f64) -> Counts {
        Counts { first, second, prior }
    }

    #[test]
    fn sets_change_sides() {
        let (one, other) = (
            LogOdds::new(counts(30.0, 5.0, 2.0), counts(900.0, 700.0, 80.0)).unwrap(),
            LogOdds::new(counts(5.0, 30.0, 2.0), counts(700.0, 900.0, 80.0)).unwrap(),
        );
        assert!(one.value > 0.0);
        assert!((one.value + other.value).abs() < 1e-12 && (one.z() + other.z()).abs() < 1e-12);
    }

    #[test]
    fn the_prior_pulls_rare_words_more() {
        let all = counts(1_000.0, 1_000.0, 500.0);
        let rare = LogOdds::new(counts(2.0, 0.0, 0.5), all).unwrap();
        let frequent = LogOdds::new(counts(60.0, 20.0, 20.0), all).unwrap();
        assert!(rare.value > frequent.value && rare.z() < frequent.z());
    }

    #[test]
    fn what_cannot_be_told_is_none() {
        assert_eq!(LogOdds::new(counts(1.0, 0.0, 0.0), counts(9.0, 9.0, 0.0)), None);
        assert_eq!(LogOdds::new(counts(9.0, 1.0, 0.0), counts(9.0, 9.0, 0.0)), None);
        let odds = LogOdds::new(counts(1.0, 1.0, 1.0), counts(9.0, 9.0, 5.0)).unwrap();
        let one = Clusters::new([(9.0, 9.0)].into_iter());
        assert_eq!(one.variance(&odds, std::iter::empty()), None);
    }
}
