//! The program: reads the command line and runs the command.

use std::process::ExitCode;

use calibrant::cli::{self, Cli};
use clap::Parser;
use mimalloc::MiMalloc;

// Many small allocations on several threads: what requests, events and frames are made of.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    match cli::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("calibrant: {error:#}");
            ExitCode::FAILURE
        }
    }
}
