//! When did the level change, and by how much?
//!
//! For a split at `k` into two stretches with weighted means and weights `W = Σ1/v`,
//!
//! ```text
//! z_k = |after − before| / (σ·√V),   V = 1/W_before + 1/W_after,   σ = √(π/2)·mean(|x_t − x_{t−1}|/√(v_t + v_{t−1}))
//! ```
//!
//! and the `k` with the largest `z_k` is the most likely date (maximum likelihood for normal days). `σ` is Laney's (2002)
//! dispersion from moving ranges, which a step does not inflate; the range across the split is left out, and `σ >= 1`.
//! The p-value compares the largest `z_k` with that of simulated series without change, with the same variances and a `σ`
//! estimated in the same way, so it needs no asymptotics but those of normal days.
//!
//! Where users are known, `V` is at least what they leave the difference, and `z_k` is the normal value as far out as Student's
//! with so many degrees of freedom as users count ([`super::Users`]): of few users nothing is clear enough. The simulated
//! series stay independent. Users who make days alike also make the splits alike, so that the largest of them is smaller by
//! chance, not larger.
//!
//! Many changes take their time: users move to a new version one by one. So the date is that of the best of all steps and ramps
//! ([`ramp`]), and steps in one direction that a ramp tells as well are one change.
//!
//! Several changes are found by binary segmentation (Scott and Knott 1974). A stretch that holds a fraction `f` of the days is
//! tested at `f·α`: whichever stretches turn out to be without change, their shares add up to `α` at most.

use std::ops::Range;

use super::dates::{Found, dated, join, neighbours};
use super::ramp::{self, Ramp};
use super::split::{Stretch, sigma, values};
use super::users::Spread;
use super::{Day, Series};
use crate::stats::level::{Interval, Level};

/// How often dates are looked up again.
const PASSES: u32 = 2;

/// A change of level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// The first bucket that is not at the old level any more.
    pub at: usize,
    /// The first bucket at the new level: `at`, unless the change took its time.
    pub settled: usize,
    /// Level from the previous change (or the start) to this one.
    pub before: f64,
    /// Level from this change to the next (or the end).
    pub after: f64,
    /// `after − before`. The largest split was picked, so small changes look somewhat larger than they are.
    pub difference: f64,
    /// Of the difference, the date taken as given.
    pub standard_error: f64,
    /// Probability of a change as clear as this anywhere in a series without any; divided by the stretch's share of the days.
    pub p_value: f64,
}

impl Change {
    /// `difference ± z·se`.
    #[must_use]
    pub fn interval(&self, level: Level) -> Interval {
        Interval::around(self.difference, level.z() * self.standard_error)
    }
}

/// The changes of a series, in order; in a series without change there is one with probability `alpha` at most.
///
/// A level lasts at least `min_buckets` (and at least 2) usable buckets; a week evens out weekends. Once a change is found, the first or last
/// level may be of 3 where that tells the buckets clearly better. Empty when nothing is clear enough, and when there are
/// fewer than two such levels' worth of buckets. So a move that lasts three buckets before the end is seldom told from one level, and a jump in the
/// last two usable buckets is dated to the third to last: two odd days, as a weekend, look the same.
#[must_use]
pub fn find_changes<'a>(series: impl Into<Series<'a>>, alpha: f64, min_buckets: usize) -> Vec<Change> {
    let series = series.into();
    let (days, spread) = series.days(series.buckets.len());
    let search = Search {
        spread: &spread,
        alpha,
        total: days.len(),
        shortest: min_buckets.max(2),
    };
    let mut found = Vec::new();
    search.segment(&days, 0, &mut found);
    join(&days, &mut found, search.shortest);
    // Dates that were found while their stretches held other changes are looked up again between their neighbours.
    for _ in 0..PASSES {
        found = neighbours(&found, days.len())
            .map(|(from, own, to)| dated(&days, from..to, own, search.shortest).unwrap_or(own))
            .collect();
    }
    neighbours(&found, days.len())
        .filter_map(|(from, own, to)| change(&days, &spread, from..to, own))
        .collect()
}

struct Search<'a> {
    spread: &'a Spread,
    alpha: f64,
    /// Days in the whole series.
    total: usize,
    shortest: usize,
}

impl Search<'_> {
    /// Splits a stretch that starts at `offset`, then its parts, as long as the split is clear.
    fn segment(&self, days: &[Day], offset: usize, found: &mut Vec<Found>) {
        let share = days.len() as f64 / self.total as f64;
        let stretch = Stretch::new(days, offset, self.spread, self.shortest);
        let Some(split) = stretch.best_split(&values(days), 1.0) else {
            return;
        };
        // Chance is that of independent days: users who make them alike are in `z`, and leave chance fewer ways to be clear.
        let by_chance = Stretch::new(days, offset, &Spread::Apart, self.shortest);
        let Some(p_value) = by_chance.p_value(days, split.z, self.alpha * share) else {
            return;
        };
        let (before, after) = days.split_at(split.at);
        self.segment(before, offset, found);
        let at = offset + split.at;
        found.push(Found {
            ramp: Ramp { start: at, end: at },
            p_value: (p_value / share).min(1.0),
        });
        self.segment(after, at, found);
    }
}

