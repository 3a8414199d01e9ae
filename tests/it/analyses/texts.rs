//! What users change in texts.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::support::TestServer;

/// The body of a mail by number; no two have a sentence in common.
pub fn body(number: usize) -> String {
    let words = [
        "apples", "boats", "clouds", "drums", "engines", "ferns", "glass", "hills", "ink", "jars", "kites",
    ];
    let word = |step: usize| words[(number / step) % words.len()];
    format!(
        "About {} and {} number {number}: we ship {} by noon.",
        word(1),
        word(11),
        word(3)
    )
}

/// Mails whose texts users change.
pub struct Mails {
    pub events: String,
    number: usize,
}

impl Mails {
    pub fn new() -> Mails {
        Mails {
            events: String::new(),
            number: 0,
        }
    }

    pub fn event(&mut self, event: &Value) {
        writeln!(self.events, "{event}").unwrap();
    }

    /// An output of a user with what became of it: a text, or a decision.
    pub fn add(&mut self, user: &str, output: &str, became: Result<&str, &str>) {
        let id = format!("m{}", self.number);
        let minute = format!(
            "2026-03-{:02}T{:02}:{:02}:00Z",
            1 + self.number / 1_440,
            self.number / 60 % 24,
            self.number % 60
        );
        self.number += 1;
        self.event(&json!({"type": "shown", "output_id": id, "feature": "mail", "user_id": user, "output": output, "occurred_at": minute}));
        let decided = match became {
            Ok(text) => json!({"type": "edit", "output_id": id, "final": text, "occurred_at": minute}),
            Err(decision) => json!({"type": decision, "output_id": id, "occurred_at": minute}),
        };
        self.event(&decided);
    }
}

/// Twelve users delete the same sentence and write `use` for `utilise`; one user deletes a greeting again and again.
fn mails() -> TestServer {
    let server = TestServer::start();
    let mut mails = Mails::new();
    for number in 0..36 {
        let user = format!("u{}", number % 12);
        let text = body(number);
        mails.add(
            &user,
            &format!("Hi. I hope you are well. {text}"),
            Ok(&format!("Hi. {text}")),
        );
        mails.add(
            &user,
            &format!("Please utilise it. {text}"),
            Ok(&format!("Please use it. {text}")),
        );
        mails.add(&user, &text, Err("accept"));
        mails.add(&user, &format!("{text} I hope you are wrong."), Err("reject"));
        let text = body(100 + number);
        mails.add("hog", &format!("{text} Kindest regards from us"), Ok(&text));
        mails.add("hog", &format!("{text} Kindest regards from us"), Ok(&text));
    }
    mails.add("u1", "One   two", Ok("One two!"));
    mails.add("u2", "Short.", Ok(&format!("Short. {} {}", body(900), body(901))));
    mails.add("u3", &format!("{} {}", body(902), body(903)), Ok(&body(902)));
    mails.add(
        "u4",
        "Nothing of this stays here at all",
        Ok("Every single word became another one now"),
    );
    server.send(mails.events);
    server
}

fn edits(server: &TestServer, parameters: &str) -> Value {
    let answer = server
        .get(&format!("/api/v1/features/mail/edits?{parameters}"))
        .expect(200);
    answer["data"].clone()
}

pub fn row<'a>(rows: &'a Value, name: &str, value: &str) -> Option<&'a Value> {
    rows.as_array().unwrap().iter().find(|row| row[name] == value)
}

/// Of a text of four words and marks one is replaced and one put in, which makes five; another is taken as it was, of a third only the
/// letter case is changed.
#[test]
fn words_changed_are_counted() {
    let server = TestServer::start();
    let texts = [
        ("The cat sat.", "edit", json!("The dog sat down.")),
        ("Fine", "accept", Value::Null),
        ("fine then", "edit", json!("Fine then")),
    ];
    let events: Vec<Value> = (0..)
        .zip(texts)
        .map(|(number, (output, kind, user))| {
            let mut event = json!({
                "type": kind, "output_id": format!("o{number}"), "feature": "mail", "user_id": format!("u{number}"),
                "output": output,
            });
            if !user.is_null() {
                event["final"] = user;
            }
            event
        })
        .collect();
    server.send(json!({"events": events}).to_string());
    let found = edits(&server, "");
    let word_distance = found["word_distance"]["value"].as_f64().unwrap();
    assert!((word_distance - 0.4 / 3.0).abs() < 1e-15, "{found}");
    let error_rate = &found["word_error_rate"];
    assert_eq!(
        (&error_rate["numerator"], &error_rate["denominator"]),
        (&json!(2), &json!(8))
    );
    assert!(error_rate["lower"].is_number() && error_rate["upper"].as_f64().unwrap() > 0.25);
    // Nothing was moved.
    assert_eq!(&found["translation_edit_rate"], error_rate);
}

