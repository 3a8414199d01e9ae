//! What is in a digest, from the answers of the routes that say more.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use diesel::pg::PgConnection;
use uuid::Uuid;

use super::document;
use super::{Digest, DigestAlert, DigestChange, DigestFeature, DigestMetric};
use crate::api::alerts::view::{AlertView, TransitionView};
use crate::api::changes::view::Logged;
use crate::api::changes::{self, effect};
use crate::api::error::ApiError;
use crate::api::priorities;
use crate::api::query::bounded;
use crate::domain::key::ProjectId;
use crate::domain::window::{Window, midnight};
use crate::metrics;
use crate::query::analyses::alerts::AlertState;
use crate::query::analyses::effect as measured;
use crate::query::analyses::priorities::{self as ranked, FixStanding, Priorities, Priority};
use crate::query::analyses::week::{self, FeatureWeek};
use crate::query::request::QueryError;
use crate::query::{Query, Sources};
use crate::state::AppState;
use crate::stats::level::Level;
use crate::store::{alerts as store, projects};

const METRICS: [&str; 4] = ["shown", "acceptance_rate", "correctness_rate", "trust_gap"];
/// Changes that were made so long before the end of the week are in it.
const RECENT: TimeDelta = TimeDelta::days(28);
/// The latest so many changes, the first so many things to fix, the first so many alerts.
const MOST_CHANGES: usize = 10;
const MOST_NEXT: usize = 5;
const MOST_ALERTS: i64 = 50;

/// A week and the one before.
#[derive(Clone)]
pub struct Weeks {
    pub name: String,
    pub zone: Tz,
    week: Window,
    before: Window,
}

/// The week of that name, or the last whole one.
pub fn week(name: Option<&str>, zone: Tz, now: DateTime<Utc>) -> Result<Weeks, ApiError> {
    let wrong = |why: &str| ApiError::parameter("week", why);
    let today = now.with_timezone(&zone).date_naive();
    let monday = match name {
        Some(name) => {
            let parts = name
                .split_once("-W")
                .filter(|(year, week)| year.len() == 4 && week.len() == 2);
            let parts = parts.and_then(|(year, week)| Some((year.parse().ok()?, week.parse().ok()?)));
            parts
                .and_then(|(year, week)| NaiveDate::from_isoywd_opt(year, week, Weekday::Mon))
                .filter(|monday| monday.year() >= 1970)
                .ok_or_else(|| wrong("must be an ISO week such as 2026-W47"))?
        }
        None => today.week(Weekday::Mon).first_day() - TimeDelta::days(7),
    };
    if monday > today {
        return Err(wrong("must have begun"));
    }
    let start = |weeks: i64| midnight(monday + TimeDelta::days(7 * weeks), zone).to_utc();
    let (iso, window) = (monday.iso_week(), |weeks| Window {
        from: start(weeks),
        to: start(weeks + 1),
    });
    Ok(Weeks {
        name: format!("{:04}-W{:02}", iso.year(), iso.week()),
        zone,
        week: window(0),
        before: window(-1),
    })
}

/// What rules did in a week, and what they do now.
#[derive(Debug)]
struct Alerts {
    /// The first of those that fired or cleared.
    listed: Vec<DigestAlert>,
    /// How often any fired.
    fired: u64,
    /// Names of those that are firing now.
    firing: Vec<String>,
}

