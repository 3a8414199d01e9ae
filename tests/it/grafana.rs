//! Every query of the Grafana dashboards is answered with data by a running server, and names only what is known.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use calibrant::metrics;
use calibrant::simulate::Options;
use calibrant::store::Db;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use crate::support::{Answer, TestServer, fresh_database, project_file, simulated};

const DASHBOARDS: [&str; 3] = ["overview", "feature", "service"];
const FEATURE: &str = "code.complete";

fn end() -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

static SERVER: LazyLock<TestServer> = LazyLock::new(|| {
    let db = Db::connect(&fresh_database(), 8).unwrap();
    let options = Options {
        days: 20,
        outputs: 6_000,
        ..Options::ending(end())
    };
    simulated::load(&db, options);
    TestServer::over(db)
});

fn file(path: &str) -> String {
    std::fs::read_to_string(project_file(&format!("dashboards/grafana/{path}"))).unwrap()
}

fn dashboard(name: &str) -> Value {
    serde_json::from_str(&file(&format!("dashboards/{name}.json"))).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("no list: {value}"))
}

/// Every query, with where it stands: of panels, and of variables.
fn queries() -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for name in DASHBOARDS {
        let dashboard = dashboard(name);
        for panel in list(&dashboard["panels"]) {
            let at = format!("{name}, {}", text(&panel["title"]));
            found.extend(list(&panel["targets"]).iter().map(|query| (at.clone(), query.clone())));
        }
        for variable in list(&dashboard["templating"]["list"]) {
            let at = format!("{name}, the variable {}", text(&variable["name"]));
            found.push((at, variable["query"]["infinityQuery"].clone()));
        }
    }
    found
}

fn is_of(query: &Value, kind: &str) -> bool {
    query["datasource"]["type"] == kind
}

/// As Grafana puts in variables. `${feature:doublequote}` is a list of JSON strings.
fn interpolated(text: &str) -> String {
    let (from, to) = (end() - TimeDelta::days(15), end());
    let done = text
        .replace("${__from}", &from.timestamp_millis().to_string())
        .replace("${__to}", &to.timestamp_millis().to_string())
        .replace("${feature:doublequote}", &format!("\"{FEATURE}\""))
        .replace("${feature}", FEATURE);
    assert!(!done.contains('$'), "an unknown variable: {done}");
    done
}

/// As Go's `url.Values` encodes.
fn encoded(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

/// Sends a query as the Infinity data source does.
fn send(query: &Value) -> Answer {
    let options = &query["url_options"];
    let params: Vec<String> = options["params"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|param| {
            format!(
                "{}={}",
                text(&param["key"]),
                encoded(&interpolated(text(&param["value"])))
            )
        })
        .collect();
    let path = format!("{}?{}", interpolated(text(&query["url"])), params.join("&"));
    match text(&options["method"]) {
        "GET" => SERVER.get(&path),
        "POST" => {
            assert_eq!(
                (text(&options["body_type"]), text(&options["body_content_type"])),
                ("raw", "application/json")
            );
            SERVER.post(&path, interpolated(text(&options["data"])))
        }
        other => panic!("the data source does not allow {other}"),
    }
}

/// The rows at the root selector; an object is one row.
fn rows(query: &Value, answer: &Value) -> Vec<Value> {
    let root = text(&query["root_selector"]);
    let found = if root.is_empty() { answer } else { &answer[root] };
    match found {
        Value::Array(rows) => rows.clone(),
        row => vec![row.clone()],
    }
}

/// What a column's selector finds in a row; `None` if there is no such thing.
fn cell<'a>(row: &'a Value, selector: &str) -> Option<&'a Value> {
    selector.split('.').try_fold(row, |value, name| value.get(name))
}

fn metrics_of(query: &Value) -> Vec<String> {
    let options = &query["url_options"];
    let of_params = options["params"].as_array().into_iter().flatten();
    let of_params = of_params.filter(|param| param["key"] == "metrics");
    let mut found: Vec<String> = of_params
        .flat_map(|param| text(&param["value"]).split(','))
        .map(str::to_owned)
        .collect();
    if let Some(body) = options["data"].as_str() {
        let body: Value = serde_json::from_str(&interpolated(body)).unwrap();
        found.extend(list(&body["metrics"]).iter().map(|id| text(id).to_owned()));
    }
    for column in list(&query["columns"]) {
        if let Some(rest) = text(&column["selector"]).strip_prefix("metrics.") {
            found.push(rest.split('.').next().unwrap().to_owned());
        }
    }
    found
}

