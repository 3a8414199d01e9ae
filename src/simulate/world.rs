//! The engine: from a slot in the schedule to the events of an output and what was to be expected of it.

use chrono::{DateTime, TimeDelta, Utc};

use super::Options;
use super::advice::advise;
use super::behaviour::{Chances, Setting, version_of};
use super::draw::{Draw, Purpose, digest};
use super::lifecycle::{Life, Lived, Names};
use super::people::{People, Person};
use super::product::FEATURES;
use super::profile::{Profile, Texts};
use super::schedule::{Slot, schedule};
use crate::domain::event::{Event, EventKind};

/// The share of outputs shown in the staging environment.
const STAGING: f64 = 0.03;
/// Log-scale standard deviation of the time it takes to make an output.
const GENERATION_SPREAD: f64 = 0.5;

/// Everything that is fixed before the first event.
pub(super) struct World {
    pub seed: u64,
    pub slots: Vec<Slot>,
    start: DateTime<Utc>,
    end: DateTime<Utc>,
    people: People,
    /// Part of every id, so that two different runs can be loaded into one project.
    tag: String,
}

/// One output with all that ever happens to it.
pub(super) struct Output {
    pub lived: Lived,
    /// Another moment, at which the feature should have offered something and did not.
    pub missed: Option<Event>,
    pub feature: usize,
    pub version: usize,
    /// The chances it would have had under the version before.
    pub before: Option<Chances>,
}

impl World {
    pub fn new(options: &Options) -> World {
        let Options {
            seed,
            days,
            users,
            outputs,
            end,
        } = *options;
        // Whole milliseconds, the unit of all times here.
        let end = DateTime::from_timestamp_millis(end.timestamp_millis()).unwrap_or(end);
        let start = end - TimeDelta::days(days.max(1).into());
        let people = People::draw(seed, users);
        let slots = schedule(seed, &people, start, end, outputs);
        let run = [
            days.into(),
            users.into(),
            outputs,
            end.timestamp_millis().cast_unsigned(),
        ];
        let tag = format!("{:06x}", digest(seed, Purpose::Tag, &run) >> 40);
        World {
            seed,
            slots,
            start,
            end,
            people,
            tag,
        }
    }

    /// The instant at a share of the period.
    pub fn instant(&self, share: f64) -> DateTime<Utc> {
        self.start + TimeDelta::milliseconds((share * self.span()) as i64)
    }

    fn span(&self) -> f64 {
        (self.end - self.start).num_milliseconds() as f64
    }

    pub fn output(&self, slot: &Slot) -> Option<Output> {
        let feature = slot.feature as usize;
        let (profile, person) = (FEATURES.get(feature)?, self.people.get(slot.user)?);
        let at = DateTime::from_timestamp_millis(slot.at)?;
        let elapsed = (at - self.start).num_milliseconds() as f64 / self.span();
        let mut draw = Draw::stream(self.seed, Purpose::Output, &[slot.feature.into(), slot.number.into()]);

        let version = version_of(self.seed, slot.feature, profile, slot.user, elapsed);
        let tool = draw.weighted(profile.tools, |tool| tool.weight);
        let setting = Setting {
            profile,
            feature,
            person,
            at,
            elapsed,
            version,
            tool,
            experience: slot.experience,
        };
        let before = version.checked_sub(1).map(|before| setting.chances_under(before));

        let mut shown = self.context(EventKind::Shown, slot, &setting);
        shown.generation_ms = Some(self.generation(slot, profile));
        if draw.chance(STAGING) {
            shown.environment = Some("staging".to_owned());
        }
        let missed = draw.chance(profile.missed).then(|| {
            // Somewhere in the half hour before: the user did by hand what the feature then did offer.
            let ago = TimeDelta::milliseconds((1_000.0 * draw.between(30.0, 1_800.0)) as i64);
            self.missed(slot, &setting, ago)
        });
        let names = self.names(slot, profile);
        let mut lived = Life::live(draw, &setting, names, shown, self.end);
        if profile.texts == Texts::Chat {
            let name = [slot.feature.into(), slot.number.into()];
            advise(Draw::stream(self.seed, Purpose::Advice, &name), &mut lived.events);
        }
        Some(Output {
            lived,
            missed,
            feature,
            version,
            before,
        })
    }

    /// What every event that stands for itself says about where it happened.
    fn context(&self, kind: EventKind, slot: &Slot, setting: &Setting<'_>) -> Event {
        let Setting { profile, person, .. } = setting;
        let mut event = Event::new(kind, String::new());
        event.feature = Some(profile.feature.to_owned());
        if let Some(version) = profile.versions.get(setting.version) {
            event.version = Some(version.name.to_owned());
            event.model = Some(version.model.to_owned());
            event.prompt_version = Some(version.prompt.to_owned());
            event.variant = Some(version.variant.to_owned());
        }
        event.environment = Some("production".to_owned());
        event.user_id = Some(format!("user-{:04}", slot.user));
        event.session_id = Some(format!("session-{}-{:04}-{}", self.tag, slot.user, slot.session));
        event.attributes = attributes(person, setting.tool.map(|tool| tool.name));
        event
    }

    /// How long it took to make the output, in milliseconds: longer texts take longer.
    fn generation(&self, slot: &Slot, profile: &Profile) -> u32 {
        let name: [u64; 2] = [slot.feature.into(), slot.number.into()];
        let median = match profile.texts {
            Texts::Unsent => 350.0,
            Texts::Canvas => 900.0,
            Texts::Chat => 2_400.0,
            Texts::Summary => 4_200.0,
        };
        Draw::stream(self.seed, Purpose::Generation, &name).log_normal(median, GENERATION_SPREAD) as u32
    }

    fn missed(&self, slot: &Slot, setting: &Setting<'_>, ago: TimeDelta) -> Event {
        let mut event = self.context(EventKind::Missed, slot, setting);
        event.output_id = format!("{}-{}-{:06}-missed", setting.profile.stem, self.tag, slot.number);
        event.id = Some(format!("{}:0", event.output_id));
        event.occurred_at = Some(setting.at - ago);
        event
    }

    fn names(&self, slot: &Slot, profile: &Profile) -> Names {
        let (tag, number) = (&self.tag, slot.number);
        Names {
            id: format!("{}-{tag}-{number:06}", profile.stem),
            alias: profile.alias.map(|stem| format!("{stem}-{tag}-{number:06}")),
        }
    }
}

fn attributes(person: &Person, tool: Option<&str>) -> std::collections::BTreeMap<String, String> {
    let pairs = [
        ("plan", Some(person.plan)),
        ("locale", Some(person.locale)),
        ("tool", tool),
    ];
    pairs
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect()
}
