//! A large product that is lifelike and costs almost nothing to make: any output's events follow from its number alone, so that
//! a load can be resumed, repeated and shuffled without keeping anything.
//!
//! Twenty features of Zipf volume; four versions, each rolled out over five days, so that at most two are live; users with
//! heavy-tailed activity, each on one of three plans; confidences, decisions, edits, some judgements and ratings; no texts.
//! About two events per output.

use std::f64::consts::TAU;
use std::fmt::Write;
use std::ops::Range;

use chrono::{DateTime, SecondsFormat};

/// Changes when the same number no longer makes the same events.
pub const RECIPE: u32 = 1;
/// The attribute that projects declare.
pub const DIMENSION: &str = "plan";
/// One of its three values: a quarter of the users.
pub const PLAN: &str = "pro";
/// The feature with the most outputs.
pub const LARGEST: &str = "feature-1";

const FEATURES: u64 = 20;
const VERSIONS: f64 = 4.0;
const ROLLOUT_DAYS: f64 = 5.0;
/// 2025-01-01T00:00:00Z.
const START: i64 = 1_735_689_600_000;
const DAY: f64 = 86_400_000.0;

/// Which outputs, over which days.
#[derive(Clone)]
pub struct Product {
    outputs: u64,
    users: f64,
    /// Days that the four versions share.
    span: f64,
    /// Days from the start until the first output, and until after the last.
    days: Range<f64>,
    /// What names of outputs and events begin with, so that two products can be in one project.
    prefix: String,
}

impl Product {
    pub fn new(outputs: u64, days: u32) -> Product {
        Product {
            outputs,
            users: (outputs as f64 / 100.0).max(100.0),
            span: f64::from(days),
            days: 0.0..f64::from(days),
            prefix: String::new(),
        }
    }

    /// One more day of the same product, whose outputs have other names.
    pub fn next_day(&self, outputs: u64, prefix: String) -> Product {
        Product {
            outputs,
            days: self.days.end..self.days.end + 1.0,
            prefix,
            ..self.clone()
        }
    }

    /// The first instant, and the first after it, some days later, as RFC 3339.
    pub fn range(&self, later: f64) -> (String, String) {
        let instant = |day: f64| rfc3339(START + ((day + later) * DAY) as i64);
        (instant(self.days.start), instant(self.days.end))
    }

    /// Events of some outputs, one JSON text each, in the order of their times.
    pub fn in_order(&self, numbers: Range<u64>) -> Vec<String> {
        let mut events: Vec<(i64, String)> = numbers.flat_map(|number| self.events(number)).collect();
        events.sort_unstable_by_key(|(time, _)| *time);
        events.into_iter().map(|(_, text)| text).collect()
    }

    /// Events in no order: outputs from anywhere in the time, and all but an output's first event long after it.
    pub fn shuffled(&self, numbers: Range<u64>) -> Vec<String> {
        /// Outputs in between.
        const LATER: u64 = 50_000;
        /// A prime: it visits every number once.
        const STRIDE: u128 = 15_485_863;
        let place = |number: u64| (u128::from(number) * STRIDE % u128::from(self.outputs)) as u64;
        let mut texts = Vec::new();
        for number in numbers {
            texts.extend(self.events(place(number)).into_iter().take(1).map(|(_, text)| text));
            if let Some(earlier) = number.checked_sub(LATER) {
                texts.extend(self.events(place(earlier)).into_iter().skip(1).map(|(_, text)| text));
            }
        }
        texts
    }

