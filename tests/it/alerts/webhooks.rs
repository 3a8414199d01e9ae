//! Deliveries to a real listener: through failures, signed, given up and sent again, and never to where nobody outside reaches.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Duration;

use calibrant::webhooks::{Outgoing, PATIENCE, WAITS};
use serde_json::{Value, json};

use super::receiver::{Does, Receiver};
use super::{eventually, hurried, limits};
use crate::support::{Answer, TestServer, fresh_db, project_file, tables};

/// A webhook of a server: its id and its secret.
fn webhook(server: &TestServer, url: &str, more: &Value) -> (String, String) {
    let mut asked = json!({"name": "ours", "url": url});
    asked
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().cloned().unwrap());
    let made = server.post("/api/v1/webhooks", asked.to_string()).expect(201);
    let text = |field: &str| made[field].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

fn test(server: &TestServer, id: &str) -> Value {
    server.post(&format!("/api/v1/webhooks/{id}/test"), "{}").expect(202)
}

fn deliveries(server: &TestServer, id: &str, query: &str) -> Vec<Value> {
    let found = server
        .get(&format!("/api/v1/webhooks/{id}/deliveries{query}"))
        .expect(200);
    found["data"].as_array().unwrap().clone()
}

/// The only delivery of a webhook, once it is in a state.
fn settled(server: &TestServer, id: &str, state: &str) -> Value {
    eventually(state, || {
        let all = deliveries(server, id, &format!("?state={state}"));
        all.first().cloned()
    })
}

#[test]
fn a_delivery_gets_through_failures() {
    let server = TestServer::limited(fresh_db(), limits(hurried()));
    let receiver = Receiver::start(&[
        Does::Answer(500),
        Does::Hang(Duration::from_secs(3)),
        Does::Close,
        Does::Answer(307),
        Does::Answer(200),
    ]);
    let (id, secret) = webhook(&server, &receiver.url("/hook?team=1"), &json!({}));
    assert_eq!(test(&server, &id)["state"], "waiting");
    let delivered = settled(&server, &id, "delivered");
    assert_eq!((&delivered["attempts"], &delivered["status"]), (&json!(5), &json!(200)));
    assert_eq!(delivered["failure"], Value::Null);
    let received = receiver.received();
    // Exactly these, of which none went elsewhere.
    assert_eq!(received.len(), 5);
    for one in &received {
        one.verify(&secret);
        assert_eq!(one.path, "/hook?team=1");
        assert_eq!(one.headers["webhook-id"], delivered["webhook_id"].as_str().unwrap());
        assert_eq!(one.headers["content-type"], "application/json");
        assert_eq!(one.body, received[0].body);
    }
    let told = received[0].json();
    assert_eq!(
        (&told["type"], &told["data"]["project"]),
        (&json!("webhook.test"), &json!("default"))
    );
    assert_eq!(told, delivered["body"]);
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(receiver.received().len(), 5, "what was taken is not sent again");
}

