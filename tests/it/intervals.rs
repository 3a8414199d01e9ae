//! Intervals hold what they say: a thousand seeded runs of a world whose truth is known.

use calibrant::stats::beta;
use calibrant::stats::level::Level;
use calibrant::stats::nonresponse::{Answers, Bounds, Strata, Weighted};
use calibrant::stats::random::Random;
use calibrant::stats::shrinkage::{Means, Rates};

const RUNS: u32 = 1_000;

/// A nominal 95 % interval that holds the truth in 93 to 97 % of the runs.
#[track_caller]
fn honest(what: &str, held: f64) {
    assert!((0.93..=0.97).contains(&held), "{what}: {held}");
}

fn binomial(random: &mut Random, n: u64, p: f64) -> f64 {
    (0..n).filter(|_| random.uniform() < p).count() as f64
}

/// Units of very different sizes with rates from a beta distribution: the share of units whose interval holds their rate.
#[test]
fn shrunken_rates() {
    let mut random = Random::new(11);
    let (mut held, mut units, mut nearer) = (0.0, 0.0, 0.0);
    for _ in 0..RUNS {
        let rates: Vec<f64> = (0..30).map(|_| beta::quantile(random.uniform(), 6.0, 4.0)).collect();
        let counts: Vec<(f64, f64)> = rates
            .iter()
            .map(|rate| {
                let n = 3 + random.below(60);
                (binomial(&mut random, n, *rate), n as f64)
            })
            .collect();
        let fitted = Rates::fit(&counts).unwrap();
        let (mut raw, mut shrunk) = (0.0, 0.0);
        for (rate, own) in rates.iter().zip(&counts) {
            let (mean, interval) = fitted.unit(*own, Level::default());
            held += f64::from(u8::from(interval.lower <= *rate && *rate <= interval.upper));
            units += 1.0;
            raw += (own.0 / own.1 - rate).powi(2);
            shrunk += (mean - rate).powi(2);
        }
        nearer += f64::from(u8::from(shrunk < raw));
    }
    honest("rates", held / units);
    assert!(
        nearer / f64::from(RUNS) > 0.9,
        "shrunken values are nearer the truth: {nearer}"
    );
}

#[test]
fn shrunken_means() {
    let mut random = Random::new(12);
    let (mut held, mut units) = (0.0, 0.0);
    for _ in 0..RUNS {
        let truth: Vec<f64> = (0..30).map(|_| 0.1 + 0.08 * random.normal()).collect();
        let seen: Vec<(f64, f64)> = truth
            .iter()
            .map(|value| {
                let error = 0.02 + 0.15 * random.uniform();
                (value + error * random.normal(), error)
            })
            .collect();
        let fitted = Means::fit(&seen).unwrap();
        for (value, own) in truth.iter().zip(&seen) {
            let (_, interval) = fitted.unit(*own, Level::default());
            held += f64::from(u8::from(interval.lower <= *value && *value <= interval.upper));
            units += 1.0;
        }
    }
    honest("means", held / units);
}

/// Users of two plans who are alike among themselves; the plan decides how often they answer, and with what.
fn answered(random: &mut Random, users: i64) -> Strata {
    let mut strata: Strata = vec![Vec::new(); 2];
    for user in 0..users {
        let lean = 0.15 * random.normal();
        // Each user has outputs of both kinds: the first kind is answered often and liked.
        for (stratum, (response, rate)) in strata.iter_mut().zip([(0.8, 0.75), (0.2, 0.35)]) {
            let shown = 2 + random.below(12);
            let (mut observed, mut positive) = (0.0, 0.0);
            for _ in 0..shown {
                let good = random.uniform() < (rate + lean).clamp(0.0, 1.0);
                if random.uniform() < response {
                    observed += 1.0;
                    positive += f64::from(u8::from(good));
                }
            }
            let own = Answers {
                shown: shown as f64,
                observed,
                positive,
            };
            stratum.push((user, own));
        }
    }
    strata
}

/// What the users of [`answered`] would say on average, had they answered everything. Leanings are cut off rarely enough to cancel.
const TRUTH: f64 = 0.55;

#[test]
fn weighted_for_nonresponse() {
    for (users, seed) in [(200, 13), (25, 14)] {
        let mut random = Random::new(seed);
        let (mut held, mut raw) = (0.0, 0.0);
        for _ in 0..RUNS {
            let strata = answered(&mut random, users);
            let found = Weighted::estimate(&strata).unwrap();
            let interval = found.interval(Level::default()).unwrap();
            held += f64::from(u8::from(interval.lower <= TRUTH && TRUTH <= interval.upper));
            let all = strata.iter().flatten().map(|(_, own)| own);
            let (positive, observed) = all.fold((0.0, 0.0), |sum, own| (sum.0 + own.positive, sum.1 + own.observed));
            raw += positive / observed / f64::from(RUNS);
        }
        honest("weighted", held / f64::from(RUNS));
        assert!(raw > TRUTH + 0.08, "unweighted, it flatters: {raw}");
    }
}

/// The worst of all worlds: what is missing is all negative, so that the truth lies on the lower bound.
#[test]
fn bounds_of_what_is_missing() {
    for (users, seed) in [(200, 15), (25, 16)] {
        let mut random = Random::new(seed);
        let (mut at_the_end, mut inside) = (0.0, 0.0);
        for _ in 0..RUNS {
            let bounds = Bounds::new(&answered(&mut random, users));
            let interval = bounds.interval(Level::default()).unwrap();
            // Per output shown: half of each kind, answered and liked.
            let lowest = 0.5 * (0.8 * 0.75 + 0.2 * 0.35);
            at_the_end += f64::from(u8::from(interval.lower <= lowest && lowest <= interval.upper));
            inside += f64::from(u8::from(interval.lower <= TRUTH && TRUTH <= interval.upper));
        }
        honest("a truth on the bound", at_the_end / f64::from(RUNS));
        assert_eq!(inside, f64::from(RUNS), "a truth between the bounds");
    }
}
