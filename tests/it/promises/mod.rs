//! What intervals and guarantees promise, kept over many seeded simulations of users who differ from each other.

mod aftereffect;
mod autonomy;
mod bursts;
mod changes;
mod comparison;
mod drift;
mod intervals;
mod judged;
mod proportions;
mod unequal;

use calibrant::stats::logistic::{logit, sigmoid};
use calibrant::stats::random::Random;
use calibrant::stats::sample::Sample;

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

/// A feature whose confidence is spread too far and too high, and users who differ in how often it is right for them.
struct Population {
    users: usize,
    /// How much users differ, in log-odds.
    spread: f64,
    /// Steps of confidence.
    steps: u64,
    outputs: (u64, u64),
}

impl Population {
    /// The chance to be right at a confidence, for a user with an effect.
    fn chance(confidence: f64, effect: f64) -> f64 {
        sigmoid(0.6 * logit(confidence) - 0.3 + effect)
    }

    fn confidence(&self, random: &mut Random) -> f64 {
        (random.below(self.steps) as f64 + 0.5) / self.steps as f64
    }

    /// All outputs of all users.
    fn draw(&self, random: &mut Random) -> Sample {
        let mut points = Vec::new();
        let (least, most) = self.outputs;
        for user in 0..self.users {
            let effect = self.spread * random.normal();
            for _ in 0..least + random.below(most - least + 1) {
                let confidence = self.confidence(random);
                let is_right = random.uniform() < Population::chance(confidence, effect);
                points.push((user as i64, confidence, is_right));
            }
        }
        Sample::new(points, usize::MAX)
    }
}
