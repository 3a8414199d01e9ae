//! The views in the schema `bi`: what they say, and that who may read them may read nothing else.

use std::path::PathBuf;
use std::process::Command;

use calibrant::store::Db;
use serde_json::{Value, json};

use super::product_in;
use crate::support::{TestServer, fresh_database, tables};

/// The counts that the views share with the catalogue, and the rates.
const METRICS: [&str; 19] = [
    "shown",
    "decided",
    "missed",
    "judged",
    "response_rate",
    "acceptance_rate",
    "strict_acceptance_rate",
    "acceptance_of_shown",
    "persistent_acceptance_rate",
    "undo_rate",
    "ignore_rate",
    "regenerate_rate",
    "copy_rate",
    "correctness_rate",
    "judgement_coverage",
    "positive_rating_rate",
    "rating_mean",
    "edit_distance",
    "retained_share",
];

/// A database with a product in it, and the account of a tool that may read its views.
struct Reader {
    server: TestServer,
    url: String,
}

impl Reader {
    fn new() -> Reader {
        let url = fresh_database();
        let server = product_in(Db::connect(&url, 8).unwrap());
        // Databases of a cluster share its accounts; each is named like its database.
        let (_, name) = url.split_once("@/").unwrap();
        let account = format!("reader_of_{}", name.split('?').next().unwrap());
        tables::execute(
            &server.db,
            &format!("CREATE ROLE {account} LOGIN; GRANT calibrant_bi TO {account}"),
        );
        let (_, place) = url.split_once('@').unwrap();
        let url = format!("postgres://{account}@{place}");
        Reader { server, url }
    }

    /// What psql prints, or says is wrong.
    fn psql(&self, sql: &str) -> Result<String, String> {
        let mut psql = Command::new(psql());
        psql.args([
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "--set=ON_ERROR_STOP=1",
            "--command",
            sql,
        ]);
        let output = psql.arg(&self.url).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        if output.status.success() {
            Ok(text(output.stdout))
        } else {
            Err(text(output.stderr))
        }
    }