/// A change as the days between its neighbours tell it.
fn change(days: &[Day], spread: &Spread, range: Range<usize>, found: Found) -> Option<Change> {
    let Ramp { start, end } = found.ramp;
    let stretch = days.get(range.clone())?;
    let ramp = Ramp {
        start: start.checked_sub(range.start)?,
        end: end.checked_sub(range.start)?,
    };
    let levels = ramp::levels(stretch, ramp)?;
    let variance = spread.variance(range.start, &ramp::loads(stretch, ramp), levels.standard_error.powi(2));
    Some(Change {
        at: days.get(start)?.at,
        settled: days.get(end)?.at,
        before: levels.before,
        after: levels.before + levels.difference,
        difference: levels.difference,
        standard_error: sigma(stretch, ramp.start) * variance.sqrt(),
        p_value: found.p_value,
    })
}

#[cfg(test)]
mod tests {
    use super::super::Bucket;
    use super::super::simulated::series;
    use super::*;
    use crate::stats::random::Random;

    #[test]
    fn nothing_to_say_is_no_change() {
        let bucket = |numerator, variance| Bucket {
            numerator,
            denominator: 100.0,
            variance,
        };
        assert!(find_changes(&[], 0.05, 3).is_empty());
        assert!(find_changes(&[bucket(10.0, 0.001); 3], 0.05, 1).is_empty());
        // No variance at all, none known, nobody there.
        assert!(find_changes(&[bucket(10.0, 0.0); 30], 0.05, 3).is_empty());
        assert!(find_changes(&[bucket(10.0, f64::NAN); 30], 0.05, 3).is_empty());
        let empty = Bucket {
            denominator: 0.0,
            ..bucket(0.0, 0.001)
        };
        assert!(find_changes(&[empty; 30], 0.05, 3).is_empty());
        // Identical days.
        assert!(find_changes(&[bucket(10.0, 0.001); 30], 0.05, 3).is_empty());
    }

    #[test]
    fn a_clear_step_between_empty_days() {
        let mut random = Random::new(7);
        let mut buckets = series(&mut random, 60, 0.0, false, |day| if day < 33 { 0.3 } else { 0.45 });
        buckets[5].denominator = 0.0;
        buckets[40].variance = 0.0;
        let changes = find_changes(&buckets, 0.05, 3);
        assert_eq!(changes.len(), 1);
        let change = changes[0];
        assert_eq!((change.at, change.p_value), (33, 1.0 / 2000.0));
        assert!((change.before - 0.3).abs() < 0.02 && (change.after - 0.45).abs() < 0.02);
        assert!((change.after - change.before - change.difference).abs() < 1e-15);
        let interval = change.interval(Level::default());
        assert!(interval.lower > 0.1 && interval.upper < 0.2);
    }

    /// The stretch after the first of two changes is a sixth of the days, and is tested at less than one in two thousand.
    #[test]
    fn a_short_stretch_of_a_long_series_can_be_found_at_a_strict_level() {
        let mut random = Random::new(8);
        let level = |day| if (300..330).contains(&day) { 0.45 } else { 0.3 };
        let changes = find_changes(&series(&mut random, 365, 0.0, false, level), 0.0025, 7);
        let found: Vec<usize> = changes.iter().map(|change| change.at).collect();
        assert_eq!(found, [300, 330]);
    }

    /// The share of series without change in which one is found.
    fn false_alarms(noise: f64, estimated: bool, seed: u64) -> f64 {
        const SERIES: u32 = 500;
        let mut random = Random::new(seed);
        let alarms = (0..SERIES)
            .filter(|_| {
                let buckets = series(&mut random, 90, noise, estimated, |_| 0.3);
                !find_changes(&buckets, 0.05, 7).is_empty()
            })
            .count();
        alarms as f64 / f64::from(SERIES)
    }

    // 0.05 and two standard errors of 500 series: 0.07.
    #[test]
    fn few_false_alarms() {
        for (estimated, seed) in [(false, 1), (true, 3)] {
            let rate = false_alarms(0.0, estimated, seed);
            assert!(rate <= 0.07, "{estimated}: {rate}");
        }
    }

    #[test]
    fn few_false_alarms_when_days_differ() {
        for (estimated, seed) in [(false, 2), (true, 4)] {
            let rate = false_alarms(0.05, estimated, seed);
            assert!(rate <= 0.07, "{estimated}: {rate}");
        }
    }

