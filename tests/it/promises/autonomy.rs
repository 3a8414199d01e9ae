//! A threshold that is named safe is safe, as often as promised.

use calibrant::stats::random::Random;
use calibrant::stats::risk_control;
use calibrant::stats::sample::Sample;
use calibrant::stats::thresholds::{self, Threshold, safe_for_outputs, safe_for_users};

use super::Population;

const RUNS: u64 = 1_000;
const DELTA: f64 = 0.1;

/// The true error rate above each of a hundred steps of confidence: of the average user, and as many outputs on each.
struct Truth(Vec<f64>);

impl Truth {
    fn of(population: &Population) -> Truth {
        let mut random = Random::new(7);
        let effects: Vec<f64> = (0..20_000).map(|_| population.spread * random.normal()).collect();
        let steps = population.steps;
        let wrong = (0..steps).map(|step| {
            let confidence = (step as f64 + 0.5) / steps as f64;
            let right: f64 = effects
                .iter()
                .map(|effect| Population::chance(confidence, *effect))
                .sum();
            1.0 - right / effects.len() as f64
        });
        let wrong: Vec<f64> = wrong.collect();
        Truth((0..wrong.len()).map(|from| mean(&wrong[from..])).collect())
    }

    fn above(&self, threshold: &Threshold) -> f64 {
        self.0[(threshold.above * self.0.len() as f64).round() as usize]
    }
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Over many products: how often each kind of threshold is named, and how often the risk above it is too high.
fn broken(population: &Population, risk: f64) -> [(u64, u64); 2] {
    let truth = Truth::of(population);
    let mut random = Random::new(11);
    let mut found = [(0, 0); 2];
    for _ in 0..RUNS {
        let sample: Sample = population.draw(&mut random);
        let descent = thresholds::descend(&sample, &vec![true; sample.clusters], risk);
        let places = [
            safe_for_users(&descent, risk, DELTA),
            safe_for_outputs(&descent, risk, DELTA),
        ];
        for (counts, place) in found.iter_mut().zip(places) {
            if let Some(place) = place {
                counts.0 += 1;
                counts.1 += u64::from(truth.above(&descent[place]) > risk);
            }
        }
    }
    found
}

#[test]
fn users_who_differ_much_do_not_break_the_promise() {
    // A sequence ends soon after the risk is met only if thresholds lie close: a hundred steps.
    let population = Population {
        users: 200,
        spread: 2.0,
        steps: 100,
        outputs: (5, 24),
    };
    let risk = 0.4;
    let [(named, broken_by_users), (_, broken_by_outputs)] = broken(&population, risk);
    println!("for users: {named} named, {broken_by_users} broken; for outputs: {broken_by_outputs} broken");
    // Three standard deviations of chance above the promise.
    let most = RUNS as f64 * DELTA + 3.0 * (RUNS as f64 * DELTA * (1.0 - DELTA)).sqrt();
    assert!((broken_by_users as f64) <= most, "{broken_by_users}");
    assert!(named > RUNS / 2, "a promise that is never made is kept: {named}");
    assert!(
        broken_by_outputs as f64 > most,
        "outputs of one user are not independent, and the test that takes them so shows it: {broken_by_outputs}"
    );
}

#[test]
fn independent_outputs_are_promised_more_and_get_it() {
    let population = Population {
        users: 200,
        spread: 0.0,
        steps: 100,
        outputs: (5, 24),
    };
    let [(by_users, broken_by_users), (by_outputs, broken_by_outputs)] = broken(&population, 0.25);
    println!("for users: {by_users} named, {broken_by_users} broken; for outputs: {by_outputs}, {broken_by_outputs}");
    let most = RUNS as f64 * DELTA + 3.0 * (RUNS as f64 * DELTA * (1.0 - DELTA)).sqrt();
    assert!((broken_by_users as f64) <= most && (broken_by_outputs as f64) <= most);
    assert!(by_outputs > RUNS / 2);
}

/// Users with so many outputs each, whose error rate depends on the confidence alone.
fn drawn(random: &mut Random, (users, outputs): (i64, i64), wrong: impl Fn(f64) -> f64) -> Sample {
    let points = (0..users * outputs).map(|at| {
        let confidence = random.uniform();
        (at % users, confidence, random.uniform() >= wrong(confidence))
    });
    Sample::new(points.collect(), 0)
}

#[test]
fn confident_outputs_with_hardly_an_error_are_found_among_few_users() {
    let (risk, delta) = (0.05, 0.05);
    let mut random = Random::new(31);
    let (mut found, mut from_half) = (0, 0);
    for _ in 0..RUNS {
        let wrong = |confidence| if confidence > 0.96 { 0.002 } else { 0.3 };
        let sample = drawn(&mut random, (195, 40), wrong);
        let descent = thresholds::descend(&sample, &vec![true; sample.clusters], risk);
        found += u64::from(safe_for_users(&descent, risk, delta).is_some());
        let p: Vec<f64> = descent.iter().map(|one| one.p_users).collect();
        let fewest = risk_control::fewest_users(risk, risk / 2.0, delta);
        // Where so many have met none, the last is where a sequence begins.
        let half = descent.iter().position(|one| one.users >= fewest);
        let half = half.unwrap_or(descent.len() - 1);
        from_half += u64::from(risk_control::fixed_sequence(&p, half, delta).is_some());
    }
    println!("{found} found, {from_half} with the one start where half the risk would show");
    assert!(found > 7 * RUNS / 10 && from_half < RUNS / 10, "{found} {from_half}");
}

#[test]
fn errors_of_half_the_risk_are_found_where_users_differ() {
    let (risk, delta) = (0.05, 0.05);
    let mut random = Random::new(33);
    let mut found = 0;
    for _ in 0..RUNS / 5 {
        // Two in three see hardly an error, one in three one of fourteen.
        let rates: Vec<f64> = (0..800).map(|user| if user % 3 == 0 { 0.07 } else { 0.0025 }).collect();
        let points = (0..800 * 20).map(|at| {
            let user = at % 800;
            (user as i64, random.uniform(), random.uniform() >= rates[user])
        });
        let sample = Sample::new(points.collect(), 0);
        let descent = thresholds::descend(&sample, &vec![true; sample.clusters], risk);
        found += u64::from(safe_for_users(&descent, risk, delta).is_some());
    }
    println!("{found} found");
    assert!(found > 7 * RUNS / 50, "{found}");
}

#[test]
fn many_starts_share_the_chance_to_err() {
    // Everywhere just as wrong as the risk, one output of each user: whatever is named breaks the promise.
    let risk = 0.1;
    let mut random = Random::new(32);
    let (mut shared, mut each) = (0, 0);
    for _ in 0..RUNS {
        let sample = drawn(&mut random, (1_000, 1), |_| risk);
        let descent = thresholds::descend(&sample, &vec![true; sample.clusters], risk);
        let p: Vec<f64> = descent.iter().map(|one| one.p_outputs).collect();
        let starts = thresholds::user_starts(&descent, risk, DELTA);
        shared += u64::from(risk_control::fixed_sequences(&p, &starts, DELTA).is_some());
        each += u64::from(
            starts
                .iter()
                .any(|start| risk_control::fixed_sequence(&p, *start, DELTA).is_some()),
        );
    }
    println!("{shared} broken, {each} if each start had all of the chance");
    let most = RUNS as f64 * DELTA;
    assert!(shared as f64 <= most && each as f64 > most, "{shared} {each}");
}
