//! For how long a project keeps what.

use chrono::{DateTime, TimeDelta, Utc};

/// Days, as they are in force: events are not kept longer than the outputs they tell of, nor texts longer than the events they
/// are in. `None` is for ever.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    pub texts_days: Option<i32>,
    pub events_days: Option<i32>,
    pub outputs_days: Option<i32>,
}

impl Retention {
    /// From what was set.
    pub fn new(texts_days: Option<i32>, events_days: Option<i32>, outputs_days: Option<i32>) -> Retention {
        let shorter = |one: Option<i32>, other: Option<i32>| one.into_iter().chain(other).min();
        let events_days = shorter(events_days, outputs_days);
        Retention {
            texts_days: shorter(texts_days, events_days),
            events_days,
            outputs_days,
        }
    }

    /// Whether everything is kept for ever.
    pub fn is_for_ever(&self) -> bool {
        *self == Retention::default()
    }

    /// Texts that were received before this go.
    pub fn texts_from(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        before(now, self.texts_days)
    }

    /// Events of outputs that were shown before this go, and none that is older comes in.
    pub fn events_from(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        before(now, self.events_days)
    }

    /// Outputs that were shown before this go.
    pub fn outputs_from(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        before(now, self.outputs_days)
    }
}

fn before(now: DateTime<Utc>, days: Option<i32>) -> Option<DateTime<Utc>> {
    Some(now - TimeDelta::days(i64::from(days?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(set: [Option<i32>; 3], in_force: [Option<i32>; 3]) {
        let [texts, events, outputs] = set;
        let found = Retention::new(texts, events, outputs);
        assert_eq!([found.texts_days, found.events_days, found.outputs_days], in_force);
    }

    #[test]
    fn nothing_outlives_what_it_hangs_on() {
        check([None, None, None], [None, None, None]);
        check([Some(30), Some(90), None], [Some(30), Some(90), None]);
        check([None, Some(90), None], [Some(90), Some(90), None]);
        check([Some(400), None, Some(365)], [Some(365), Some(365), Some(365)]);
        check([Some(30), Some(500), Some(365)], [Some(30), Some(365), Some(365)]);
    }
}
