//! The one instrument for every bar on speed, each beside what a known program does with the same rows.
//!
//! `cargo bench --bench pipeline` measures every part but `build`; words after `--` choose parts. README.md beside this file
//! says what each line means, what can be set, and how fair it is.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a bench that meets what it did not expect has nothing to measure"
)]

mod parts;
mod support;

use std::time::Instant;

use parts::PARTS;
use support::bench::Bench;
use support::machine;
use support::settings::Settings;
use support::table::Table;

fn main() {
    let settings = Settings::read();
    let names = PARTS.map(|part| part.name);
    if let Some(word) = settings.unknown(&names).next() {
        panic!("there is no part `{word}`; there are {}", names.join(", "));
    }
    let started = Instant::now();
    println!("{}", machine::description(&settings.folder));
    let warning = machine::warning();
    println!(
        "{}",
        warning
            .as_deref()
            .unwrap_or("the machine was quiet before the bench began")
    );

    let bench = Bench::new(settings);
    let mut table = Table::default();
    let mut measurements: Vec<_> = PARTS
        .iter()
        .filter(|part| bench.settings.wants(part.name, part.by_default))
        .map(|part| (part, (part.prepare)(&bench, &mut table)))
        .collect();
    let runs = bench.settings.runs;
    for run in 1..=runs {
        // The parts take turns, so that a noisy machine is noisy for all of them.
        for (part, measure) in &mut measurements {
            if run > 1 && part.once(&bench.settings) {
                continue;
            }
            let begun = Instant::now();
            measure(&mut table);
            println!(
                "run {run} of {runs}, {}: {:.0} s, load average {}",
                part.name,
                begun.elapsed().as_secs_f64(),
                machine::load_average()
            );
        }
    }
    table.print();
    if let Some(warning) = warning {
        println!("\n{warning}");
    }
    println!(
        "\n{} runs, {:.0} s in all, load average {}",
        runs,
        started.elapsed().as_secs_f64(),
        machine::load_average()
    );
}