async fn alerts(state: &AppState, project: ProjectId, Window { from, to }: Window) -> Result<Alerts, ApiError> {
    let (rules, turned, fired) = state
        .db
        .run(move |conn| {
            let rules = store::of_project(conn, project)?;
            let turned = store::between(conn, project, from, to, MOST_ALERTS)?;
            let fired = store::fired_between(conn, project, from, to)?;
            Ok::<_, ApiError>((rules, turned, fired.unsigned_abs()))
        })
        .await?;
    let rules = rules.into_iter().map(|rule| AlertView::read(rule, None));
    let rules: Vec<AlertView> = rules.collect::<Result<_, _>>()?;
    let names: HashMap<Uuid, &str> = rules.iter().map(|rule| (rule.id, rule.rule.name.as_str())).collect();
    let listed = turned.into_iter().map(|turned| {
        let id = turned.alert_id;
        let view = TransitionView::read(turned)?;
        Ok(DigestAlert {
            id,
            name: names.get(&id).copied().unwrap_or_default().to_owned(),
            noticed_at: view.noticed_at,
            state: view.state,
            cause: view.cause,
            sentence: view.sentence,
        })
    });
    let firing = rules
        .iter()
        .filter(|rule| rule.enabled && rule.state == AlertState::Firing);
    Ok(Alerts {
        listed: listed.collect::<Result<_, ApiError>>()?,
        fired,
        firing: firing.map(|rule| rule.rule.name.clone()).collect(),
    })
}

/// The questions that a digest asks, with what it says beside their answers.
pub struct Asked {
    project: ProjectId,
    weeks: Weeks,
    alerts: Alerts,
    recent: Vec<Logged>,
    week: week::Question,
    effects: Vec<measured::Question>,
    next: ranked::Question,
    /// What the address does not say of it: it says something else once a rule, a change or a week is another.
    pub same: String,
}

/// The digest of a project, computed under the limits of questions.
pub async fn digest(state: &AppState, project: ProjectId, weeks: Weeks) -> Result<Digest, ApiError> {
    let asked = ask(state, project, weeks).await?;
    bounded(state, move |conn, sources, now| Ok(asked.answer(conn, sources, now)?)).await
}

/// Reads what a digest is to ask.
pub async fn ask(state: &AppState, project: ProjectId, weeks: Weeks) -> Result<Asked, ApiError> {
    let to = weeks.week.to;
    let alerts = alerts(state, project, weeks.week).await?;
    let logged = changes::logged(state, project).await?;
    let made: Vec<Logged> = logged
        .iter()
        .filter(|change| change.plan.made_at < to)
        .cloned()
        .collect();
    let recent = made.iter().rev().filter(|change| change.plan.made_at >= to - RECENT);
    let recent: Vec<Logged> = recent.take(MOST_CHANGES).cloned().collect();
    let level = Level::default();
    let effects: Vec<measured::Question> = recent
        .iter()
        .map(|change| changes::question(&logged, change, project, effect::WEEKS, level))
        .collect::<Result<_, _>>()?;
    let mut asked = Query::new(project, Vec::new());
    asked.to = Some(to);
    let next = ranked::Question {
        changes: priorities::aimed(&made, &made, project, level)?,
        severity: ranked::Severity::default(),
        days: priorities::DAYS,
        query: asked,
    };
    let mut query = Query::new(
        project,
        METRICS
            .iter()
            .filter_map(|id| metrics::find(id).map(|(_, metric)| metric))
            .collect(),
    );
    query.timezone = weeks.zone;
    let question = week::Question {
        query,
        week: weeks.week,
        before: weeks.before,
    };
    let same = format!("{} {alerts:?} {logged:?}", weeks.name);
    Ok(Asked {
        project,
        weeks,
        alerts,
        recent,
        week: question,
        effects,
        next,
        same,
    })
}

