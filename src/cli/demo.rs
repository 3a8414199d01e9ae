//! `calibrant demo`: a server with a simulated product in it, and what to try.

use std::time::{Duration, Instant};

use clap::Args;

use super::load::{Loader, project_with};
use super::serve;
use super::simulate::{self, SimulationArgs};
use crate::api::auth;
use crate::api::changes::MOST_CHANGES;
use crate::api::changes::plan::{Aim, ChangeKind, ChangePlan};
use crate::config::Config;
use crate::domain::key::ProjectId;
use crate::domain::scope::Scope;
use crate::server::{self, Folding};
use crate::simulate::{Made, Simulation};
use crate::store::{Db, StoreError, changes, events, keys, projects};

/// How long to wait for the fold before telling what to try.
const PATIENCE: Duration = Duration::from_secs(120);

#[derive(Debug, Args)]
pub struct DemoArgs {
    #[command(flatten)]
    options: SimulationArgs,
}

pub fn run(config: &Config, args: &DemoArgs) -> anyhow::Result<()> {
    let listener = serve::bind(config)?;
    println!("Starting the database …");
    let address = listener.local_addr()?;
    let database = config.own_database(address)?;
    let db = database.db.clone();
    let first = serve::first_admin_key(&db, config.admin_key.as_deref())?;
    let key = match first.or_else(|| config.admin_key.clone()) {
        Some(key) => key,
        None => renewed_key(&db)?,
    };
    let options = args.options.clone();
    server::serve(
        database.db.clone(),
        config.segments(),
        &config.limits(),
        Folding::Here,
        listener,
        move |committer| {
            let dimensions: Vec<String> = Simulation::dimensions().iter().map(|name| (*name).to_owned()).collect();
            let project = project_with(&db, projects::DEFAULT, &dimensions)?;
            if project.folded_events == 0 {
                let simulation = options.simulation();
                log_changes(&db, project.id, simulation.changes())?;
                simulate::load(simulation, &Loader::new(committer, project))?;
                wait_for_the_fold(&db)?;
            } else {
                println!(
                    "The data directory holds {} events already; none were added.",
                    project.folded_events
                );
            }
            let sign_in = serve::sign_in_token(&db)?;
            super::announce(address, sign_in.as_deref());
            println!("  Admin key          {key}");
            println!();
            println!("Try:");
            println!(
                "  curl -s -H 'X-Api-Key: {key}' http://{address}/api/v1/features | python3 -m json.tool | head -50"
            );
            println!(
                "  curl -s -H 'X-Api-Key: {key}' 'http://{address}/api/v1/features/agent.task/trust?group_by=version'"
            );
            println!(
                "  curl -s -H 'X-Api-Key: {key}' http://{address}/api/v1/query -d '{{\"metrics\":[\"acceptance_rate\"],\
             \"group_by\":[\"feature\"],\"granularity\":\"week\"}}'"
            );
            println!();
            println!("Ctrl-C stops the server and its database.");
            Ok(())
        },
    )
}

/// A key to tell at each start after the first. What was told before is known to nobody here, so that the one key gets a new text.
fn renewed_key(db: &Db) -> anyhow::Result<String> {
    const NAME: &str = "demo, new at each start";
    let key = db.with(|conn| {
        let (project, _) = projects::find_or_create(conn, projects::DEFAULT)?;
        let (text, row) = auth::new_key(project.id, NAME, &Scope::ALL);
        if !keys::renew(conn, &row)? {
            keys::insert(conn, &row)?;
        }
        Ok::<_, StoreError>(text)
    })?;
    Ok(key)
}

/// Better acceptance that a release is expected to bring, or fewer complaints.
const EXPECTED: f64 = 0.03;

/// Logs what the team of the simulated product changed.
fn log_changes(db: &Db, project: ProjectId, made: Vec<Made>) -> anyhow::Result<()> {
    let mut conn = db.dedicated()?;
    for change in made {
        let plan = ChangePlan {
            title: change.title,
            kind: if change.new_model {
                ChangeKind::Model
            } else {
                ChangeKind::Prompt
            },
            note: String::new(),
            by: None,
            made_at: change.at,
            feature: change.feature.to_owned(),
            versions: vec![change.version.to_owned()],
            aim: change.mends.map(|reason| Aim {
                reason: Some(reason.to_owned()),
                filters: Vec::new(),
            }),
            metric: None,
            expected: EXPECTED,
        };
        changes::log(&mut conn, project, &serde_json::to_value(&plan)?, MOST_CHANGES)?;
    }
    Ok(())
}

fn wait_for_the_fold(db: &Db) -> anyhow::Result<()> {
    println!("Folding the last events …");
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        let waiting = db.with(|conn| events::backlog(conn, None, 1).map_err(StoreError::from))?;
        if waiting.events == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    Ok(())
}
