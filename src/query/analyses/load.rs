//! How often does it interrupt whoever works with it?
//!
//! Outputs that a user was shown for each hour in which one was shown: hours of the clock (UTC) without any are not work that was spared, but
//! not known to be work. What the app took by itself interrupts nobody.

use polars::prelude::PolarsResult;

use super::exposures::Met;
use crate::domain::decision::Manner;
use crate::metrics::statistics::linear_within;
use crate::metrics::{Estimate, Reason, facts as f};
use crate::stats::cluster::ClusterRatio;
use crate::stats::level::Level;

/// The column that [`Load::add`] reads.
pub const READ: [&str; 1] = [f::MANNER];

const HOUR: i64 = 3_600_000_000;

/// What users were shown.
#[derive(Default)]
pub struct Load {
    /// By the number of the meeting.
    users: Vec<Own>,
}

/// One user.
#[derive(Clone, Default)]
struct Own {
    shown: u32,
    hours: u32,
    /// The newest of them, since the epoch.
    hour: Option<i64>,
}

impl Own {
    fn show(&mut self, time: i64) {
        let hour = Some(time.div_euclid(HOUR));
        self.shown += 1;
        self.hours += u32::from(self.hour != hour);
        self.hour = hour;
    }
}

impl Load {
    /// Adds a day's outputs, in the order in which they were shown.
    pub fn add(&mut self, met: &Met) -> PolarsResult<()> {
        let most = met.meetings.iter().max().map_or(0, |most| *most as usize + 1);
        if self.users.len() < most {
            self.users.resize_with(most, Own::default);
        }
        let times = met.stated.column(f::SHOWN_AT)?.i64()?.iter();
        let manners = met.stated.column(f::MANNER)?.i32()?.iter();
        for (meeting, (time, manner)) in met.meetings.iter().zip(times.zip(manners)) {
            let is_automatic = manner == Some(i32::from(Manner::Automatic.code()));
            if let (Some(own), Some(time), false) = (self.users.get_mut(*meeting as usize), time, is_automatic) {
                own.show(time);
            }
        }
        Ok(())
    }

    /// Outputs for each hour in which a user was shown one, at least 1.
    pub fn per_active_hour(&self, level: Level) -> Estimate {
        let totals: Vec<(f64, f64)> = self
            .users
            .iter()
            .map(|own| (f64::from(own.shown), f64::from(own.hours)))
            .collect();
        let ratio = ClusterRatio::from_totals(&totals);
        let Some(value) = ratio.ratio() else {
            return Estimate::none(Reason::NoData);
        };
        let error = ratio.standard_error();
        let interval = linear_within(value, error, ratio.sizes(), level, (1.0, f64::INFINITY));
        Estimate {
            users: Some(ratio.clusters),
            ..Estimate::point(value, ratio.denominator as u64)
        }
        .of(ratio.numerator, ratio.denominator)
        .within(interval, "linear_cluster_exact")
        .with_standard_error(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_counted_once_each_and_only_if_something_was_shown() {
        let mut load = Load {
            users: vec![Own::default(); 3],
        };
        for minute in [0, 59, 60, 61, 62, 600] {
            load.users[0].show(minute * HOUR / 60);
        }
        load.users[1].show(5);
        let found = load.per_active_hour(Level::default());
        assert_eq!((found.numerator, found.denominator), (Some(7.0), Some(4.0)));
        assert_eq!((found.n, found.users), (4, Some(2)));
        assert!(found.lower.unwrap() >= 1.0);
        let nobody = Load::default().per_active_hour(Level::default());
        assert_eq!(nobody.reason, Some(Reason::NoData));
    }
}
