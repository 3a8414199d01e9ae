//! How much do users trust by now?
//!
//! Acceptance bucket by bucket, and beside it trust that remembers: each decision counts half after a half-life, so that a quiet
//! week leaves it where it was and less sure ([`crate::stats::trust_memory`]). Each user's decisions fade apart and are put together
//! only then, so that its interval is as wide as the users are few.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use diesel::pg::PgConnection;

use crate::domain::window::Granularity;
use crate::metrics::{self, Estimate, Reason};
use crate::query::answer::Row;
use crate::query::plan;
use crate::query::request::{Query, QueryError};
use crate::query::sources::Sources;
use crate::stats::cluster::ClusterRatio;
use crate::stats::level::Level;
use crate::stats::trust_memory::{Memory, Trust};

/// What trust is read from.
const ACCEPTANCE: &str = "acceptance_rate";

/// One bucket of time.
#[derive(Clone, Debug)]
pub struct Moment {
    pub start: DateTime<Tz>,
    /// In the order of the metrics asked for.
    pub estimates: Vec<Estimate>,
    /// Trust as of the end of the bucket, from all that came before too.
    pub trust: Estimate,
}

/// The buckets of a question, in order. Runs in the caller's transaction.
pub fn run(
    conn: &mut PgConnection,
    sources: &Sources,
    query: &Query,
    half_life_days: f64,
    now: DateTime<Utc>,
) -> Result<(Granularity, Vec<Moment>), QueryError> {
    let timed = Query {
        granularity: query.granularity.or(Some(Granularity::Auto)),
        fill: true,
        ..query.clone()
    };
    let answer = plan::answer(conn, sources, &timed, now)?;
    let acceptance = Query {
        metrics: metrics::find(ACCEPTANCE)
            .map(|(_, metric)| metric)
            .into_iter()
            .collect(),
        contributions: true,
        ..timed
    };
    let accepted = plan::answer(conn, sources, &acceptance, now)?;
    let ends = answer.rows.iter().skip(1).filter_map(|row| row.bucket);
    let ends = ends.map(|end| end.to_utc()).chain([answer.window.to]);
    let mut faded = Faded {
        half_life: half_life_days,
        users: BTreeMap::new(),
    };
    let moments = answer
        .rows
        .iter()
        .zip(&accepted.rows)
        .zip(ends)
        .filter_map(|((row, accepted), end)| {
            let day = (end - answer.window.from).as_seconds_f64() / TimeDelta::days(1).as_seconds_f64();
            faded.add(accepted, day);
            Some(Moment {
                start: row.bucket?,
                estimates: row.estimates.clone(),
                trust: faded.trust(day, query.level),
            })
        })
        .collect();
    Ok((answer.granularity.unwrap_or(Granularity::Auto), moments))
}

/// What is remembered of each user, or group of users.
struct Faded {
    half_life: f64,
    users: BTreeMap<i64, Memory>,
}

impl Faded {
    /// Adds the decisions of a bucket that ends at some day.
    fn add(&mut self, row: &Row, day: f64) {
        for own in row.contributions.iter().flatten().flat_map(|found| &found.0) {
            let (taken, decided) = own.totals.unwrap_or_default();
            let known = self.users.get(&own.cluster).copied();
            if let Some(memory) = known.or_else(|| Memory::new(self.half_life, day)) {
                self.users
                    .insert(own.cluster, memory.record(day, taken, decided - taken));
            }
        }
    }

    /// Beta(1, 1) and as many decisions as what is remembered is worth, given that those of one user are alike.
    fn trust(&self, day: f64, level: Level) -> Estimate {
        let totals: Vec<(f64, f64)> = self
            .users
            .values()
            .map(|memory| memory.at(day))
            .map(|memory| (memory.accepted, memory.strength()))
            .collect();
        let pooled = ClusterRatio::from_totals(&totals);
        let Some(rate) = pooled.ratio() else {
            return Estimate::none(Reason::NoDecisions);
        };
        let worth = pooled.effective_trials().unwrap_or_else(|| pooled.denominator.min(1.0));
        let belief = |worth: f64| Trust {
            alpha: 1.0 + rate * worth,
            beta: 1.0 + (1.0 - rate) * worth,
        };
        // What few users are worth is itself not known well: as much wider as Student's t is.
        let widening = if pooled.sizes().show_spread() {
            pooled.critical(level) / level.z()
        } else {
            1.0
        };
        Estimate::point(belief(worth).mean(), pooled.denominator.round() as u64)
            .of(pooled.numerator, pooled.denominator)
            .within(
                Some(belief(worth / widening.powi(2)).interval(level)),
                "faded_beta_cluster",
            )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::statistics::Clustering;
    use crate::query::answer::{Contribution, Contributions};

    fn day(users: &[(i64, f64, f64)]) -> Row {
        let own = users.iter().map(|(cluster, taken, decided)| Contribution {
            cluster: *cluster,
            influence: 0.0,
            size: *decided,
            totals: Some((*taken, *decided)),
        });
        Row {
            group: Vec::new(),
            number: 0,
            bucket: None,
            clustering: Clustering::Exact,
            users: None,
            estimates: Vec::new(),
            curve: None,
            contributions: vec![Some(Contributions(own.collect()))],
        }
    }

    #[test]
    fn trust_follows_what_was_done_and_widens_in_silence() {
        let mut faded = Faded {
            half_life: 7.0,
            users: BTreeMap::new(),
        };
        let level = Level::default();
        assert_eq!(faded.trust(0.0, level).reason, Some(Reason::NoDecisions));
        let users: Vec<(i64, f64, f64)> = (0..40).map(|user| (user, 8.0 + (user % 2) as f64, 10.0)).collect();
        faded.add(&day(&users), 1.0);
        let fresh = faded.trust(1.0, level);
        assert!((fresh.value.unwrap() - 0.85).abs() < 0.01, "{fresh:?}");
        let stale = faded.trust(36.0, level);
        let width = |found: &Estimate| found.upper.unwrap() - found.lower.unwrap();
        assert_eq!(stale.denominator, Some(400.0 / 32.0));
        assert!(width(&stale) > 3.0 * width(&fresh), "{stale:?}");
        let refused: Vec<(i64, f64, f64)> = (0..40).map(|user| (user, 1.0, 10.0)).collect();
        faded.add(&day(&refused), 36.0);
        assert!(faded.trust(36.0, level).value.unwrap() < 0.2);
    }

    #[test]
    fn a_few_users_who_happen_to_agree_are_not_trusted_like_many() {
        let level = Level::default();
        let width = |users: i64| {
            let mut faded = Faded {
                half_life: 7.0,
                users: BTreeMap::new(),
            };
            let own: Vec<(i64, f64, f64)> = (0..users).map(|user| (user, 48.0 + (user % 2) as f64, 80.0)).collect();
            faded.add(&day(&own), 1.0);
            let found = faded.trust(1.0, level);
            assert!((found.value.unwrap() - 0.6).abs() < 0.02, "{found:?}");
            assert!(found.lower < found.value && found.value < found.upper, "{found:?}");
            found.upper.unwrap() - found.lower.unwrap()
        };
        assert!(
            width(2) > 0.6 && width(3) > 0.2 && width(60) < 0.05,
            "{} {} {}",
            width(2),
            width(3),
            width(60)
        );
    }
}
