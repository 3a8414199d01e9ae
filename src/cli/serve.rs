//! `calibrant serve`.

use std::io::{IsTerminal, stdout};
use std::net::TcpListener;

use anyhow::Context;
use clap::Args;
use diesel::Connection;

use crate::api::{auth, session};
use crate::config::Config;
use crate::domain::scope::Scope;
use crate::server::{self, Folding};
use crate::store::{Db, StoreError, keys, projects, sessions};

#[derive(Debug, Args)]
pub struct ServeArgs {
    /// Leave folding the log to `calibrant fold` and other servers on the same database
    #[arg(long)]
    no_fold: bool,
}

pub fn run(config: &Config, args: &ServeArgs) -> anyhow::Result<()> {
    let listener = bind(config)?;
    let address = listener.local_addr()?;
    let database = config.own_database(address)?;
    let first_key = first_admin_key(&database.db, config.admin_key.as_deref())?;
    let folding = if args.no_fold {
        Folding::Elsewhere
    } else {
        Folding::Here
    };
    let db = database.db.clone();
    server::serve(
        database.db.clone(),
        config.segments(),
        &config.limits(),
        folding,
        listener,
        move |_| {
            // What a terminal shows is not kept; of a log only the first start's key and link are a part.
            let tells = first_key.is_some() || stdout().is_terminal();
            let sign_in = if tells { sign_in_token(&db)? } else { None };
            super::announce(address, sign_in.as_deref());
            if let Some(key) = first_key {
                println!("  Admin key          {key}");
                println!("                     (told this once; make more with POST /api/v1/keys)");
            }
            Ok(())
        },
    )
}

/// Takes the address before anything is started, so that a taken port costs nothing.
pub fn bind(config: &Config) -> anyhow::Result<TcpListener> {
    TcpListener::bind(config.bind)
        .with_context(|| format!("cannot listen on {}; choose another address with --bind", config.bind))
}

/// Makes sure that there is a project and a key. Gives the key if it was made now.
pub fn first_admin_key(db: &Db, preset: Option<&str>) -> anyhow::Result<Option<String>> {
    let made = db.with(|conn| {
        conn.transaction(|conn| {
            let (project, _) = projects::find_or_create(conn, projects::DEFAULT)?;
            if let Some(text) = preset {
                keys::insert(conn, &auth::key_row(project.id, "preset admin key", &Scope::ALL, text))?;
                return Ok(None);
            }
            if keys::any_live(conn)? {
                return Ok(None);
            }
            let (text, row) = auth::new_key(project.id, "first admin key", &Scope::ALL);
            keys::insert(conn, &row)?;
            Ok::<_, StoreError>(Some(text))
        })
    })?;
    Ok(made)
}

/// The token of a link that signs in with the oldest key of the first project that may do everything; none without such a key.
pub fn sign_in_token(db: &Db) -> anyhow::Result<Option<String>> {
    let token = db.with(|conn| {
        let (project, _) = projects::find_or_create(conn, projects::DEFAULT)?;
        let may_all = |scopes: &[String]| {
            Scope::ALL
                .iter()
                .all(|scope| scopes.iter().any(|own| own == scope.name()))
        };
        let keys = keys::of_project(conn, project.id)?;
        let Some(key) = keys.iter().find(|key| key.revoked_at.is_none() && may_all(&key.scopes)) else {
            return Ok(None);
        };
        let (token, link) = session::new_link(key.id);
        sessions::insert(conn, &link)?;
        Ok::<_, StoreError>(Some(token))
    })?;
    Ok(token)
}