    #[track_caller]
    fn rows(&self, query: &str) -> Vec<Value> {
        let lines = self.psql(&format!("SELECT to_json(t) FROM ({query}) AS t")).unwrap();
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// Where PostgreSQL's programs are is not always on the path.
fn psql() -> PathBuf {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions.map(|version| version.path().join("bin/psql")).collect();
    found.retain(|path| path.exists());
    found.sort();
    found.pop().unwrap_or_else(|| "psql".into())
}

/// A metric of the view and of the query: the same value, or none in either.
#[track_caller]
fn check(view: &Value, answer: &Value, metric: &str) {
    let estimate = &answer["metrics"][metric];
    let (found, expected) = (view[metric].as_f64(), estimate["value"].as_f64());
    let is_same = match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
        (found, expected) => found == expected,
    };
    assert!(is_same, "{metric}: {found:?} is not {estimate} in {view}");
}

/// What the product does not do: outputs that acted unasked, were missed, or did not last.
fn odd_events() -> Value {
    let odd = |id: &str, event: Value| {
        let mut event = event;
        event["output_id"] = json!(id);
        event["feature"] = json!("odd");
        event["occurred_at"] = json!("2026-03-03T10:00:00Z");
        event
    };
    json!([
        odd("missed", json!({"type": "missed"})),
        odd("faded", json!({"type": "accept"})),
        odd(
            "faded",
            json!({"type": "retained", "retained_share": 0.2, "after_seconds": 600})
        ),
        odd("kept", json!({"type": "accept"})),
        odd("again", json!({"type": "regenerate"})),
        odd("again", json!({"type": "copy"})),
        odd("alone", json!({"type": "accept", "auto": true})),
        odd("left", json!({"type": "ignore"})),
        odd(
            "rated",
            json!({"type": "rate", "rating": 4, "rating_min": 1, "rating_max": 5})
        ),
    ])
}

#[test]
fn daily_metrics_are_those_of_the_query() {
    let reader = Reader::new();
    reader.server.send(odd_events().to_string());
    let question = json!({"metrics": METRICS, "group_by": ["feature", "version"], "granularity": "day"});
    let answer = reader.server.post("/api/v1/query", question.to_string()).expect(200);
    let rows = reader.rows("SELECT * FROM bi.daily_metrics WHERE project = 'default'");
    let answers = answer["data"].as_array().unwrap();
    assert!(rows.len() > 50, "{}", rows.len());
    assert_eq!(rows.len(), answers.len());
    for row in &rows {
        let of_row = |answer: &&Value| {
            let group = &answer["group"];
            let bucket = answer["bucket"].as_str().unwrap();
            group["feature"] == row["feature"]
                && group["version"] == row["version"]
                && bucket.starts_with(row["day"].as_str().unwrap())
        };
        let answer = answers
            .iter()
            .find(of_row)
            .unwrap_or_else(|| panic!("not in the answer: {row}"));
        for metric in METRICS {
            check(row, answer, metric);
        }
    }
    let odd = reader.rows("SELECT * FROM bi.daily_metrics WHERE feature = 'odd'");
    assert_eq!(
        (&odd[0]["missed"], &odd[0]["persistent"], &odd[0]["ignored"]),
        (&json!(1), &json!(1), &json!(1))
    );
}

#[test]
fn features_and_outputs_are_those_of_the_api() {
    let reader = Reader::new();
    let ids = [
        "shown",
        "decided",
        "judged",
        "response_rate",
        "acceptance_rate",
        "correctness_rate",
        "rating_mean",
        "edit_distance",
    ];
    let question = json!({"metrics": ids, "group_by": ["feature"]});
    let answer = reader.server.post("/api/v1/query", question.to_string()).expect(200);
    let rows = reader.rows("SELECT * FROM bi.features ORDER BY feature");
    assert_eq!(rows.len(), answer["data"].as_array().unwrap().len());
    for row in &rows {
        let of_row = |answer: &&Value| answer["group"]["feature"] == row["feature"];
        let answer = answer["data"].as_array().unwrap().iter().find(of_row).unwrap();
        ids.iter().for_each(|metric| check(row, answer, metric));
    }

    let outputs = reader.server.get("/api/v1/outputs?limit=100").expect(200);
    for output in outputs["data"].as_array().unwrap() {
        let id = output["output_id"].as_str().unwrap();
        let row = reader
            .rows(&format!("SELECT * FROM bi.outputs WHERE output_id = '{id}'"))
            .remove(0);
        let names = [
            "feature",
            "version",
            "model",
            "user_id",
            "decision",
            "manner",
            "decision_ms",
            "generation_ms",
            "correct",
            "judged_by",
            "reason",
        ];
        for name in names
            .into_iter()
            .chain(["attributes", "sealed", "edit_distance", "confidence"])
            .chain(["initial_value", "output_value", "final_value"])
        {
            // PostgreSQL writes 1.0 as 1.
            let is_same = match (row[name].as_f64(), output[name].as_f64()) {
                (Some(found), Some(expected)) => found == expected,
                _ => row[name] == output[name],
            };
            assert!(is_same, "{name} of {id}: {} is not {}", row[name], output[name]);
        }
        for seconds in [30, 120, 300, 600] {
            let mut kept = output["kept"].as_array().unwrap().iter();
            let expected = kept.find(|kept| kept["after_seconds"] == seconds);
            let expected = expected.and_then(|kept| kept["share"].as_f64());
            assert_eq!(
                row[format!("kept_{seconds}s")].as_f64(),
                expected,
                "{id} after {seconds} s"
            );
        }
    }
    // A project's name is in each row, since a database may hold several.
    let (_, other) = reader.server.project("other");
    let event = r#"{"type":"accept","output_id":"x","feature":"theirs"}"#;
    reader.server.post_as(&other, "/api/v1/events", event).expect(200);
    reader.server.settle();
    for view in ["features", "daily_metrics", "outputs"] {
        let found = reader.rows(&format!("SELECT project FROM bi.{view} WHERE feature = 'theirs'"));
        assert_eq!(found, [json!({"project": "other"})], "{view}");
    }
}

/// As `docs/bi.md` says: an account for one project of several.
#[test]
fn a_reader_may_be_kept_to_one_project() {
    let reader = Reader::new();
    let (_, other) = reader.server.project("acme");
    let event = r#"{"type":"accept","output_id":"x","feature":"theirs"}"#;
    reader.server.post_as(&other, "/api/v1/events", event).expect(200);
    reader.server.settle();
    let account = reader.url.split(['/', '@']).nth(2).unwrap();
    tables::execute(
        &reader.server.db,
        &format!(
            "REVOKE calibrant_bi FROM {account}; CREATE SCHEMA acme;
             CREATE VIEW acme.daily_metrics WITH (security_barrier) AS SELECT * FROM bi.daily_metrics WHERE project = 'acme';
             GRANT USAGE ON SCHEMA acme TO {account}; GRANT SELECT ON acme.daily_metrics TO {account}"
        ),
    );
    let found = reader.rows("SELECT feature, acceptance_rate FROM acme.daily_metrics");
    assert_eq!(found, [json!({"feature": "theirs", "acceptance_rate": 1})]);
    reader.psql("SELECT * FROM bi.daily_metrics").expect_err("all projects");
}

#[test]
fn readers_of_views_read_nothing_else() {
    let reader = Reader::new();
    let denied = |sql: &str| {
        let said = reader.psql(sql).expect_err(sql);
        assert!(
            said.contains("permission denied") || said.contains("cannot"),
            "{sql}: {said}"
        );
    };
    let all = tables::rows(
        &reader.server.db,
        "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
    );
    assert!(all.len() > 15, "{all:?}");
    for table in all {
        let table: Value = serde_json::from_str(&table).unwrap();
        let table = table["name"].as_str().unwrap();
        for sql in [
            format!("SELECT * FROM {table}"),
            format!("DELETE FROM {table}"),
            format!("COPY {table} TO STDOUT"),
        ] {
            denied(&sql);
        }
    }
    for sql in [
        "CREATE TABLE public.own (x integer)",
        "CREATE TABLE bi.own (x integer)",
        "CREATE VIEW bi.own AS SELECT 1",
        "INSERT INTO bi.outputs (output_id) VALUES ('x')",
        "UPDATE bi.outputs SET reason = 'x'",
        "DELETE FROM bi.features",
        "TRUNCATE bi.daily_sums",
        "DROP VIEW bi.features",
        "ALTER VIEW bi.features RENAME TO own",
        "SET ROLE calibrant",
    ] {
        let said = reader.psql(sql).expect_err(sql);
        let reasons = ["permission denied", "must be owner", "cannot", "is not a table"];
        assert!(reasons.iter().any(|reason| said.contains(reason)), "{sql}: {said}");
    }
    let columns = reader.rows("SELECT column_name AS name FROM information_schema.columns WHERE table_schema = 'bi'");
    assert!(columns.len() > 60, "{}", columns.len());
    for text in ["input", "output", "final", "comment", "body", "hash"] {
        assert!(!columns.contains(&json!({"name": text})), "{text}");
    }
}
