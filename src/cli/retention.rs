//! `calibrant retention`: what the server does once an hour, now, or in words only.

use chrono::{DateTime, Utc};
use clap::Args;
use diesel::PgConnection;

use crate::config::Config;
use crate::fold::retention::{Expired, apply, due};
use crate::metrics::number::{count, counted};
use crate::store::projects::{self, Project};

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct RetentionArgs {
    /// Say what would go
    #[arg(long)]
    dry_run: bool,
    /// Let it go
    #[arg(long)]
    apply: bool,
}

pub fn run(config: &Config, args: &RetentionArgs) -> anyhow::Result<()> {
    let database = config.existing_database()?;
    let mut conn = database.db.dedicated()?;
    let now = Utc::now();
    for project in projects::all(&mut conn)? {
        if project.retention().is_for_ever() {
            println!("{}: keeps everything for ever", project.name);
            continue;
        }
        println!("{}: {}", project.name, in_words(&project));
        if args.apply {
            let_go(&mut conn, &project, now)?;
        } else {
            tell(&mut conn, &project, now)?;
        }
    }
    Ok(())
}

fn in_words(project: &Project) -> String {
    let retention = project.retention();
    let words = |what: &str, days: Option<i32>| match days {
        Some(days) => format!("{what} for {days} days"),
        None => format!("{what} for ever"),
    };
    format!(
        "keeps {}, {}, {}, numbers for ever",
        words("texts", retention.texts_days),
        words("events", retention.events_days),
        words("outputs", retention.outputs_days)
    )
}

fn tell(conn: &mut PgConnection, project: &Project, now: DateTime<Utc>) -> anyhow::Result<()> {
    let due = due(conn, project, now)?;
    println!("  would go: {}", went(&due));
    println!("  (and the texts of cases of evals that were made from outputs whose texts go)");
    Ok(())
}

fn let_go(conn: &mut PgConnection, project: &Project, now: DateTime<Utc>) -> anyhow::Result<()> {
    let expired = apply(conn, project.id, now, &mut |_| true)?;
    println!(
        "  gone: {}, texts of {} of evals",
        went(&expired),
        counted(expired.cases, "case")
    );
    Ok(())
}

/// `texts of 12 events, 46,579 events with which 16,886 outputs are sealed, 0 outputs`.
fn went(expired: &Expired) -> String {
    let of_outputs = if expired.sealed == 1 {
        "output is"
    } else {
        "outputs are"
    };
    format!(
        "texts of {}, {} with which {} {of_outputs} sealed, {}",
        counted(expired.texts, "event"),
        counted(expired.events, "event"),
        count(expired.sealed as f64),
        counted(expired.outputs, "output")
    )
}
