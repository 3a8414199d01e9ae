//! `calibrant database -- COMMAND`: PostgreSQL's own programs on the private database, for backups, restores and a look inside.

use std::ffi::OsString;
use std::process::Command;

use anyhow::{Context, bail};
use clap::Args;

use crate::config::Config;
use crate::store::private::PrivateDatabase;

#[derive(Debug, Args)]
pub struct DatabaseArgs {
    /// What to run, such as `psql` or `pg_dump --format=custom --file=calibrant.dump`
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Runs a command that finds the private database in its environment. The database is that of the running server, or is started
/// for as long as the command runs. Its schema is left as it is.
pub fn run(config: &Config, args: &DatabaseArgs) -> anyhow::Result<()> {
    if config.database_url.is_some() {
        bail!("the database is not a private one; give its URL to the command itself");
    }
    let Some((program, arguments)) = args.command.split_first() else {
        bail!("there is no command");
    };
    let database = PrivateDatabase::join(&config.data_dir)?;
    let mut command = Command::new(program);
    command.args(arguments);
    for (name, value) in database.environment() {
        command.env(name, value);
    }
    let status = command
        .status()
        .with_context(|| format!("cannot run `{}`", program.display()))?;
    if !status.success() {
        bail!("`{}` ended with {status}", program.display());
    }
    Ok(())
}
