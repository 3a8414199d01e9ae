//! The life of one output: shown, decided or not, and all that follows.
//!
//! Three things are independent by design, so that the known truth can be estimated without bias: whether an output is
//! judged knows neither its decision nor its truth; whether a user decides at all, and how long they take, knows neither
//! whether it is right nor what they will decide; and a language model judges only what a better judge judges too, so
//! that its mistakes show as disagreement and never stand in for the truth.

mod decision;
mod feedback;

use chrono::{DateTime, TimeDelta, Utc};

use super::behaviour::{Chances, OwnAnswer, Setting, confidence};
use super::draw::Draw;
use super::product::TEXT_LOCALE;
use super::profile::{Complaint, Profile, Texts};
use super::words;
use crate::domain::event::{Event, EventKind, InitialAnswer};

/// The share of follow-ups that name the output by its alias, where it has one.
const BY_ALIAS: f64 = 0.4;

/// How long an output of a feature that sends no texts is: median and log-scale standard deviation.
const LENGTH: (f64, f64) = (220.0, 0.6);

/// The names an output goes by.
pub(super) struct Names {
    pub id: String,
    pub alias: Option<String>,
}

/// One output as it unfolds. Its first event is `shown`.
pub(super) struct Life<'a> {
    draw: Draw,
    profile: &'a Profile,
    names: Names,
    shown_at: DateTime<Utc>,
    /// What lies at or after this has not happened yet.
    end: DateTime<Utc>,
    right: bool,
    /// What is said against its version.
    complaint: Option<Complaint>,
    /// Its length when no text is sent.
    length: u32,
    events: Vec<Event>,
}

/// What became of an output that was decided.
struct Decided {
    taken: bool,
    at: DateTime<Utc>,
}

pub(super) struct Lived {
    pub events: Vec<Event>,
    /// The average user's chances.
    pub chances: Chances,
    /// By how much the stated confidence exceeds the output's own chance to be right.
    pub overstated: Option<f64>,
}

impl<'a> Life<'a> {
    /// Lives one output through. `shown` holds its context; its time and names are filled in here.
    pub fn live(mut draw: Draw, setting: &Setting<'a>, names: Names, mut shown: Event, end: DateTime<Utc>) -> Lived {
        let (profile, at) = (setting.profile, setting.at);
        let chances = setting.chances();
        let (ease, mut inclination) = setting.leanings();
        let own_chance = draw.beta(chances.right(ease), profile.quality.evenness);
        let right = draw.chance(own_chance);
        if draw.chance(profile.trust.initial) {
            let own = OwnAnswer::draw(&mut draw, right);
            inclination += own.inclination(right);
            shown.initial = Some(InitialAnswer {
                agrees: Some(own.agrees),
                correct: Some(own.correct),
                value: None,
            });
        }
        shown.confidence = draw
            .chance(profile.quality.stated)
            .then(|| confidence(profile, own_chance));
        let overstated = shown.confidence.map(|stated| stated - own_chance);

        let mut length = draw.log_normal(LENGTH.0, LENGTH.1) as u32 + 1;
        if setting.person.locale == TEXT_LOCALE && profile.texts != Texts::Unsent {
            let written = words::write(&mut draw, profile.texts);
            length = u32::try_from(written.output.chars().count()).unwrap_or(u32::MAX);
            shown.input = Some(written.input);
            shown.output = Some(written.output);
        } else {
            shown.chars_shown = Some(length);
        }
        shown.occurred_at = Some(at);
        shown.id = Some(format!("{}:0", names.id));
        shown.output_id.clone_from(&names.id);
        shown.aliases.extend(names.alias.clone());

        let mut life = Life {
            draw,
            profile,
            names,
            shown_at: at,
            end,
            right,
            complaint: profile
                .versions
                .get(setting.version)
                .and_then(|version| version.complaint),
            length,
            events: vec![shown],
        };
        // Before there is a decision: the sample cannot depend on it.
        life.judge();
        let taken = chances.take(right, inclination);
        let decided = life.decide(taken);
        life.rate(decided.as_ref());
        life.review();
        Lived {
            events: life.events,
            chances,
            overstated,
        }
    }

    /// An event that follows the `shown`, unless it is still to come.
    fn follow(&mut self, kind: EventKind, at: DateTime<Utc>) -> Option<&mut Event> {
        if at >= self.end {
            return None;
        }
        let name = match &self.names.alias {
            Some(alias) if self.draw.chance(BY_ALIAS) => alias,
            _ => &self.names.id,
        };
        let mut event = Event::new(kind, name.clone());
        event.id = Some(format!("{}:{}", self.names.id, self.events.len()));
        event.occurred_at = Some(at);
        self.events.push(event);
        self.events.last_mut()
    }

    fn decide(&mut self, chance_to_take: f64) -> Option<Decided> {
        let response = &self.profile.response;
        let wait = self.draw.log_normal(response.median_seconds, response.sigma).max(0.25);
        if !self.draw.chance(response.decided) {
            if self.draw.chance(response.ignored) {
                self.follow(EventKind::Ignore, later(self.shown_at, 2.0 * wait));
            }
            return None;
        }
        let taken = self.draw.chance(chance_to_take);
        let hurried = taken && self.draw.chance(response.rubber_stamped);
        let wait = if hurried { self.draw.between(0.15, 0.6) } else { wait };
        let at = later(self.shown_at, wait);
        if taken {
            self.take(at);
        } else {
            self.refuse(at);
        }
        // A decision that is still to come has been seen by nobody, so nothing follows from it.
        (at < self.end).then_some(Decided { taken, at })
    }
}

/// Whole milliseconds, as apps report them, and at least one: nothing follows at the instant of its cause.
fn later(at: DateTime<Utc>, seconds: f64) -> DateTime<Utc> {
    at + TimeDelta::milliseconds((1_000.0 * seconds).max(1.0) as i64)
}
