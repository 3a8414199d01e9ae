//! What intervals and guarantees promise, kept over many seeded simulations of users who differ.

mod autonomy;
mod intervals;

use calibrant::stats::logistic::{logit, sigmoid};
use calibrant::stats::random::Random;
use calibrant::stats::sample::Sample;

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
