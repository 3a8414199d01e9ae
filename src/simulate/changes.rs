//! What the team of the simulated product changed: each version that replaced another, logged on the day of its release.

use chrono::{DateTime, Utc};

use super::product::FEATURES;
use super::profile::{Effect, Version};
use super::world::World;

/// A version that replaced another.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    pub title: String,
    /// Whether it brought another model, or only another prompt.
    pub new_model: bool,
    pub feature: &'static str,
    pub version: &'static str,
    pub at: DateTime<Utc>,
    /// The reason that users gave against the version before and no longer do.
    pub mends: Option<&'static str>,
    /// What it did to acceptance. Those that did nothing are placebos.
    pub effect: Effect,
}

/// In the order of the features, then of their versions.
pub(super) fn made(world: &World) -> Vec<Made> {
    let pairs = FEATURES.iter().flat_map(|profile| {
        let replaced = profile.versions.iter().zip(profile.versions.iter().skip(1));
        replaced.map(move |pair| (profile.feature, pair))
    });
    pairs
        .map(|(feature, (before, version))| Made {
            title: title(version),
            new_model: before.model != version.model,
            feature,
            version: version.name,
            at: world.instant(version.from),
            mends: match (before.complaint, version.complaint) {
                (Some(complaint), None) => Some(complaint.reason),
                _ => None,
            },
            effect: version.effect,
        })
        .collect()
}

/// The note as a title.
fn title(version: &Version) -> String {
    let mut letters = version.note.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string());
    first.unwrap_or_default() + letters.as_str()
}
