//! The events that rows become.

use super::*;
use crate::domain::event::{EventKind, JudgementSource};

#[test]
fn a_wide_row_becomes_an_event_per_block() {
    let events = events(
        WIDE,
        "w.csv",
        &format!("{WIDE_HEADER}\no1,1700000000,62,pro,red,red,yes,blue\n"),
    );
    let [shown, accept, judge] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        (shown.kind, accept.kind, judge.kind),
        (EventKind::Shown, EventKind::Accept, EventKind::Judge)
    );
    assert_eq!(shown.occurred_at.unwrap().timestamp(), 1_700_000_000);
    assert_eq!(shown.confidence, Some(0.62));
    assert_eq!(shown.attributes["plan"], "pro");
    assert_eq!(shown.initial.unwrap().agrees, Some(true));
    assert_eq!((accept.output_id.as_str(), accept.occurred_at), ("o1", None));
    assert_eq!(
        (judge.correct, judge.source),
        (Some(false), Some(JudgementSource::Outcome))
    );
}

#[test]
fn what_is_missing_is_left_out() {
    let events = events(WIDE, "w.csv", &format!("{WIDE_HEADER}\no1,,NA,,NA,red,none,\n"));
    let [shown] = &events[..] else { panic!("{events:?}") };
    assert_eq!((shown.occurred_at, shown.confidence, shown.initial), (None, None, None));
    assert!(shown.attributes.is_empty());
}

#[test]
fn a_long_row_is_an_event_of_its_own_type() {
    let mapping = r#"
        name = "long"
        [[event]]
        type = { column = "what", map = { view = "shown", ok = "accept" }, default = "skip" }
        output_id = "id"
    "#;
    let content =
        "{\"what\": \"view\", \"id\": 1}\n\n{\"what\": \"scroll\", \"id\": 1}\n{\"what\": \"ok\", \"id\": 1}\n";
    let kinds: Vec<_> = events(mapping, "l.jsonl", content)
        .into_iter()
        .map(|event| event.kind)
        .collect();
    assert_eq!(kinds, [EventKind::Shown, EventKind::Accept]);
}

#[test]
fn lists_explode_in_parallel() {
    let content = r#"[{"id": "a", "ratings": [{"stars": 4}, null, {"stars": 1}], "reasons": ["good", "", "bad"]}]"#;
    let found: Vec<_> = events(RATINGS, "r.json", content)
        .into_iter()
        .map(|e| (e.rating, e.rater.unwrap(), e.comment))
        .collect();
    let expected = [
        (Some(1.0), "rater-1".to_owned(), Some("good".to_owned())),
        (Some(0.25), "rater-3".to_owned(), Some("bad".to_owned())),
    ];
    assert_eq!(found, expected);
}

#[test]
fn columns_explode_and_counts_repeat() {
    let mapping = r#"
        name = "counts"
        [fields]
        output_id = "id"
        [[event]]
        type = "rate"
        each = ["first", "second"]
        rating = "@item"
        [[event]]
        type = "rate"
        repeat = "yes"
        rating = 1
        rater = { template = "yes-{@index}" }
    "#;
    let found = events(mapping, "c.tsv", "id\tfirst\tsecond\tyes\na\t\t0.5\t2\n");
    let found: Vec<_> = found
        .into_iter()
        .map(|event| (event.rating.unwrap(), event.rater.unwrap_or_default()))
        .collect();
    assert_eq!(
        found,
        [
            (0.5, String::new()),
            (1.0, "yes-0".to_owned()),
            (1.0, "yes-1".to_owned())
        ]
    );
    let content = "id\tfirst\tsecond\tyes\na\t\t\t1e9\na\t\t\t-1\n";
    assert_eq!(
        codes(mapping, "c.tsv", content),
        [(2, Some("too_many_events")), (3, Some("not_a_count"))]
    );
}

/// The `n`th example in a language, of the guide to importing.
fn of_guide(language: &str, n: usize) -> String {
    let guide = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/importing.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let fence = format!("```{language}\n");
    let example = guide.split(&fence).nth(n + 1).unwrap();
    example.split("```").next().unwrap().to_owned()
}

#[test]
fn the_guide_does_what_it_says() {
    let wide = events(&of_guide("toml", 0), "wide.csv", &of_guide("csv", 0));
    let kinds: Vec<_> = wide
        .iter()
        .map(|event| (event.output_id.as_str(), event.kind, event.correct))
        .collect();
    let expected = [
        ("a1", EventKind::Shown, None),
        ("a1", EventKind::Accept, None),
        ("a1", EventKind::Judge, Some(true)),
        ("a2", EventKind::Shown, None),
        ("a2", EventKind::Judge, Some(false)),
    ];
    assert_eq!(kinds, expected);

    let long = events(&of_guide("toml", 1), "long.jsonl", &of_guide("json", 0));
    let kinds: Vec<_> = long.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Shown, EventKind::Accept]);
    assert_eq!(long[0].attributes["plan"], "pro");
}
