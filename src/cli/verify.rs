//! `calibrant verify`.

use anyhow::bail;
use clap::Args;

use super::progress::Progress;
use crate::config::Config;
use crate::fold::verify::{Checked, Difference, verify};
use crate::store::projects;

#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// Print one JSON document instead of lines
    #[arg(long)]
    json: bool,
}

/// Fails when something is not what the log says.
pub fn run(config: &Config, args: &VerifyArgs) -> anyhow::Result<()> {
    let database = config.existing_database()?;
    let mut conn = database.db.dedicated()?;
    let folded: i64 = projects::all(&mut conn)?
        .iter()
        .map(|project| project.folded_events - project.expired_events)
        .sum();
    let progress = Progress::new("Checking", folded.unsigned_abs());
    let checked = verify(&mut conn, |events| progress.reach(events))?;
    progress.finish();
    let differences: u64 = checked.iter().map(|project| project.differences).sum();
    if args.json {
        let report = serde_json::json!({"ok": differences == 0, "differences": differences, "projects": checked});
        println!("{report}");
    } else {
        checked.iter().for_each(print);
    }
    if differences > 0 {
        bail!(
            "differences between the log and what was computed from it: {differences}; `calibrant rebuild` computes outputs \
             and rollups anew"
        );
    }
    Ok(())
}

fn print(checked: &Checked) {
    let rollups = match checked.rollup_rows {
        Some(rows) => format!("{rows} rows of rollups"),
        None => "rollups not, another version wrote them".to_owned(),
    };
    println!(
        "{}: {} events, {} outputs, {rollups}; differences: {}",
        checked.project, checked.events, checked.outputs, checked.differences
    );
    if checked.expired_events > 0 {
        println!(
            "  {} events are no longer kept; of {} outputs only the states are, and {} events came too late for theirs",
            checked.expired_events, checked.sealed_outputs, checked.late_events
        );
    }
    if checked.waiting_events > 0 {
        println!(
            "  {} events wait to be folded; their {} outputs were not compared",
            checked.waiting_events, checked.waiting_outputs
        );
    }
    for difference in &checked.listed {
        println!("  {}", line(difference));
    }
    let unlisted = checked.differences - checked.listed.len() as u64;
    if unlisted > 0 {
        println!("  and {unlisted} more");
    }
}

fn line(difference: &Difference) -> String {
    match difference {
        Difference::LogPosition { stored, counted } => {
            format!("log position: {stored}, but the log has {counted} events up to there")
        }
        Difference::OutputMissing { output_id } => format!("output `{output_id}` is missing"),
        Difference::OutputWithoutEvents { output_id } => format!("output `{output_id}` has no events"),
        Difference::OutputDiffers { output_id, fields } => {
            format!("output `{output_id}` differs in {}", fields.join(", "))
        }
        Difference::LateEvents { stored, counted } => {
            format!("late events: {stored}, but the log has {counted}")
        }
        Difference::RollupDiffers { row, sums } => format!("rollup of {row} differs in {}", sums.join(", ")),
    }
}
