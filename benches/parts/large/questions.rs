//! What is asked, in Calibrant's words; `benches/peers/duckdb_peer.py` has the same in DuckDB's.

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

impl Question {
    /// The request over the product's days, some days later, with intervals at a level. No two levels have the same answer, so
    /// that none can be kept for the next.
    pub fn request(&self, level: f64, product: &Product, later: f64) -> Vec<u8> {
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
