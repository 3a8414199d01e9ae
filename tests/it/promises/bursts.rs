//! Where a few heavy users come for days in a row and stay away again, neighbouring days are alike. That is no change.

use std::collections::BTreeMap;

use calibrant::stats::cluster::ClusterRatio;
use calibrant::stats::contrast::Moved;
use calibrant::stats::drift::{self, Bucket, Series, Users};
use calibrant::stats::random::Random;

use super::User;

const BASELINE: usize = 14;
const WATCHED: usize = 30;
const DAYS: usize = BASELINE + WATCHED;
const ALPHA: f64 = 0.05;
const SERIES: u32 = 200;

/// Users who are there for some days and then away for some.
#[derive(Clone, Copy, Debug)]
struct Coming {
    users: usize,
    /// The index of Pareto's distribution of how active users are: the smaller, the more a few of them do.
    tail: f64,
    /// Mean length of a stay in days; `None` of those who are there every day.
    stay: Option<f64>,
    /// The share of users who are there on a day.
    there: f64,
    /// Whether users are known one by one, or in 64 groups.
    grouped: bool,
}

/// Totals of each day by user, or by group of users.
type Totals = Vec<BTreeMap<i64, (f64, f64)>>;

impl Coming {
    /// A series in which each user keeps to a rate, but for a shift of all from a day on.
    fn days(&self, random: &mut Random, shift: impl Fn(usize) -> f64) -> Totals {
        let mut users: Vec<(User, bool)> = (0..self.users)
            .map(|_| {
                let activity = (1.0 - random.uniform()).powf(-1.0 / self.tail).min(500.0);
                let user = User {
                    activity,
                    ..User::draw(random, 0.6)
                };
                (user, random.uniform() < self.there)
            })
            .collect();
        let mut day = |day: usize| {
            let mut totals = BTreeMap::new();
            for (number, (user, is_there)) in (0_i64..).zip(&mut users) {
                *is_there = match self.stay {
                    None => true,
                    Some(stay) if *is_there => random.uniform() >= 1.0 / stay,
                    Some(stay) => random.uniform() < self.there / (1.0 - self.there) / stay,
                };
                if !*is_there {
                    continue;
                }
                let now = User {
                    rate: (user.rate + shift(day)).clamp(0.0, 1.0),
                    ..*user
                };
                let (those, all) = now.day(random);
                if all > 0.0 {
                    let key = if self.grouped { number % 64 } else { number };
                    let total: &mut (f64, f64) = totals.entry(key).or_default();
                    *total = (total.0 + those, total.1 + all);
                }
            }
            totals
        };
        (0..DAYS).map(&mut day).collect()
    }
}

/// The alarm that who looks every day hears, and the days on which changes are found, with users known or not.
fn found(days: &Totals, users_are_known: bool) -> (Option<usize>, Vec<usize>) {
    let ratios: Vec<ClusterRatio> = days
        .iter()
        .map(|day| ClusterRatio::from_totals(&day.values().copied().collect::<Vec<_>>()))
        .collect();
    let buckets: Vec<Bucket> = ratios
        .iter()
        .map(|ratio| Bucket {
            numerator: ratio.numerator,
            denominator: ratio.denominator,
            variance: ratio.variance().unwrap_or(f64::NAN),
        })
        .collect();
    let users = Users::of(days.iter().zip(&ratios).map(|(day, ratio)| {
        day.iter().map(|(user, (those, all))| {
            let by = (those - ratio.ratio().unwrap_or_default() * all) / ratio.denominator;
            (*user, Moved { by, size: *all })
        })
    }));
    let series = Series {
        buckets: &buckets,
        users: users_are_known.then_some(&users),
    };
    let alarm = drift::monitor(series, BASELINE, ALPHA / WATCHED as f64).and_then(|monitor| monitor.alarm);
    let changes = drift::find_changes(series, ALPHA, 7);
    (alarm, changes.iter().map(|change| change.at).collect())
}

