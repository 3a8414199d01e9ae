//! `calibrant report`: the dashboard's verdicts in a terminal. The words and numbers are the API's; here they are only set.

mod change;
mod feature;
mod next;
mod overview;
mod period;
mod ratings;
pub mod source;
pub mod terminal;
mod words;

use anyhow::Context;
use chrono::Utc;
use clap::Args;

use self::period::Scope;
use self::source::Source;
use self::terminal::Terminal;
use crate::config::Config;
use crate::store::projects;

#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The feature; an overview of all without it
    feature: Option<String>,
    #[command(flatten)]
    scope: Scope,
    /// Print one JSON document, of the API's answers
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    asked: Asked,
}

/// Who is asked, and for which project.
#[derive(Debug, Args)]
pub struct Asked {
    /// Ask a running server, wherever it is, instead of this installation's database
    #[arg(long, env = "CALIBRANT_URL")]
    url: Option<String>,
    /// A key of that server that may read
    #[arg(long, env = "CALIBRANT_KEY", hide_env_values = true)]
    key: Option<String>,
    /// The project; with --url the key says which
    #[arg(long, default_value = projects::DEFAULT, conflicts_with = "url")]
    project: String,
}

impl Asked {
    pub fn source(&self, config: &Config) -> anyhow::Result<Source> {
        match &self.url {
            Some(url) => {
                let key = self
                    .key
                    .as_deref()
                    .context("the server asks for a key; set CALIBRANT_KEY")?;
                Source::server(url, key)
            }
            None => Source::here(config, &self.project),
        }
    }
}

pub fn run(config: &Config, args: &ReportArgs) -> anyhow::Result<()> {
    let source = args.asked.source(config)?;
    let (scope, now) = (&args.scope, Utc::now());
    let answers = match &args.feature {
        Some(feature) => feature::ask(&source, scope, feature, now)?,
        None => overview::ask(&source, scope, now)?,
    };
    if args.json {
        return terminal::write(&format!("{answers}\n"));
    }
    let terminal = Terminal::stdout();
    let lines = match &args.feature {
        Some(feature) => feature::lines(&terminal, scope, feature, &answers)?,
        None => overview::lines(&terminal, scope, &answers)?,
    };
    terminal.write(&lines)
}
