//! `calibrant report` says what the API says, as tables and as JSON, from the database and through a server.

use std::process::{Command, Output};
use std::sync::LazyLock;

use calibrant::domain::scope::Scope;
use calibrant::simulate::Options;
use calibrant::store::Db;
use chrono::Utc;
use serde_json::Value;

use crate::crash::program::DataDir;
use crate::support::{TestServer, fresh_database, simulated};

/// A server with a simulated product up to now, and the URL of its database.
struct World {
    server: TestServer,
    database: String,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let database = fresh_database();
    let db = Db::connect(&database, 8).unwrap();
    let options = Options {
        days: 40,
        users: 300,
        outputs: 12_000,
        ..Options::ending(Utc::now())
    };
    simulated::load(&db, options);
    World {
        server: TestServer::over(db),
        database,
    }
});

/// The program, with a data directory in which there is nothing.
struct Report {
    command: Command,
    /// There while the command runs.
    _data: DataDir,
}

impl Report {
    fn new(arguments: &[&str]) -> Report {
        let data = DataDir::new();
        let mut command = data.command(&["report"]);
        command.args(arguments).env("LC_ALL", "C.UTF-8").env_remove("COLUMNS");
        Report { command, _data: data }
    }

    /// From the database.
    fn here(arguments: &[&str]) -> Report {
        Report::new(arguments).with("CALIBRANT_DATABASE_URL", &WORLD.database)
    }

    /// Through the server, without a database.
    fn there(arguments: &[&str], key: &str) -> Report {
        let url = format!("http://{}/", WORLD.server.address());
        Report::new(arguments)
            .with("CALIBRANT_URL", &url)
            .with("CALIBRANT_KEY", key)
    }

    fn with(mut self, variable: &str, value: &str) -> Report {
        self.command.env(variable, value);
        self
    }

