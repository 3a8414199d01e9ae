//! Delivery: the disorder between an app and its backend.
//!
//! Clients lose their connection and send later, retry what had arrived, and race their own requests. A delivery is due
//! at some instant at or after the event; the stream hands them out in that order. Since nothing of an output can arrive
//! before the output exists, only what is under way is held in memory.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::sync::Arc;

use super::draw::{Draw, Purpose};
use super::tally::Tally;
use super::world::{Output, World};
use crate::domain::event::{Event, EventKind};

/// The share of outputs whose client is offline when they are shown: all that happens until it is back arrives then.
const OFFLINE: f64 = 0.034;
const OFFLINE_HOURS: (f64, f64) = (2.0, 72.0);
/// The share of deliveries that are repeated.
const REPEATED: f64 = 0.02;
/// The share of answered outputs whose `shown` arrives after the first answer.
const OVERTAKEN: f64 = 0.013;
/// The share of outputs whose `shown` never arrives, so that what follows stays unlinked.
const LOST: f64 = 0.0015;

const SECOND: f64 = 1_000.0;
const HOUR: f64 = 3_600.0 * SECOND;
/// From when on a delivery counts as late.
const LATE: i64 = 3_600_000;

/// An event on its way.
struct Parcel {
    /// When it arrives, in milliseconds since 1970.
    due: i64,
    /// Breaks ties by the order of sending.
    sent: u64,
    event: Event,
}

/// Earliest first, as the heap gives out its greatest.
impl Ord for Parcel {
    fn cmp(&self, other: &Parcel) -> Ordering {
        (other.due, other.sent).cmp(&(self.due, self.sent))
    }
}

impl PartialOrd for Parcel {
    fn partial_cmp(&self, other: &Parcel) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Parcel {
    fn eq(&self, other: &Parcel) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Parcel {}

/// The events in the order in which they arrive.
pub(super) struct Deliveries {
    world: Arc<World>,
    /// How many slots have been lived through.
    lived: usize,
    under_way: BinaryHeap<Parcel>,
    sent: u64,
    pub tally: Tally,
}

impl Deliveries {
    pub fn new(world: Arc<World>) -> Deliveries {
        Deliveries {
            world,
            lived: 0,
            under_way: BinaryHeap::new(),
            sent: 0,
            tally: Tally::default(),
        }
    }

    fn dispatch(&mut self, mut output: Output, mut draw: Draw) {
        let back = draw
            .chance(OFFLINE)
            .then(|| (HOUR * draw.log_uniform(OFFLINE_HOURS.0, OFFLINE_HOURS.1)) as i64);
        let lost = draw.chance(LOST);
        let missed = output.missed.take();
        let events = std::mem::take(&mut output.lived.events);
        let shown_at = events.first().map_or(0, millis);
        let mut dues: Vec<i64> = events
            .iter()
            .map(|event| {
                let on_time = millis(event) + (SECOND * draw.exponential(0.3)) as i64;
                // Judgements come from elsewhere, not from the client.
                let held = back.filter(|_| event.kind != EventKind::Judge);
                held.map_or(on_time, |back| on_time.max(shown_at + back))
            })
            .collect();
        if draw.chance(OVERTAKEN)
            && let [shown, answers @ ..] = dues.as_mut_slice()
            && let Some(first) = answers.iter().min()
        {
            *shown = first + (SECOND * draw.between(0.5, 60.0)) as i64;
        }

        self.tally.count(&output, lost, &events, &dues);
        for (event, due) in events.into_iter().zip(dues).skip(usize::from(lost)) {
            self.send(event, due, &mut draw);
        }
        if let Some(missed) = missed {
            self.tally.missed += 1;
            let due = shown_at.max(millis(&missed));
            self.send(missed, due, &mut draw);
        }
    }

    fn send(&mut self, event: Event, due: i64, draw: &mut Draw) {
        self.tally.events += 1;
        self.tally.late += usize::from(due - millis(&event) > LATE);
        if draw.chance(REPEATED) {
            self.tally.duplicates += 1;
            let again = due + (SECOND * draw.log_uniform(0.5, 600.0)) as i64;
            self.push(event.clone(), again);
        }
        self.push(event, due);
    }

    fn push(&mut self, event: Event, due: i64) {
        self.sent += 1;
        self.under_way.push(Parcel {
            due,
            sent: self.sent,
            event,
        });
    }
}

impl Iterator for Deliveries {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        let world = Arc::clone(&self.world);
        // Nothing that is yet to be shown can arrive before what is due by then.
        while let Some(slot) = world.slots.get(self.lived) {
            if self.under_way.peek().is_some_and(|parcel| parcel.due < slot.at) {
                break;
            }
            self.lived += 1;
            if let Some(output) = world.output(slot) {
                let name = [slot.feature.into(), slot.number.into()];
                self.dispatch(output, Draw::stream(world.seed, Purpose::Delivery, &name));
            }
        }
        self.under_way.pop().map(|parcel| parcel.event)
    }
}

/// When an event happened. All of them say so.
fn millis(event: &Event) -> i64 {
    event.occurred_at.map_or(0, |at| at.timestamp_millis())
}
