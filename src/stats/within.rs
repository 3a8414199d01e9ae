//! Does something change a rate, when people differ and each is their own comparison?
//!
//! Who refuses much meets more of what one refuses, and accepts less in any case. The pooled difference of rates would take that for
//! an effect. Within each person the difference is free of it; over people it is averaged with the weights of Mantel and Haenszel,
//! `w = n₁n₀/(n₁ + n₀)`, which are near those of least variance and stay stable with few cases (Greenland and Robins 1985).

use super::cluster::ClusterRatio;

/// One person's cases and trials, with and without.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stratum {
    pub with: (f64, f64),
    pub without: (f64, f64),
}

impl Stratum {
    /// Weight times difference, and weight; `None` for who has only one kind.
    fn weighted(&self) -> Option<(f64, f64)> {
        let ((k1, n1), (k0, n0)) = (self.with, self.without);
        let weight = n1 * n0 / (n1 + n0);
        (n1 > 0.0 && n0 > 0.0).then(|| (weight * (k1 / n1 - k0 / n0), weight))
    }
}

/// The rate with minus the rate without, within people: a ratio of sums over people, with its variance between them. Its clusters
/// are the people who have both kinds. The last digit depends on the order of the people.
#[must_use]
pub fn mantel_haenszel(strata: impl Iterator<Item = Stratum>) -> ClusterRatio {
    let weighted: Vec<(f64, f64)> = strata.filter_map(|stratum| stratum.weighted()).collect();
    ClusterRatio::from_totals(&weighted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_who_differ_do_not_look_like_an_effect() {
        // Neither cares: one accepts nine of ten, the other one of ten, and they meet it unequally often.
        let steady = |with: f64, without: f64, rate: f64| Stratum {
            with: (with * rate, with),
            without: (without * rate, without),
        };
        let strata = [steady(10.0, 90.0, 0.9), steady(90.0, 10.0, 0.1)];
        let found = mantel_haenszel(strata.into_iter());
        assert!(found.ratio().unwrap().abs() < 1e-12 && found.clusters == 2);
    }

    #[test]
    fn one_kind_alone_says_nothing() {
        let alone = Stratum {
            with: (1.0, 2.0),
            without: (0.0, 0.0),
        };
        assert_eq!(mantel_haenszel([alone].into_iter()).ratio(), None);
    }
}
