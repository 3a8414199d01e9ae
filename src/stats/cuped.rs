//! How much of the noise was there before? Variance reduction with what users did in an earlier period.
//!
//! Deng, Xu, Kohavi and Walker (2013): `difference − θ·(x̄₂ − x̄₁)` has the same mean as the difference, since nothing that came before
//! can be its effect, and the least variance with `θ = Cov/Var`. Here both are taken over clusters from how far each moves the
//! difference (`y`) and the difference of the covariate (`x`), so that users who are on both sides count as they should; with every
//! user on one side it is the usual `θ`.

/// `θ` from `(y, x)` of each cluster; `None` where `x` does not vary.
#[must_use]
pub fn theta(influences: &[(f64, f64)]) -> Option<f64> {
    let products: f64 = influences.iter().map(|(y, x)| y * x).sum();
    let squares: f64 = influences.iter().map(|(_, x)| x * x).sum();
    (squares > 0.0).then(|| products / squares)
}

#[cfg(test)]
mod tests {
    use super::theta;

    #[test]
    fn a_covariate_that_is_the_value_explains_all_of_it() {
        assert_eq!(theta(&[(1.0, 1.0), (-2.0, -2.0), (5.0, 5.0)]), Some(1.0));
        assert_eq!(theta(&[(1.0, 0.0), (2.0, 0.0)]), None);
    }
}
