//! A judge's rate corrected for its errors is right as often as it says, with few users too.

use calibrant::stats::cluster::ClusterRatio;
use calibrant::stats::level::Level;
use calibrant::stats::prevalence::{Share, corrected};
use calibrant::stats::random::Random;

use super::{RUNS, User};

const RIGHT: f64 = 0.6;
const SENSITIVITY: f64 = 0.9;
const SPECIFICITY: f64 = 0.8;

/// How often so many users' intervals contain the truth: with what few users are known to be worth, and as if that were known well.
fn covered(users: usize, seed: u64) -> [u32; 2] {
    let mut random = Random::new(seed);
    let mut covered = [0; 2];
    for _ in 0..RUNS {
        let mut totals = [(); 3].map(|()| Vec::new());
        for _ in 0..users {
            let user = User {
                rate: RIGHT + 0.35 * (2.0 * random.uniform() - 1.0),
                activity: 1.0,
            };
            let mut own = [(0.0, 0.0); 3];
            for _ in 0..100 {
                let is_right = random.uniform() < user.rate;
                let is_called = random.uniform() < if is_right { SENSITIVITY } else { 1.0 - SPECIFICITY };
                let mut count = |at: usize, success: bool| {
                    own[at] = (own[at].0 + f64::from(u8::from(success)), own[at].1 + 1.0);
                };
                count(0, is_called);
                match is_right {
                    true => count(1, is_called),
                    false => count(2, !is_called),
                }
            }
            totals.iter_mut().zip(own).for_each(|(totals, own)| totals.push(own));
        }
        let ratios = totals.map(|totals| ClusterRatio::from_totals(&totals));
        for (covered, knows) in covered.iter_mut().zip([true, false]) {
            let [called, sensitivity, specificity] = ratios.map(|ratio| {
                let trials = ratio.effective_trials().unwrap();
                Share {
                    successes: ratio.ratio().unwrap() * trials,
                    trials,
                    clusters: knows.then_some(ratio.sizes()),
                }
            });
            let found = corrected(called, sensitivity, specificity, Level::default()).unwrap();
            *covered += u32::from((found.interval.lower..=found.interval.upper).contains(&RIGHT));
        }
    }
    println!("{users} users: {covered:?} of {RUNS}");
    covered
}

/// Three standard errors below 95 % of the runs.
const LEAST: u32 = 930;

#[test]
fn corrected_rates_of_few_users_are_right_as_often_as_they_say() {
    for (users, seed) in [(4, 41), (6, 42), (12, 43), (60, 44)] {
        let [student, normal] = covered(users, seed);
        assert!(student >= LEAST, "{users} users: {student}");
        assert!(student >= normal);
        assert!(users > 6 || normal < LEAST, "{users} users: {normal} without");
    }
}
