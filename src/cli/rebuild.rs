//! `calibrant rebuild`.

use crate::config::Config;
use crate::fold::step;

pub fn run(config: &Config) -> anyhow::Result<()> {
    let database = config.join_database()?;
    let mut conn = database.db.dedicated()?;
    println!("Recomputing outputs and rollups from the log; readers see the old numbers until it is done.");
    let folded = step::rebuild(&mut conn, |folded| eprint!("\r{folded} events"))?;
    eprintln!();
    println!("Done: {folded} events.");
    Ok(())
}