impl Asked {
    pub fn answer(&self, conn: &mut PgConnection, sources: &Sources, now: DateTime<Utc>) -> Result<Digest, QueryError> {
        let project = projects::find(conn, self.project)?.name;
        let week = week::run(conn, sources, &self.week, now)?;
        let effects = measured::run_each(conn, sources, &self.effects, now)?;
        let next = self.ranked(conn, sources, now)?;
        let Window { to, .. } = self.weeks.week;
        let changes = self.recent.iter().zip(&effects).map(|(change, effect)| DigestChange {
            id: change.id,
            title: change.plan.title.clone(),
            feature: change.plan.feature.clone(),
            kind: change.plan.kind,
            made_at: change.plan.made_at,
            verdict: effect.verdict,
            sentence: effect.sentence.clone(),
        });
        let mut digest = Digest {
            project,
            week: self.weeks.name.clone(),
            from: self.weeks.week.from,
            to: self.weeks.week.to,
            timezone: self.weeks.zone.name(),
            level: self.week.query.level.get(),
            immature_from: week.immature_from,
            headlines: Vec::new(),
            features: week.features.iter().map(feature).collect(),
            alerts: self.alerts.listed.clone(),
            firing: self.alerts.firing.clone(),
            changes: changes.collect(),
            next: next.as_ref().map(|next| to_fix(&next.priorities)).unwrap_or_default(),
            next_from: next.as_ref().map_or(to, |next| next.window.from),
            next_to: next.as_ref().map_or(to, |next| next.window.to),
            log_position: week.log_position,
        };
        digest.headlines = document::headlines(&digest, self.alerts.fired);
        Ok(digest)
    }

    /// What to fix next, by what was lost on the days whose outputs are kept; nothing where those are none.
    fn ranked(
        &self,
        conn: &mut PgConnection,
        sources: &Sources,
        now: DateTime<Utc>,
    ) -> Result<Option<Priorities>, QueryError> {
        let until = match ranked::run(conn, sources, &self.next, now) {
            Err(QueryError::OutputsGone { until }) => until,
            found => return found.map(Some),
        };
        let days = (self.weeks.week.to - midnight(until, Tz::UTC).to_utc()).num_days();
        let shorter = ranked::Question {
            days,
            ..self.next.clone()
        };
        (days > 0)
            .then(|| ranked::run(conn, sources, &shorter, now))
            .transpose()
    }
}

/// The first few things to fix, one that is open among them if there is any.
fn to_fix(priorities: &[Priority]) -> Vec<Priority> {
    let is_open = |own: &&Priority| own.standing == FixStanding::Open;
    let mut next: Vec<Priority> = priorities.iter().take(MOST_NEXT).cloned().collect();
    if let (Some(open), false) = (priorities.iter().find(is_open), next.iter().any(|own| is_open(&own))) {
        next.pop();
        next.push(open.clone());
    }
    next
}

fn feature(own: &FeatureWeek) -> DigestFeature {
    DigestFeature {
        feature: own.feature.clone(),
        verdict: own.verdict,
        verdict_before: own.verdict_before,
        metrics: own
            .metrics
            .iter()
            .map(|own| DigestMetric {
                metric: own.metric.id,
                now: own.now.clone(),
                before: own.before.clone(),
                change: own.change,
                moved: own.moved,
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday_in_their_zone() {
        let now = "2026-11-30T00:30:00Z".parse().unwrap();
        let last = week(None, Tz::UTC, now).unwrap();
        assert_eq!(last.name, "2026-W48");
        assert_eq!(last.week.from.to_rfc3339(), "2026-11-23T00:00:00+00:00");
        assert_eq!(
            (last.before.to, last.week.to - last.week.from),
            (last.week.from, TimeDelta::days(7))
        );
        // It is Sunday still in New York.
        let last = week(None, chrono_tz::America::New_York, now).unwrap();
        assert_eq!(
            (last.name.as_str(), last.week.from.to_rfc3339().as_str()),
            ("2026-W47", "2026-11-16T05:00:00+00:00")
        );
        assert_eq!(
            week(Some("2026-W53"), Tz::UTC, now)
                .err()
                .map(|error| error.detail.contains("begun")),
            Some(true)
        );
        assert!(week(Some("2026-W49"), Tz::UTC, now).is_ok());
        for wrong in ["2025-W53", "2026-47", "2026-W00", "W47", "2026-W4", "0000-W01", "x-W01"] {
            assert!(week(Some(wrong), Tz::UTC, now).is_err(), "{wrong}");
        }
    }
}
