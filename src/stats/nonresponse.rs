//! What would the rate be, had everything been answered?
//!
//! Only some outputs are decided, or judged, and which ones is seldom random. Within strata whose response rate is `π̂_s = o_s/n_s`
//! (observed of shown), each observed output stands for `1/π̂_s`. Hájek's (1971) estimate is
//!
//! ```text
//! R = Σ y/π̂ / Σ 1/π̂
//! ```
//!
//! which with strata as the only covariate is post-stratification. It takes away what the strata explain, and nothing else. What may
//! lie behind the rest is bounded by Manski (1990): all that is missing is 0, or all is 1.
//!
//! Variances are linearised over clusters, with the sizes and response rates of the strata counted as estimates too:
//! `e_g = Σ_s [n_s·(y_gs − ȳ_s·o_gs)/o_s + (ȳ_s − R)·n_gs] / Σ_s n_s`. What is not known is what clusters would answer, so that those that
//! answered anything are the `G` of `G/(G − 1)·Σe²` and of Student's t, however many others were shown something.

use std::collections::BTreeMap;

use super::cluster::{ClusterRatio, Sizes};
use super::level::{Interval, Level};
use super::{normal, proportion};

/// No output stands for more than this many: strata with a lower response rate get less than their share (trimming).
pub const MOST_WEIGHT: f64 = 100.0;

/// Counts of one cluster in one stratum, or sums of them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Answers {
    pub shown: f64,
    /// Of the shown, those whose outcome is known.
    pub observed: f64,
    /// Of the observed, those with a positive outcome.
    pub positive: f64,
}

impl std::ops::AddAssign for Answers {
    fn add_assign(&mut self, other: Answers) {
        self.shown += other.shown;
        self.observed += other.observed;
        self.positive += other.positive;
    }
}

/// The counts of each cluster in each stratum, a cluster once.
pub type Strata = Vec<Vec<(i64, Answers)>>;

/// A weighted estimate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weighted {
    pub value: f64,
    /// `None` where clusters do not show how they spread.
    pub standard_error: Option<f64>,
    /// Clusters with an observed output, and how much their outputs weigh.
    pub sizes: Sizes,
    /// Observed outputs.
    pub observed: f64,
    /// Kish's effective number of observed outputs, `(Σw)²/Σw²`: what is left of them after weighting.
    pub effective: f64,
    /// Share of the shown outputs that are in strata of which nothing is observed: the estimate does not speak for them.
    pub unrepresented: f64,
    /// Strata that get less than their share.
    pub trimmed: usize,
}

impl Weighted {
    /// `None` when nothing is observed.
    #[must_use]
    pub fn estimate(strata: &Strata) -> Option<Self> {
        let totals: Vec<Answers> = strata.iter().map(|clusters| sum(clusters)).collect();
        let weight = |own: &Answers| (own.shown / own.observed).min(MOST_WEIGHT);
        let is_trimmed = |own: &Answers| own.shown / own.observed > MOST_WEIGHT;
        let seen = || totals.iter().filter(|own| own.observed > 0.0);
        let of = |value: fn(&Answers, f64) -> f64| seen().map(|own| value(own, weight(own))).sum::<f64>();
        let size = of(|own, w| w * own.observed);
        if size <= 0.0 {
            return None;
        }
        let value = of(|own, w| w * own.positive) / size;
        let mut influence: BTreeMap<i64, f64> = BTreeMap::new();
        let mut answered: BTreeMap<i64, f64> = BTreeMap::new();
        for (clusters, own) in strata.iter().zip(&totals).filter(|(_, own)| own.observed > 0.0) {
            let rate = own.positive / own.observed;
            for (cluster, counts) in clusters {
                let moved = if is_trimmed(own) {
                    MOST_WEIGHT * (counts.positive - value * counts.observed)
                } else {
                    weight(own) * (counts.positive - rate * counts.observed) + (rate - value) * counts.shown
                };
                *influence.entry(*cluster).or_default() += moved / size;
                if counts.observed > 0.0 {
                    *answered.entry(*cluster).or_default() += weight(own) * counts.observed;
                }
            }
        }
        let sizes = Sizes::of(answered.into_values());
        let clusters = sizes.clusters as f64;
        let squares: f64 = influence.values().map(|own| own * own).sum();
        let shown: f64 = totals.iter().map(|own| own.shown).sum();
        Some(Self {
            value,
            standard_error: sizes
                .show_spread()
                .then(|| (clusters / (clusters - 1.0) * squares).sqrt()),
            sizes,
            observed: of(|own, _| own.observed),
            effective: size * size / of(|own, w| w * w * own.observed),
            unrepresented: 1.0 - seen().map(|own| own.shown).sum::<f64>() / shown,
            trimmed: seen().filter(|own| is_trimmed(own)).count(),
        })
    }

