//! What is measured: a file per part.

mod build;
mod freshness;
mod ingest;
mod large;
mod query;
mod single;
mod sustained;

use crate::support::bench::Bench;
use crate::support::settings::Settings;
use crate::support::table::Table;

/// One run of a part, which adds its values to the table.
pub type Measurement<'a> = Box<dyn FnMut(&mut Table) + 'a>;

pub struct Part {
    pub name: &'static str,
    pub by_default: bool,
    /// Makes what all runs share.
    pub prepare: for<'a> fn(&'a Bench, &mut Table) -> Measurement<'a>,
    /// Takes so long that it is not repeated.
    once: fn(&Settings) -> bool,
}

impl Part {
    pub fn once(&self, settings: &Settings) -> bool {
        (self.once)(settings)
    }
}

pub const PARTS: [Part; 7] = [
    Part {
        name: "ingest",
        by_default: true,
        prepare: ingest::prepare,
        once: |_| false,
    },
    Part {
        name: "single",
        by_default: true,
        prepare: single::prepare,
        once: |_| false,
    },
    Part {
        name: "sustained",
        by_default: true,
        prepare: sustained::prepare,
        once: |settings| settings.long,
    },
    Part {
        name: "freshness",
        by_default: true,
        prepare: freshness::prepare,
        once: |_| false,
    },
    Part {
        name: "query",
        by_default: true,
        prepare: query::prepare,
        once: |_| false,
    },
    Part {
        name: "large",
        by_default: true,
        prepare: large::prepare,
        once: |_| false,
    },
    Part {
        name: "build",
        by_default: false,
        prepare: build::prepare,
        once: |_| true,
    },
];
