//! What keeps alerting going: a rule that cannot look says why, one that panics stops no other, and old entries go.

use calibrant::alerts::{DEAD_DAYS, DELIVERED_DAYS, HISTORY_DAYS};
use calibrant::domain::clock;
use chrono::Utc;
use serde_json::{Value, json};

use super::eventually;
use super::rules::{create, days, forget, looked, threshold};
use crate::support::{TestServer, fresh_db, tables};

#[test]
fn a_rule_that_cannot_look_says_why() {
    let server = TestServer::start();
    let dimensions = |names: &Value| {
        let body = json!({"dimensions": names}).to_string();
        server
            .request(
                "PATCH",
                "/api/v1/projects/current",
                Some(&server.key),
                &[],
                body.as_bytes(),
            )
            .expect(200);
    };
    dimensions(&json!(["plan"]));
    days(&server, 80, 2..=8, |_| 0.2);
    let filters = json!([{"dimension": "plan", "op": "eq", "value": "pro"}]);
    let alert = create(&server, &threshold(&json!({"filters": filters}))).expect(201);
    let id = alert["id"].as_str().unwrap();
    looked(&server, id);
    dimensions(&json!([]));
    forget(&server, id, 3);
    let failure = eventually("the failure", || {
        server.get(&format!("/api/v1/alerts/{id}")).expect(200)["failure"]
            .as_str()
            .map(str::to_owned)
    });
    assert!(failure.contains("no dimension `plan`"), "{failure}");
}

/// A count that cannot grow stands in for whatever a rule may meet.
#[test]
fn a_rule_that_panics_stops_no_other() {
    let server = TestServer::start();
    days(&server, 80, 2..=8, |_| 0.9);
    let [broken, sound] = ["broken", "sound"].map(|name| {
        let alert = create(&server, &threshold(&json!({"name": name}))).expect(201);
        alert["id"].as_str().unwrap().to_owned()
    });
    for id in [&broken, &sound] {
        looked(&server, id);
    }
    // Both are due again, the broken one first.
    let to = clock::midnight(clock::day_of(Utc::now()) - 5).to_rfc3339();
    tables::execute(
        &server.db,
        &format!(
            "UPDATE alert_rules SET turn = turn + 1, look = NULL, memory = jsonb_build_object('state', 'firing', \
             'calm', CASE id WHEN '{broken}' THEN {} ELSE 0 END, 'looked_to', '{to}')",
            u32::MAX
        ),
    );
    assert_eq!(looked(&server, &sound)["last"]["cause"], "recovered");
    let alert = server.get(&format!("/api/v1/alerts/{broken}")).expect(200);
    assert!(alert["failure"].as_str().unwrap().contains("panic"), "{alert}");
    assert_eq!(alert["look"], Value::Null);
}

#[test]
fn a_server_lets_go_of_old_entries_when_it_starts() {
    let db = fresh_db();
    let old = |days: i64| format!("now() - interval '1 day' * unnest(ARRAY[{}, {}])", days - 1, days + 1);
    let delivery = |state: &str, days: i64| {
        format!(
            "INSERT INTO webhook_deliveries (project_id, id, webhook_id, kind, body, state, finished_at) \
             SELECT 1, gen_random_uuid(), gen_random_uuid(), 'webhook.test', '{{}}', '{state}', {}",
            old(days)
        )
    };
    let transition = format!(
        "INSERT INTO alert_transitions (project_id, id, alert_id, noticed_at, state, cause, sentence, look, muted) \
         SELECT 1, gen_random_uuid(), gen_random_uuid(), {}, 'firing', 'silent', '', '{{}}', false",
        old(HISTORY_DAYS)
    );
    for entries in [
        delivery("delivered", DELIVERED_DAYS),
        delivery("dead", DEAD_DAYS),
        transition,
    ] {
        tables::execute(&db, &entries);
    }
    let server = TestServer::over(db);
    eventually("the sweep", || {
        let left = ["delivered", "dead"].map(|state| {
            let own = format!("SELECT id FROM webhook_deliveries WHERE state = '{state}'");
            tables::rows(&server.db, &own).len()
        });
        let transitions = tables::rows(&server.db, "SELECT id FROM alert_transitions").len();
        (left == [1, 1] && transitions == 1).then_some(())
    });
}
