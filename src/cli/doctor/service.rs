//! What Calibrant keeps in the database: keys, the fold, what was refused.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use diesel::PgConnection;
use serde_json::{Map, Value};

use super::finding::Finding;
use crate::domain::action::Action;
use crate::domain::clock;
use crate::domain::key::ProjectId;
use crate::ingest::rejection::RejectionCode;
use crate::store::condition::Refused;
use crate::store::projects::{self, Project};
use crate::store::webhooks::outbox;
use crate::store::{actions, condition, events, stalled};

/// Waiting events are counted up to here.
const COUNTED: i64 = 1_000_000;
/// A backlog this old is noticed by whoever looks at the numbers.
const LATE_SECONDS: f64 = 10.0;
const TOO_LATE_SECONDS: f64 = 300.0;
/// How many hours back "lately" reaches.
const LATELY_HOURS: i32 = 24;
/// Keys with a code that are listed.
const LISTED: usize = 3;

pub fn keys(conn: &mut PgConnection) -> anyhow::Result<Finding> {
    const CHECK: &str = "keys";
    let projects = condition::keys(conn)?;
    if projects.is_empty() {
        return Ok(Finding::warning(
            CHECK,
            "there is no project yet",
            "`calibrant serve` makes the first and its key",
        ));
    }
    if let Some(locked) = projects.iter().find(|project| project.admins == 0) {
        return Ok(Finding::problem(
            CHECK,
            format!("nobody has an admin key of the project `{}`", locked.project),
            format!("calibrant create-key --project '{}'", locked.project),
        ));
    }
    let idle: Vec<&str> = projects
        .iter()
        .flat_map(|project| &project.idle)
        .map(String::as_str)
        .collect();
    Ok(if idle.is_empty() {
        Finding::ok(CHECK, format!("projects with an admin key: {}", projects.len()))
    } else {
        Finding::warning(
            CHECK,
            format!("not used for 90 days: {}", idle.join(", ")),
            "revoke those that nobody needs: GET and DELETE /api/v1/keys",
        )
    })
}

pub fn fold(conn: &mut PgConnection) -> anyhow::Result<Finding> {
    const CHECK: &str = "fold";
    let backlog = events::backlog(conn, None, COUNTED)?;
    let Some(oldest) = backlog.oldest else {
        return Ok(Finding::ok(CHECK, "everything that is stored is in the numbers"));
    };
    let seconds = (Utc::now() - oldest).as_seconds_f64();
    let more = if backlog.more { "more than " } else { "" };
    let found = format!("{more}{} events wait, the oldest for {seconds:.0} s", backlog.events);
    let advice = "is a server running? is a long transaction in the way? does its log tell of a failing fold?";
    Ok(if seconds > TOO_LATE_SECONDS {
        Finding::problem(CHECK, found, advice)
    } else if seconds > LATE_SECONDS {
        Finding::warning(CHECK, found, advice)
    } else {
        Finding::ok(CHECK, found)
    })
}