    /// Wilson's interval with as many trials as the variance is worth; `None` without a standard error.
    #[must_use]
    pub fn interval(&self, level: Level) -> Option<Interval> {
        let variance = self.standard_error?.powi(2);
        let bernoulli = self.value * (1.0 - self.value);
        let trials = if variance > 0.0 && bernoulli > 0.0 {
            (bernoulli / variance).min(self.effective)
        } else {
            // Clusters that agree say how many there are, and nothing else.
            self.effective.min(self.sizes.clusters as f64)
        };
        proportion::wilson((self.value * trials).min(trials), trials, self.sizes.critical(level))
    }
}

/// The rates if all that is missing were 0, and if all were 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    pub lower: ClusterRatio,
    pub upper: ClusterRatio,
}

impl Bounds {
    #[must_use]
    pub fn new(strata: &Strata) -> Self {
        let mut clusters: BTreeMap<i64, Answers> = BTreeMap::new();
        for (cluster, own) in strata.iter().flatten() {
            *clusters.entry(*cluster).or_default() += *own;
        }
        let of = |value: fn(&Answers) -> f64| {
            let totals: Vec<(f64, f64)> = clusters.values().map(|own| (value(own), own.shown)).collect();
            ClusterRatio::from_totals(&totals)
        };
        Self {
            lower: of(|own| own.positive),
            upper: of(|own| own.positive + own.shown - own.observed),
        }
    }

    /// An interval that holds the rate, wherever between the bounds it is, with the probability of the level (Imbens and Manski
    /// 2004): the wider the bounds, the nearer its critical value comes to a one-sided one. `None` where clusters do not show how they spread.
    #[must_use]
    pub fn interval(&self, level: Level) -> Option<Interval> {
        let (low, high) = (self.lower.ratio()?, self.upper.ratio()?);
        let error = self.lower.standard_error()?.max(self.upper.standard_error()?);
        // With few clusters, as much wider as Student's t is.
        let widening = self.lower.critical(level) / level.z();
        let critical = widening * uniform_critical(high - low, error, level);
        let end = |bound: &ClusterRatio| {
            let trials = bound.effective_trials()?;
            proportion::wilson((bound.ratio()? * trials).min(trials), trials, critical)
        };
        Some(Interval {
            lower: end(&self.lower)?.lower,
            upper: end(&self.upper)?.upper,
        })
    }
}

