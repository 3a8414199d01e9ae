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

/// What is looked at, and how.
type Check = (&'static str, fn(&Config, &mut PgConnection) -> anyhow::Result<Finding>);

/// What only the database knows.
const OF_DATABASE: [Check; 6] = [
    ("version", |_, conn| database::version(conn)),
    ("durability", |_, conn| database::durability(conn)),
    ("connections", |_, conn| database::connections(conn)),
    ("clock", |_, conn| database::clock(conn)),
    ("long transactions", |_, conn| database::long_transactions(conn)),
    (SCHEMA, |_, conn| database::schema(conn)),
];
const SCHEMA: &str = "schema";

/// What speaks of tables as this program knows them.
const OF_TABLES: [Check; 8] = [
    ("size", database::size),
    ("vacuum", |_, conn| database::vacuum(conn)),
    ("keys", |_, conn| service::keys(conn)),
    ("fold", |_, conn| service::fold(conn)),
    ("stalled projects", |_, conn| service::stalled(conn)),
    ("refused events", |_, conn| service::refused(conn)),
    ("retention", |_, conn| service::retention(conn)),
    ("deliveries", |_, conn| service::deliveries(conn)),
];

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
    let (problems, warnings, skipped) = (of(Verdict::Problem), of(Verdict::Warning), of(Verdict::Skipped));
    if args.json {
        let report = serde_json::json!({
            "ok": problems == 0, "problems": problems, "warnings": warnings, "skipped": skipped, "findings": findings,
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
    let cluster = inspect(&config.data_dir);
    let own = config.database_url.is_none().then_some(&cluster);
    let mut findings = vec![
        machine::data_directory(config),
        machine::disk(config),
        machine::segments(config),
        machine::address(config, own),
    ];
    let url = match &config.database_url {
        Some(url) => url.clone(),
        None => {
            findings.push(machine::programs(&cluster));
            findings.push(machine::cluster(&cluster));
            if !cluster.answers {
                findings.extend(skipped(&OF_DATABASE, "needs the database, which does not run"));
                findings.extend(skipped(&OF_TABLES, "needs the database, which does not run"));
                return findings;
            }
            cluster.url
        }
    };
    match connect_once(&url, PATIENCE) {
        Ok(mut conn) => findings.extend(ask(config, &mut conn)),
        Err(error) => {
            findings.push(database::unreachable(&format!("{error:#}")));
            findings.extend(skipped(&OF_DATABASE, "needs a connection to the database"));
            findings.extend(skipped(&OF_TABLES, "needs a connection to the database"));
        }
    }
    findings
}

fn skipped<'a>(checks: &'a [Check], why: &'a str) -> impl Iterator<Item = Finding> + 'a {
    checks.iter().map(move |(name, _)| Finding::skipped(name, why))
}

/// Asks the database. A check that fails is a finding too, and the others go on.
fn ask(config: &Config, conn: &mut PgConnection) -> Vec<Finding> {
    let mut look = |(name, find): &Check| {
        find(config, conn).unwrap_or_else(|error| {
            Finding::problem(
                name,
                format!("cannot be found out: {error:#}"),
                "see the other lines first",
            )
        })
    };
    let mut findings: Vec<Finding> = OF_DATABASE.iter().map(&mut look).collect();
    let is_current = |finding: &Finding| finding.check == SCHEMA && finding.verdict == Verdict::Ok;
    if findings.iter().any(is_current) {
        findings.extend(OF_TABLES.iter().map(look));
    } else {
        findings.extend(skipped(&OF_TABLES, "needs the schema of this version"));
    }
    findings
}