#[test]
fn what_is_given_up_is_listed_and_can_be_sent_again() {
    let server = TestServer::limited(fresh_db(), limits(hurried()));
    let receiver = Receiver::start(&[Does::Answer(503)]);
    let (id, secret) = webhook(&server, &receiver.url("/"), &json!({}));
    let delivery = test(&server, &id);
    let dead = settled(&server, &id, "dead");
    let attempts = WAITS.len() + 1;
    assert_eq!((&dead["id"], &dead["attempts"]), (&delivery["id"], &json!(attempts)));
    assert_eq!(
        (&dead["failure"], &dead["due_at"]),
        (&json!("answered 503"), &Value::Null)
    );
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(receiver.received().len(), attempts, "not once more than documented");
    let listed = server.get("/api/v1/webhooks").expect(200);
    assert_eq!(
        (&listed["data"][0]["dead"], &listed["data"][0]["waiting"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(deliveries(&server, &id, "?state=delivered").len(), 0);

    receiver.now(&[Does::Answer(204)]);
    let path = format!("/api/v1/deliveries/{}/redeliver", delivery["id"].as_str().unwrap());
    server.post(&path, "{}").expect(202);
    let delivered = settled(&server, &id, "delivered");
    assert_eq!(delivered["attempts"], 1);
    let received = receiver.received();
    assert_eq!(received.len(), attempts + 1);
    received[attempts].verify(&secret);
    assert_eq!(
        received[attempts].headers["webhook-id"],
        received[0].headers["webhook-id"]
    );
    assert_eq!(received[attempts].body, received[0].body);
    let missing = "/api/v1/deliveries/0199b2c4-0000-7000-8000-000000000000/redeliver";
    server.post(missing, "{}").expect_problem(404, "not_found");
}

#[test]
fn what_is_on_its_way_is_not_sent_twice() {
    let outgoing = Outgoing {
        waits: WAITS.to_vec(),
        ..hurried()
    };
    let server = TestServer::limited(fresh_db(), limits(outgoing));
    let receiver = Receiver::start(&[Does::Answer(500)]);
    let (id, _) = webhook(&server, &receiver.url("/"), &json!({}));
    let delivery = test(&server, &id);
    let waiting = eventually("the first attempt", || {
        let found = deliveries(&server, &id, "?state=waiting").pop()?;
        (found["status"] == 500).then_some(found)
    });
    assert_eq!(waiting["attempts"], 1);
    // The first wait: five seconds and up to a fifth more.
    let time = |field: &str| chrono::DateTime::parse_from_rfc3339(waiting[field].as_str().unwrap()).unwrap();
    let wait = (time("due_at") - time("attempted_at")).as_seconds_f64();
    assert!((5.0..6.5).contains(&wait), "{wait}");
    let path = format!("/api/v1/deliveries/{}/redeliver", delivery["id"].as_str().unwrap());
    server.post(&path, "{}").expect_problem(409, "conflict");
    // Switched off, it waits; a new test waits too.
    let off = |enabled: bool| {
        let body = json!({"enabled": enabled}).to_string();
        let path = format!("/api/v1/webhooks/{id}");
        server
            .request("PATCH", &path, Some(&server.key), &[], body.as_bytes())
            .expect(200)
    };
    assert_eq!(off(false)["enabled"], false);
    test(&server, &id);
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!(receiver.received().len(), 1);
    receiver.now(&[Does::Answer(200)]);
    assert_eq!(off(true)["waiting"], 2);
    settled(&server, &id, "delivered");
}

#[test]
fn a_receiver_that_wants_no_more_gets_no_more_and_one_without_end_is_left() {
    let server = TestServer::limited(fresh_db(), limits(hurried()));
    let receiver = Receiver::start(&[Does::Answer(410)]);
    let (id, _) = webhook(&server, &receiver.url("/"), &json!({}));
    test(&server, &id);
    let dead = settled(&server, &id, "dead");
    assert_eq!((&dead["attempts"], &dead["status"]), (&json!(1), &json!(410)));

    let endless = Receiver::start(&[Does::Flood]);
    let (id, _) = webhook(&server, &endless.url("/"), &json!({}));
    test(&server, &id);
    // Its status is all that is read.
    assert_eq!(settled(&server, &id, "delivered")["attempts"], 1);
}

#[test]
fn nothing_is_sent_to_addresses_inside() {
    let db = fresh_db();
    let receiver = Receiver::start(&[Does::Answer(200)]);
    let guarded = Outgoing {
        allow_private: false,
        ..hurried()
    };
    let id = {
        // Made while it was allowed.
        let server = TestServer::limited(db.clone(), limits(hurried()));
        webhook(&server, &receiver.url("/"), &json!({})).0
    };
    let server = TestServer::limited(db, limits(guarded));
    let made = |url: &str| -> Answer {
        let body = json!({"name": "inside", "url": url}).to_string();
        server.post("/api/v1/webhooks", body)
    };
    for url in [
        receiver.url("/"),
        "http://localhost/".to_owned(),
        "http://[::1]/".to_owned(),
        "http://[::ffff:127.0.0.1]/".to_owned(),
        "http://169.254.169.254/latest/meta-data/".to_owned(),
        "http://10.0.0.1/".to_owned(),
        "https://0.0.0.0/".to_owned(),
        "http://user:secret@1.1.1.1/".to_owned(),
        "ftp://1.1.1.1/".to_owned(),
        "nonsense".to_owned(),
    ] {
        let problem = made(&url).expect_problem(422, "invalid_body");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with("`url`: ") && !detail.contains("secret"), "{detail}");
    }
    test(&server, &id);
    let dead = settled(&server, &id, "dead");
    assert!(dead["failure"].as_str().unwrap().contains("not public"), "{dead}");
    assert_eq!(receiver.received().len(), 0);
    // A public address is taken as it is.
    made("https://1.1.1.1/hooks/T0/secret-part").expect(201);
}

#[test]
fn secrets_and_paths_are_told_once_and_chats_get_a_message() {
    let server = TestServer::limited(fresh_db(), limits(hurried()));
    let receiver = Receiver::start(&[Does::Answer(200)]);
    let (id, secret) = webhook(&server, &receiver.url("/services/hidden"), &json!({"format": "slack"}));
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    test(&server, &id);
    settled(&server, &id, "delivered");
    let received = receiver.received();
    received[0].verify(&secret);
    let told = received[0].json();
    assert!(told["text"].as_str().unwrap().starts_with("Test: "), "{told}");
    assert_eq!(told["blocks"][0]["text"]["type"], "mrkdwn");
    assert_eq!(told["blocks"][0]["text"]["verbatim"], true);
    for path in [
        "/api/v1/webhooks",
        "/api/v1/audit",
        &format!("/api/v1/webhooks/{id}/deliveries"),
    ] {
        let text = server.get(path).text();
        assert!(
            !text.contains(&secret[6..]) && !text.contains("hidden"),
            "{path}: {text}"
        );
    }
    let listed = server.get("/api/v1/webhooks").expect(200);
    assert_eq!(listed["data"][0]["origin"], receiver.url(""));
    let kept = tables::everything(&server.db);
    let of_secret = kept.iter().filter(|(_, row)| row.contains(&secret[6..]));
    assert_eq!(of_secret.count(), 0, "it is kept as bytes, in one place");
    let path = format!("/api/v1/webhooks/{id}");
    assert_eq!(server.request("DELETE", &path, Some(&server.key), &[], b"").status, 204);
    assert_eq!(tables::rows(&server.db, "SELECT * FROM webhook_deliveries").len(), 0);
    server
        .request("DELETE", &path, Some(&server.key), &[], b"")
        .expect_problem(404, "not_found");
}

#[test]
fn limits_of_webhooks() {
    let server = TestServer::limited(fresh_db(), limits(hurried()));
    let made = |name: &str, path: &str| {
        let body = json!({"name": name, "url": format!("http://127.0.0.1:9/{path}")}).to_string();
        server.post("/api/v1/webhooks", body)
    };
    let longest = 2_048 - "http://127.0.0.1:9/".len();
    made(&"n".repeat(256), &"x".repeat(longest)).expect(201);
    made("n", &"x".repeat(longest + 1)).expect_problem(422, "invalid_body");
    made(&"n".repeat(257), "").expect_problem(422, "invalid_body");
    made(" ", "").expect_problem(422, "invalid_body");
    for _ in 1..10 {
        made("n", "").expect(201);
    }
    made("n", "").expect_problem(409, "conflict");
}

/// The lines of the documentation, run as they stand there.
#[test]
fn a_receiver_can_verify_with_six_lines_of_python() {
    let server = TestServer::limited(fresh_db(), limits(hurried()));
    let receiver = Receiver::start(&[Does::Answer(200)]);
    let (id, secret) = webhook(&server, &receiver.url("/"), &json!({}));
    test(&server, &id);
    settled(&server, &id, "delivered");
    let received = receiver.received().pop().unwrap();
    let guide = std::fs::read_to_string(project_file("docs/alerts.md")).unwrap();
    let code = guide.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    for (secret, body, wanted) in [
        (secret.as_str(), received.body.clone(), "True"),
        (secret.as_str(), received.body.replace("default", "defaulT"), "False"),
        ("whsec_AAAA", received.body.clone(), "False"),
    ] {
        let script = format!(
            "import json, sys\ngiven = json.load(sys.stdin)\n{code}\nprint(verified(given['secret'], given['headers'], given['body'].encode()))"
        );
        let Ok(mut python) = Command::new("python3")
            .args(["-c", &script])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
        else {
            eprintln!("SKIPPED: there is no python3");
            return;
        };
        let given = json!({"secret": secret, "headers": received.headers, "body": body}).to_string();
        python.stdin.take().unwrap().write_all(given.as_bytes()).unwrap();
        let said = python.wait_with_output().unwrap();
        assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), wanted);
    }
}

#[test]
fn the_guide_says_how_it_is_tried_again() {
    let guide = std::fs::read_to_string(project_file("docs/alerts.md")).unwrap();
    let said: Vec<String> = WAITS
        .iter()
        .map(|wait| match wait.as_secs() {
            seconds @ ..60 => format!("{seconds} s"),
            seconds @ ..3_600 => format!("{} min", seconds / 60),
            seconds => format!("{} h", seconds / 3_600),
        })
        .collect();
    let (last, others) = said.split_last().unwrap();
    let schedule = format!("{} and {last}", others.join(", "));
    assert!(guide.contains(&schedule), "{schedule}");
    assert!(guide.contains(&format!("{} s", PATIENCE.as_secs())));
}
