//! What looks read: the metric over some days, day by day, and outputs hour by hour.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;

use super::{Rule, Watch};
use crate::domain::clock;
use crate::domain::window::Granularity;
use crate::metrics::{Estimate, Reason};
use crate::query::analyses::drift::Day;
use crate::query::answer::Row;
use crate::query::plan;
use crate::query::request::{Query, QueryError};
use crate::query::running;
use crate::query::sources::Sources;
use crate::stats::level::Level;
use crate::stats::watch;

/// Reads in the caller's transaction.
pub struct Reader<'a> {
    conn: &'a mut PgConnection,
    sources: &'a Sources,
    pub rule: &'a Rule,
    /// Of the intervals of its looks.
    pub level: Level,
    now: DateTime<Utc>,
    days: BTreeMap<i32, Day>,
    lately: BTreeMap<i32, Estimate>,
}

impl<'a> Reader<'a> {
    pub fn new(conn: &'a mut PgConnection, sources: &'a Sources, rule: &'a Rule, now: DateTime<Utc>) -> Reader<'a> {
        Reader {
            conn,
            sources,
            rule,
            level: match rule.watch {
                Watch::Threshold { .. } | Watch::Verdict => watch::level(rule.alpha).unwrap_or_default(),
                Watch::Change { .. } | Watch::NoData { .. } => Level::default(),
            },
            now,
            days: BTreeMap::new(),
            lately: BTreeMap::new(),
        }
    }

    /// Reads the metric as of the end of each of some days, over the last days of the rule, all at once.
    pub fn read_lately(&mut self, days: Range<i32>) -> Result<(), QueryError> {
        if days.is_empty() {
            return Ok(());
        }
        let width = self.rule.window_days;
        let mut query = self.over(clock::midnight(days.start + 1 - width), clock::midnight(days.end));
        query.level = self.level;
        query.counts_users = true;
        let read = |to: DateTime<Utc>, rows: &[Row]| {
            let found = rows.first().and_then(|row| row.estimates.first().cloned());
            (
                clock::day_of(to) - 1,
                found.unwrap_or_else(|| Estimate::none(Reason::NoData)),
            )
        };
        let found = running::trailing(self.conn, self.sources, &query, width as usize, read)?;
        self.lately
            .extend(found.into_iter().filter(|(day, _)| days.contains(day)));
        Ok(())
    }

    /// The metric over the last days of the rule, up to a day and with it.
    pub fn lately(&mut self, day: i32) -> Result<Estimate, QueryError> {
        if !self.lately.contains_key(&day) {
            self.read_lately(day..day + 1)?;
        }
        let found = self.lately.get(&day).cloned();
        Ok(found.unwrap_or_else(|| Estimate::none(Reason::NoData)))
    }

    /// Reads days of the metric, all at once, unless they are known.
    pub fn read_days(&mut self, days: Range<i32>) -> Result<(), QueryError> {
        if days.is_empty() || days.clone().all(|day| self.days.contains_key(&day)) {
            return Ok(());
        }
        let mut query = self.over(clock::midnight(days.start), clock::midnight(days.end));
        query.granularity = Some(Granularity::Day);
        query.contributions = true;
        let answer = plan::answer(self.conn, self.sources, &query, self.now)?;
        self.days.extend(days.map(|day| (day, Day::NOTHING)));
        for row in &answer.rows {
            if let Some(at) = row.bucket {
                self.days.insert(clock::day_of(at.to_utc()), Day::of(row, 0));
            }
        }
        Ok(())
    }

    /// The metric on each of some days.
    pub fn days(&mut self, days: Range<i32>) -> Result<Vec<Day>, QueryError> {
        self.read_days(days.clone())?;
        Ok(days
            .map(|day| self.days.get(&day).cloned().unwrap_or(Day::NOTHING))
            .collect())
    }

    /// Outputs shown in each hour of a range.
    pub fn hours(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) -> Result<Vec<u64>, QueryError> {
        let mut query = self.over(from, to);
        query.granularity = Some(Granularity::Hour);
        // Counts need no users, so that the rollups say the same.
        query.exact_outputs = 0;
        let answer = plan::answer(self.conn, self.sources, &query, self.now)?;
        let mut hours = vec![0; usize::try_from((to - from).num_hours()).unwrap_or_default()];
        for row in &answer.rows {
            let Some((at, estimate)) = row.bucket.zip(row.estimates.first()) else {
                continue;
            };
            let place = usize::try_from((at.to_utc() - from).num_hours()).unwrap_or(usize::MAX);
            if let Some(hour) = hours.get_mut(place) {
                *hour = estimate.n;
            }
        }
        Ok(hours)
    }

    fn over(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Query {
        Query {
            from: Some(from),
            to: Some(to),
            fill: true,
            ..self.rule.query.clone()
        }
    }
}
