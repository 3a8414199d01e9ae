//! The model: how likely an output is right, and how likely it is taken.
//!
//! Each output has its own chance to be right, beta-distributed around the feature's. A user takes right and wrong
//! outputs with different chances (the hits and false alarms of signal detection), which versions, segments, tools and
//! experience shift. A user's tendency moves both, and the user's tasks move the first, in proportion to the room there is
//! to 0 or to 1. The two have mean 0, know nothing of each other, and enter linearly, so that the population's rates are
//! *exactly* those of the average user: the truth needs no integral, and still users differ, so that the outputs of one are
//! alike and naive intervals are too narrow.

use chrono::{DateTime, Utc};

use super::draw::{Draw, Purpose, fixed_unit};
use super::people::Person;
use super::profile::{Profile, Segment, Shift, Tool, Version};

/// No chance leaves these bounds, whatever shifts are added.
const BOUNDS: (f64, f64) = (0.02, 0.98);

/// How far a look at one's own answer moves the decision, as a share of the room.
pub(super) const ADVICE: f64 = 0.4;

/// Where an output is shown: all that shifts its chances.
pub(super) struct Setting<'a> {
    pub profile: &'a Profile,
    /// The profile's place in the product.
    pub feature: usize,
    pub person: &'a Person,
    pub at: DateTime<Utc>,
    /// The share of the period that has passed by then.
    pub elapsed: f64,
    /// The place in the profile's versions.
    pub version: usize,
    pub tool: Option<&'a Tool>,
    /// How many outputs of the feature the person has seen before.
    pub experience: u32,
}

impl Setting<'_> {
    pub fn chances(&self) -> Chances {
        self.chances_under(self.version)
    }

    /// The chances that the same output would have under another version: what a version does, all else equal.
    pub fn chances_under(&self, version: usize) -> Chances {
        let version = self.profile.versions.get(version);
        let segments = self
            .profile
            .segments
            .iter()
            .filter(|segment| self.lies_in(segment, version));
        let shifts = (segments.map(|segment| segment.shift))
            .chain(version.map(|version| version.shift))
            .chain(self.tool.map(|tool| tool.shift));
        Chances::new(self.profile, shifts, self.practice())
    }

    /// How much easier than average the person's tasks are, and how much readier they are to take what is shown.
    pub fn leanings(&self) -> (f64, f64) {
        let of_feature = |all: &[f64]| all.get(self.feature).copied().unwrap_or_default();
        let Profile { quality, trust, .. } = self.profile;
        (
            quality.spread * of_feature(&self.person.tasks),
            trust.spread * of_feature(&self.person.tendencies),
        )
    }

    fn lies_in(&self, segment: &Segment, version: Option<&Version>) -> bool {
        let value = match segment.attribute {
            "locale" => Some(self.person.locale),
            "plan" => Some(self.person.plan),
            "tool" => self.tool.map(|tool| tool.name),
            _ => None,
        };
        value == Some(segment.value)
            && self.elapsed >= segment.from
            && version.is_some_and(|version| version.name == segment.version)
    }

    /// The share of all there is to learn that the user has learnt.
    fn practice(&self) -> f64 {
        -(-f64::from(self.experience) / self.profile.trust.learning_outputs).exp_m1()
    }
}

/// The chances of one output for the average user.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chances {
    pub correct: f64,
    take_right: f64,
    take_wrong: f64,
}

impl Chances {
    fn new(profile: &Profile, shifts: impl Iterator<Item = Shift>, practice: f64) -> Chances {
        let trust = &profile.trust;
        let learnt = trust.learning;
        let mut chances = Chances {
            correct: profile.quality.correct + practice * learnt.correct,
            take_right: trust.take_right + practice * learnt.take_right,
            take_wrong: trust.take_wrong + practice * learnt.take_wrong,
        };
        for shift in shifts {
            chances.correct += shift.correct;
            chances.take_right += shift.take_right;
            chances.take_wrong += shift.take_wrong;
        }
        let bound = |chance: f64| chance.clamp(BOUNDS.0, BOUNDS.1);
        Chances {
            correct: bound(chances.correct),
            take_right: bound(chances.take_right),
            take_wrong: bound(chances.take_wrong),
        }
    }

    /// The chance that it is taken, right or wrong.
    pub fn acceptance(&self) -> f64 {
        self.correct * self.take_right + (1.0 - self.correct) * self.take_wrong
    }

    /// The chance that it is right for a user whose tasks are this much easier than the average user's.
    pub fn right(&self, ease: f64) -> f64 {
        lean(self.correct, ease)
    }

    /// The chance that a user with this inclination takes it, now that it is right or wrong.
    pub fn take(&self, right: bool, inclination: f64) -> f64 {
        lean(if right { self.take_right } else { self.take_wrong }, inclination)
    }
}

/// Moves a chance by a share, in [-1, 1], of its distance to the nearer of 0 and 1.
fn lean(chance: f64, share: f64) -> f64 {
    chance + share * chance.min(1.0 - chance)
}

/// What the feature says its chance to be right is.
pub(super) fn confidence(profile: &Profile, own_chance: f64) -> f64 {
    let own_chance = own_chance.clamp(0.001, 0.999);
    let logit = profile.quality.bias + profile.quality.sharpness * (own_chance / (1.0 - own_chance)).ln();
    let stated = 1.0 / (1.0 + (-logit).exp());
    (stated * 1_000.0).round().clamp(1.0, 999.0) / 1_000.0
}

/// The user's own answer before the output: whether it was right, and whether it agrees with the output.
pub(super) struct OwnAnswer {
    pub correct: bool,
    pub agrees: bool,
}

/// How often users are right without help, and how often two wrong answers are the same.
const UNAIDED: f64 = 0.6;
const SAME_MISTAKE: f64 = 0.5;

impl OwnAnswer {
    pub fn draw(draw: &mut Draw, output_right: bool) -> OwnAnswer {
        let correct = draw.chance(UNAIDED);
        let agrees = match (correct, output_right) {
            (true, true) => true,
            (false, false) => draw.chance(SAME_MISTAKE),
            _ => false,
        };
        OwnAnswer { correct, agrees }
    }

    /// How it moves the decision. Agreement is compared with how often one agrees with such an output, so that the mean
    /// is 0 and the truth stays what it was.
    pub fn inclination(&self, output_right: bool) -> f64 {
        let usual = if output_right {
            UNAIDED
        } else {
            (1.0 - UNAIDED) * SAME_MISTAKE
        };
        ADVICE * (f64::from(u8::from(self.agrees)) - usual)
    }
}

/// The version that a user has: each moves to the next at a moment of their own within its rollout, so that at any time
/// of a rollout the users of both versions are random halves of the same people.
pub(super) fn version_of(seed: u64, feature: u32, profile: &Profile, user: u32, elapsed: f64) -> usize {
    let reached = profile.versions.iter().enumerate().rposition(|(number, version)| {
        let turn = fixed_unit(seed, Purpose::Rollout, &[feature.into(), number as u64, user.into()]);
        elapsed >= version.from + turn * version.rollout
    });
    reached.unwrap_or(0)
}
