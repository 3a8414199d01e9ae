//! `calibrant create-key`: a way back in for whoever may reach the database.

use anyhow::Context;
use clap::Args;
use diesel::Connection;
use serde_json::json;

use crate::api::auth;
use crate::config::Config;
use crate::domain::action::Action;
use crate::domain::scope::Scope;
use crate::store::{actions, keys, projects};

#[derive(Debug, Args)]
pub struct CreateKeyArgs {
    /// The project the key is for
    #[arg(long, default_value = projects::DEFAULT)]
    project: String,
    /// What the key is for
    #[arg(long, default_value = "made on the command line")]
    name: String,
    /// What it may do
    #[arg(long, value_delimiter = ',', default_value = "ingest,read,admin", value_parser = parse_scope)]
    scopes: Vec<Scope>,
}

fn parse_scope(name: &str) -> Result<Scope, String> {
    Scope::parse(name).ok_or_else(|| "a scope is ingest, read or admin".to_owned())
}

pub fn run(config: &Config, args: &CreateKeyArgs) -> anyhow::Result<()> {
    let database = config.existing_database()?;
    let mut conn = database.db.dedicated()?;
    let project = projects::find_by_name(&mut conn, &args.project)?
        .with_context(|| format!("there is no project `{}`", args.project))?;
    let (text, row) = auth::new_key(project.id, &args.name, &args.scopes);
    conn.transaction(|conn| {
        keys::insert(conn, &row)?;
        let (subject, detail) = (
            Some(row.id.to_string()),
            json!({"name": row.name, "scopes": row.scopes}),
        );
        actions::note(conn, project.id, None, Action::KeyCreated, subject, detail)
    })?;
    println!("{text}");
    Ok(())
}
