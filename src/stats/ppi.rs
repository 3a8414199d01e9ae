//! What do few certain labels and many uncertain ones say together? Prediction-powered inference.
//!
//! People label `n` outputs with `Y`; a judge labels these and `N` others with `f`. The mean of `Y` over all of them is
//!
//! ```text
//! θ(λ) = mean_n(Y) + λ·(mean_N(f) − mean_n(f))
//! ```
//!
//! which has no bias for any `λ`, however wrong the judge, if those labelled by people are a random sample (Angelopoulos, Bates,
//! Fannjiang, Jordan and Zrnic 2023; PPI++ 2023). `λ = 0` is people alone, `λ = 1` plain PPI. With the influence
//! `a_g = Σ(Y − Ȳ)/n` and `b_g = Σ_N(f − f̄_N)/N − Σ_n(f − f̄_n)/n` of each user,
//!
//! ```text
//! Var θ(λ) = G/(G − 1)·Σ_g (a_g + λ·b_g)²
//! ```
//!
//! the residual sandwich, with `G` the users whose outputs people have labelled: however many others the judge has labelled, what is not
//! known is what people would say. With a user for each output and without its correction it is the variance of the papers,
//! `λ²·Var(f)/N + Var(Y − λf)/n`. Two choices of `λ`:
//!
//! * [`Ppi::optimal`], `−Σab/Σb²`, makes this variance least, so that it is not above that of people alone but for the correction.
//!   It may be above 1 when the judge's scale is narrow, or below 0 when the judge has it the wrong way round. Being fitted to the
//!   same labels it costs a degree of freedom ([`Ppi::best`]), as a slope does: `G/(G − 2)`.
//! * [`Ppi::power_tuned`], `Cov_n(Y, f)/((1 + n/N)·Var_{n+N}(f))` cut to `[0, 1]`, as PPI++ and the Python library `ppi_py` have it.

use std::collections::BTreeMap;

use super::cluster::Sizes;
use super::level::{Interval, Level};

/// One output that the judge has judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Judged {
    /// Its user: outputs of one user are not independent.
    pub cluster: i64,
    /// `f`.
    pub judge: f64,
    /// `Y`, where people have labelled it.
    pub people: Option<f64>,
}

/// A mean with its clustered standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mean {
    pub value: f64,
    /// `None` where clusters do not show how they spread.
    pub standard_error: Option<f64>,
    /// The clusters that it is known from, less those that were spent on a fit.
    pub sizes: Sizes,
}

impl Mean {
    /// From what each cluster contributes, which adds up to 0. It is known from so many of them, and has so many fitted parameters.
    fn new(value: f64, influence: impl Iterator<Item = f64>, known: Sizes, fitted: u64) -> Mean {
        let sizes = known.spending(fitted);
        let squares: f64 = influence.map(|own| own * own).sum();
        let correction = known.clusters as f64 / (sizes.clusters as f64 - 1.0);
        Mean {
            value,
            standard_error: sizes.show_spread().then(|| (correction * squares).sqrt()),
            sizes,
        }
    }

    /// `value ± critical·se`. Not clipped.
    #[must_use]
    pub fn interval(&self, level: Level) -> Option<Interval> {
        let half_width = self.sizes.critical(level) * self.standard_error?;
        Some(Interval::around(self.value, half_width))
    }
}

/// What one cluster contributes.
#[derive(Clone, Copy, Debug, Default)]
struct Influence {
    /// `a_g`; `None` for clusters without labels of people.
    people: Option<f64>,
    /// `b_g`.
    judge: f64,
    /// On the mean of the judge over all.
    all: f64,
    /// Its outputs labelled by both, and all of them.
    labelled: f64,
    outputs: f64,
}

/// Labels of people and of a judge, put together.
#[derive(Clone, Debug)]
pub struct Ppi {
    /// `n`, outputs labelled by both.
    pub labelled: u64,
    /// `N`, outputs labelled by the judge alone.
    pub unlabelled: u64,
    /// `Ȳ`.
    people: f64,
    /// `f̄_n` and `f̄_N`.
    judge: [f64; 2],
    /// `Cov_n(Y, f)` and `Var_{n+N}(f)`.
    moments: (f64, f64),
    clusters: Vec<Influence>,
}