pub fn stalled(conn: &mut PgConnection) -> anyhow::Result<Finding> {
    const CHECK: &str = "stalled projects";
    let stalled = stalled::all(conn)?;
    let Some(first) = stalled.first() else {
        return Ok(Finding::ok(CHECK, "none"));
    };
    let since = first.since.format("%Y-%m-%d %H:%M UTC");
    let others: BTreeSet<ProjectId> = stalled.iter().map(|about| about.project_id).collect();
    let others = match others.len() - 1 {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    Ok(Finding::problem(
        CHECK,
        format!(
            "events of project {} cannot be folded since {since}: {}{others}",
            first.project_id, first.error
        ),
        "nothing is lost and it is tried again every minute; report the error, and upgrade when it is mended",
    ))
}

/// Whether webhooks are delivered to.
pub fn deliveries(conn: &mut PgConnection) -> anyhow::Result<Finding> {
    const CHECK: &str = "deliveries";
    /// A delivery that is due is attempted within seconds.
    const GRACE: TimeDelta = TimeDelta::minutes(10);
    let found = outbox::undelivered(conn, None, None)?;
    if let Some(since) = found.due_since.filter(|since| Utc::now() - since > GRACE) {
        return Ok(Finding::warning(
            CHECK,
            format!("due since {} and not attempted", since.format("%Y-%m-%d %H:%M UTC")),
            "is a server running? does its log tell of failing deliveries?",
        ));
    }
    Ok(if found.dead > 0 {
        Finding::warning(
            CHECK,
            format!("{} were given up", found.dead),
            "GET /api/v1/webhooks/{id}/deliveries?state=dead says why; send them again when the receiver is mended, or delete the webhook",
        )
    } else {
        Finding::ok(CHECK, format!("{} wait", found.waiting))
    })
}

/// Whether retention is sensible, and gets done.
pub fn retention(conn: &mut PgConnection) -> anyhow::Result<Finding> {
    const CHECK: &str = "retention";
    /// It is applied once an hour; twice that is too long ago.
    const GRACE_HOURS: i64 = 3;
    let projects = projects::all(conn)?;
    for project in &projects {
        let retention = project.retention();
        let horizon_days = f64::from(project.horizon_seconds) / 86_400.0;
        if let Some(days) = retention.events_days
            && f64::from(days) < horizon_days
        {
            return Ok(Finding::warning(
                CHECK,
                format!(
                    "`{}` keeps events for {days} days, less than its horizon of {horizon_days:.1}: decisions will be missed",
                    project.name
                ),
                "raise retain_events_days with PATCH /api/v1/projects/current",
            ));
        }
        let then = Utc::now() - TimeDelta::hours(GRACE_HOURS);
        let overdue = match was_set_since(conn, project, then)? {
            true => 0,
            false => overdue(conn, project, then)?,
        };
        if overdue > 0 {
            return Ok(Finding::warning(
                CHECK,
                format!(
                    "`{}` still has {overdue} outputs that should have gone hours ago",
                    project.name
                ),
                "is a server running? does its log tell of failing retention? `calibrant retention --apply` does it now",
            ));
        }
    }
    let bounded = projects
        .iter()
        .filter(|project| !project.retention().is_for_ever())
        .count();
    Ok(Finding::ok(
        CHECK,
        format!(
            "{bounded} of {} projects let old data go, and none of it is overdue",
            projects.len()
        ),
    ))
}

/// Whether it was said anew how long a project keeps things, so that what goes by it may be on its way.
fn was_set_since(conn: &mut PgConnection, project: &Project, then: DateTime<Utc>) -> anyhow::Result<bool> {
    let changes = actions::since(conn, project.id, Action::ProjectChanged, then)?;
    let names = |change: &Value| {
        change
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .any(|name| name.starts_with("retain_"))
    };
    Ok(changes.iter().any(names))
}

fn overdue(conn: &mut PgConnection, project: &Project, then: DateTime<Utc>) -> anyhow::Result<i64> {
    // Those that share a name with younger ones stay with them.
    Ok(match project.retention().outputs_from(then) {
        Some(before) => condition::untied_outputs_before(conn, project.id, before)?,
        None => 0,
    })
}

/// What clients were told is wrong with what they send. They often do not say so themselves.
pub fn refused(conn: &mut PgConnection) -> anyhow::Result<Finding> {
    const CHECK: &str = "refused events";
    let since = clock::hour_of(Utc::now()) - LATELY_HOURS;
    let refused = condition::refused_since(conn, since)?;
    let Some(most) = refused.first() else {
        return Ok(Finding::ok(CHECK, format!("none in {LATELY_HOURS} hours")));
    };
    let others: i64 = refused.iter().skip(LISTED).map(|refused| refused.events).sum();
    let others = (others > 0).then(|| format!("{others} others"));
    let listed = refused.iter().take(LISTED).map(|refused| {
        let Refused {
            project,
            key,
            code,
            events,
        } = refused;
        format!("{events} `{code}` of the key `{key}` of `{project}`")
    });
    let advice = RejectionCode::parse(&most.code).map_or("the answers to the client say more", RejectionCode::advice);
    Ok(Finding::warning(
        CHECK,
        format!(
            "in {LATELY_HOURS} hours: {}",
            listed.chain(others).collect::<Vec<_>>().join(", ")
        ),
        format!(
            "`{}`: {advice}. GET /api/v1/rejected says when, and what to do about the others",
            most.code
        ),
    ))
}
