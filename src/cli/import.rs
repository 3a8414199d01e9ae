//! `calibrant import`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use chrono::Utc;
use clap::Args;

use super::load::Loader;
use crate::config::Config;
use crate::domain::event::Event;
use crate::fold::worker;
use crate::import::{self, Mapping, Options, Outcome, Report};
use crate::ingest::append::Stored;
use crate::ingest::rejection::Rejection;
use crate::ingest::validate::validate;
use crate::store::{Db, projects};

#[derive(Debug, Args)]
pub struct ImportArgs {
    /// A CSV, JSONL or JSON file, plain or .gz
    file: PathBuf,
    /// How its columns become events; docs/importing.md says how to write one
    #[arg(long, value_name = "FILE")]
    mapping: PathBuf,
    /// The project to load into; made if there is none
    #[arg(long, default_value = projects::DEFAULT)]
    project: String,
    /// Say what would be done, and do nothing
    #[arg(long)]
    dry_run: bool,
    /// Where refused rows go [default: the file's name with .rejected.jsonl]
    #[arg(long, value_name = "FILE")]
    rejected: Option<PathBuf>,
}

pub fn run(config: &Config, args: &ImportArgs) -> anyhow::Result<()> {
    let text =
        std::fs::read_to_string(&args.mapping).with_context(|| format!("cannot read {}", args.mapping.display()))?;
    let mapping = Mapping::parse(&text).with_context(|| format!("{} is no mapping", args.mapping.display()))?;
    let options = Options {
        dry_run: args.dry_run,
        rejected_file: args.rejected.clone(),
        ..Options::default()
    };
    if args.dry_run {
        let nothing = |_| bail!("a dry run stores nothing");
        let report = import::run(&args.file, &mapping, &options, check, nothing)?;
        print!("{report}");
        return Ok(());
    }

    let database = config.join_database()?;
    let report = import_file(&database.db, &args.project, &args.file, &mapping, &options)?;
    print!("{report}");
    worker::catch_up(&database.db)?;
    println!("The numbers are up to date.");
    Ok(())
}

/// Imports a file into a project by name, made if there is none, with the dimensions that the mapping declares.
pub fn import_file(
    db: &Db,
    project: &str,
    file: &Path,
    mapping: &Mapping,
    options: &Options,
) -> anyhow::Result<Report> {
    let loader = Loader::open(db, project, mapping.dimensions())?;
    let store = |events| {
        let outcomes = loader.store(events)?;
        Ok(outcomes.into_iter().map(outcome).collect())
    };
    import::run(file, mapping, options, check, store)
}

fn check(event: &Event) -> Result<(), (String, String)> {
    validate(event, Utc::now()).map_err(code_and_message)
}

fn outcome(stored: Result<Stored, Rejection>) -> Outcome {
    match stored {
        Ok(Stored::Created) => Outcome::Created,
        Ok(_) => Outcome::Duplicate,
        Err(rejection) => {
            let (code, message) = code_and_message(rejection);
            Outcome::Rejected { code, message }
        }
    }
}

fn code_and_message(rejection: Rejection) -> (String, String) {
    (rejection.code.name().to_owned(), rejection.message)
}
