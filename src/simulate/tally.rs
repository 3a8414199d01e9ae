//! Counting while the events are made: what the truth is read from.

use super::behaviour::Chances;
use super::product::FEATURES;
use super::profile::Profile;
use super::truth::{Counts, FeatureTruth, Truth, Verdict, VersionTruth, planted};
use super::world::{Output, World};
use crate::domain::event::Event;

/// What is counted while the events are made.
#[derive(Default)]
pub(super) struct Tally {
    pub events: usize,
    pub duplicates: usize,
    pub late: usize,
    pub missed: usize,
    early: usize,
    by_alias: usize,
    unlinked: usize,
    features: [FeatureTally; FEATURES.len()],
}

#[derive(Default)]
struct FeatureTally {
    versions: Vec<Sums>,
    stated: usize,
    overstated: f64,
}

#[derive(Clone, Copy, Default)]
struct Sums {
    outputs: usize,
    acceptance: f64,
    correctness: f64,
    acceptance_before: f64,
    correctness_before: f64,
}

impl Tally {
    /// Counts an output and when its events are due. A lost one has no `shown`, and with it no feature.
    pub fn count(&mut self, output: &Output, lost: bool, events: &[Event], dues: &[i64]) {
        let (Some(shown), Some(shown_due)) = (events.first(), dues.first()) else {
            return;
        };
        let by_alias = events.iter().filter(|event| event.output_id != shown.output_id).count();
        self.by_alias += by_alias;
        if lost {
            self.unlinked += events.len() - 1;
            return;
        }
        self.early += dues.iter().filter(|due| *due < shown_due).count();
        if let Some(feature) = self.features.get_mut(output.feature) {
            feature.add(output);
        }
    }

    pub fn into_truth(self, world: &World) -> Truth {
        let counts = Counts {
            events: self.events,
            deliveries: self.events + self.duplicates,
            outputs: self
                .features
                .iter()
                .flat_map(|feature| &feature.versions)
                .map(|sums| sums.outputs)
                .sum(),
            duplicates: self.duplicates,
            late: self.late,
            early: self.early,
            by_alias: self.by_alias,
            unlinked: self.unlinked,
            missed: self.missed,
        };
        let features = FEATURES
            .iter()
            .zip(&self.features)
            .filter_map(|(profile, tally)| tally.truth(profile, world));
        let planted = FEATURES.iter().flat_map(|profile| planted(profile, world));
        Truth {
            features: features.collect(),
            planted: planted.collect(),
            counts,
        }
    }
}

impl FeatureTally {
    fn add(&mut self, output: &Output) {
        if self.versions.len() <= output.version {
            self.versions.resize(output.version + 1, Sums::default());
        }
        if let Some(sums) = self.versions.get_mut(output.version) {
            sums.add(&output.lived.chances, output.before.as_ref());
        }
        if let Some(overstated) = output.lived.overstated {
            self.stated += 1;
            self.overstated += overstated;
        }
    }

    /// `None` when nothing was shown.
    fn truth(&self, profile: &Profile, world: &World) -> Option<FeatureTruth> {
        let total = self.versions.iter().fold(Sums::default(), Sums::plus);
        let [acceptance, correctness, ..] = total.means()?;
        let versions = profile
            .versions
            .iter()
            .zip(&self.versions)
            .filter_map(|(version, sums)| {
                let [acceptance, correctness, acceptance_before, correctness_before] = sums.means()?;
                let follows = version.from > 0.0;
                Some(VersionTruth {
                    version: version.name,
                    from: world.instant(version.from),
                    effect: version.effect,
                    outputs: sums.outputs,
                    acceptance,
                    correctness,
                    acceptance_change: follows.then_some(acceptance - acceptance_before),
                    correctness_change: follows.then_some(correctness - correctness_before),
                })
            });
        let trust_gap = acceptance - correctness;
        Some(FeatureTruth {
            feature: profile.feature,
            verdict: Verdict::of(trust_gap),
            outputs: total.outputs,
            acceptance,
            correctness,
            trust_gap,
            confidence_bias: (self.stated > 0).then(|| self.overstated / self.stated as f64),
            versions: versions.collect(),
            story: profile.story,
        })
    }
}

impl Sums {
    fn add(&mut self, chances: &Chances, before: Option<&Chances>) {
        let before = before.unwrap_or(chances);
        *self = self.plus(&Sums {
            outputs: 1,
            acceptance: chances.acceptance(),
            correctness: chances.correct,
            acceptance_before: before.acceptance(),
            correctness_before: before.correct,
        });
    }

    fn plus(self, other: &Sums) -> Sums {
        Sums {
            outputs: self.outputs + other.outputs,
            acceptance: self.acceptance + other.acceptance,
            correctness: self.correctness + other.correctness,
            acceptance_before: self.acceptance_before + other.acceptance_before,
            correctness_before: self.correctness_before + other.correctness_before,
        }
    }

    fn means(&self) -> Option<[f64; 4]> {
        let sums = [
            self.acceptance,
            self.correctness,
            self.acceptance_before,
            self.correctness_before,
        ];
        (self.outputs > 0).then(|| sums.map(|sum| sum / self.outputs as f64))
    }
}
