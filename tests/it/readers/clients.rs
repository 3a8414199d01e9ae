//! Real clients read answers straight from their addresses: pandas, Polars, pyarrow and DuckDB, as they come from PyPI.

use serde_json::{Value, json};

use super::{RANGE, link, product};
use crate::support::python;

#[test]
fn clients_read_the_same_from_the_address() {
    let server = product();
    let address = format!(
        "/api/v1/query?metrics=shown,acceptance_rate,rating_mean&group_by=feature&granularity=day&timezone=Europe/Berlin&{RANGE}"
    );
    let links = ["csv", "arrow", "parquet"].map(|format| {
        let path = link(&server, &format!("{address}&format={format}"));
        format!("http://{}{path}", server.address())
    });
    let links = links.each_ref().map(String::as_str);
    let Some(said) = python::run("read.py", &links) else {
        return;
    };

    let answer = server.get(&address).expect(200);
    let expected: Vec<Vec<Value>> = answer["data"].as_array().unwrap().iter().flat_map(rows).collect();
    assert!(expected.len() > 200, "{}", expected.len());
    let clients: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(clients.len(), 10, "{said}");
    for client in clients {
        let found = client["rows"].as_array().unwrap();
        assert_eq!(found.len(), expected.len(), "{}", client["client"]);
        for (found, expected) in found.iter().zip(&expected) {
            let same = found
                .as_array()
                .unwrap()
                .iter()
                .zip(expected)
                .all(|(found, expected)| is_same(found, expected));
            assert!(same, "{} read {found}, not {expected:?}", client["client"]);
        }
        eprintln!("{}: {} rows of {}", client["client"], found.len(), client["types"]);
    }
}

/// The rows of a slice: feature, bucket, metric, value, lower, n.
fn rows(slice: &Value) -> Vec<Vec<Value>> {
    let bucket = chrono::DateTime::parse_from_rfc3339(slice["bucket"].as_str().unwrap()).unwrap();
    let metrics = ["shown", "acceptance_rate", "rating_mean"].map(|metric| {
        let estimate = &slice["metrics"][metric];
        vec![
            slice["group"]["feature"].clone(),
            json!(bucket.timestamp_millis()),
            json!(metric),
            estimate["value"].clone(),
            estimate["lower"].clone(),
            estimate["n"].clone(),
        ]
    });
    metrics.into()
}

/// Numbers are the same to the last digit, whether written as whole or not.
fn is_same(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => found == expected,
        _ => found == expected,
    }
}
