//! Words that mark rejected outputs, and comments that are searched.

use serde_json::json;

use super::texts::{Mails, body, row};
use crate::support::TestServer;

/// Rejected outputs of many users apologise; one user rejects whatever names a zebra.
fn apologies() -> TestServer {
    let server = TestServer::start();
    let mut mails = Mails::new();
    for number in 0..60 {
        let user = format!("u{}", number % 20);
        mails.add(
            &user,
            &format!("Unfortunately, {} Unfortunately.", body(number)),
            Err("reject"),
        );
        mails.add(&user, &format!("Gladly: {}", body(number)), Err("accept"));
        mails.add("hog", &format!("A zebra. {}", body(number)), Err("reject"));
        mails.add("hog", &body(number), Err("accept"));
    }
    let comments = (0..10).map(|number| {
        json!({"type": "comment", "output_id": format!("m{}", 4 * number), "comment": "100% too apologetic", "occurred_at": "2026-03-02T00:00:00Z"})
    });
    comments.for_each(|comment| mails.event(&comment));
    server.send(mails.events);
    server
}

#[test]
fn words_mark_what_many_users_reject() {
    let server = apologies();
    let answer = server.get("/api/v1/features/mail/words").expect(200);
    let data = &answer["data"];
    assert_eq!(
        (&data["worse_outputs"], &data["better_outputs"]),
        (&json!(120), &json!(120))
    );
    let worse = &data["worse"];
    assert_eq!(worse[0]["word"], "Unfortunately", "{worse}");
    // Each output counts once for a word.
    assert_eq!(
        (&worse[0]["worse_outputs"], &worse[0]["better_outputs"]),
        (&json!(60), &json!(0))
    );
    assert_eq!(worse[0]["log_odds"]["users"], 20);
    assert!(worse[0]["log_odds"]["lower"].as_f64().unwrap() > 0.0);
    assert!(worse[0]["p_adjusted"].as_f64().unwrap() < 0.05);
    assert_eq!(data["better"][0]["word"], "Gladly");
    assert!(data["better"][0]["log_odds"]["upper"].as_f64().unwrap() < 0.0);
    assert!(row(worse, "word", "zebra").is_none(), "one user's word: {worse}");
    let alone = server.get("/api/v1/features/mail/words?min_users=1").expect(200);
    assert!(row(&alone["data"]["worse"], "word", "zebra").is_none(), "{alone}");
    // Nobody rates or judges here.
    for against in ["rating", "judgement"] {
        let answer = server
            .get(&format!("/api/v1/features/mail/words?against={against}"))
            .expect(200);
        assert_eq!(answer["data"]["tested"], 0);
    }
}

#[test]
fn comments_are_searched() {
    let server = apologies();
    let count = |parameters: &str| {
        let answer = server.get(&format!("/api/v1/outputs?{parameters}")).expect(200);
        answer["data"].as_array().unwrap().len()
    };
    assert_eq!(count("comment=TOO%20APOLOGETIC"), 10);
    assert_eq!(count("comment=100%25%20t"), 10);
    assert_eq!(count("comment=unfortunately"), 0);
    assert_eq!(count("comment=apologetic&decision=accepted"), 0);
}