/// A clause of four words is moved to the end, and one word replaced; of another text eighty words are put in at the start.
#[test]
fn blocks_that_users_move_count_one() {
    let server = TestServer::start();
    let mut mails = Mails::new();
    mails.add(
        "u1",
        "by noon on Monday we ship all apples",
        Ok("we ship all pears by noon on Monday"),
    );
    mails.add("u2", "Fine", Err("accept"));
    server.send(std::mem::take(&mut mails.events));
    let found = edits(&server, "");
    let counts = |found: &Value, rate: &str| (found[rate]["numerator"].clone(), found[rate]["denominator"].clone());
    assert_eq!(counts(&found, "word_error_rate"), (json!(8), json!(9)));
    assert_eq!(counts(&found, "translation_edit_rate"), (json!(2), json!(9)));
    assert_eq!(found["moves_unresolved"], 0);
    let rate = &found["translation_edit_rate"];
    assert_eq!((&rate["users"], &rate["n"]), (&json!(2), &json!(9)));
    assert!(
        rate["lower"].is_number() && rate["upper"].as_f64().unwrap() > 2.0 / 9.0,
        "{rate}"
    );

    let numbered = |words: std::ops::Range<u32>| words.map(|word| format!("w{word} ")).collect::<String>();
    let text = numbered(0..100);
    mails.add("u3", &text, Ok(&format!("{}{text}", numbered(200..280))));
    server.send(mails.events);
    let found = edits(&server, "");
    assert_eq!(counts(&found, "translation_edit_rate"), (json!(82), json!(189)));
    assert_eq!(found["moves_unresolved"], 1);
}

#[test]
fn phrases_that_many_users_change_lead() {
    let server = mails();
    let found = edits(&server, "");
    assert_eq!(
        (&found["edited"]["numerator"], &found["edited"]["n"]),
        (&json!(148), &json!(184))
    );
    assert_eq!((&found["too_long"], &found["unresolved"]), (&json!(0), &json!(0)));

    let first = &found["deleted"][0];
    assert_eq!(first["from"], "I hope you are well.", "{first}");
    assert_eq!(
        (&first["outputs"], &first["users"], &first["times"]),
        (&json!(36), &json!(12), &json!(36))
    );
    // The rejected ones, which have a part of it, are not among those that were taken.
    assert_eq!(
        (&first["share"]["numerator"], &first["share"]["denominator"]),
        (&json!(36), &json!(36))
    );
    assert!(first["lift"].as_f64().unwrap() > 1.0);
    // Its parts are not told apart from it.
    let parts = found["deleted"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["from"].as_str().unwrap().contains("hope"));
    assert_eq!(parts.count(), 1, "{}", found["deleted"]);

    let replaced = &found["replaced"][0];
    assert_eq!((&replaced["from"], &replaced["to"]), (&json!("utilise"), &json!("use")));
    assert_eq!((&replaced["outputs"], &replaced["users"]), (&json!(36), &json!(12)));
    assert_eq!(row(&found["inserted"], "to", "use").unwrap()["users"], 12);

    // What one user does seventy-two times is told when asked for, and does not lead.
    assert!(row(&found["deleted"], "from", "Kindest regards from us").is_none());
    let all = edits(&server, "min_users=1");
    let hog = row(&all["deleted"], "from", "Kindest regards from us").unwrap();
    assert_eq!((&hog["outputs"], &hog["users"]), (&json!(72), &json!(1)));
    assert_eq!(all["deleted"][0]["from"], "I hope you are well.");
}

