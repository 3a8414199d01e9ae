//! The truth: what a perfect analysis of the simulated events would find.
//!
//! The rates are averages, over the outputs that were shown, of the chances that the model gave each. Users' tendencies
//! have mean 0 and cancel, so these are the population's values for this mix of features, versions, segments and
//! experience: estimates scatter around them as their intervals say.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::profile::{Complaint, Effect, Profile};
use super::world::World;

#[derive(Clone, Debug, Serialize)]
pub struct Truth {
    pub features: Vec<FeatureTruth>,
    pub planted: Vec<Planted>,
    pub counts: Counts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Over,
    Calibrated,
    Under,
}

impl Verdict {
    /// A gap of this size or less counts as calibrated.
    const CALIBRATED: f64 = 0.05;

    pub(super) fn of(trust_gap: f64) -> Verdict {
        if trust_gap.abs() <= Verdict::CALIBRATED {
            Verdict::Calibrated
        } else if trust_gap > 0.0 {
            Verdict::Over
        } else {
            Verdict::Under
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct FeatureTruth {
    pub feature: &'static str,
    pub verdict: Verdict,
    pub outputs: usize,
    /// Expected share of accepted or edited among the decided.
    pub acceptance: f64,
    /// Expected share of right outputs.
    pub correctness: f64,
    pub trust_gap: f64,
    /// Mean confidence minus mean correctness, where a confidence is stated.
    pub confidence_bias: Option<f64>,
    pub versions: Vec<VersionTruth>,
    pub story: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub struct VersionTruth {
    pub version: &'static str,
    /// When its rollout starts.
    pub from: DateTime<Utc>,
    pub effect: Effect,
    pub outputs: usize,
    pub acceptance: f64,
    pub correctness: f64,
    /// What it changed, against the version before on the same outputs: free of learning and of a changing mix.
    pub acceptance_change: Option<f64>,
    pub correctness_change: Option<f64>,
}

/// Something that was put there to be found.
#[derive(Clone, Debug, Serialize)]
pub struct Planted {
    /// `version_improves`, `version_regresses`, `complaint`, `segment_regresses`, `learning`, `over_confident`, `under_confident`.
    pub kind: &'static str,
    pub feature: &'static str,
    pub description: String,
    pub since: DateTime<Utc>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Different events that are delivered.
    pub events: usize,
    /// All deliveries, repeated ones included.
    pub deliveries: usize,
    /// Outputs whose `shown` is delivered.
    pub outputs: usize,
    pub duplicates: usize,
    /// Events delivered more than an hour after they happened.
    pub late: usize,
    /// Events delivered before the `shown` of their output.
    pub early: usize,
    /// Events that name their output by an alias.
    pub by_alias: usize,
    /// Events whose output is never shown: they wait for ever.
    pub unlinked: usize,
    pub missed: usize,
}

/// What a profile hides, told from the profile itself.
pub(super) fn planted<'a>(profile: &'a Profile, world: &'a World) -> impl Iterator<Item = Planted> + 'a {
    let plant = |kind, from, description| Planted {
        kind,
        feature: profile.feature,
        description,
        since: world.instant(from),
    };
    let versions = profile.versions.iter().filter_map(move |version| {
        let kind = match version.effect {
            Effect::Improves => "version_improves",
            Effect::Regresses => "version_regresses",
            Effect::Neutral => return None,
        };
        Some(plant(kind, version.from, format!("{}: {}", version.name, version.note)))
    });
    let complaints = profile.versions.iter().filter_map(move |version| {
        let Complaint { reason, named } = version.complaint?;
        let share = 100.0 * named;
        let description = format!(
            "{}: {share:.0} % of refusals of wrong outputs name `{reason}`",
            version.name
        );
        Some(plant("complaint", version.from, description))
    });
    let segments = profile.segments.iter().map(move |segment| {
        let place = format!("{}={} in {}", segment.attribute, segment.value, segment.version);
        plant("segment_regresses", segment.from, format!("{place}: {}", segment.note))
    });
    let learnt = profile.trust.learning;
    let learning = (learnt.take_right != 0.0 || learnt.take_wrong != 0.0).then(|| {
        let (right, wrong) = (100.0 * learnt.take_right, 100.0 * learnt.take_wrong);
        let pace = profile.trust.learning_outputs;
        let change = format!("right outputs {right:+.0} points, wrong ones {wrong:+.0}");
        plant(
            "learning",
            0.0,
            format!("acceptance moves with experience, two thirds of it within {pace} outputs: {change}"),
        )
    });
    let kind = if profile.quality.bias > 0.0 {
        "over_confident"
    } else {
        "under_confident"
    };
    let bias = (profile.quality.bias != 0.0).then(|| {
        plant(
            kind,
            0.0,
            format!("the stated log-odds are off by {:+.1}", profile.quality.bias),
        )
    });
    versions.chain(complaints).chain(segments).chain(learning).chain(bias)
}
