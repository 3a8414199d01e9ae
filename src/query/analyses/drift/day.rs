//! A day of a metric, as changes of level are looked for in it.

use crate::query::answer::Row;
use crate::stats::contrast::Moved;
use crate::stats::drift::{Bucket, Series, Users};

/// The totals of a day, and how far each user moves them. Users are known by the same numbers in all days of one answer only.
#[derive(Clone, Debug)]
pub struct Day {
    pub bucket: Bucket,
    pub users: Vec<(i64, Moved)>,
}

impl Day {
    /// Without anything to go by.
    pub const NOTHING: Day = Day {
        bucket: Bucket {
            numerator: 0.0,
            denominator: 0.0,
            variance: f64::NAN,
        },
        users: Vec::new(),
    };

    /// Of one metric of an answer that has contributions.
    pub fn of(row: &Row, metric: usize) -> Day {
        let Some(estimate) = row.estimates.get(metric) else {
            return Day::NOTHING;
        };
        let contributions = row.contributions.get(metric).and_then(Option::as_ref);
        let users = contributions.map(|all| all.0.iter().map(|own| (own.cluster, own.moved())).collect());
        Day {
            bucket: Bucket {
                numerator: estimate.numerator.unwrap_or_default(),
                denominator: estimate.denominator.unwrap_or_default(),
                variance: estimate.standard_error.map_or(f64::NAN, |error| error * error),
            },
            users: users.unwrap_or_default(),
        }
    }
}

/// Hands days to whom looks for changes in them.
pub fn read<T>(days: &[Day], look: impl FnOnce(Series) -> T) -> T {
    let buckets: Vec<Bucket> = days.iter().map(|day| day.bucket).collect();
    let users = Users::of(days.iter().map(|day| day.users.iter().copied()));
    look(Series {
        buckets: &buckets,
        users: Some(&users),
    })
}