/// The `c` with `Φ(c + width/error) − Φ(−c) = level`, between the one-sided and the two-sided critical value.
fn uniform_critical(width: f64, error: f64, level: Level) -> f64 {
    const HALVINGS: u32 = 60;
    if error <= 0.0 {
        return level.z();
    }
    let (mut low, mut high) = (0.0, level.z());
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        if normal::cdf(middle + width / error) - normal::cdf(-middle) < level.get() {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

fn sum(clusters: &[(i64, Answers)]) -> Answers {
    let mut total = Answers::default();
    clusters.iter().for_each(|(_, own)| total += *own);
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(shown: f64, observed: f64, positive: f64) -> Answers {
        Answers {
            shown,
            observed,
            positive,
        }
    }

    /// Strata of one cluster each in which all are alike.
    fn of(strata: &[&[Answers]]) -> Strata {
        strata
            .iter()
            .map(|own| (0..).zip(own.iter().copied()).collect())
            .collect()
    }

    #[test]
    fn the_silent_stratum_gets_its_share() {
        // Half of the outputs are answered rarely and accepted rarely.
        let strata = of(&[
            &[answers(50.0, 50.0, 45.0), answers(50.0, 50.0, 45.0)],
            &[answers(50.0, 5.0, 1.0), answers(50.0, 5.0, 1.0)],
        ]);
        let found = Weighted::estimate(&strata).unwrap();
        assert!((found.value - 0.55).abs() < 1e-12, "{found:?}");
        assert!((found.effective - 200.0 * 200.0 / (100.0 + 1_000.0)).abs() < 1e-9);
        assert_eq!((found.trimmed, found.observed), (0, 110.0));
        assert!(found.unrepresented.abs() < 1e-15);
        let bounds = Bounds::new(&strata);
        assert_eq!(bounds.lower.ratio(), Some(92.0 / 200.0));
        assert_eq!(bounds.upper.ratio(), Some(182.0 / 200.0));
        let interval = bounds.interval(Level::default()).unwrap();
        assert!(interval.lower < 0.46 && interval.upper > 0.91);
    }

    #[test]
    fn what_nobody_answered_is_said_and_what_few_answered_is_trimmed() {
        let strata = of(&[
            &[answers(10.0, 10.0, 5.0), answers(10.0, 10.0, 6.0)],
            &[answers(20.0, 0.0, 0.0)],
            &[answers(1_000.0, 1.0, 1.0)],
        ]);
        let found = Weighted::estimate(&strata).unwrap();
        assert!((found.unrepresented - 20.0 / 1_040.0).abs() < 1e-12);
        assert_eq!(found.trimmed, 1);
        assert!((found.value - (11.0 + 100.0) / 120.0).abs() < 1e-12);
        assert_eq!(Weighted::estimate(&of(&[&[answers(3.0, 0.0, 0.0)]])), None);
    }

    #[test]
    fn full_response_is_the_plain_rate_with_its_plain_error() {
        let own = [answers(4.0, 4.0, 1.0), answers(9.0, 9.0, 8.0), answers(3.0, 3.0, 2.0)];
        let found = Weighted::estimate(&of(&[&own])).unwrap();
        let plain = ClusterRatio::from_totals(&own.map(|own| (own.positive, own.shown)));
        assert!((found.value - plain.ratio().unwrap()).abs() < 1e-15);
        assert!((found.standard_error.unwrap() - plain.standard_error().unwrap()).abs() < 1e-15);
        let bounds = Bounds::new(&of(&[&own]));
        assert_eq!(bounds.lower, bounds.upper);
        let (a, b) = (
            bounds.interval(Level::default()).unwrap(),
            plain.wilson(Level::default()).unwrap(),
        );
        assert!((a.lower - b.lower).abs() < 1e-9 && (a.upper - b.upper).abs() < 1e-9);
    }

    #[test]
    fn who_was_shown_something_and_did_not_answer_makes_nothing_surer() {
        let few = [
            answers(10.0, 10.0, 4.0),
            answers(10.0, 10.0, 9.0),
            answers(10.0, 10.0, 6.0),
        ];
        let alone = Weighted::estimate(&of(&[&few])).unwrap();
        let silent: Vec<Answers> = few.into_iter().chain([answers(10.0, 0.0, 0.0); 50]).collect();
        let among = Weighted::estimate(&of(&[&silent])).unwrap();
        assert_eq!((among.sizes.clusters, alone.sizes.clusters), (3, 3));
        assert!((among.value - alone.value).abs() < 1e-12);
        let level = Level::default();
        assert_eq!(
            alone.interval(level).map(|own| own.upper > 0.9),
            Some(true),
            "Student's t of three users"
        );
        let [one, other] = [&alone, &among].map(|own| own.interval(level).unwrap());
        assert!((one.lower - other.lower).abs() < 1e-9 && (one.upper - other.upper).abs() < 1e-9);
    }

    #[test]
    fn wide_bounds_need_a_one_sided_critical_value() {
        let level = Level::default();
        assert!((uniform_critical(0.0, 0.1, level) - level.z()).abs() < 1e-9);
        assert!((uniform_critical(10.0, 0.1, level) - normal::quantile(0.95)).abs() < 1e-9);
    }
}
