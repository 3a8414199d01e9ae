//! `calibrant digest`: the week in short, as the API writes it.

use clap::{Args, ValueEnum};

use super::report::source::Param;
use super::report::{Asked, terminal};
use crate::config::Config;

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Format {
    Json,
    Md,
    Html,
}

#[derive(Debug, Args)]
pub struct DigestArgs {
    /// An ISO week such as 2026-W47; the last whole one without it
    #[arg(long)]
    week: Option<String>,
    /// IANA time zone in which weeks begin on Monday
    #[arg(long, default_value = "UTC")]
    timezone: String,
    #[arg(long, value_enum, default_value = "md")]
    format: Format,
    #[command(flatten)]
    asked: Asked,
}

pub fn run(config: &Config, args: &DigestArgs) -> anyhow::Result<()> {
    let format = match args.format {
        Format::Json => "json",
        Format::Md => "md",
        Format::Html => "html",
    };
    let mut params: Vec<Param> = vec![("timezone", args.timezone.clone()), ("format", format.to_owned())];
    params.extend(args.week.clone().map(|week| ("week", week)));
    let digest = args.asked.source(config)?.bytes("/digest", &params)?;
    let digest = String::from_utf8(digest)?;
    let end = if digest.ends_with('\n') { "" } else { "\n" };
    terminal::write(&format!("{digest}{end}"))
}
