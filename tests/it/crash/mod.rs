//! The built program, killed at bad moments: what it acknowledged is there once, and nothing else is counted.

mod killed;
pub mod load;
pub mod program;
mod startup;
mod torture;
mod workers;
