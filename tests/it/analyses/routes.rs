//! The analyses over HTTP.

use calibrant::simulate::Options;
use serde_json::Value;

use super::options;
use crate::support::{TestServer, simulated};

fn server() -> TestServer {
    let server = TestServer::start();
    simulated::load(
        &server.db,
        Options {
            outputs: 2_000,
            ..options()
        },
    );
    server
}

#[test]
fn questions_about_trust_answer_over_http() {
    let server = server();
    let listed = server.get("/api/v1/features?rank_by=trust_gap").expect(200);
    let gaps: Vec<f64> = listed["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|feature| feature["metrics"]["trust_gap"]["value"].as_f64().unwrap().abs())
        .collect();
    assert!(gaps.is_sorted_by(|one, other| one >= other), "{gaps:?}");
    assert_eq!(
        listed["data"][0]["shrunk"],
        serde_json::json!({}),
        "six features are too few"
    );

    let trust = server
        .get("/api/v1/features/chat.answer/trust?group_by=locale")
        .expect(200);
    for slice in trust["data"].as_array().unwrap() {
        let needed = slice["judged_outputs_needed"].as_u64();
        let is_open = slice["verdict"] == "insufficient" && !slice["metrics"]["trust_gap"]["lower"].is_null();
        assert_eq!(is_open, needed.is_some(), "{slice}");
        if let Some(needed) = needed {
            assert!(
                slice["sentence"]
                    .as_str()
                    .unwrap()
                    .contains(&format!("about {needed} more")),
                "{slice}"
            );
        }
    }
    let segments = server
        .get("/api/v1/features/browser.step/segments?dimension=tool&metric=acceptance_rate")
        .expect(200);
    assert_eq!(segments["data"].as_array().unwrap().len(), 5);
    assert!(segments["largest_gap"]["difference"]["value"].as_f64().unwrap() > 0.0);
    let coverage = server
        .get("/api/v1/features/chat.answer/coverage?target=correctness&group_by=plan")
        .expect(200);
    let bounds = &coverage["bounds"];
    let score = coverage["weighted"]["score"]["value"].as_f64().unwrap();
    assert!(bounds["lower"]["value"].as_f64().unwrap() < score && score < bounds["upper"]["value"].as_f64().unwrap());
    assert!(bounds["interval_lower"].as_f64().unwrap() < bounds["lower"]["value"].as_f64().unwrap());
    assert_eq!(coverage["by_segment"].as_array().unwrap().len(), 3);
    let approvals = server.get("/api/v1/features/browser.step/approvals").expect(200);
    assert_eq!(
        (&approvals["dimension"], &approvals["data"][0]["tool"]),
        (&"tool".into(), &"click".into())
    );

    for (path, code) in [
        ("/api/v1/features?rank_by=nonsense", "invalid_parameter"),
        ("/api/v1/features?group_by=version", "invalid_parameter"),
        ("/api/v1/features/chat.answer/segments", "invalid_parameter"),
        (
            "/api/v1/features/chat.answer/segments?dimension=nothing",
            "unknown_dimension",
        ),
        (
            "/api/v1/features/chat.answer/segments?dimension=plan&metric=users",
            "invalid_parameter",
        ),
        (
            "/api/v1/features/chat.answer/segments?dimension=plan&margin=2",
            "invalid_parameter",
        ),
        (
            "/api/v1/features/chat.answer/coverage?group_by=nothing",
            "unknown_dimension",
        ),
        ("/api/v1/features/chat.answer/coverage?target=both", "invalid_parameter"),
        (
            "/api/v1/features/chat.answer/trigger?usefulness=none",
            "invalid_parameter",
        ),
        ("/api/v1/features/chat.answer/trigger?beta=0", "invalid_parameter"),
        ("/api/v1/features/chat.answer/trigger?cost=-1", "invalid_parameter"),
        (
            "/api/v1/features/chat.answer/trajectory?half_life_days=0",
            "invalid_parameter",
        ),
        (
            "/api/v1/features/chat.answer/approvals?dimension=nothing",
            "unknown_dimension",
        ),
        ("/api/v1/features/nothing/approvals", "not_found"),
        ("/api/v1/features/nothing/segments?dimension=plan", "not_found"),
    ] {
        refused(&server, path, code);
    }
}

#[track_caller]
fn refused(server: &TestServer, path: &str, code: &str) {
    let answer = server.get(path);
    let problem: Value = answer.json();
    assert_eq!(problem["code"], code, "{path}: {problem}");
}

#[test]
fn analyses_answer_over_http() {
    let server = server();
    let compare = "/api/v1/compare?feature=canvas.trigger&baseline=version=t1&candidate=version=t2";
    let answer = server.get(compare).expect(200);
    assert_eq!(answer["data"][0]["metric"], "acceptance_rate");
    assert!(
        answer["data"][0]["sentence"]
            .as_str()
            .unwrap()
            .contains("acceptance rate is")
    );
    let filters = "%5B%7B%22dimension%22:%22version%22,%22op%22:%22ne%22,%22value%22:%22t1%22%7D%5D";
    let same = server
        .get(&format!(
            "/api/v1/compare?feature=canvas.trigger&baseline=version=t1&candidate={filters}"
        ))
        .expect(200);
    assert_eq!(same["data"], answer["data"], "a side is any filters");

    let explain = server
        .get("/api/v1/features/file.summary/explain?metric=acceptance_rate")
        .expect(200);
    assert_eq!(explain["metric"], "acceptance_rate");
    assert!(!explain["leading"].as_array().unwrap().is_empty());
    every_feature_is_explained_as_by_itself(&server);
    let trajectory = server.get("/api/v1/features/code.complete/trajectory").expect(200);
    assert_eq!(trajectory["by_exposure"][0]["from"], 1);
    assert_eq!(trajectory["meta"]["source"], "segments");
    let drift = server.get("/api/v1/features/code.complete/drift").expect(200);
    assert_eq!(drift["data"][0]["metric"], "acceptance_rate");
    let agreement = server.get("/api/v1/features/chat.answer/agreement").expect(200);
    assert_eq!(agreement["data"]["judges"][0]["against_people"], Value::Null);
    server.get("/api/v1/features/chat.answer/quality").expect(200);

    depth_of_calibration(&server);
    refused(
        &server,
        "/api/v1/compare?baseline=t1&candidate=version=t2",
        "invalid_parameter",
    );
    refused(
        &server,
        "/api/v1/compare?baseline=version=t1&candidate=version=t1",
        "invalid_parameter",
    );
    refused(&server, "/api/v1/compare?candidate=version=t1", "invalid_parameter");
    refused(&server, &format!("{compare}&margin=-1"), "invalid_parameter");
    refused(&server, &format!("{compare}&days_before=0"), "invalid_parameter");
    refused(&server, &format!("{compare}&metrics=nonsense"), "unknown_metric");
    refused(
        &server,
        "/api/v1/compare?baseline=x=t1&candidate=x=t2",
        "unknown_dimension",
    );
    refused(
        &server,
        "/api/v1/features/file.summary/explain?metric=users",
        "invalid_parameter",
    );
    refused(
        &server,
        "/api/v1/features/file.summary/explain?before_from=0",
        "invalid_parameter",
    );
    refused(&server, "/api/v1/features/nothing/explain", "not_found");
    refused(&server, "/api/v1/explain?limit=0", "invalid_parameter");
    refused(&server, "/api/v1/explain?limit=101", "invalid_parameter");
    refused(&server, "/api/v1/features/nothing/trajectory", "not_found");
}

fn every_feature_is_explained_as_by_itself(server: &TestServer) {
    let all = server.get("/api/v1/explain?limit=100").expect(200);
    let (meta, data) = (&all["meta"], all["data"].as_array().unwrap());
    let listed = server.get("/api/v1/features").expect(200);
    assert_eq!(data.len(), listed["data"].as_array().unwrap().len());
    assert!(data.is_sorted_by(|one, other| one["after"]["n"].as_u64() >= other["after"]["n"].as_u64()));
    let at = |name: &str| meta[name].as_str().unwrap().to_owned();
    let periods = ["before_from", "before_to", "from", "to"].map(|name| format!("{name}={}", at(name)));
    for short in data {
        let feature = short["feature"].as_str().unwrap();
        let whole = server
            .get(&format!("/api/v1/features/{feature}/explain?{}", periods.join("&")))
            .expect(200);
        for part in ["before", "after", "change"] {
            assert_eq!(short[part], whole[part], "{feature} {part}");
        }
        let leading = whole["leading"].as_array().unwrap();
        assert_eq!(short["leading"].as_array().unwrap(), &leading[..leading.len().min(3)]);
    }
    let first = server.get("/api/v1/explain?limit=2").expect(200);
    assert_eq!(first["data"].as_array().unwrap(), &data[..2]);
}

fn depth_of_calibration(server: &TestServer) {
    let feature = "/api/v1/features/browser.step";
    let whole = server.get(&format!("{feature}/calibration")).expect(200);
    let slice = &whole["data"][0];
    assert_eq!(
        slice["metrics"]["smooth_ece_correctness"]["method"],
        "bootstrap_cluster"
    );
    assert!(slice["bins"][9]["consistent"]["lower"].is_number() && slice["brier_parts"]["reliability"].is_number());
    let bands = slice["equal_mass_bins"].as_array().unwrap();
    assert_eq!(bands.len(), 10);
    let number = |band: &Value, name: &str| band[name].as_f64().unwrap();
    for band in bands {
        let [from, mean, to] = ["from", "mean_confidence", "to"].map(|name| number(band, name));
        assert!(from <= mean + 1e-9 && mean <= to + 1e-9 && to <= 1.0, "{band}");
    }
    for pair in bands.windows(2) {
        assert!(
            number(&pair[0], "to") <= number(&pair[1], "from") + 0.001 + 1e-9,
            "{pair:?}"
        );
    }
    let weeks = server
        .get(&format!(
            "{feature}/calibration?granularity=week&group_by=version&target=acceptance"
        ))
        .expect(200);
    let first = &weeks["data"][0];
    assert!(
        first["bucket"].is_string() && first["group"]["version"].is_string(),
        "{first}"
    );
    refused(
        server,
        &format!("{feature}/calibration?granularity=fortnight"),
        "invalid_parameter",
    );

    let recalibration = server
        .get(&format!("{feature}/recalibration?target=acceptance"))
        .expect(200);
    assert_eq!(recalibration["maps"].as_array().unwrap().len(), 4);
    assert_eq!(recalibration["table"][100]["confidence"], 1.0);
    let table = server.get(&format!("{feature}/recalibration?target=acceptance&format=csv"));
    assert_eq!(table.status, 200);
    let text = String::from_utf8(table.body.clone()).unwrap();
    let mut lines = text.lines();
    assert_eq!(
        lines.next(),
        Some("confidence,recommended,temperature,platt,beta,isotonic")
    );
    assert_eq!(lines.count(), 101);
    refused(
        server,
        &format!("{feature}/recalibration?target=users"),
        "invalid_parameter",
    );

    let autonomy = server
        .get(&format!("{feature}/autonomy?risk=0.2&delta=0.1"))
        .expect(200);
    assert_eq!(
        (&autonomy["risk"], &autonomy["delta"]),
        (&Value::from(0.2), &Value::from(0.1))
    );
    assert!(
        autonomy["threshold"].is_object() != autonomy["reason"].is_string(),
        "{autonomy}"
    );
    assert!(autonomy["sentence"].as_str().unwrap().ends_with('.'));
    for wrong in ["risk=0", "risk=0.6", "delta=1", "nothing=1"] {
        refused(server, &format!("{feature}/autonomy?{wrong}"), "invalid_parameter");
    }
    refused(server, "/api/v1/features/nothing/autonomy", "not_found");
    refused(server, "/api/v1/features/nothing/recalibration", "not_found");
}