#[test]
fn users_who_come_for_days_in_a_row_are_no_change() {
    let coming = |users, tail, stay, there| Coming {
        users,
        tail,
        stay: Some(stay),
        there,
        grouped: users > 500,
    };
    for coming in [
        coming(100, 1.5, 1.0, 0.3),
        coming(100, 1.5, 3.0, 0.3),
        coming(100, 1.1, 5.0, 0.3),
        coming(100, 1.5, 5.0, 0.1),
        coming(100, 2.5, 5.0, 0.3),
        coming(100, 1.5, 10.0, 0.3),
        coming(500, 1.1, 5.0, 0.1),
        coming(500, 1.5, 10.0, 0.1),
        coming(2_000, 1.5, 5.0, 0.05),
    ] {
        let mut random = Random::new(11);
        let (mut alarms, mut changes) = (0, 0);
        for _ in 0..SERIES {
            let (alarm, at) = found(&coming.days(&mut random, |_| 0.0), true);
            alarms += u32::from(alarm.is_some());
            changes += u32::from(!at.is_empty());
        }
        println!("{coming:?}: {alarms} alarms, {changes} with changes in {SERIES}");
        let most = ALPHA * f64::from(SERIES);
        assert!(f64::from(alarms) <= most, "{coming:?}: {alarms} alarms");
        // One look at a level of 5 %: within two standard errors of it.
        let errors = 2.0 * (most * (1.0 - ALPHA)).sqrt();
        assert!(
            f64::from(changes) <= most + errors,
            "{coming:?}: {changes} with changes"
        );
    }
}

/// What all this is for.
#[test]
fn of_users_unknown_they_would_be() {
    let coming = Coming {
        users: 100,
        tail: 1.5,
        stay: Some(5.0),
        there: 0.1,
        grouped: false,
    };
    let mut random = Random::new(11);
    let (mut alarms, mut changes) = (0, 0);
    for _ in 0..SERIES / 2 {
        let (alarm, at) = found(&coming.days(&mut random, |_| 0.0), false);
        alarms += u32::from(alarm.is_some());
        changes += u32::from(!at.is_empty());
    }
    println!("{alarms} alarms, {changes} with changes in {}", SERIES / 2);
    assert!(
        alarms * 10 > SERIES / 2 && changes * 5 > SERIES / 2,
        "{alarms} {changes}"
    );
}

#[test]
fn the_same_users_every_day_are_no_change() {
    let coming = Coming {
        users: 100,
        tail: 1.5,
        stay: None,
        there: 1.0,
        grouped: false,
    };
    let mut random = Random::new(12);
    for _ in 0..SERIES / 2 {
        assert_eq!(found(&coming.days(&mut random, |_| 0.0), true), (None, Vec::new()));
    }
}

#[test]
fn a_change_is_found_within_a_day_among_users_who_come_for_days() {
    const AT: usize = 26;
    const STEPS: u32 = SERIES / 4;
    for (stay, users) in [(1.0, 300), (5.0, 2_000)] {
        let coming = Coming {
            users,
            tail: 1.5,
            stay: Some(stay),
            there: 0.2,
            grouped: true,
        };
        let mut random = Random::new(13);
        let (mut dated, mut heard) = (0, 0);
        for _ in 0..STEPS {
            let (alarm, at) = found(
                &coming.days(&mut random, |day| if day < AT { 0.0 } else { -0.25 }),
                true,
            );
            dated += u32::from(at.iter().any(|day| day.abs_diff(AT) <= 1));
            heard += u32::from(alarm.is_some_and(|day| day >= AT));
        }
        println!("{coming:?}: {dated} dated, {heard} heard of {STEPS}");
        assert!(
            dated * 10 >= STEPS * 9 && heard * 10 >= STEPS * 9,
            "{coming:?}: {dated} dated, {heard} heard"
        );
    }
}
