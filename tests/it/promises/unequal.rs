//! Intervals hold where one user has most of the outputs, or say nothing.

use calibrant::stats::cluster::{ClusterRatio, Sizes};
use calibrant::stats::contrast::{Contrast, Moved, Pair};
use calibrant::stats::level::{Interval, Level};
use calibrant::stats::random::Random;

use super::RUNS;

/// What is right of the outputs of an average user.
const TRUTH: f64 = 0.7;

/// One user with so many outputs, and sixty others with so many each: right outputs and all. Users differ.
fn draw(random: &mut Random, (most, others): (u32, u32)) -> Vec<(f64, f64)> {
    let sizes = std::iter::once(most).chain(std::iter::repeat_n(others, 60));
    let user = |size| {
        let rate = TRUTH + 0.4 * (random.uniform() - 0.5);
        let right = (0..size).filter(|_| random.uniform() < rate).count();
        (right as f64, f64::from(size))
    };
    sizes.map(user).collect()
}

fn holds(interval: Interval, truth: f64) -> u32 {
    u32::from((interval.lower..=interval.upper).contains(&truth))
}

/// How often the intervals of a share hold, as they are, and as they would be if each user counted alike; `None` where there is none.
fn covered(sizes: (u32, u32)) -> Option<[u32; 2]> {
    let level = Level::default();
    let mut random = Random::new(21);
    let mut covered = [0; 2];
    for _ in 0..RUNS {
        let ratio = ClusterRatio::from_totals(&draw(&mut random, sizes));
        let (value, error) = (ratio.ratio().unwrap(), ratio.standard_error()?);
        let alike = Sizes::equal(ratio.clusters).critical(level);
        covered[0] += holds(ratio.linear(level).unwrap(), TRUTH);
        covered[1] += holds(Interval::around(value, alike * error), TRUTH);
    }
    Some(covered)
}

#[test]
fn a_user_with_most_outputs_leaves_little_to_be_sure_of() {
    for (sizes, least) in [((10, 10), 930), ((200, 10), 930), ((500, 10), 880)] {
        let [own, alike] = covered(sizes).unwrap();
        println!("{sizes:?}: {own}, {alike} if users counted alike");
        assert!(own >= least, "{sizes:?}: {own}");
        assert!(sizes.0 == 10 || alike < own - 20, "{sizes:?}: {alike}");
    }
    assert_eq!(covered((4_000, 3)), None, "one user has nearly all");
}

#[test]
fn so_it_is_with_differences() {
    let level = Level::default();
    let side = |totals: &[(f64, f64)]| -> (f64, Vec<Moved>) {
        let ratio = ClusterRatio::from_totals(totals);
        let value = ratio.ratio().unwrap();
        let moved = |(n, d): &(f64, f64)| Moved {
            by: (n - value * d) / ratio.denominator,
            size: *d,
        };
        (value, totals.iter().map(moved).collect())
    };
    let contrast = |random: &mut Random, most: u32| {
        let sides = [(10, 10), (most, 10)].map(|sizes| side(&draw(random, sizes)));
        let [(first, one), (second, two)] = sides;
        let pairs = one.into_iter().map(|own| (Some(own), None));
        let pairs: Vec<Pair> = pairs.chain(two.into_iter().map(|own| (None, Some(own)))).collect();
        Contrast::new(first, second, &pairs)
    };
    let mut random = Random::new(22);
    let (mut own, mut normal) = (0, 0);
    for _ in 0..RUNS {
        let found = contrast(&mut random, 500);
        own += holds(found.interval(level).unwrap(), 0.0);
        let half_width = level.z() * found.standard_error.unwrap();
        normal += holds(Interval::around(found.difference, half_width), 0.0);
    }
    println!("of differences: {own}, {normal} if users counted alike");
    assert!(own > normal, "{own} against {normal}");
    assert_eq!(contrast(&mut random, 9_000).standard_error, None);
}
