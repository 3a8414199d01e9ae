//! The command line: one file per command that is more than a call.

mod database;
mod demo;
mod digest;
mod doctor;
mod evals;
mod fold;
pub mod import;
mod keys;
mod load;
mod progress;
mod rebuild;
mod report;
mod retention;
mod serve;
mod simulate;
mod verify;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::{Config, Settings};
use crate::{docs, telemetry};

/// Trust-calibration analytics for AI features: feedback events in, trust metrics with honest intervals out.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server
    Serve(serve::ServeArgs),
    /// Fold the log beside the servers on a database, and do nothing else
    Fold,
    /// Run the server with a simulated product, to look around
    Demo(demo::DemoArgs),
    /// Load a CSV or JSON file
    Import(import::ImportArgs),
    /// Load a simulated product, or write it as NDJSON
    Simulate(simulate::SimulateArgs),
    /// Say how far each feature is trusted, how far it should be, and what moved; or all about one
    Report(report::ReportArgs),
    /// Cases of evals, and results of runs, as files to and from a server
    Evals(evals::EvalsArgs),
    /// Say what a week came to: features, alerts, changes, and what to fix next
    Digest(digest::DigestArgs),
    /// Recompute all outputs and rollups from the log
    Rebuild,
    /// Let go of what projects keep no longer, or say what would go
    Retention(retention::RetentionArgs),
    /// Check that outputs and rollups are what the log says
    Verify(verify::VerifyArgs),
    /// Run one of PostgreSQL's programs on the private database, beside a server or without one
    Database(database::DatabaseArgs),
    /// Say what is wrong with this installation, and what to do
    Doctor(doctor::DoctorArgs),
    /// Make an API key, for an operator who has lost theirs
    CreateKey(keys::CreateKeyArgs),
    /// Bring the database's schema up to date, and do nothing else
    Migrate,
    /// Write the description of the API
    Openapi {
        /// Where to; standard output without it
        #[arg(value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Write the definitions of all metrics as Markdown
    MetricsDoc {
        /// Where to; standard output without it
        #[arg(value_name = "FILE")]
        to: Option<PathBuf>,
    },
}

/// Runs a command to its end.
pub fn run(cli: Cli) -> anyhow::Result<()> {
    match cli.command {
        Command::Openapi { to } => return docs::write(to.as_deref(), &docs::openapi()?),
        Command::MetricsDoc { to } => return docs::write(to.as_deref(), &docs::metrics()),
        _ => {}
    }
    let config = Config::load(&cli.settings)?;
    telemetry::start_logging(&config.log)?;
    match cli.command {
        Command::Serve(args) => serve::run(&config, &args),
        Command::Fold => fold::run(&config),
        Command::Demo(args) => demo::run(&config, &args),
        Command::Import(args) => import::run(&config, &args),
        Command::Simulate(args) => simulate::run(&config, &args),
        Command::Report(args) => report::run(&config, &args),
        Command::Evals(args) => evals::run(&args),
        Command::Digest(args) => digest::run(&config, &args),
        Command::Rebuild => rebuild::run(&config),
        Command::Retention(args) => retention::run(&config, &args),
        Command::Verify(args) => verify::run(&config, &args),
        Command::Database(args) => database::run(&config, &args),
        Command::Doctor(args) => doctor::run(&config, &args),
        Command::CreateKey(args) => keys::run(&config, &args),
        Command::Migrate => config.join_database().map(|_| println!("The schema is up to date.")),
        Command::Openapi { .. } | Command::MetricsDoc { .. } => Ok(()),
    }
}

/// Prints what a server tells at its start.
fn announce(address: SocketAddr, sign_in: Option<&str>) {
    println!("Calibrant listens on http://{address}");
    if let Some(token) = sign_in {
        println!("  Dashboard          http://{address}/sign-in#{token}");
        println!("                     (the link signs in as administrator, once, within a day)");
    }
    println!("  API documentation  http://{address}/docs/");
    println!("  Health             http://{address}/api/v1/health/ready");
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
