//! Mappings that cannot work, alone or with the file at hand.

use std::fs;
use std::path::Path;

use super::*;

#[track_caller]
fn refused(mapping: &str, path: &str, message: &str) {
    let error = Mapping::parse(mapping).err().expect("the mapping was accepted");
    assert_eq!(error.path, path, "{error}");
    assert!(error.message.contains(message), "{error}");
}

#[test]
fn unknown_keys_are_refused_with_their_path() {
    let block = "name = 'n'\n[[event]]\ntype = 'accept'\noutput_id = 'id'\n";
    refused(
        "name = 'n'\ncolour = 1\n[[event]]\ntype = 'accept'\noutput_id = 'id'",
        "colour",
        "unknown field",
    );
    refused(&format!("{block}featur = 'f'"), "event[0].featur", "unknown field");
    refused(
        &format!("{block}feature = {{ column = 'f', maps = {{}} }}"),
        "event[0].feature.maps",
        "unknown field",
    );
    refused(
        &format!("{block}initial.sure = 'f'"),
        "event[0].initial.sure",
        "unknown field",
    );
    refused(
        &format!("{block}when = {{ column = 'f', are = 1 }}"),
        "event[0].when.are",
        "unknown field",
    );
    refused("name = 'n", "", "");
}

#[test]
fn what_cannot_work_is_refused_before_any_row() {
    let block = "name = 'n'\n[[event]]\ntype = 'rate'\noutput_id = 'id'\n";
    refused("name = 'n'", "event", "no [[event]]");
    refused("name = 'n'\n[[event]]\ntype = 'accept'", "event[0]", "no `output_id`");
    refused(
        "name = 'n'\n[[event]]\ntype = 'acept'",
        "event[0].type",
        "unknown variant",
    );
    refused(
        "name = 'n'\n[[event]]\ntype = { column = 'c', map = { a = 'b' } }",
        "event[0].type",
        "unknown variant",
    );
    refused(&format!("{block}rating = true"), "event[0].rating", "not a number");
    refused(&format!("{block}rating = '@item'"), "event[0]", "needs `each`");
    refused(
        &format!("{block}repeat = 'n'\nrating = '@item'"),
        "event[0]",
        "needs `each`",
    );
    refused(&format!("{block}each = 'n'\nrepeat = 'n'"), "event[0]", "not both");
    refused(
        &format!("{block}rating = {{ scale = 2 }}"),
        "event[0].rating",
        "exactly one of",
    );
    refused(
        &format!("{block}occurred_at = 2024-01-01T00:00:00"),
        "event[0].occurred_at",
        "not a time",
    );
    refused(
        &format!("{block}rating = {{ column = 'r', time_format = 'epoch_s' }}"),
        "event[0].rating",
        "occurred_at",
    );
    refused(
        &format!("dimensions = ['plan']\n{block}"),
        "dimensions",
        "attributes.plan",
    );
}

#[test]
fn columns_are_checked_against_the_header() {
    let file = Temporary::new("h.csv", b"id,at,percent,plan\n");
    let error = open(&file.0, &Mapping::parse(WIDE).unwrap()).err().unwrap().to_string();
    assert!(
        error.contains("before, decision, said, truth; its columns are: id, at, percent, plan"),
        "{error}"
    );
}

#[test]
fn columns_that_no_row_has_are_reported() {
    let file = Temporary::new("r.jsonl", b"{\"id\": 1, \"rating\": 5}\n");
    let mapping = Mapping::parse(RATINGS).unwrap();
    let mut rows = open(&file.0, &mapping).unwrap();
    assert_eq!(rows.by_ref().count(), 1);
    assert_eq!(rows.unseen_columns(), ["ratings", "reasons.@index"]);
}

#[test]
fn the_examples_are_valid() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path());
    for path in files.filter(|path| path.extension().is_some_and(|extension| extension == "toml")) {
        let text = fs::read_to_string(&path).unwrap();
        let mapping = Mapping::parse(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(
            path.ends_with(format!("{}.toml", mapping.name())),
            "the name is the file's"
        );
    }
}
