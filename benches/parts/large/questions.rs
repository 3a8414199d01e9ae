//! What is asked, in Calibrant's words; `benches/peers/duckdb_peer.py` has the same in DuckDB's.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::product::{DIMENSION, LARGEST, PLAN, Product};
use crate::support::server::Server;

pub struct Question {
    /// The same as in the peer's script.
    pub name: &'static str,
    pub form: Form,
}

pub enum Form {
    /// Rates, grouped, filtered and cut by this.
    Rates(&'static str),
    /// The reliability curve of the largest feature, against acceptance.
    Curve,
}

pub const METRICS: [&str; 3] = ["acceptance_rate", "correctness_rate", "trust_gap"];

pub const QUESTIONS: [Question; 5] = [
    Question {
        name: "by feature and day",
        form: Form::Rates(r#","group_by":["feature"],"granularity":"day""#),
    },
    Question {
        name: "by version",
        form: Form::Rates(r#","group_by":["version"]"#),
    },
    Question {
        name: "reliability curve",
        form: Form::Curve,
    },
    Question {
        name: "one plan by feature",
        form: Form::Rates(r#","group_by":["feature"],"filters":[{"dimension":"DIMENSION","op":"eq","value":"PLAN"}]"#),
    },
    Question {
        name: "totals",
        form: Form::Rates(""),
    },
];

/// A level for the intervals of each request, so that no finished answer can be given again.
pub fn next_level() -> f64 {
    static REQUESTS: AtomicU32 = AtomicU32::new(0);
    0.9 + 1e-6 * f64::from(REQUESTS.fetch_add(1, Ordering::Relaxed) % 90_000)
}

impl Question {
    /// A request over the product's days, some days later.
    pub fn request(&self, product: &Product, later: f64) -> Vec<u8> {
        let level = next_level();
        let (from, to) = product.range(later);
        match self.form {
            Form::Rates(cut) => {
                let cut = cut.replace("DIMENSION", DIMENSION).replace("PLAN", PLAN);
                let body = format!(
                    r#"{{"metrics":["shown","{}"],"level":{level:.6},"from":"{from}","to":"{to}"{cut}}}"#,
                    METRICS.join("\",\"")
                );
                Server::request("POST", "/api/v1/query", body.as_bytes())
            }
            Form::Curve => {
                let path = format!(
                    "/api/v1/features/{LARGEST}/calibration?target=acceptance&level={level:.6}&from={from}&to={to}"
                );
                Server::request("GET", &path, b"")
            }
        }
    }
}