    #[test]
    fn steps_are_dated_and_sized() {
        const SERIES: u32 = 100;
        let mut random = Random::new(5);
        let (mut exact, mut within, mut covered, mut more) = (0, 0, 0, 0);
        for _ in 0..SERIES {
            // A day's own standard error is 0.023, with the noise 0.03.
            let buckets = series(&mut random, 90, 0.02, true, |day| if day < 50 { 0.3 } else { 0.4 });
            let changes = find_changes(&buckets, 0.05, 7);
            more += u32::from(changes.len() > 1);
            let Some(change) = changes.iter().find(|change| change.at.abs_diff(50) <= 1) else {
                continue;
            };
            within += 1;
            exact += u32::from(change.at == 50 && change.settled == 50);
            let interval = change.interval(Level::default());
            covered += u32::from((interval.lower..=interval.upper).contains(&0.1));
        }
        assert!(within >= 90 && exact >= 75, "{within} {exact}");
        assert!(f64::from(covered) >= 0.9 * f64::from(within), "{covered} of {within}");
        assert!(more <= 7, "{more}");
    }

    /// Days of 150 trials at one level, and so many at another at an end.
    #[test]
    fn a_jump_near_an_end_is_dated_to_the_day_and_has_its_size() {
        const SERIES: u32 = 100;
        let mut random = Random::new(9);
        for short in 3..7 {
            for last in [true, false] {
                let (mut dated, mut covered, mut more) = (0, 0, 0);
                for _ in 0..SERIES {
                    let is_other = |day: usize| if last { day >= 60 - short } else { day < short };
                    let buckets: Vec<Bucket> = (0..60)
                        .map(|day| {
                            let rate = if is_other(day) { 0.4 } else { 0.8 };
                            let accepted = (0..150).map(|_| f64::from(u8::from(random.uniform() < rate))).sum();
                            let share = accepted / 150.0;
                            Bucket {
                                numerator: accepted,
                                denominator: 150.0,
                                variance: share * (1.0 - share) / 150.0,
                            }
                        })
                        .collect();
                    let (at, size) = if last { (60 - short, -0.4) } else { (short, 0.4) };
                    let changes = find_changes(&buckets, 0.05, 7);
                    more += u32::from(changes.len() > 1);
                    if let Some(change) = changes.iter().find(|change| change.at.abs_diff(at) <= 1) {
                        dated += 1;
                        let interval = change.interval(Level::default());
                        covered += u32::from((interval.lower..=interval.upper).contains(&size));
                    }
                }
                assert!(
                    dated >= SERIES - 2 && covered * 100 >= dated * 88 && more * 100 <= SERIES * 7,
                    "{short} days, last {last}: {dated} dated, {covered} covered, {more} with more"
                );
            }
        }
    }

    /// A rollout of 25 days from day 30 on: it is dated where it began, not in its middle.
    #[test]
    fn slow_changes_are_dated_where_they_begin() {
        const SERIES: usize = 200;
        let mut random = Random::new(8);
        let level = |day: usize| 0.3 + 0.2 * ((day as f64 - 29.5) / 25.0).clamp(0.0, 1.0);
        let (mut one, mut late, mut covered) = (0, Vec::new(), 0);
        for _ in 0..SERIES {
            let buckets = series(&mut random, 90, 0.01, true, level);
            let changes = find_changes(&buckets, 0.05, 7);
            if let [change] = changes[..] {
                one += 1;
                late.push(change.at as f64 - 30.0);
                let interval = change.interval(Level::default());
                covered += usize::from((interval.lower..=interval.upper).contains(&0.2));
            }
        }
        late.sort_by(f64::total_cmp);
        let median = late[late.len() / 2];
        let far = late.iter().filter(|late| late.abs() > 5.0).count();
        assert!(one >= 180 && median.abs() <= 1.0, "{one} {median}");
        assert!(far * 10 <= late.len(), "{far} of {}: {late:?}", late.len());
        assert!(covered * 100 >= one * 88, "{covered} of {one}");
    }

    #[test]
    fn several_steps() {
        const SERIES: usize = 100;
        let mut random = Random::new(6);
        let level = |day| match day {
            0..25 => 0.3,
            25..60 => 0.42,
            _ => 0.34,
        };
        let right = (0..SERIES)
            .filter(|_| {
                let buckets = series(&mut random, 90, 0.02, true, level);
                let at: Vec<_> = find_changes(&buckets, 0.05, 7).iter().map(|change| change.at).collect();
                matches!(at[..], [a, b] if a.abs_diff(25) <= 2 && b.abs_diff(60) <= 2)
            })
            .count();
        assert!(right >= 80, "{right}");
    }
}
