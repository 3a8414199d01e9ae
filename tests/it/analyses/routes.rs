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
    let trajectory = server.get("/api/v1/features/code.complete/trajectory").expect(200);
    assert_eq!(trajectory["by_exposure"][0]["from"], 1);
    assert_eq!(trajectory["meta"]["source"], "segments");

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
    refused(&server, "/api/v1/features/nothing/trajectory", "not_found");
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
    assert_eq!(slice["equal_mass_bins"].as_array().unwrap().len(), 10);
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
        .get(&format!("{feature}/recalibration?against=acceptance"))
        .expect(200);
    assert_eq!(recalibration["maps"].as_array().unwrap().len(), 4);
    assert_eq!(recalibration["table"][100]["confidence"], 1.0);
    let table = server.get(&format!("{feature}/recalibration?against=acceptance&format=csv"));
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
        &format!("{feature}/recalibration?against=users"),
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
