//! The description of the API, which clients are generated from.

use std::collections::BTreeSet;

use calibrant::docs;
use serde_json::{Map, Value};

use crate::support::{TestServer, check_generated, project_file};

/// Each new route is counted here by hand, so that none is left out of the description unseen.
const OPERATIONS: usize = 105;

/// What an operation's name may begin with.
const VERBS: [&str; 8] = ["create", "delete", "export", "get", "list", "query", "revoke", "update"];

/// Answered without a key.
const OPEN: [&str; 3] = ["/api/v1/health/live", "/api/v1/health/ready", "/metrics"];
/// Its key is in its body.
const SIGN_IN: &str = "create_session";

fn document() -> Value {
    serde_json::from_str(&docs::openapi().unwrap()).unwrap()
}

struct Operation<'a> {
    path: &'a str,
    method: &'a str,
    body: &'a Map<String, Value>,
}

impl Operation<'_> {
    fn text(&self, field: &str) -> &str {
        self.body.get(field).and_then(Value::as_str).unwrap_or_default()
    }

    fn is_open(&self) -> bool {
        OPEN.contains(&self.path)
    }

    fn responses(&self) -> &Map<String, Value> {
        self.body["responses"].as_object().unwrap()
    }
}

fn operations(document: &Value) -> Vec<Operation<'_>> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, body)| Operation {
                path,
                method,
                body: body.as_object().unwrap(),
            })
        })
        .collect()
}

#[test]
fn the_description_is_up_to_date() {
    check_generated("openapi/openapi.json", &docs::openapi().unwrap());
}

#[test]
fn every_operation_is_described() {
    let document = document();
    let operations = operations(&document);
    let mut names = BTreeSet::new();
    for operation in &operations {
        let name = operation.text("operationId");
        assert!(names.insert(name), "two operations are called {name}");
        let (verb, noun) = name.split_once('_').unwrap_or((name, ""));
        let snake = name.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
        assert!(
            VERBS.contains(&verb) && !noun.is_empty() && snake,
            "{name} is no verb_noun"
        );
        for field in ["summary", "description"] {
            assert!(!operation.text(field).is_empty(), "{name} has no {field}");
        }
        assert_ne!(operation.text("summary"), operation.text("description"), "{name}");
        let tags = operation.body["tags"].as_array().unwrap();
        let known = document["tags"].as_array().unwrap();
        assert!(
            tags.iter().all(|tag| known.iter().any(|known| known["name"] == *tag)),
            "{name}"
        );
        assert_eq!(tags.len(), 1, "{name}");
        let secured = operation
            .body
            .get("security")
            .is_some_and(|list| !list[0]["api_key"].is_null());
        assert_eq!(secured, !operation.is_open() && name != SIGN_IN, "{name}");
        for parameter in operation
            .body
            .get("parameters")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            assert!(parameter["schema"].is_object(), "{name}: {parameter}");
        }
    }
    assert_eq!(operations.len(), OPERATIONS, "{names:?}");
}

#[test]
fn every_error_is_documented() {
    let document = document();
    for operation in operations(&document) {
        let name = operation.text("operationId");
        let responses = operation.responses();
        for (status, response) in responses {
            assert!(
                response["description"].as_str().is_some_and(|text| !text.is_empty()),
                "{name} {status}"
            );
            if status.starts_with(['4', '5']) {
                let body = &response["content"]["application/problem+json"]["schema"]["$ref"];
                assert_eq!(body, "#/components/schemas/Problem", "{name} {status}");
            }
        }
        let mut wanted = Vec::new();
        if !operation.is_open() {
            wanted.extend(["401", "403", "429", "503"]);
        }
        if operation.body.contains_key("requestBody") {
            wanted.extend(["400", "408", "413", "422"]);
        }
        if operation.path.contains('{') {
            wanted.push("404");
        }
        for status in wanted {
            assert!(responses.contains_key(status), "{name} does not document {status}");
        }
        assert!(responses.keys().any(|status| status.starts_with('2')), "{name}");
    }
}