    /// The events of one output, each with its time in milliseconds.
    fn events(&self, number: u64) -> Vec<(i64, String)> {
        let mut draw = Draw(number.wrapping_mul(0xd134_2543_de82_ef95));
        let length = self.days.end - self.days.start;
        let day = self.days.start + number as f64 / self.outputs as f64 * length;
        // Nights are quiet: time passes quickly around midnight.
        let shown = START + ((day + 0.8 / TAU * (TAU * day.fract()).sin()) * DAY) as i64;
        let feature = zipf(draw.unit(), FEATURES);
        let version = self.version(day, draw.unit());
        let user = (self.users * draw.unit().powf(2.5)) as u64;
        let of_user = Draw(user).unit();
        let plan = ["enterprise", PLAN, "free", "free"][user as usize % 4];

        let right = (0.45 + 0.02 * feature as f64 + 0.04 * version).min(0.95) + 0.1 * (draw.unit() - 0.5);
        let correct = draw.unit() < right;
        let mut event = Writer::new(self, number);
        let head = event.next("shown", shown);
        let _ = write!(
            head,
            ",\"feature\":\"feature-{feature}\",\"version\":\"v{version}\",\"model\":\"model-{}\",\"user_id\":\"user-{user}\",\
             \"chars_shown\":{},\"attributes\":{{\"{DIMENSION}\":\"{plan}\"}}",
            version as u32 / 2,
            80 + (draw.unit() * 800.0) as u32,
        );
        if !feature.is_multiple_of(5) {
            // Never on the edge of a band, where a peer might round to the other side.
            let confidence = (right + 0.3 * (draw.unit() - 0.4)).clamp(0.0, 0.999);
            let _ = write!(head, ",\"confidence\":{:.4}", (confidence * 1e3).floor() / 1e3 + 0.0005);
        }

        let choice = draw.unit();
        let taken = 0.35 + 0.25 * of_user + if correct { 0.1 } else { -0.1 };
        let seconds = 3.0 - 20.0 * (1.0 - draw.unit()).ln();
        let decided = shown + (seconds * 1e3) as i64;
        match choice {
            here if here < taken => {
                event.next("accept", decided);
                if draw.unit() < 0.02 {
                    event.next("undo", decided + 60_000);
                }
            }
            here if here < taken + 0.1 => {
                let share = draw.unit() * draw.unit();
                let _ = write!(event.next("edit", decided), ",\"edit_distance\":{share:.3}");
            }
            here if here < 0.82 => drop(event.next("reject", decided)),
            _ => {}
        }
        if draw.unit() < 0.14 {
            let judged = shown + (draw.unit() * 7_200e3) as i64;
            let source = if draw.unit() < 0.3 { "human" } else { "outcome" };
            let _ = write!(
                event.next("judge", judged),
                ",\"correct\":{correct},\"source\":\"{source}\""
            );
        }
        if draw.unit() < 0.04 {
            let rating = 1.0 + (4.0 * (0.5 * draw.unit() + 0.5 * right)).round();
            let _ = write!(
                event.next("rate", decided + 5_000),
                ",\"rating\":{rating},\"rating_min\":1,\"rating_max\":5"
            );
        }
        event.finished()
    }

    /// The version that a user meets: while one is rolled out, some still have the one before.
    fn version(&self, day: f64, chance: f64) -> f64 {
        let phase = (day / self.span * VERSIONS).floor().min(VERSIONS - 1.0);
        let days_since = day - phase * self.span / VERSIONS;
        match phase >= 1.0 && chance > days_since / ROLLOUT_DAYS {
            true => phase,
            false => phase + 1.0,
        }
    }
}

/// A rank whose probability falls with one over the rank.
fn zipf(chance: f64, most: u64) -> u64 {
    (((most + 1) as f64).ln() * chance).exp() as u64
}

fn rfc3339(millis: i64) -> String {
    DateTime::from_timestamp_millis(millis)
        .expect("it is a time of our own")
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Writes the events of one output.
struct Writer<'a> {
    prefix: &'a str,
    number: u64,
    events: Vec<(i64, String)>,
}

impl<'a> Writer<'a> {
    fn new(product: &'a Product, number: u64) -> Writer<'a> {
        Writer {
            prefix: &product.prefix,
            number,
            events: Vec::with_capacity(4),
        }
    }

    /// The next event, to which more fields may be added.
    fn next(&mut self, kind: &str, time: i64) -> &mut String {
        let (prefix, number, ordinal) = (self.prefix, self.number, self.events.len());
        let mut text = String::with_capacity(240);
        let _ = write!(
            text,
            "{{\"id\":\"{prefix}e{number}.{ordinal}\",\"type\":\"{kind}\",\"output_id\":\"{prefix}o{number}\",\
             \"occurred_at\":\"{}\"",
            rfc3339(time)
        );
        self.events.push((time, text));
        let at = self.events.len() - 1;
        &mut self.events[at].1
    }

    fn finished(mut self) -> Vec<(i64, String)> {
        self.events.iter_mut().for_each(|(_, text)| text.push('}'));
        self.events
    }
}

/// SplitMix64: the same numbers everywhere, for ever.
struct Draw(u64);

impl Draw {
    /// A number in `0..1`.
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