#[test]
fn every_query_is_answered_with_data() {
    let mut asked = BTreeSet::new();
    for (at, query) in queries() {
        if !is_of(&query, "yesoreyeram-infinity-datasource") {
            continue;
        }
        let form = ["type", "source", "parser"].map(|field| text(&query[field]));
        assert_eq!(form, ["json", "url", "backend"], "{at}");
        let answer = send(&query);
        assert_eq!(answer.status, 200, "{at}: {}", answer.text());
        let rows = rows(&query, &answer.json());
        assert!(!rows.is_empty(), "{at} finds nothing");
        for column in list(&query["columns"]) {
            let selector = text(&column["selector"]);
            let cells: Vec<&Value> = rows
                .iter()
                .map(|row| cell(row, selector).unwrap_or_else(|| panic!("{at}: no `{selector}` in {row}")))
                .filter(|cell| !cell.is_null())
                .collect();
            assert!(!cells.is_empty(), "{at}: `{selector}` is empty");
            for cell in cells {
                let fits = match text(&column["type"]) {
                    "number" => cell.is_number(),
                    "string" => cell.is_string(),
                    "timestamp" => DateTime::parse_from_rfc3339(text(cell)).is_ok(),
                    other => panic!("{at}: what is {other}?"),
                };
                assert!(fits, "{at}: {cell} in `{selector}`");
            }
        }
        // Long series are made wide only if they come in the order of time.
        if query["format"] == "timeseries" {
            let times: Vec<&str> = rows.iter().map(|row| text(&row["time"])).collect();
            assert!(times.is_sorted() && times.len() > 10, "{at}: {times:?}");
        }
        asked.insert(text(&query["url"]).to_owned());
    }
    let wanted = ["/api/v1/features", "/api/v1/query", "/api/v1/series", "/api/v1/status"];
    assert_eq!(asked.iter().map(String::as_str).collect::<Vec<_>>(), wanted);
}

#[test]
fn queries_name_only_registered_metrics() {
    let mut named = BTreeSet::new();
    for (at, query) in queries() {
        if is_of(&query, "yesoreyeram-infinity-datasource") {
            for id in metrics_of(&query) {
                assert!(metrics::find(&id).is_some(), "{at}: there is no metric `{id}`");
                named.insert(id);
            }
        }
    }
    for id in ["trust", "trustworthiness", "trust_gap", "response_rate", "shown"] {
        assert!(named.contains(id), "no panel shows {id}");
    }
}

/// Names and label names of what the server tells Prometheus.
fn exposed() -> BTreeMap<String, BTreeSet<String>> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // Routes appear when they were asked.
    SERVER
        .post("/api/v1/events", r#"{"type":"accept","output_id":"a","feature":"f"}"#)
        .expect(200);
    for line in SERVER.request("GET", "/metrics", None, &[], b"").text().lines() {
        if line.starts_with('#') {
            continue;
        }
        let name: String = line.chars().take_while(|each| *each != '{' && *each != ' ').collect();
        let labels = line.split_once('{').and_then(|(_, rest)| rest.split_once('}'));
        let labels = labels.map_or("", |(labels, _)| labels).split("\",");
        let names = labels.filter_map(|label| Some(label.split_once('=')?.0.to_owned()));
        found.entry(name).or_default().extend(names);
    }
    found
}

/// The words of an expression outside of quotes.
fn words(expression: &str) -> Vec<&str> {
    let bare = expression.split('"').step_by(2);
    let is_word = |each: char| each.is_ascii_alphanumeric() || each == '_';
    bare.flat_map(|part| part.split(move |each| !is_word(each)))
        .filter(|word| word.starts_with(|first: char| first.is_ascii_alphabetic()))
        .collect()
}

#[test]
fn prometheus_expressions_name_only_what_is_exposed() {
    const LANGUAGE: [&str; 6] = ["sum", "max", "rate", "by", "histogram_quantile", "__rate_interval"];
    let exposed = exposed();
    let mut named = BTreeSet::new();
    for (at, query) in queries() {
        if !is_of(&query, "prometheus") {
            continue;
        }
        let expression = text(&query["expr"]);
        let words = words(expression);
        let (metrics, others): (Vec<&str>, Vec<&str>) = words.iter().partition(|word| word.starts_with("calibrant_"));
        assert!(!metrics.is_empty(), "{at}: {expression}");
        let mut labels = BTreeSet::new();
        for metric in metrics {
            let own = exposed
                .get(metric)
                .unwrap_or_else(|| panic!("{at}: there is no {metric}"));
            labels.extend(own.iter().map(String::as_str));
            named.insert(metric.to_owned());
        }
        for word in others {
            assert!(
                LANGUAGE.contains(&word) || labels.contains(word),
                "{at}: `{word}` in {expression}"
            );
        }
    }
    // Everything that is exposed is shown, but for the histogram's sum and count.
    let shown = |name: &&String| name.ends_with("_sum") || name.ends_with("_count") || named.contains(*name);
    assert_eq!(exposed.keys().find(|name| !shown(name)), None);
}

#[test]
fn dashboards_fit_together() {
    let sources = file("provisioning/datasources/calibrant.yaml");
    let mut uids = BTreeSet::new();
    for name in DASHBOARDS {
        let dashboard = dashboard(name);
        assert!(uids.insert(text(&dashboard["uid"]).to_owned()));
        let panels = list(&dashboard["panels"]);
        let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids.len(), panels.len(), "{name}");
        let mut taken = BTreeSet::new();
        for panel in panels {
            let place = |field: &str| panel["gridPos"][field].as_u64().unwrap();
            assert!(place("x") + place("w") <= 24, "{panel}");
            for x in place("x")..place("x") + place("w") {
                for y in place("y")..place("y") + place("h") {
                    assert!(taken.insert((x, y)), "{name}: panels overlap at {x}, {y}");
                }
            }
            assert!(!text(&panel["description"]).is_empty());
        }
        for (at, query) in queries() {
            let uid = text(&query["datasource"]["uid"]);
            assert!(sources.contains(&format!("uid: {uid}\n")), "{at}: no source {uid}");
        }
    }
    let links = file("dashboards/overview.json");
    assert!(uids.iter().any(|uid| links.contains(&format!("/d/{uid}?var-feature="))));
}
