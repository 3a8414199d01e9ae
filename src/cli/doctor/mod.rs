//! `calibrant doctor`: what is wrong with an installation, and what to do about it. It changes nothing, starts nothing, and works
//! beside a running server and without one.

mod database;
mod finding;
mod machine;
mod service;

use std::time::Duration;

use anyhow::bail;
use clap::Args;
use diesel::PgConnection;

use self::finding::{Finding, Verdict};
use crate::config::Config;
use crate::store::connect_once;
use crate::store::private::inspect;

/// How long the database may take to let a session in.
const PATIENCE: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
}

/// Fails when there is a problem.
pub fn run(config: &Config, args: &DoctorArgs) -> anyhow::Result<()> {
    let findings = examine(config);
    let of = |verdict: Verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (problems, warnings) = (of(Verdict::Problem), of(Verdict::Warning));
    if args.json {
        let report = serde_json::json!({
            "ok": problems == 0, "problems": problems, "warnings": warnings, "findings": findings,
        });
        println!("{report}");
    } else {
        findings.iter().for_each(|finding| println!("{finding}"));
    }
    match problems {
        0 => Ok(()),
        1 => bail!("there is a problem; docs/operating.md says more about each line"),
        more => bail!("there are {more} problems; docs/operating.md says more about each line"),
    }
}

/// All that can be found out, the machine first.
fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![
        machine::data_directory(config),
        machine::disk(config),
        machine::segments(config),
        machine::address(config),
    ];
    let url = match &config.database_url {
        Some(url) => url.clone(),
        None => {
            let cluster = inspect(&config.data_dir);
            findings.push(machine::programs(&cluster));
            findings.push(machine::cluster(&cluster));
            if !cluster.answers {
                return findings;
            }
            cluster.url
        }
    };
    match connect_once(&url, PATIENCE) {
        Ok(mut conn) => findings.extend(ask(config, &mut conn)),
        Err(error) => findings.push(database::unreachable(&format!("{error:#}"))),
    }
    findings
}

/// What only the database knows. A check that fails is a finding too, and the others go on.
fn ask(config: &Config, conn: &mut PgConnection) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut note = |check: &'static str, found: anyhow::Result<Finding>| {
        findings.push(found.unwrap_or_else(|error| {
            Finding::problem(
                check,
                format!("cannot be found out: {error:#}"),
                "see the other lines first",
            )
        }));
    };
    note("version", database::version(conn));
    note("durability", database::durability(conn));
    note("connections", database::connections(conn));
    note("clock", database::clock(conn));
    note("long transactions", database::long_transactions(conn));
    let schema = database::schema(conn);
    let is_current = schema.as_ref().is_ok_and(|finding| finding.verdict == Verdict::Ok);
    note("schema", schema);
    // The rest speaks of tables as this program knows them.
    if is_current {
        note("size", database::size(config, conn));
        note("vacuum", database::vacuum(conn));
        note("keys", service::keys(conn));
        note("fold", service::fold(conn));
        note("stalled projects", service::stalled(conn));
        note("refused events", service::refused(conn));
        note("retention", service::retention(conn));
    }
    findings
}
