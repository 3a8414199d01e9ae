//! Why a comparison of shares keeps the clustered interval near 0 and 1, and Newcombe's is named naive.

use calibrant::stats::cluster::ClusterRatio;
use calibrant::stats::contrast::{Contrast, Moved};
use calibrant::stats::level::Level;
use calibrant::stats::random::Random;
use calibrant::stats::two_proportions::{mover, newcombe};

use super::{RUNS, User};

/// How often each interval held a difference.
#[derive(Debug, Default)]
struct Covered {
    /// The clustered one that comparisons use.
    linear: u32,
    /// MOVER of the clustered Wilson intervals of both sides.
    hybrid: u32,
    /// Newcombe's, with outputs taken to be independent.
    naive: u32,
}

/// Accepted and decided of each user of a side; `draw` makes one.
fn side(users: usize, mut draw: impl FnMut() -> (f64, f64)) -> (ClusterRatio, Vec<Moved>) {
    let totals: Vec<(f64, f64)> = (0..users).map(|_| draw()).filter(|total| total.1 > 0.0).collect();
    let ratio = ClusterRatio::from_totals(&totals);
    let value = ratio.ratio().unwrap();
    let influences = totals.iter().map(|(n, d)| Moved {
        by: (n - value * d) / ratio.denominator,
        size: *d,
    });
    (ratio, influences.collect())
}

/// Two sides with the same rate, again and again.
fn covered(users: [usize; 2], mut draw: impl FnMut() -> (f64, f64)) -> Covered {
    let level = Level::default();
    let mut covered = Covered::default();
    for _ in 0..RUNS {
        let [(one, of_one), (two, of_two)] = users.map(|users| side(users, &mut draw));
        let influences: Vec<_> = of_one
            .into_iter()
            .map(|own| (Some(own), None))
            .chain(of_two.into_iter().map(|own| (None, Some(own))))
            .collect();
        // Where one user did nearly all, a side says nothing.
        let [Some(of_one), Some(of_two)] = [one, two].map(|side| side.wilson(level)) else {
            continue;
        };
        let values = [(one.ratio().unwrap(), of_one), (two.ratio().unwrap(), of_two)];
        let counts = [one, two].map(|side| (side.numerator, side.denominator));
        let contrast = Contrast::new(values[0].0, values[1].0, &influences);
        let holds =
            |interval: calibrant::stats::level::Interval| u32::from((interval.lower..=interval.upper).contains(&0.0));
        // There is none where both sides took nothing at all.
        covered.linear += contrast.interval(level).map_or(1, holds);
        covered.hybrid += holds(mover(values[0], values[1]));
        covered.naive += holds(newcombe(counts[0], counts[1], level).unwrap());
    }
    println!("{users:?}: {covered:?} of {RUNS}");
    covered
}

#[test]
fn of_users_with_one_output_each_newcombes_interval_holds_near_zero() {
    let mut random = Random::new(31);
    let covered = covered([60, 240], || (f64::from(u8::from(random.uniform() < 0.02)), 1.0));
    assert!(covered.naive >= 940, "{covered:?}");
    assert!(covered.linear < 900, "it is too narrow where few have any: {covered:?}");
}

#[test]
fn of_users_who_differ_no_wilson_interval_holds_better_than_the_clustered_one() {
    // One in ten users accepts at all, and a few do most of what is done.
    for (users, seed) in [([60, 60], 32), ([240, 240], 33), ([120, 240], 34)] {
        let mut random = Random::new(seed);
        let covered = covered(users, || {
            let rate = if random.uniform() < 0.1 { 0.3 } else { 0.0 };
            let activity = 10.0 * (1.2 * random.normal()).exp();
            User { rate, activity }.day(&mut random)
        });
        assert!(covered.hybrid < covered.linear, "{covered:?}");
        assert!(covered.naive < 700, "{covered:?}");
    }
}
