//! `calibrant simulate`: a product with known truth.

use std::fs::File;
use std::io::{BufWriter, Write, stdout};
use std::path::PathBuf;

use anyhow::Context;
use chrono::{DateTime, SubsecRound, Utc};
use clap::Args;

use super::load::Loader;
use super::progress::Progress;
use crate::config::Config;
use crate::fold::worker;
use crate::simulate::{Options, Simulation};
use crate::store::projects;

/// Events that are stored at a time.
const BATCH: usize = 1_000;

#[derive(Debug, Args)]
pub struct SimulateArgs {
    #[command(flatten)]
    options: SimulationArgs,
    /// The project to load into; made if there is none
    #[arg(long, default_value = projects::DEFAULT)]
    project: String,
    /// Write the events as NDJSON instead of loading them; `-` is standard output
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Write what is true of the product as JSON
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
}

/// Which product is simulated.
#[derive(Clone, Debug, Args)]
pub struct SimulationArgs {
    /// The same seed makes the same product
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// How many days it lasts
    #[arg(long, default_value_t = 60)]
    days: u32,
    /// How many people use it
    #[arg(long, default_value_t = 400)]
    users: u32,
    /// About how many outputs are shown
    #[arg(long, default_value_t = 60_000)]
    outputs: u64,
    /// When it ends (RFC 3339) [default: now]
    #[arg(long)]
    end: Option<DateTime<Utc>>,
}

impl SimulationArgs {
    pub fn simulation(&self) -> Simulation {
        let end = self.end.unwrap_or_else(|| Utc::now().trunc_subsecs(0));
        Simulation::new(Options {
            seed: self.seed,
            days: self.days,
            users: self.users,
            outputs: self.outputs,
            end,
        })
    }
}

pub fn run(config: &Config, args: &SimulateArgs) -> anyhow::Result<()> {
    let simulation = args.options.simulation();
    if let Some(path) = &args.truth {
        let file = File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        serde_json::to_writer_pretty(file, &simulation.truth())?;
    }
    if let Some(path) = &args.to {
        let sink: Box<dyn Write> = if path.as_os_str() == "-" {
            Box::new(stdout().lock())
        } else {
            Box::new(File::create(path).with_context(|| format!("cannot write {}", path.display()))?)
        };
        return write(simulation, BufWriter::new(sink));
    }
    let database = config.join_database()?;
    let dimensions: Vec<String> = Simulation::dimensions().iter().map(|name| (*name).to_owned()).collect();
    let loader = Loader::open(&database.db, &args.project, &dimensions)?;
    load(simulation, &loader)?;
    worker::catch_up(&database.db)?;
    println!("The numbers are up to date.");
    Ok(())
}

fn write(simulation: Simulation, mut sink: impl Write) -> anyhow::Result<()> {
    for event in simulation.into_deliveries() {
        serde_json::to_writer(&mut sink, &event)?;
        sink.write_all(b"\n")?;
    }
    sink.flush().context("cannot write the events")
}

/// Stores a simulated product, with a progress bar.
pub fn load(simulation: Simulation, loader: &Loader) -> anyhow::Result<()> {
    let total = simulation.total_events() as u64;
    let progress = Progress::new("Simulating", total);
    let mut batch = Vec::with_capacity(BATCH);
    for event in simulation.into_deliveries() {
        batch.push(event);
        if batch.len() == BATCH {
            progress.advance(BATCH as u64);
            store(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)), loader)?;
        }
    }
    progress.advance(batch.len() as u64);
    store(batch, loader)?;
    progress.finish();
    Ok(())
}

fn store(batch: Vec<crate::domain::event::Event>, loader: &Loader) -> anyhow::Result<()> {
    for outcome in loader.store(batch)? {
        outcome.map_err(|rejection| anyhow::anyhow!("a simulated event was refused: {}", rejection.message))?;
    }
    Ok(())
}
