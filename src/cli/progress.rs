//! Progress of long commands: a bar on a terminal, a line per tenth elsewhere.

use std::cell::Cell;
use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};

pub struct Progress {
    what: &'static str,
    bar: Option<ProgressBar>,
    total: u64,
    done: Cell<u64>,
}

impl Progress {
    pub fn new(what: &'static str, total: u64) -> Progress {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{msg} {bar:30} {pos}/{len} events  {eta} left")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::new(total).with_style(style).with_message(what)
        });
        Progress {
            what,
            bar,
            total,
            done: Cell::new(0),
        }
    }

    pub fn advance(&self, by: u64) {
        self.reach(self.done.get() + by);
    }

    pub fn reach(&self, done: u64) {
        let before = self.done.replace(done);
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            return;
        }
        let tenth = |done: u64| (done * 10).checked_div(self.total).unwrap_or(10);
        if tenth(done) > tenth(before) {
            eprintln!("{} … {} % of {} events", self.what, tenth(done) * 10, self.total);
        }
    }

    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish();
        }
    }
}
