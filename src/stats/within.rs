//! Does something change a rate, when people differ and each is their own comparison?
//!
//! Who refuses much meets more of what one refuses, and accepts less in any case. The pooled difference of rates would take that for
//! an effect. Within each person the difference is free of it; over people it is averaged with the weights of Mantel and Haenszel,
//! `w = n₁n₀/(n₁ + n₀)`, which are near those of least variance and stay stable with few cases (Greenland and Robins 1985).
//!
//! Where each trial is grouped by what the person's trial `L` before it was, the difference is not zero without an effect: what was refused
//! once is not among what comes after it, so that the rest of a person's trials look better ([`Course::by_order`]; Nickell 1981, Miller and
//! Sanjurjo 2018). Of twenty trials a person, that is five points.

use super::cluster::ClusterRatio;

/// One person's cases and trials, with and without.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stratum {
    pub with: (f64, f64),
    pub without: (f64, f64),
    /// Weight times difference to be expected without an effect.
    pub by_chance: f64,
}

impl Stratum {
    /// Weight times difference, less what chance brings about, and weight; `None` for who has only one kind and could not have had both.
    fn weighted(&self) -> Option<(f64, f64)> {
        let ((k1, n1), (k0, n0)) = (self.with, self.without);
        if n1 > 0.0 && n0 > 0.0 {
            let weight = n1 * n0 / (n1 + n0);
            return Some((weight * (k1 / n1 - k0 / n0) - self.by_chance, weight));
        }
        // To leave out those who happen to have one kind would undo what is taken off the others.
        (self.by_chance != 0.0).then_some((-self.by_chance, 0.0))
    }
}

/// What a person's trials were, one after another.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Course {
    pub trials: u32,
    pub cases: u32,
    /// Trials after which the others are those with.
    pub marked: u32,
    /// Marked trials that are cases.
    pub marked_cases: u32,
}

impl Course {
    /// Weight times difference that is to be expected if the order of the trials means nothing, where those are grouped by whether the trial
    /// `lag` before was marked: the mean over all orders. Of `T` trials, with `x` marked, `y` cases and `m = T − L`, and `s = Σxy/T`,
    /// `d = (Σx·Σy − Σxy)/(T(T−1))` the chances of a marked case in the same and in two different trials, it is `(d − s)·max(0, T − 2L)/m`.
    #[must_use]
    pub fn by_order(&self, lag: u32) -> f64 {
        if self.trials <= 2 * lag {
            return 0.0;
        }
        let [trials, cases, marked, both] = [self.trials, self.cases, self.marked, self.marked_cases].map(f64::from);
        let lag = f64::from(lag);
        let (same, different) = (both / trials, (marked * cases - both) / (trials * (trials - 1.0)));
        (different - same) * (trials - 2.0 * lag) / (trials - lag)
    }
}

/// The rate with minus the rate without, within people: a ratio of sums over people, with its variance between them. Its clusters
/// are the people who have both kinds, or might have had; there is no ratio without any who have. The last digit depends on the order of
/// the people.
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
            by_chance: 0.0,
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
            by_chance: 0.0,
        };
        assert_eq!(mantel_haenszel([alone].into_iter()).ratio(), None);
    }

    /// A person's trials, each whether it is marked and whether it is a case, grouped by the one so many before.
    fn after(trials: &[(bool, bool)], lag: usize) -> (Stratum, Course) {
        let (mut own, mut course) = (Stratum::default(), Course::default());
        for (at, (is_marked, is_case)) in trials.iter().enumerate() {
            course.trials += 1;
            course.cases += u32::from(*is_case);
            course.marked += u32::from(*is_marked);
            course.marked_cases += u32::from(*is_marked && *is_case);
            if let Some(before) = at.checked_sub(lag) {
                let side = if trials[before].0 {
                    &mut own.with
                } else {
                    &mut own.without
                };
                *side = (side.0 + f64::from(u8::from(*is_case)), side.1 + 1.0);
            }
        }
        (own, course)
    }

    fn each_order(trials: &mut Vec<(bool, bool)>, from: usize, take: &mut impl FnMut(&[(bool, bool)])) {
        if from == trials.len() {
            return take(trials);
        }
        for at in from..trials.len() {
            trials.swap(from, at);
            each_order(trials, from + 1, take);
            trials.swap(from, at);
        }
    }

    #[test]
    fn what_the_order_brings_about_is_the_mean_over_all_orders() {
        let (bad, good, wrong) = ((true, false), (false, true), (true, true));
        for trials in [
            vec![bad, good, good, good, bad, wrong, good],
            vec![good, wrong, bad],
            vec![bad; 4],
        ] {
            for lag in 1..4 {
                let (mut sum, mut orders) = (0.0, 0.0);
                each_order(&mut trials.clone(), 0, &mut |order| {
                    sum += after(order, lag).0.weighted().map_or(0.0, |own| own.0);
                    orders += 1.0;
                });
                let expected = after(&trials, lag).1.by_order(lag as u32);
                assert!((sum / orders - expected).abs() < 1e-12, "{trials:?} {lag}: {expected}");
            }
        }
    }
}
