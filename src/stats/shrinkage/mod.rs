//! Which of many are really high, when some of them are small?
//!
//! A segment with three outputs has the highest rate, or the lowest, by chance. Empirical Bayes learns from all units how much they
//! really differ, and pulls each towards the rest by how little is known of it (Efron and Morris 1975).
//!
//! Rates: `k_i ~ BetaBinomial(n_i, α, β)`, fitted by maximum likelihood; unit `i` is then Beta(k_i + α, n_i − k_i + β). `k` and `n` are
//! real numbers, since the honest `n` of correlated trials is an effective one ([`super::cluster::ClusterRatio::effective_trials`]).
//!
//! Taking the prior at its word would make intervals too narrow. The variance of a unit is enlarged by how much its mean moves with
//! `(ln α, ln β)`, whose covariance is the inverse of the curvature of the likelihood (Kass and Steffey 1989); the interval is that of
//! the beta distribution with this mean and variance.
//!
//! Other numbers: `v_i ~ N(θ_i, s_i²)`, `θ_i ~ N(μ, τ²)`, with `τ²` after Paule and Mandel (1982): the value with which
//! `Σ (v_i − μ)²/(s_i² + τ²) = m − 1`. Intervals after Morris (1983) allow for `μ` and `τ²` being estimates: with
//! `B_i = (m−3)/(m−1)·s_i²/(s_i² + τ²)`, unit `i` is `B_i·μ + (1 − B_i)·v_i` with variance
//! `s_i²·(1 − (m−1)/m·B_i) + 2/(m−3)·B_i²·(s̄² + τ²)/(s_i² + τ²)·(v_i − μ)²`, `s̄²` being the mean error variance with the weights of `μ`.
//!
//! How far units differ cannot be learned from few of them: below [`LEAST_UNITS`] nothing is shrunk.

mod means;
mod rates;

pub use self::means::Means;
pub use self::rates::Rates;

/// Units below which nothing is shrunk.
pub const LEAST_UNITS: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_units_teach_nothing() {
        assert_eq!(Rates::fit(&[(1.0, 2.0); 7]), None);
        assert_eq!(Means::fit(&[(1.0, 2.0); 7]), None);
        let mut with_empty = [(0.0, 0.0); 9];
        with_empty[..7].fill((1.0, 2.0));
        assert_eq!(Rates::fit(&with_empty), None);
    }
}