#[test]
fn each_phrase_has_its_outputs() {
    let server = mails();
    let first = &edits(&server, "")["deleted"][0];
    let ids: Vec<&str> = first["examples"]
        .as_array()
        .unwrap()
        .iter()
        .map(|id| id.as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), 10);
    let named = format!("%5B%22{}%22%5D", ids.join("%22,%22"));
    let outputs = server.get(&format!("/api/v1/outputs?output_ids={named}")).expect(200);
    let outputs = outputs["data"].as_array().unwrap();
    let found: Vec<&str> = outputs
        .iter()
        .map(|output| output["output_id"].as_str().unwrap())
        .collect();
    // The newest first, as they are listed.
    assert_eq!(found, ids);
    let mut users: Vec<&str> = outputs
        .iter()
        .map(|output| output["user_id"].as_str().unwrap())
        .collect();
    users.sort_unstable();
    users.dedup();
    assert_eq!(users.len(), 10, "each of another user");
    for output in outputs {
        assert!(output["output"].as_str().unwrap().contains("I hope you are well."));
        assert!(!output["final"].as_str().unwrap().contains("hope"));
    }
}

#[test]
fn kinds_follow_their_rules() {
    let server = mails();
    let found = edits(&server, "");
    let count = |kind: &str| row(&found["kinds"], "kind", kind).unwrap()["share"]["numerator"].clone();
    assert_eq!(count("reformatted"), 1);
    assert_eq!(count("corrected"), 36);
    assert_eq!(count("lengthened"), 1);
    assert_eq!(count("reworded"), 1);
    assert_eq!(count("shortened"), 36 + 72 + 1);
    for kind in found["kinds"].as_array().unwrap() {
        let share = &kind["share"];
        assert_eq!(share["denominator"], 148);
        assert!(
            share["lower"].as_f64() <= share["value"].as_f64() && share["value"].as_f64() <= share["upper"].as_f64()
        );
        assert!(!kind["rule"].as_str().unwrap().is_empty() && !kind["examples"].as_array().unwrap().is_empty());
    }
}

#[test]
fn without_texts_the_answer_says_why() {
    let server = mails();
    let silence = |server: &TestServer| {
        ["edits", "words", "words?text=comment"].map(|route| {
            let answer = server.get(&format!("/api/v1/features/mail/{route}")).expect(200);
            (answer["data"].to_string(), answer["meta"]["read"]["reason"].clone())
        })
    };
    let [edits, _, comments] = silence(&server);
    assert_eq!((edits.1, comments.1), (Value::Null, json!("no_texts")));
    let settings = br#"{"stores_text":false}"#;
    server
        .request("PATCH", "/api/v1/projects/current", Some(&server.key), &[], settings)
        .expect(200);
    for (data, reason) in silence(&server) {
        assert_eq!(reason, "texts_not_stored");
        assert!(!data.contains("hope") && !data.contains("utilise"), "{data}");
    }
}

#[test]
fn parameters_of_texts_are_checked() {
    let server = mails();
    let ids = |count: usize| format!("output_ids=%5B{}%5D", vec!["%22a%22"; count].join(","));
    server.get(&format!("/api/v1/outputs?{}", ids(100))).expect(200);
    for path in [
        "features/mail/edits?limit=0",
        "features/mail/edits?limit=101",
        "features/mail/edits?min_users=0",
        "features/mail/edits?min_users=1001",
        "features/mail/edits?group_by=version",
        "features/mail/words?text=final",
        "features/mail/words?against=luck",
        "features/mail/words?level=2",
        "outputs?output_ids=m1",
        "outputs?comment=a%00",
        &format!("outputs?{}", ids(101)),
        &format!("outputs?comment={}", "a".repeat(201)),
    ] {
        server
            .get(&format!("/api/v1/{path}"))
            .expect_problem(400, "invalid_parameter");
    }
    server
        .get("/api/v1/features/mail/edits?limit=100&min_users=1000")
        .expect(200);
    server
        .get("/api/v1/features/letter/edits")
        .expect_problem(404, "not_found");
    server
        .get("/api/v1/features/letter/words")
        .expect_problem(404, "not_found");
}