#[test]
fn every_reference_resolves() {
    fn walk(value: &Value, document: &Value, found: &mut usize) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
                    *found += 1;
                }
                fields.values().for_each(|value| walk(value, document, found));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, document, found)),
            _ => {}
        }
    }
    let document = document();
    let mut found = 0;
    walk(&document, &document, &mut found);
    assert!(found > 100, "{found} references");
}

/// An object that allows nothing else cannot be a part of a larger one: no value would fit the description.
#[test]
fn strict_schemas_are_not_extended() {
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    for (name, schema) in schemas {
        let parts = schema["allOf"].as_array().map(Vec::as_slice).unwrap_or_default();
        for part in parts.iter().filter(|_| parts.len() > 1) {
            let reference = part["$ref"].as_str().map(|to| to.trim_start_matches('#'));
            let part = reference.map_or(part, |to| document.pointer(to).unwrap());
            assert_ne!(part["additionalProperties"], false, "{name} extends a strict object");
        }
    }
}

/// Of two types of one name the description would silently keep the last.
#[test]
fn schema_names_are_unique() {
    let mut names = BTreeSet::new();
    let mut folders = vec![project_file("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let derives = text.match_indices("ToSchema)]").map(|(at, _)| &text[at..]);
            for after in derives {
                let name = after.lines().find_map(|line| {
                    let rest = line.strip_prefix("pub struct ").or(line.strip_prefix("pub enum "))?;
                    rest.split(|letter: char| !letter.is_alphanumeric()).next()
                });
                let name = name.unwrap().to_owned();
                assert!(
                    names.insert(name.clone()),
                    "two types are called {name}, one in {}",
                    path.display()
                );
            }
        }
    }
    assert!(names.len() > 20, "{names:?}");
}

/// What is documented is there, and asks for a key.
#[test]
fn every_documented_route_is_served() {
    let server = TestServer::start();
    let document = document();
    for operation in operations(&document) {
        let path = operation.path.replace("{id}", "0199b2c4-0000-7000-8000-000000000000");
        let path: String = path
            .split('{')
            .map(|part| part.split('}').next_back().unwrap())
            .collect::<Vec<_>>()
            .join("x");
        let method = operation.method.to_uppercase();
        let answer = server.request(&method, &path, None, &[], b"");
        if operation.is_open() {
            assert_eq!(answer.status, 200, "{path}");
        } else if operation.text("operationId") == SIGN_IN {
            answer.expect_problem(400, "invalid_json");
        } else {
            answer.expect_problem(401, "unauthenticated");
        }
    }
}

/// What a route does not take is refused, by what is described of it.
#[test]
fn unknown_parameters_are_errors_everywhere() {
    let server = TestServer::start();
    let document = document();
    for operation in operations(&document) {
        let path = operation.path.replace("{id}", "0199b2c4-0000-7000-8000-000000000000");
        let path: String = path
            .split('{')
            .map(|part| part.split('}').next_back().unwrap())
            .collect::<Vec<_>>()
            .join("x");
        if operation.is_open() {
            continue;
        }
        let method = operation.method.to_uppercase();
        for query in ["unknown=1", "%75nknown", "cursor=&unknown=1&limit=1"] {
            let answer = server.request(&method, &format!("{path}?{query}"), Some(&server.key), &[], b"{}");
            let problem = answer.expect_problem(400, "invalid_parameter");
            if operation.text("operationId") == SIGN_IN {
                continue;
            }
            let says = problem["detail"].as_str().unwrap();
            let taken = operation.body.get("parameters").and_then(Value::as_array);
            for parameter in taken
                .into_iter()
                .flatten()
                .filter(|parameter| parameter["in"] == "query")
            {
                assert!(
                    says.contains(parameter["name"].as_str().unwrap()),
                    "{method} {path}: {says}"
                );
            }
        }
    }
    // What is described is taken.
    let taken = server.get("/api/v1/series?metrics=shown&format=csv");
    assert_eq!(taken.status, 200, "{}", taken.text());
}
