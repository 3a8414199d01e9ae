//! Looking every day is honest, and one planned look covers as often as it says.

use calibrant::stats::contrast::{Contrast, Moved, Pair};
use calibrant::stats::level::Level;
use calibrant::stats::random::Random;
use calibrant::stats::sequence;

use super::{RUNS, User};

const USERS: usize = 240;
const DAYS: usize = 30;

/// What a thousand comparisons came to.
#[derive(Default)]
struct Tally {
    /// The sequence was without the truth at some look.
    sequence_missed: u32,
    /// A fixed interval was without the truth at some look.
    peeking_missed: u32,
    /// The fixed interval held the truth at the last look.
    covered: u32,
    /// So did that of the ratio.
    ratio_covered: u32,
}

/// Two sides with the same rate, looked at every day. Users come all on the first day, or some each day.
fn compare(seed: u64, arriving: bool) -> Tally {
    let mut random = Random::new(seed);
    let level = Level::default();
    let mut tally = Tally::default();
    for _ in 0..RUNS {
        let users: Vec<User> = (0..USERS).map(|_| User::draw(&mut random, 0.5)).collect();
        let mut totals = vec![(0.0, 0.0); USERS];
        let (mut sequence_missed, mut peeking_missed) = (false, false);
        let mut last = None;
        for day in 1..=DAYS {
            let here = if arriving { USERS * day / DAYS } else { USERS };
            for (user, total) in users.iter().zip(&mut totals).take(here) {
                let (those, all) = user.day(&mut random);
                *total = (total.0 + those, total.1 + all);
            }
            let looked = look(&totals);
            let units = (looked.0.clusters[0] + looked.0.clusters[1]) as f64;
            if units >= sequence::ENOUGH as f64 {
                let error = looked.0.standard_error.unwrap();
                let tuning = sequence::tuning(USERS as f64, level);
                let interval = sequence::interval(looked.0.difference, error, units, tuning, level);
                let holds = |lower: f64, upper: f64| (lower..=upper).contains(&0.0);
                sequence_missed |= !holds(interval.lower, interval.upper);
                let fixed = looked.0.interval(level).unwrap();
                peeking_missed |= !holds(fixed.lower, fixed.upper);
            }
            last = Some(looked);
        }
        let (contrast, ratio) = last.unwrap();
        let covers = |contrast: Contrast| {
            let interval = contrast.interval(level).unwrap();
            u32::from((interval.lower..=interval.upper).contains(&0.0))
        };
        tally.covered += covers(contrast);
        tally.ratio_covered += covers(ratio.unwrap());
        tally.sequence_missed += u32::from(sequence_missed);
        tally.peeking_missed += u32::from(peeking_missed);
    }
    tally
}

/// The difference and the logarithm of the ratio of both sides; every other user is on the second.
fn look(totals: &[(f64, f64)]) -> (Contrast, Option<Contrast>) {
    let side = |second: bool| {
        totals
            .iter()
            .enumerate()
            .filter(move |(at, total)| (at % 2 == 1) == second && total.1 > 0.0)
    };
    let sums =
        [false, true].map(|second| side(second).fold((0.0, 0.0), |sum, (_, total)| (sum.0 + total.0, sum.1 + total.1)));
    let [first, second] = sums.map(|(those, all)| those / all);
    let own = |second: bool, rate: f64, all: f64| {
        side(second)
            .map(move |(_, total)| Moved {
                by: (total.0 - rate * total.1) / all,
                size: total.1,
            })
            .collect::<Vec<Moved>>()
    };
    let pairs: Vec<Pair> = own(false, first, sums[0].1)
        .into_iter()
        .map(|own| (Some(own), None))
        .chain(own(true, second, sums[1].1).into_iter().map(|own| (None, Some(own))))
        .collect();
    (
        Contrast::new(first, second, &pairs),
        Contrast::log_ratio(first, second, &pairs),
    )
}

#[test]
fn sequences_hold_at_all_looks_and_intervals_at_one() {
    for (seed, arriving) in [(1, true), (2, false)] {
        let tally = compare(seed, arriving);
        assert!(
            tally.sequence_missed <= RUNS / 20,
            "{} of {RUNS}, {arriving}",
            tally.sequence_missed
        );
        assert!(
            tally.peeking_missed > RUNS / 10,
            "peeking at intervals is not honest: {}",
            tally.peeking_missed
        );
        for covered in [tally.covered, tally.ratio_covered] {
            assert!((930..=970).contains(&covered), "{covered} of {RUNS}, {arriving}");
        }
    }
}