impl Ppi {
    /// `None` unless there are outputs of both kinds.
    #[must_use]
    pub fn new(outputs: &[Judged]) -> Option<Ppi> {
        let both = || outputs.iter().filter_map(|output| Some((output, output.people?)));
        let others = || outputs.iter().filter(|output| output.people.is_none());
        let (labelled, unlabelled) = (both().count(), others().count());
        if labelled == 0 || unlabelled == 0 {
            return None;
        }
        let (n, other) = (labelled as f64, unlabelled as f64);
        let people = both().map(|(_, y)| y).sum::<f64>() / n;
        let judge = [
            both().map(|(output, _)| output.judge).sum::<f64>() / n,
            others().map(|output| output.judge).sum::<f64>() / other,
        ];
        let overall = (judge[0] * n + judge[1] * other) / (n + other);
        let covariance = both()
            .map(|(output, y)| (y - people) * (output.judge - judge[0]))
            .sum::<f64>()
            / n;
        let squares: f64 = outputs.iter().map(|output| (output.judge - overall).powi(2)).sum();
        let mut clusters: BTreeMap<i64, Influence> = BTreeMap::new();
        for output in outputs {
            let own = clusters.entry(output.cluster).or_default();
            own.all += (output.judge - overall) / (n + other);
            own.outputs += 1.0;
            match output.people {
                Some(y) => {
                    own.labelled += 1.0;
                    *own.people.get_or_insert(0.0) += (y - people) / n;
                    own.judge -= (output.judge - judge[0]) / n;
                }
                None => own.judge += (output.judge - judge[1]) / other,
            }
        }
        Some(Ppi {
            labelled: labelled as u64,
            unlabelled: unlabelled as u64,
            people,
            judge,
            moments: (covariance, squares / (n + other - 1.0)),
            clusters: clusters.into_values().collect(),
        })
    }

    /// The mean of people's labels: no bias, but few.
    #[must_use]
    pub fn people_alone(&self) -> Mean {
        let influence = self.clusters.iter().filter_map(|own| own.people);
        Mean::new(self.people, influence, self.labelled_sizes(), 0)
    }

    /// Clusters that people have labelled something of.
    fn labelled_sizes(&self) -> Sizes {
        Sizes::of(self.clusters.iter().map(|own| own.labelled))
    }

    fn all_sizes(&self) -> Sizes {
        Sizes::of(self.clusters.iter().map(|own| own.outputs))
    }

    /// What both kinds of labels together are known from: the clusters with people's, or all where one of them has most outputs.
    fn known(&self) -> Sizes {
        self.labelled_sizes().scarcer(self.all_sizes())
    }

    /// The mean of the judge's labels over all outputs: many, but as biased as the judge.
    #[must_use]
    pub fn judge_alone(&self) -> Mean {
        let (n, other) = (self.labelled as f64, self.unlabelled as f64);
        let influence = self.clusters.iter().map(|own| own.all);
        let value = (self.judge[0] * n + self.judge[1] * other) / (n + other);
        Mean::new(value, influence, self.all_sizes(), 0)
    }

    /// `θ(λ)`.
    #[must_use]
    pub fn at(&self, lambda: f64) -> Mean {
        self.mean(lambda, 0)
    }

    /// `θ(λ)` at the [`Self::optimal`] `λ`, which was fitted to the same labels.
    #[must_use]
    pub fn best(&self) -> Mean {
        self.mean(self.optimal(), 1)
    }

    fn mean(&self, lambda: f64, fitted: u64) -> Mean {
        let own = self.clusters.iter();
        let influence = own.map(|own| own.people.unwrap_or_default() + lambda * own.judge);
        let value = self.people + lambda * (self.judge[1] - self.judge[0]);
        Mean::new(value, influence, self.known(), fitted)
    }

    /// How far the judge's mean over the others is from that over the labelled: far from 0 when people did not choose at random.
    #[must_use]
    pub fn imbalance(&self) -> Mean {
        let influence = self.clusters.iter().map(|own| own.judge);
        Mean::new(self.judge[1] - self.judge[0], influence, self.known(), 0)
    }

    /// The `λ` of the least clustered variance; 0 when the judge always says the same.
    #[must_use]
    pub fn optimal(&self) -> f64 {
        let products: f64 = self
            .clusters
            .iter()
            .map(|own| own.people.unwrap_or_default() * own.judge)
            .sum();
        let squares: f64 = self.clusters.iter().map(|own| own.judge * own.judge).sum();
        if squares > 0.0 { -products / squares } else { 0.0 }
    }

