//! The digest as it is sent every week: at its time, once, through failures, and in both forms.

use std::thread;
use std::time::Duration;

use calibrant::api::digest::keeper::LATEST;
use calibrant::api::digest::slack::SECTION_CHARS;
use calibrant::store::webhooks::{self as store, NewWebhook};
use calibrant::store::{StoreError, digests, projects};
use calibrant::webhooks::{Outgoing, secret, test_message};
use chrono::{DateTime, Datelike, Days, NaiveTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

use super::digest::{TEXT, monday, two_weeks};
use super::receiver::{Does, Receiver};
use super::{eventually, hurried, limits};
use crate::support::{Answer, TestServer, fresh_db, tables};

/// Two looks of the thread that sends, and some more.
const LOOKS: Duration = Duration::from_millis(4_500);

/// A time that does not come while a test runs, in this week or the next.
fn far() -> Value {
    let weekday = [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
    ];
    let today = Utc::now().weekday().num_days_from_monday() as usize;
    json!({"weekday": weekday[(today + 3) % 7], "hour": 12})
}

fn made(server: &TestServer, receiver: &Receiver, format: &str, digest: &Value) -> Value {
    let body = json!({"name": "ours", "url": receiver.url("/"), "format": format, "digest": digest});
    server.post("/api/v1/webhooks", body.to_string()).expect(201)
}

fn patch(server: &TestServer, id: &str, change: &Value) -> Answer {
    let path = format!("/api/v1/webhooks/{id}");
    server.request("PATCH", &path, Some(&server.key), &[], change.to_string().as_bytes())
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap()
}

fn next(webhook: &Value) -> DateTime<Utc> {
    text(webhook, "next_digest_at").parse().unwrap()
}

fn deliveries(server: &TestServer, id: &str) -> Vec<Value> {
    let found = server.get(&format!("/api/v1/webhooks/{id}/deliveries")).expect(200);
    found["data"].as_array().unwrap().clone()
}

fn delivered(server: &TestServer, id: &str) -> Value {
    eventually("a digest", || {
        deliveries(server, id)
            .into_iter()
            .find(|delivery| delivery["state"] == "delivered")
    })
}

fn listed(server: &TestServer) -> Value {
    server.get("/api/v1/webhooks").expect(200)["data"][0].clone()
}

/// As if the time of all webhooks had come so long ago.
fn came(server: &TestServer, ago: TimeDelta) {
    let at = (Utc::now() - ago).to_rfc3339();
    tables::execute(&server.db, &format!("UPDATE webhooks SET digest_at = '{at}'"));
}

#[test]
fn one_that_is_due_comes_although_another_time_is_set() {
    let server = TestServer::limited(fresh_db(), limits(hurried()));
    two_weeks(&server);
    let receiver = Receiver::start(&[Does::Answer(200)]);
    let webhook = made(&server, &receiver, "standard", &far());
    let id = text(&webhook, "id");
    came(&server, TimeDelta::minutes(1));
    let mut other = far();
    other["hour"] = json!(13);
    patch(&server, id, &json!({"digest": other})).expect(200);
    delivered(&server, id);
    let after = listed(&server);
    assert_eq!(after["digest"]["hour"], 13);
    assert!(next(&after) > Utc::now());
}

#[test]
fn it_comes_at_its_time_and_once_however_many_servers_there_are() {
    let db = fresh_db();
    let server = TestServer::limited(db.clone(), limits(hurried()));
    // Another server on the same database looks and sends as well.
    let _other = TestServer::limited(db, limits(hurried()));
    two_weeks(&server);
    let receiver = Receiver::start(&[Does::Answer(500), Does::Answer(200)]);
    let webhook = made(&server, &receiver, "standard", &far());
    let (id, secret) = (text(&webhook, "id"), text(&webhook, "secret"));
    assert!(next(&webhook) > Utc::now());
    thread::sleep(LOOKS);
    assert_eq!(
        deliveries(&server, id),
        Vec::<Value>::new(),
        "nothing comes before its time"
    );

    came(&server, TimeDelta::seconds(1));
    let delivery = delivered(&server, id);
    assert_eq!(
        (&delivery["type"], &delivery["attempts"]),
        (&json!("digest.weekly"), &json!(2))
    );
    thread::sleep(LOOKS);
    assert_eq!(deliveries(&server, id).len(), 1);
    let received = receiver.received();
    assert_eq!(received.len(), 2, "one that failed, and one that did not");
    for one in &received {
        one.verify(secret);
        assert_eq!(one.headers["webhook-id"], text(&delivery, "webhook_id"));
        assert!(!one.body.contains(TEXT), "no text and no user is in it");
    }
    let told = received[1].json();
    assert_eq!(told["type"], "digest.weekly");
    // What the route says, but for what moves with the hour.
    let (mut said, mut asked) = (told["data"].clone(), server.get("/api/v1/digest").expect(200));
    for digest in [&mut said, &mut asked] {
        digest["immature_from"].take();
    }
    assert_eq!(said, asked);

    // Not again in the same week, whenever it is set to; its next one is of the week that is under way.
    let week_after = (monday() + Days::new(14)).and_time(NaiveTime::MIN).and_utc();
    assert!(next(&listed(&server)) >= week_after);
    let later = json!({"digest": {"weekday": "sunday", "hour": 23}});
    assert!(next(&patch(&server, id, &later).expect(200)) >= week_after);
    assert_eq!(deliveries(&server, id).len(), 1);
}

#[test]
fn of_many_that_send_it_at_once_one_does() {
    let db = fresh_db();
    let row = |project_id| NewWebhook {
        project_id,
        id: Uuid::now_v7(),
        name: "ours".to_owned(),
        url: "https://1.1.1.1/".to_owned(),
        format: "standard",
        secret: secret(),
        digest: Some(json!({})),
        digest_at: Some(Utc::now()),
    };
    let due = || {
        db.with(|conn| digests::due(conn, Utc::now()).map_err(StoreError::from))
            .unwrap()
    };
    db.with(|conn| {
        let (project, _) = projects::find_or_create(conn, projects::DEFAULT)?;
        store::add(conn, &row(project.id), 1).map_err(StoreError::from)
    })
    .unwrap();
    let webhook = due().pop().unwrap();
    let (message, at) = (test_message("default", Utc::now()), Utc::now() + TimeDelta::days(7));
    let send = || db.with(|conn| digests::send(conn, &webhook, "2026-W48", at, &message).map_err(StoreError::from));
    let sent: Vec<bool> = thread::scope(|scope| {
        let all: Vec<_> = (0..8).map(|_| scope.spawn(|| send().unwrap())).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(sent.iter().filter(|sent| **sent).count(), 1);
    assert_eq!(tables::rows(&db, "SELECT id FROM webhook_deliveries").len(), 1);
    assert_eq!(due().len(), 0);
}

#[test]
fn a_server_that_was_down_sends_it_within_a_day_and_no_later() {
    let db = fresh_db();
    let receiver = Receiver::start(&[Does::Answer(200)]);
    let start = || TestServer::limited(db.clone(), limits(hurried()));
    let server = start();
    let webhook = made(&server, &receiver, "standard", &far());
    let id = text(&webhook, "id");
    drop(server);
    let time = |ago: TimeDelta| {
        let at = (Utc::now() - ago).to_rfc3339();
        tables::execute(
            &db,
            &format!("UPDATE webhooks SET digest_at = '{at}', digest_week = NULL"),
        );
    };
    time(LATEST + TimeDelta::minutes(1));
    let server = start();
    eventually("the next time", || (next(&listed(&server)) > Utc::now()).then_some(()));
    assert_eq!(deliveries(&server, id).len(), 0);
    drop(server);
    time(LATEST - TimeDelta::minutes(1));
    let server = start();
    assert_eq!(delivered(&server, id)["body"]["type"], "digest.weekly");
    assert!(next(&listed(&server)) > Utc::now());
}

#[test]
fn when_it_comes_is_said_and_can_be_changed() {
    let server = TestServer::limited(fresh_db(), limits(hurried()));
    let receiver = Receiver::start(&[Does::Answer(200)]);
    let webhook = made(&server, &receiver, "standard", &Value::Null);
    assert_eq!(
        (&webhook["digest"], &webhook["next_digest_at"]),
        (&Value::Null, &Value::Null)
    );
    let id = text(&webhook, "id");
    for wrong in [
        json!({"hour": 24}),
        json!({"hour": -1}),
        json!({"timezone": "Nowhere"}),
        json!({"weekday": "Mon"}),
        json!({"day": 1}),
        json!(["monday"]),
        json!("monday"),
    ] {
        let body = json!({"name": "n", "url": receiver.url("/"), "digest": wrong}).to_string();
        for answer in [
            server.post("/api/v1/webhooks", body),
            patch(&server, id, &json!({"digest": wrong})),
        ] {
            let problem = answer.expect_problem(422, "invalid_body");
            assert!(text(&problem, "detail").starts_with("`digest"), "{problem}");
        }
    }
    let set = patch(&server, id, &json!({"digest": {}})).expect(200);
    assert_eq!(
        set["digest"],
        json!({"weekday": "monday", "hour": 8, "timezone": "UTC"})
    );
    let time = json!({"weekday": "sunday", "hour": 23, "timezone": "Asia/Kathmandu"});
    let set = patch(&server, id, &json!({"digest": time})).expect(200);
    let at = next(&set);
    assert_eq!((&set["digest"], at.time().to_string().as_str()), (&time, "17:15:00"));
    assert!(at > Utc::now() && at.weekday() == chrono::Weekday::Sun);
    let named = patch(&server, id, &json!({"name": "theirs"})).expect(200);
    assert_eq!((&named["digest"], next(&named)), (&time, at));

    // What it missed while it was off is not sent when it is on again.
    let off = patch(&server, id, &json!({"enabled": false})).expect(200);
    assert_eq!((&off["digest"], &off["next_digest_at"]), (&time, &Value::Null));
    came(&server, TimeDelta::seconds(1));
    thread::sleep(LOOKS);
    assert_eq!(next(&patch(&server, id, &json!({"enabled": true})).expect(200)), at);
    let never = patch(&server, id, &json!({"digest": null})).expect(200);
    assert_eq!(
        (&never["digest"], &never["next_digest_at"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(deliveries(&server, id).len(), 0);
    let audit = server.get("/api/v1/audit?action=webhook_changed").expect(200);
    let details: Vec<&Value> = audit["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|done| &done["detail"])
        .collect();
    assert_eq!(details[0]["digest"], Value::Null);
    assert!(
        details[0].get("digest").is_some() && details[1].get("digest").is_none(),
        "{details:?}"
    );
    assert_eq!(details[4]["digest"], time);
}

#[test]
fn one_can_be_sent_by_hand_and_chats_get_sections() {
    let outgoing = Outgoing {
        public_url: Some("https://calibrant.example.com".to_owned()),
        ..hurried()
    };
    let server = TestServer::limited(fresh_db(), limits(outgoing));
    two_weeks(&server);
    let receiver = Receiver::start(&[Does::Answer(200)]);
    let webhook = made(&server, &receiver, "slack", &far());
    let id = text(&webhook, "id");
    let sent = server.post(&format!("/api/v1/webhooks/{id}/digest"), "{}").expect(202);
    assert_eq!(
        (text(&sent, "type"), text(&sent, "state")),
        ("digest.weekly", "waiting")
    );
    delivered(&server, id);
    let received = receiver.received();
    received[0].verify(text(&webhook, "secret"));
    let told = received[0].json();
    let blocks = told["blocks"].as_array().unwrap();
    let texts: Vec<&str> = blocks.iter().map(|block| text(&block["text"], "text")).collect();
    assert!(
        texts
            .iter()
            .all(|text| text.chars().count() <= SECTION_CHARS && !text.contains(TEXT))
    );
    assert!(blocks.iter().all(|block| block["text"]["verbatim"] == true));
    assert_eq!(told["text"], texts[0]);
    let asked = server.get("/api/v1/digest").expect(200);
    assert!(
        texts[0].starts_with(&format!("*default, week {}*\n", text(&asked, "week"))),
        "{}",
        texts[0]
    );
    assert!(
        texts[0].contains("\n• Acceptance rate of &lt;b&gt;fallen|* moved by −"),
        "{}",
        texts[0]
    );
    assert!(
        texts[1].starts_with("*Features*\n• *&lt;b&gt;fallen|**: "),
        "{}",
        texts[1]
    );
    assert_eq!(
        texts.last(),
        Some(&"<https://calibrant.example.com/alerts|See it in Calibrant>")
    );

    // That of the week comes all the same, and who sent this one is noted.
    assert_eq!(next(&listed(&server)), next(&webhook));
    let audit = server.get("/api/v1/audit?action=digest_sent").expect(200);
    assert_eq!(
        (&audit["data"][0]["subject"], &audit["data"][0]["detail"]["week"]),
        (&webhook["id"], &asked["week"])
    );
}
