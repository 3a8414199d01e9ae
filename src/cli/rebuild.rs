//! `calibrant rebuild`.

use super::progress::Progress;
use crate::config::Config;
use crate::fold::step;
use crate::store::events;

pub fn run(config: &Config) -> anyhow::Result<()> {
    let database = config.existing_database()?;
    let mut conn = database.db.dedicated()?;
    println!("Recomputing outputs and rollups from the log; readers see the old numbers until it is done.");
    let progress = Progress::new("Folding", events::count(&mut conn)?.unsigned_abs());
    let folded = step::rebuild(&mut conn, |folded| progress.reach(folded as u64))?;
    progress.finish();
    println!("Done: {folded} events.");
    Ok(())
}