    /// The `λ` of PPI++, cut to `[0, 1]` as its authors do; 0 when the judge always says the same.
    #[must_use]
    pub fn power_tuned(&self) -> f64 {
        let (covariance, variance) = self.moments;
        let room = (1.0 + self.labelled as f64 / self.unlabelled as f64) * variance;
        if room > 0.0 {
            (covariance / room).clamp(0.0, 1.0)
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::random::Random;

    /// Outputs of users who differ, of which people have labelled a part chosen at random; and the truth.
    fn simulated(random: &mut Random, users: i64, labelled: f64) -> (Vec<Judged>, f64) {
        let truth = 0.6;
        let mut outputs = Vec::new();
        for user in 0..users {
            let level = truth + 0.25 * (2.0 * random.uniform() - 1.0);
            for _ in 0..=random.below(12) {
                let right = random.uniform() < level;
                let called = random.uniform() < if right { 0.9 } else { 0.35 };
                outputs.push(Judged {
                    cluster: user,
                    judge: f64::from(u8::from(called)),
                    people: (random.uniform() < labelled).then_some(f64::from(u8::from(right))),
                });
            }
        }
        (outputs, truth)
    }

    #[test]
    fn one_kind_of_label_is_not_enough() {
        let one = Judged {
            cluster: 1,
            judge: 1.0,
            people: Some(1.0),
        };
        assert!(Ppi::new(&[one; 3]).is_none());
        assert!(Ppi::new(&[Judged { people: None, ..one }; 3]).is_none());
        let constant = Ppi::new(&[one, Judged { people: None, ..one }]).unwrap();
        assert_eq!((constant.optimal(), constant.power_tuned()), (0.0, 0.0));
        assert_eq!(constant.people_alone().interval(Level::default()), None);
    }

    /// A thousand seeded runs with clustered users: right as often as promised, and never much wider than people alone. With some fifty
    /// labels the best λ is picked from so few that it promises a little too much.
    #[test]
    fn intervals_cover_and_are_not_wider_than_those_of_people() {
        for (labelled, least) in [(0.2, 930), (0.05, 920)] {
            let mut random = Random::new(11);
            let (mut covered, mut tuned, mut naive, mut gain) = (0, 0, 0, 0.0);
            for _ in 0..1_000 {
                let (outputs, truth) = simulated(&mut random, 150, labelled);
                let ppi = Ppi::new(&outputs).unwrap();
                let holds = |mean: Mean| {
                    let interval = mean.interval(Level::default()).unwrap();
                    u32::from((interval.lower..=interval.upper).contains(&truth))
                };
                let (people, best) = (ppi.people_alone(), ppi.best());
                covered += holds(best);
                tuned += holds(ppi.at(ppi.power_tuned()));
                naive += holds(ppi.judge_alone());
                let least = ppi.at(ppi.optimal()).standard_error.unwrap();
                let ratio = least / people.standard_error.unwrap();
                assert!(ratio < 1.0 + 1e-9, "{ratio}");
                gain += ratio;
            }
            for covered in [covered, tuned] {
                assert!((least..=970).contains(&covered), "{covered} with {labelled}");
            }
            assert!(naive < 200, "the judge alone is biased: {naive}");
            assert!(gain / 1_000.0 < 0.9, "{gain}");
        }
    }

    /// What people say of the outputs of a few users does not become surer by how many others the judge has seen.
    #[test]
    fn labels_of_few_users_cover_too() {
        for (asked, least) in [(5, 870), (10, 900)] {
            let mut random = Random::new(13);
            let (mut covered, mut of_many) = (0, 0);
            for _ in 0..1_000 {
                let (mut outputs, truth) = simulated(&mut random, 400, 1.0);
                outputs
                    .iter_mut()
                    .filter(|own| own.cluster >= asked)
                    .for_each(|own| own.people = None);
                let ppi = Ppi::new(&outputs).unwrap();
                let best = ppi.best();
                assert_eq!(
                    (ppi.at(1.0).sizes.clusters, best.sizes.clusters),
                    (asked as u64, asked as u64 - 1)
                );
                let holds = |mean: Mean| {
                    let interval = mean.interval(Level::default()).unwrap();
                    u32::from((interval.lower..=interval.upper).contains(&truth))
                };
                covered += holds(best);
                of_many += holds(Mean {
                    sizes: Sizes::equal(400),
                    ..best
                });
            }
            assert!(covered >= least, "{covered} of {asked} users");
            assert!(of_many < covered - 20, "{of_many} against {covered}");
        }
    }

    #[test]
    fn a_judge_on_a_narrow_scale_is_stretched() {
        let mut random = Random::new(12);
        let (mut outputs, _) = simulated(&mut random, 300, 0.3);
        for output in &mut outputs {
            output.judge = 0.5 + output.judge / 10.0;
        }
        let ppi = Ppi::new(&outputs).unwrap();
        assert!(ppi.optimal() > 2.0 && ppi.power_tuned() == 1.0, "{}", ppi.optimal());
        let errors = [ppi.optimal(), 1.0, 0.0].map(|lambda| ppi.at(lambda).standard_error.unwrap());
        assert!(errors[0] < errors[1] && errors[1] < errors[2], "{errors:?}");
    }
}
