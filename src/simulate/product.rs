//! The simulated product: six features and what is true about each.
//!
//! The numbers are chosen so that acceptance alone misleads: the most accepted features are trusted too much, two that
//! are refused often deserve better, and one version keeps its average while it fails a whole language.

mod agents;
mod assistants;
mod writing;

use super::profile::{Profile, Shift, Tool};

/// In a fixed order: a feature's place names its random streams.
pub(super) static FEATURES: [Profile; 6] = [
    assistants::CODE_COMPLETE,
    assistants::CHAT_ANSWER,
    agents::BROWSER_STEP,
    agents::AGENT_TASK,
    writing::CANVAS_TRIGGER,
    writing::FILE_SUMMARY,
];

/// The attributes worth declaring as dimensions.
pub(super) const DIMENSIONS: &[&str] = &["plan", "locale", "tool"];

/// Where people work, and so when: their share, their locale and their time zone.
pub(super) const PLACES: &[(f64, &str, chrono_tz::Tz)] = &[
    (0.28, "en", chrono_tz::America::New_York),
    (0.12, "en", chrono_tz::America::Los_Angeles),
    (0.14, "en", chrono_tz::Europe::London),
    (0.22, "de", chrono_tz::Europe::Berlin),
    (0.13, "fr", chrono_tz::Europe::Paris),
    (0.11, "ja", chrono_tz::Asia::Tokyo),
];

pub(super) const PLANS: &[(f64, &str)] = &[(0.50, "free"), (0.35, "pro"), (0.15, "team")];

/// Texts are sent from workspaces of this locale only. The others keep theirs, and send lengths and distances instead.
pub(super) const TEXT_LOCALE: &str = "en";

const NO_TOOLS: &[Tool] = &[];

const fn tool(name: &'static str, weight: f64, shift: Shift) -> Tool {
    Tool { name, weight, shift }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_add_up_and_names_differ() {
        assert!((FEATURES.iter().map(|f| f.share).sum::<f64>() - 1.0).abs() < 1e-9);
        let stems: std::collections::BTreeSet<_> = FEATURES.iter().map(|f| f.stem).collect();
        assert_eq!(stems.len(), FEATURES.len());
    }

    #[test]
    fn versions_are_in_order_and_segments_name_one() {
        for feature in &FEATURES {
            assert_eq!(feature.versions[0].from, 0.0, "{}", feature.feature);
            assert!(
                feature.versions.is_sorted_by(|a, b| a.from + a.rollout <= b.from),
                "{}",
                feature.feature
            );
            for segment in feature.segments {
                assert!(DIMENSIONS.contains(&segment.attribute));
                assert!(feature.versions.iter().any(|version| version.name == segment.version));
            }
        }
    }

    #[test]
    fn users_stay_within_their_room() {
        // Own tendency and a look at one's own answer are added: together they must not leave [0, 1].
        assert!(
            FEATURES
                .iter()
                .all(|f| f.trust.spread + super::super::behaviour::ADVICE <= 1.0)
        );
    }
}
