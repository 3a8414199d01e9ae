//! What the statistics promise, over a thousand seeded runs with users who differ from each other.

mod changes;
mod comparison;
mod drift;

use calibrant::stats::random::Random;

const RUNS: u32 = 1_000;

/// A user: how likely an outcome is, and how active on a day.
#[derive(Clone, Copy)]
struct User {
    rate: f64,
    activity: f64,
}

impl User {
    /// Users differ a lot in how much they take, and a few do most of what is done.
    fn draw(random: &mut Random, rate: f64) -> User {
        User {
            rate: (rate + 0.25 * random.normal()).clamp(0.02, 0.98),
            activity: (0.8 * random.normal()).exp(),
        }
    }

    /// Outcomes that are so and all outcomes of a day.
    fn day(&self, random: &mut Random) -> (f64, f64) {
        // A Poisson number with the mean of the activity, as a sum of exponential pauses.
        let (mut time, mut all, mut those) = (0.0, 0.0, 0.0);
        loop {
            time -= (1.0 - random.uniform()).ln();
            if time > self.activity {
                return (those, all);
            }
            all += 1.0;
            those += f64::from(u8::from(random.uniform() < self.rate));
        }
    }
}
