//! The effect of a change is covered as often as promised, and one that does nothing is seldom said to have worked.

use calibrant::stats::cluster::Sizes;
use calibrant::stats::combination::{Combination, Term};
use calibrant::stats::level::Level;
use calibrant::stats::panel::{self, Cell};
use calibrant::stats::random::Random;

use super::{RUNS, User};

const USERS: i64 = 200;
const DAYS: usize = 14;
const WEEKS: usize = 4;

/// Totals of each user before and after, of the feature that was changed and of another.
struct Totals([Vec<(f64, f64)>; 4]);

impl Totals {
    fn nothing() -> Totals {
        Totals([0; 4].map(|_| vec![(0.0, 0.0); USERS as usize]))
    }

    fn add(&mut self, side: usize, user: usize, (those, all): (f64, f64)) {
        let own = &mut self.0[side][user];
        *own = (own.0 + those, own.1 + all);
    }

    /// The difference in differences.
    fn effect(&self) -> Combination {
        let sides: Vec<(f64, Vec<(i64, f64)>)> = self.0.iter().map(|side| part(side)).collect();
        let terms: Vec<Term> = sides
            .iter()
            .zip([-1.0, 1.0, 1.0, -1.0])
            .map(|((value, influences), weight)| Term {
                weight,
                value: *value,
                influences,
                sizes: Sizes::equal(influences.len() as u64),
            })
            .collect();
        Combination::new(&terms)
    }
}

fn part(side: &[(f64, f64)]) -> (f64, Vec<(i64, f64)>) {
    let (those, all) = side.iter().fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
    let rate = those / all;
    let own = (0..).zip(side).filter(|(_, own)| own.1 > 0.0);
    (
        rate,
        own.map(|(user, own)| (user, (own.0 - rate * own.1) / all)).collect(),
    )
}

/// A user of the other feature, who likes what they like, and is as busy.
fn other(user: &User, random: &mut Random) -> User {
    User {
        rate: (user.rate + 0.1 * random.normal()).clamp(0.02, 0.98),
        ..*user
    }
}

#[test]
fn intervals_cover_the_effect() {
    let mut random = Random::new(6);
    let (effect, drift) = (0.06, 0.05);
    let mut covered = 0;
    for _ in 0..RUNS {
        let mut totals = Totals::nothing();
        for at in 0..USERS as usize {
            // Rates away from the ends, so that what is added is added in full.
            let mut user = User::draw(&mut random, 0.45);
            user.rate = user.rate.clamp(0.05, 0.8);
            let control = User {
                rate: other(&user, &mut random).rate.clamp(0.05, 0.8),
                ..user
            };
            for (side, user, added) in [
                (0, user, 0.0),
                (1, user, drift + effect),
                (2, control, 0.0),
                (3, control, drift),
            ] {
                let user = User {
                    rate: user.rate + added,
                    ..user
                };
                for _ in 0..DAYS {
                    totals.add(side, at, user.day(&mut random));
                }
            }
        }
        let interval = totals.effect().interval(Level::default()).unwrap();
        covered += u32::from((interval.lower..=interval.upper).contains(&effect));
    }
    assert!((930..=970).contains(&covered), "{covered} of {RUNS}");
}

#[test]
fn what_does_nothing_is_seldom_said_to_have_worked() {
    let mut random = Random::new(7);
    let (mut worked, mut peeked) = (0, 0);
    let looks = Level::new(1.0 - 0.05 / WEEKS as f64).unwrap();
    for _ in 0..RUNS {
        let users: Vec<User> = (0..USERS).map(|_| User::draw(&mut random, 0.5)).collect();
        let controls: Vec<User> = users.iter().map(|user| other(user, &mut random)).collect();
        let mut totals = Totals::nothing();
        let mut live = |totals: &mut Totals, sides: [usize; 2], days: usize| {
            for (at, (user, control)) in users.iter().zip(&controls).enumerate() {
                for _ in 0..days {
                    totals.add(sides[0], at, user.day(&mut random));
                    totals.add(sides[1], at, control.day(&mut random));
                }
            }
        };
        live(&mut totals, [0, 2], 7 * WEEKS);
        let (mut ever, mut ever_alone) = (false, false);
        for _ in 0..WEEKS {
            live(&mut totals, [1, 3], 7);
            let effect = totals.effect();
            ever |= effect.interval(looks).unwrap().lower > 0.0;
            ever_alone |= effect.interval(Level::default()).unwrap().lower > 0.0;
        }
        worked += u32::from(ever);
        peeked += u32::from(ever_alone);
    }
    // Half of the error is on the side of working.
    assert!(
        worked <= RUNS / 40,
        "{worked} of {RUNS} placebos worked at one of {WEEKS} looks"
    );
    assert!(
        peeked > RUNS / 40,
        "looking each week at single intervals is not honest: {peeked}"
    );
}

/// Users move over within two weeks, the keen first, and get keener meanwhile as all do.
fn moving_over(random: &mut Random, effect: f64) -> Vec<Cell> {
    let mut users: Vec<User> = (0..USERS).map(|_| User::draw(random, 0.4)).collect();
    users.sort_by(|one, other| other.rate.total_cmp(&one.rate));
    let mut cells = Vec::new();
    for (number, user) in users.iter().enumerate() {
        let moves = DAYS + DAYS * number / users.len();
        for period in 0..2 * DAYS {
            let moved = period >= moves;
            let day = User {
                rate: 0.1 + 0.6 * user.rate + 0.005 * period as f64 + if moved { effect } else { 0.0 },
                ..*user
            };
            cells.push(Cell {
                user: number as i64,
                period,
                moved,
                totals: day.day(random),
            });
        }
    }
    cells
}

/// The same with the sides as they are, days apart.
fn side_by_side(cells: &[Cell]) -> Combination {
    let sides = [false, true].map(|moved| {
        let mut totals = vec![(0.0, 0.0); USERS as usize];
        for cell in cells.iter().filter(|cell| cell.moved == moved && cell.period >= DAYS) {
            let own = &mut totals[cell.user as usize];
            *own = (own.0 + cell.totals.0, own.1 + cell.totals.1);
        }
        part(&totals)
    });
    let terms: Vec<Term> = sides
        .iter()
        .zip([-1.0, 1.0])
        .map(|((value, influences), weight)| Term {
            weight,
            value: *value,
            influences,
            sizes: Sizes::equal(influences.len() as u64),
        })
        .collect();
    Combination::new(&terms)
}

#[test]
fn who_moves_first_does_not_look_like_an_effect() {
    let mut random = Random::new(8);
    let effect = 0.06;
    let (mut covered, mut fooled) = (0, 0);
    for _ in 0..RUNS {
        let cells = moving_over(&mut random, effect);
        let apart = side_by_side(&cells).interval(Level::default()).unwrap();
        fooled += u32::from(!(apart.lower..=apart.upper).contains(&effect));
        let interval = panel::effect(cells).unwrap().interval(Level::default()).unwrap();
        covered += u32::from((interval.lower..=interval.upper).contains(&effect));
    }
    assert!((930..=970).contains(&covered), "{covered} of {RUNS}");
    assert!(fooled > RUNS / 2, "the sides as they are tell of users: {fooled}");
}
