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
    let drift = server.get("/api/v1/features/code.complete/drift").expect(200);
    assert_eq!(drift["data"][0]["metric"], "acceptance_rate");
    let agreement = server.get("/api/v1/features/chat.answer/agreement").expect(200);
    assert_eq!(agreement["data"]["judges"][0]["against_people"], Value::Null);
    server.get("/api/v1/features/chat.answer/quality").expect(200);

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
