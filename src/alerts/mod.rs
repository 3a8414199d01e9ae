//! The thread that looks while a server runs, so that nobody has to.
//!
//! A rule looks when a day is mature that it has not looked at; `no_data` every minute. What a look came to, where the rule stands then,
//! what it did and what is to be sent of it are written in one transaction, on the condition that nobody wrote in between: a crash
//! before it repeats the look, and after it nothing is left to do.

mod told;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::pg::PgConnection;

use crate::api::alerts::plan::AlertPlan;
use crate::fold::signal::Signal;
use crate::query::analyses::alerts::{self, Memory, Rule, Watch};
use crate::query::{Sources, plan};
use crate::store::alerts::{self as store, AlertRule, Moved};
use crate::store::projects::{self, Project};
use crate::store::webhooks::outbox;
use crate::store::{Db, StoreError, events};

/// How long to wait between two looks at what is due.
const LOOK: Duration = Duration::from_secs(2);
const AFTER_FAILURE: Duration = Duration::from_secs(30);
/// How often rules look that do not wait for days.
const EVERY: TimeDelta = TimeDelta::seconds(60);
/// How long a rule that could not look waits.
const AGAIN: TimeDelta = TimeDelta::minutes(10);
/// What is said of a rule whose look ended in a panic: its own words may hold what nobody is to read.
const PANICKED: &str = "it ended in a panic; please report it";

/// How often old entries are let go of, and how long they are kept.
const SWEEP: TimeDelta = TimeDelta::hours(1);
pub const DELIVERED_DAYS: i64 = 30;
pub const DEAD_DAYS: i64 = 90;
pub const HISTORY_DAYS: i64 = 400;

/// Starts looking until `stopped`. Rings `posting` when there is something to send.
pub fn start(db: Db, sources: Arc<Sources>, posting: Signal, stopped: Signal) {
    thread::spawn(move || {
        // At once, or a server that is never up for as long would never do it.
        let mut swept = DateTime::UNIX_EPOCH;
        while !stopped.is_stopped() {
            // Whatever one round meets, the next one looks.
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                look(&db, &sources, &posting, &stopped)?;
                if Utc::now() - swept > SWEEP {
                    swept = Utc::now();
                    sweep(&db, swept)?;
                }
                Ok::<_, anyhow::Error>(())
            }));
            let failure = match outcome {
                Ok(Ok(())) => {
                    stopped.rest(LOOK);
                    continue;
                }
                Ok(Err(error)) => format!("{error:#}"),
                Err(_) => "a panic".to_owned(),
            };
            tracing::error!(error = failure, "alerts failed and are tried again");
            stopped.rest(AFTER_FAILURE);
        }
    });
}

/// A rule that is to look, as it was read.
struct Due {
    row: AlertRule,
    project: Project,
    plan: AlertPlan,
    /// Or why there is none any more.
    rule: Result<Rule, String>,
    memory: Memory,
}

fn look(db: &Db, sources: &Sources, posting: &Signal, stopped: &Signal) -> anyhow::Result<()> {
    if db.with(|conn| due(conn, Utc::now()))?.is_empty() {
        return Ok(());
    }
    let mut conn = db.dedicated()?;
    // One server at a time; the connection ends with the look, and the lock with it.
    if !store::try_lock(&mut conn)? {
        return Ok(());
    }
    for due in due(&mut conn, Utc::now())? {
        if stopped.is_stopped() {
            return Ok(());
        }
        let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| evaluate(&mut conn, sources, &due, posting))) else {
            tracing::error!(alert = %due.row.id, project = due.project.id, "an alert ended in a panic");
            // This connection is in the middle of something; the other rules look in the next round, for which this one is not due.
            db.with(|conn| store::note_failure(conn, &due.row, PANICKED).map_err(StoreError::from))?;
            return Ok(());
        };
        if let Err(error) = outcome {
            let failure = format!("{error:#}");
            tracing::warn!(alert = %due.row.id, project = due.project.id, error = failure, "an alert could not look");
            store::note_failure(&mut conn, &due.row, &failure)?;
        }
    }
    Ok(())
}

/// The rules that are to look now.
fn due(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Vec<Due>, StoreError> {
    let mut found: Vec<Due> = Vec::new();
    // Rules come project by project.
    let mut current: Option<Project> = None;
    for row in store::enabled(conn)? {
        let waits = if row.failure.is_some() { AGAIN } else { EVERY };
        let recently = row.looked_at.is_some_and(|at| now - at < waits);
        if row.failure.is_some() && recently {
            continue;
        }
        let Ok(plan) = serde_json::from_value::<AlertPlan>(row.plan.clone()) else {
            continue;
        };
        let rule = plan.rule(row.project_id).map_err(|error| error.detail);
        let memory: Memory = serde_json::from_value(row.memory.clone()).unwrap_or_default();
        let project = match current.take() {
            Some(project) if project.id == row.project_id => project,
            _ => projects::find(conn, row.project_id)?,
        };
        current = Some(project.clone());
        let is_due = match &rule {
            Err(_) => true,
            Ok(rule) if matches!(rule.watch, Watch::NoData { .. }) => !recently,
            Ok(_) => alerts::is_due(&memory, plan::horizon(&project, now)),
        };
        if is_due {
            found.push(Due {
                row,
                project,
                plan,
                rule,
                memory,
            });
        }
    }
    let mut behind = BTreeMap::new();
    for project in found.iter().map(|due| due.project.id) {
        if let Entry::Vacant(unknown) = behind.entry(project) {
            unknown.insert(events::is_behind(conn, project, now)?);
        }
    }
    found.retain(|due| behind.get(&due.project.id) != Some(&true));
    Ok(found)
}

fn evaluate(conn: &mut PgConnection, sources: &Sources, due: &Due, posting: &Signal) -> anyhow::Result<()> {
    let rule = due.rule.as_ref().map_err(|why| anyhow::anyhow!(why.clone()))?;
    let mut memory = due.memory.clone();
    let looked = alerts::look(conn, sources, rule, &mut memory, Utc::now())?;
    let turned = looked
        .iter()
        .filter_map(|looked| Some((looked, looked.transition.as_ref()?)))
        .map(|(looked, transition)| told::turned(due.row.id, &due.project.name, &due.plan, looked, transition))
        .collect::<Result<_, _>>()?;
    let moved = Moved {
        state: memory.state.name(),
        memory: serde_json::to_value(&memory).context("a memory cannot be written")?,
        look: looked.last().map(|last| serde_json::to_value(&last.look)).transpose()?,
        turned,
    };
    if store::write(conn, &due.row, &moved)? && !moved.turned.is_empty() {
        posting.ring();
    }
    Ok(())
}

/// Lets go of what nobody will ask for any more.
fn sweep(db: &Db, now: DateTime<Utc>) -> anyhow::Result<()> {
    db.with(|conn| {
        outbox::forget(conn, outbox::DELIVERED, now - TimeDelta::days(DELIVERED_DAYS))?;
        outbox::forget(conn, outbox::DEAD, now - TimeDelta::days(DEAD_DAYS))?;
        store::forget(conn, now - TimeDelta::days(HISTORY_DAYS))?;
        Ok::<_, StoreError>(())
    })?;
    Ok(())
}
