//! `calibrant fold`.

use crate::config::Config;
use crate::server;

pub fn run(config: &Config) -> anyhow::Result<()> {
    let database = config.served_database()?;
    println!("Calibrant folds the log until it is told to stop.");
    server::fold(database.db.clone())
}
