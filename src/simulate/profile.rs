//! What there is to say about one feature: the columns of the product's table.
//!
//! A profile is data. It states rates; how they combine is in `behaviour`, what events they lead to in `lifecycle`.

use crate::domain::event::{EventKind, JudgementSource};

/// What is added to a feature's three basic chances by a version, a segment, a tool or experience.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Shift {
    /// On the chance that the output is right.
    pub correct: f64,
    /// On the chance that a right output is taken.
    pub take_right: f64,
    /// On the chance that a wrong output is taken.
    pub take_wrong: f64,
}

impl Shift {
    pub const NONE: Shift = Shift::new(0.0, 0.0, 0.0);

    pub const fn new(correct: f64, take_right: f64, take_wrong: f64) -> Shift {
        Shift {
            correct,
            take_right,
            take_wrong,
        }
    }
}

/// One AI feature of the product.
pub(super) struct Profile {
    pub feature: &'static str,
    /// The first part of its output ids.
    pub stem: &'static str,
    /// The truth about it, for people.
    pub story: &'static str,
    /// Its share of all outputs.
    pub share: f64,
    /// Outputs of one visit, on average, and the seconds between them.
    pub visit: (f64, f64),
    pub quality: Quality,
    pub trust: Trust,
    pub response: Response,
    pub opinions: Opinions,
    pub judging: Judging,
    /// What names another system gives the same output, if any: the stem of its alias.
    pub alias: Option<&'static str>,
    /// Of the outputs, how often the feature also stayed silent when it should have offered something.
    pub missed: f64,
    pub texts: Texts,
    pub tools: &'static [Tool],
    /// In the order of their release. The first is there from the start.
    pub versions: &'static [Version],
    pub segments: &'static [Segment],
}

/// How often it is right, and what it says about it.
pub(super) struct Quality {
    pub correct: f64,
    /// How alike its tasks are: the concentration of each output's own chance to be right around `correct`.
    pub evenness: f64,
    /// How much users' tasks differ, in [0, 1]: the share of the room to 0 or 1 between the average and the extreme user.
    pub spread: f64,
    /// The share of outputs that carry a confidence.
    pub stated: f64,
    /// The stated confidence has the logit `bias + sharpness · logit(own chance)`: (0, 1) is calibrated.
    pub bias: f64,
    pub sharpness: f64,
}

/// How often it is taken.
pub(super) struct Trust {
    /// The average user's chance to take a right and a wrong output.
    pub take_right: f64,
    pub take_wrong: f64,
    /// How much users differ, in the same way, up to 0.6.
    pub spread: f64,
    /// Where experience leads, and after how many outputs two thirds of the way are done.
    pub learning: Shift,
    pub learning_outputs: f64,
    /// The share of outputs before which the user gives an answer of their own.
    pub initial: f64,
}

/// What happens between seeing and deciding.
pub(super) struct Response {
    pub decided: f64,
    /// Of the undecided, the share that the app reports as ignored.
    pub ignored: f64,
    pub median_seconds: f64,
    /// Log-scale standard deviation of the time to decide.
    pub sigma: f64,
    /// Of the taken, the share taken faster than one can read.
    pub rubber_stamped: f64,
    /// Of the taken, the shares that are changed or taken in part.
    pub edited: f64,
    pub partial: f64,
    pub refusals: &'static [(EventKind, f64)],
    /// Of the taken, the share that is undone: right ones, wrong ones.
    pub undone: (f64, f64),
    /// Seconds after taking at which the app looks how much is still in place.
    pub retained_after: &'static [u32],
    /// Of the taken, the share that is copied; of the refused, the share that is asked for again.
    pub copied: f64,
    pub regenerated: f64,
}

/// What users say.
pub(super) struct Opinions {
    /// The share of outputs that are rated.
    pub rated: f64,
    pub scale: Scale,
    /// Of the refusals, the share with a reason, and of these the share with a comment.
    pub reasoned: f64,
    pub commented: f64,
    pub reasons: &'static [(&'static str, f64)],
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Scale {
    Thumbs,
    Stars,
}

/// Who finds out whether it was right.
pub(super) struct Judging {
    /// The share of outputs that are judged. Drawn without a look at the decision or at the truth.
    pub share: f64,
    pub source: JudgementSource,
    pub judge: &'static str,
    pub median_hours: f64,
    /// Of the judged, the share that a language model judges too.
    pub by_model: f64,
    /// The share of outputs whose qualities two reviewers rate, rubric by rubric. A language model judges the usefulness of most outputs
    /// of a feature that is reviewed.
    pub reviewed: f64,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Texts {
    Unsent,
    Canvas,
    Chat,
    Summary,
}

pub(super) struct Tool {
    pub name: &'static str,
    pub weight: f64,
    pub shift: Shift,
}

/// What a version does, next to the one before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    Improves,
    Regresses,
    Neutral,
}

pub(super) struct Version {
    pub name: &'static str,
    pub model: &'static str,
    pub prompt: &'static str,
    pub variant: &'static str,
    /// When its rollout starts and how long it takes, as shares of the period. Users move over one by one, at random.
    pub from: f64,
    pub rollout: f64,
    /// Against the feature's basic chances, not against the version before.
    pub shift: Shift,
    pub effect: Effect,
    /// What its users say against it, and no other version's.
    pub complaint: Option<Complaint>,
    pub note: &'static str,
}

/// Why wrong outputs of one version are refused, whatever else users say of the feature.
#[derive(Clone, Copy)]
pub(super) struct Complaint {
    pub reason: &'static str,
    /// Of the refusals of wrong outputs, the share that names it.
    pub named: f64,
}

/// Something that is true in one segment only.
pub(super) struct Segment {
    pub attribute: &'static str,
    pub value: &'static str,
    pub version: &'static str,
    /// From when, as a share of the period.
    pub from: f64,
    pub shift: Shift,
    pub note: &'static str,
}