    #[track_caller]
    fn said(mut self) -> String {
        let Output { status, stdout, stderr } = self.command.output().unwrap();
        assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    #[track_caller]
    fn json(self) -> Value {
        serde_json::from_str(&self.said()).unwrap()
    }

    #[track_caller]
    fn complaint(mut self) -> String {
        let output = self.command.output().unwrap();
        assert!(!output.status.success() && output.stdout.is_empty());
        String::from_utf8(output.stderr).unwrap()
    }
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn json_is_what_the_api_answers() {
    let api = |path: &str| WORLD.server.get(path).expect(200);
    let key = WORLD.server.key_with(&[Scope::Read]);
    let found = Report::here(&["--json", "--range", "all"]).json();
    assert_eq!(found["features"], api("/api/v1/features"));
    let features = found["features"]["data"].as_array().unwrap();
    assert_eq!(found["changes"].as_array().unwrap().len(), features.len());

    let filtered = Report::there(&["--json", "--range", "all", "--filter", "locale=de"], &key).json();
    let filters = "%5B%7B%22dimension%22%3A%22locale%22%2C%22op%22%3A%22in%22%2C%22value%22%3A%5B%22de%22%5D%7D%5D";
    assert_eq!(
        filtered["features"],
        api(&format!("/api/v1/features?filters={filters}"))
    );
    assert_ne!(filtered["features"]["data"], found["features"]["data"]);

    let arguments = ["agent.task", "--json", "--range", "all"];
    let found = Report::here(&arguments).json();
    assert_eq!(found, Report::there(&arguments, &key).json());
    for question in ["trust", "calibration", "reliance", "ratings", "drift"] {
        let wanted = api(&format!("/api/v1/features/agent.task/{question}"));
        assert_eq!(found[question], wanted, "{question}");
    }
}

#[test]
fn an_overview_is_a_table_of_verdicts() {
    let text = Report::here(&["--range", "all"]).said();
    let line = |feature: &str| {
        let line = text.lines().find(|line| line.starts_with(feature));
        line.unwrap_or_else(|| panic!("no {feature}: {text}"))
    };
    assert!(line("agent.task").contains("▲ Over-trusted"));
    assert!(line("canvas.trigger").contains("▼ Under-trusted"));
    let features = WORLD.server.get("/api/v1/features").expect(200);
    let data = features["data"].as_array().unwrap();
    let counts = data.iter().filter(|feature| feature["verdict"] == "over").count();
    assert!(text.starts_with(&format!("Of {} features, {counts} ", data.len())));
    let task = data.iter().find(|feature| feature["feature"] == "agent.task").unwrap();
    let gap = &task["metrics"]["trust_gap"];
    assert!(line("agent.task").contains(&format!("n {} · {} users", gap["n"], gap["users"])));
    let points = format!("+{:.1} points [+", gap["value"].as_f64().unwrap() * 100.0);
    assert!(line("agent.task").contains(&points), "{points}: {text}");
    assert!(!text.contains('\u{1b}'), "colours where no terminal is");
}

#[test]
fn tables_suit_where_they_are_shown() {
    let report = Report::here(&["--range", "all"]);
    let text = report.with("COLUMNS", "80").with("LC_ALL", "C").said();
    assert!(text.is_ascii(), "{text}");
    assert!(text.contains("^ Over-trusted") && text.contains("n "));
    assert!(text.lines().all(|line| line.len() <= 80), "{text}");
    assert!(text.lines().any(|line| line == "agent.task"));
    // With a little more room, a table whose rows have several lines.
    let text = Report::here(&["--range", "all"]).with("COLUMNS", "100").said();
    let mut lines = text.lines().skip_while(|line| !line.starts_with("agent.task "));
    let (first, second) = (lines.next().unwrap(), lines.next().unwrap());
    assert!(first.contains(" % ") && first.contains(" points "), "{text}");
    assert!(
        second.starts_with("▲ Over-trusted ") && second.contains(" [") && second.contains(" users "),
        "{text}"
    );
    assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn a_feature_is_told_with_its_evidence_and_where_to_look() {
    let text = Report::here(&["agent.task", "--range", "all"]).said();
    let trust = WORLD.server.get("/api/v1/features/agent.task/trust").expect(200);
    assert!(
        words(&text).contains(&words(trust["data"][0]["sentence"].as_str().unwrap())),
        "{text}"
    );
    for heading in [
        "Trend",
        "confidence mean",
        "relied on",
        "What changed?",
        "Where to look next",
    ] {
        assert!(text.contains(heading), "no {heading}: {text}");
    }
    // The place that is named has what it promises.
    let place = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("/api/v1/outputs"));
    let outputs = WORLD
        .server
        .get(&format!("/api/v1/outputs{}", place.unwrap()))
        .expect(200);
    let outputs = outputs["data"].as_array().unwrap();
    assert!(!outputs.is_empty() && outputs.iter().all(|output| output["correct"] == false));
}

#[test]
fn ratings_are_told_step_by_step() {
    let text = Report::here(&["chat.answer", "--range", "all"]).said();
    let ratings = WORLD.server.get("/api/v1/features/chat.answer/ratings").expect(200);
    let scale = &ratings["data"][0]["scales"][0];
    let mut lines = text.lines().skip_while(|line| *line != "What do raters say?");
    assert!(lines.any(|line| line.starts_with("Feedback rate")), "{text}");
    let told: Vec<&str> = lines.skip_while(|line| !line.starts_with("Thumbs")).skip(1).collect();
    for (line, step) in told.iter().zip(scale["steps"].as_array().unwrap()) {
        let name = if step["from"] == 0.0 { "down" } else { "up" };
        let count = step["ratings"].to_string();
        assert!(line.starts_with(name) && line.ends_with(&count), "{line}: {step}");
    }
}

#[test]
fn what_cannot_be_told_is_said() {
    assert!(Report::here(&["no.such"]).complaint().contains("feature"));
    assert!(
        Report::here(&["--filter", "no_dimension=1"])
            .complaint()
            .contains("no_dimension")
    );
    assert!(Report::there(&[], "cal_sk_unknown").complaint().contains("key"));
    assert!(
        Report::there(&[], &WORLD.server.key_with(&[Scope::Ingest]))
            .complaint()
            .contains("read")
    );
    assert!(
        Report::new(&["--url", "http://127.0.0.1:1"])
            .complaint()
            .contains("CALIBRANT_KEY")
    );
    assert!(Report::new(&[]).complaint().contains("no Calibrant data"));
    let past = Report::here(&["--from", "2020-01-01", "--to", "2020-01-02"]).said();
    assert!(past.contains("Nothing was shown"));
}

#[test]
fn a_private_database_is_read_beside_its_server_and_without_it() {
    let data = DataDir::new();
    let mut server = data.serve();
    let event = r#"{"type":"accept","output_id":"a","feature":"f","user_id":"u"}"#;
    assert_eq!(server.post("/api/v1/events", event).status, 200);
    server.settle();
    let report = || {
        let output = data.run(&["report", "--range", "7d"]);
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let found = report();
    assert!(found.contains("Of 1 feature, 1 cannot be told yet."), "{found}");
    assert!(server.stop());
    assert_eq!(report(), found);
}
