//! The users: where they are, how much they do, how they lean.

use chrono::{DateTime, Datelike, TimeZone, Timelike, Utc, Weekday};
use chrono_tz::Tz;

use super::draw::{Draw, Purpose};
use super::product::{FEATURES, PLACES, PLANS};

/// Activity by hour of the local day, relative to the busiest.
const HOURS: [f64; 24] = [
    0.05, 0.03, 0.02, 0.02, 0.02, 0.04, 0.10, 0.25, 0.60, 0.90, 1.00, 0.95, 0.60, 0.75, 0.95, 0.95, 0.85, 0.65, 0.40,
    0.30, 0.30, 0.25, 0.18, 0.10,
];

/// Activity on a Saturday or Sunday, relative to a working day.
const WEEKEND: f64 = 0.3;

/// Zipf–Mandelbrot: the n-th most active user does `(n + OFFSET)^-EXPONENT` as much. The busiest tenth does about half
/// of everything, as in real products, and no one person outweighs the rest.
const EXPONENT: f64 = 1.0;
const OFFSET: f64 = 3.0;

/// The share of users who are there from the first day. The others join over the first four fifths of the period.
const FOUNDERS: f64 = 0.7;
const JOINING: f64 = 0.8;

/// Concentration of the beta distribution of the users' tendencies: under 2, so that the decided are many.
const TENDENCY: f64 = 1.2;

pub(super) struct Person {
    pub locale: &'static str,
    pub plan: &'static str,
    zone: Tz,
    /// The share of the period after which they join.
    pub joined: f64,
    /// Per feature, in [-1, 1] with mean 0: from refusing all one may refuse to taking all one may take.
    pub tendencies: [f64; FEATURES.len()],
    /// Per feature, in [-1, 1] with mean 0: from the hardest tasks to the easiest. Says nothing about the tendency.
    pub tasks: [f64; FEATURES.len()],
}

impl Person {
    fn draw(draw: &mut Draw) -> Person {
        let (_, locale, zone) = draw
            .weighted(PLACES, |place| place.0)
            .copied()
            .unwrap_or((1.0, "en", Tz::UTC));
        let plan = draw.weighted(PLANS, |plan| plan.0).map_or("free", |plan| plan.1);
        let joined = if draw.chance(FOUNDERS) {
            0.0
        } else {
            draw.between(0.0, JOINING)
        };
        let (tendencies, tasks) = (per_feature(draw), per_feature(draw));
        Person {
            locale,
            plan,
            zone,
            joined,
            tendencies,
            tasks,
        }
    }

    /// How likely the person is at work at an instant, relative to the best hour of a working day.
    pub fn rhythm(&self, at: DateTime<Utc>) -> f64 {
        let local = self.zone.from_utc_datetime(&at.naive_utc());
        let hour = HOURS.get(local.hour() as usize).copied().unwrap_or_default();
        if matches!(local.weekday(), Weekday::Sat | Weekday::Sun) {
            WEEKEND * hour
        } else {
            hour
        }
    }
}

/// Everyone, with what is needed to draw one of them by activity.
pub(super) struct People {
    people: Vec<Person>,
    /// Running sums of the activities.
    activity: Vec<f64>,
}

impl People {
    pub fn draw(seed: u64, count: u32) -> People {
        let count = count.max(1);
        let people = (0..count)
            .map(|n| Person::draw(&mut Draw::stream(seed, Purpose::Person, &[n.into()])))
            .collect();
        let mut weights: Vec<f64> = (1..=count)
            .map(|rank| (f64::from(rank) + OFFSET).powf(-EXPONENT))
            .collect();
        shuffle(&mut weights, &mut Draw::stream(seed, Purpose::Activity, &[]));
        let activity = weights
            .iter()
            .scan(0.0, |sum, weight| {
                *sum += weight;
                Some(*sum)
            })
            .collect();
        People { people, activity }
    }

    pub fn get(&self, number: u32) -> Option<&Person> {
        self.people.get(number as usize)
    }

    pub fn len(&self) -> usize {
        self.people.len()
    }

    /// A person by activity, with their number.
    pub fn pick(&self, draw: &mut Draw) -> (u32, &Person) {
        let target = draw.unit() * self.activity.last().copied().unwrap_or_default();
        let at = self
            .activity
            .partition_point(|sum| *sum <= target)
            .min(self.people.len() - 1);
        (at as u32, &self.people[at])
    }
}

/// Half is the person's, half is between the person and the feature.
fn per_feature(draw: &mut Draw) -> [f64; FEATURES.len()] {
    let own = draw.beta(0.5, TENDENCY);
    std::array::from_fn(|_| own + draw.beta(0.5, TENDENCY) - 1.0)
}

/// Fisher–Yates: a low number must not mean a busy user.
fn shuffle(weights: &mut [f64], draw: &mut Draw) {
    for last in (1..weights.len()).rev() {
        weights.swap(last, draw.index(last + 1));
    }
}
