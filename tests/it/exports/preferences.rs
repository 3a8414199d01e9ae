//! Which edits make a preference, and how many of one user.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{edited, output, rows, send};
use crate::support::TestServer;

const ALL: &str = "preferences.jsonl?consent=all";

fn outputs_of(rows: &[Value]) -> Vec<&str> {
    let names = rows.iter().map(|row| row["provenance"]["output_id"].as_str().unwrap());
    names.collect()
}

#[test]
fn slips_of_the_pen_rewrites_and_additions_are_no_preferences() {
    let server = TestServer::start();
    let letters = |count: usize| "x".repeat(count);
    // So many letters, of which so many are others in the end.
    let changed = |of: usize, many: usize| (letters(of), "y".repeat(many) + &letters(of - many));
    let edits = [
        changed(50, 1),
        changed(51, 1),
        changed(10, 9),
        changed(11, 10),
        ("say it".to_owned(), "say it now, please".to_owned()),
        // White space at the end is nothing to correct.
        ("say it \n".to_owned(), "say it now, please".to_owned()),
        ("say it".to_owned(), "now say it".to_owned()),
        ("say it".to_owned(), "say that".to_owned()),
        // Too long to be compared.
        changed(20_001, 5_000),
    ];
    let events = edits.iter().enumerate().flat_map(|(number, (shown, last))| {
        let input = format!("ask {number}");
        output(number, "edit", [Some(&input), Some(shown), Some(last)])
    });
    send(&server, &events.collect::<Vec<_>>());
    let check = |parameters: &str, expected: &[&str]| {
        assert_eq!(
            outputs_of(&rows(&server, &format!("{ALL}{parameters}"))),
            expected,
            "{parameters}"
        );
    };
    check("", &["o7", "o6", "o2", "o0"]);
    check("&edit_distance_from=0", &["o7", "o6", "o2", "o1", "o0"]);
    check("&edit_distance_to=1", &["o7", "o6", "o3", "o2", "o0"]);
    check("&edit_distance_from=0.1&edit_distance_to=0.6", &["o7", "o6"]);
    check("&edit_distance_from=0.5&edit_distance_to=0.1", &[]);
    let found = rows(&server, ALL);
    let distances: Vec<&Value> = found.iter().map(|row| &row["provenance"]["edit_distance"]).collect();
    assert_eq!(distances, [0.375, 0.4, 0.9, 0.02]);
    // Other data sets have no such ends, but where they are asked for.
    assert_eq!(rows(&server, "outputs.jsonl").len(), 9);
    assert_eq!(rows(&server, "sft.jsonl?consent=all").len(), 9);
    let heavy = rows(&server, "sft.jsonl?consent=all&edit_distance_from=0.9");
    assert_eq!(outputs_of(&heavy), ["o3", "o2"]);
    for wrong in ["edit_distance_from=-1", "edit_distance_to=1.01", "edit_distance_to=NaN"] {
        let path = format!("/api/v1/exports/{ALL}&{wrong}");
        server.get(&path).expect_problem(400, "invalid_parameter");
    }
}

#[test]
fn of_each_user_the_newest_are_taken() {
    let server = TestServer::start();
    // Some have talked far more than others, and of some nobody knows who they are; then the newest of all once more.
    let users = |number: usize| match number {
        number if number.is_multiple_of(20) => None,
        number if number.is_multiple_of(3) => Some("loud"),
        number if number.is_multiple_of(7) => Some("quiet"),
        _ => Some("usual"),
    };
    let mut events = edited(300);
    for (number, shown) in events.iter_mut().step_by(2).enumerate() {
        shown["user_id"] = json!(users(number));
    }
    let mut double = events[2 * 299..].to_vec();
    double[0]["occurred_at"] = json!("2026-03-02T12:00:00Z");
    for event in &mut double {
        event["output_id"] = json!("o300");
    }
    events.extend(double);
    send(&server, &events);

    let whole = rows(&server, ALL);
    assert_eq!(whole.len(), 300);
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    let mut expected = Vec::new();
    for row in &whole {
        let name = row["provenance"]["output_id"].as_str().unwrap();
        let number: usize = name[1..].parse().unwrap();
        let Some(user) = users(if number == 300 { 299 } else { number }) else {
            expected.push(row.clone());
            continue;
        };
        let count = seen.entry(user).or_default();
        *count += 1;
        if *count <= 20 {
            expected.push(row.clone());
        }
    }
    assert!(seen.values().all(|count| *count > 20), "{seen:?}");
    let capped = format!("{ALL}&per_user=20");
    let found = rows(&server, &capped);
    assert_eq!(outputs_of(&found), outputs_of(&expected));
    assert_eq!(found.len(), 15 + 3 * 20);
    // Gone on with, it is the same, wherever it broke off.
    for at in [0, 30, 73] {
        let cursor = found[at]["provenance"]["cursor"].as_str().unwrap();
        let rest = rows(&server, &format!("{capped}&cursor={cursor}"));
        assert_eq!(outputs_of(&rest), outputs_of(&found[at + 1..]));
    }
    // Each side of the split has its part of it.
    let side = |side: &str| rows(&server, &format!("{capped}&validation_share=0.5&split={side}"));
    let both: BTreeSet<String> = [side("train"), side("validation")]
        .iter()
        .flat_map(|rows| outputs_of(rows).into_iter().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    assert_eq!(both, outputs_of(&found).into_iter().map(str::to_owned).collect());
    // What counts of a user is what passes.
    let few = rows(
        &server,
        "outputs.jsonl?per_user=1&from=2026-03-02T10:30:00Z&to=2026-03-02T10:31:00Z",
    );
    assert_eq!(few.len(), 1, "{few:?}");
    for table in ["outputs.csv", "outputs.parquet"] {
        let answer = server.get(&format!("/api/v1/exports/{table}?per_user=1"));
        assert_eq!(answer.status, 200);
    }
}
