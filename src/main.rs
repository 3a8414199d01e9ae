//! The program: reads the command line and runs the command.

use std::process::ExitCode;

use calibrant::cli::{self, Cli};
use clap::Parser;

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("calibrant: {error:#}");
            ExitCode::FAILURE
        }
    }
}
