//! The week in short: in three forms, with the numbers of the routes that say more, and with nothing of users in it.

use std::fmt::Write as _;

use calibrant::stats::random::Random;
use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc, Weekday};
use serde_json::{Value, json};

use super::eventually;
use crate::crash::program::DataDir;
use crate::support::{TestServer, fresh_database, tables};
use calibrant::store::Db;

pub const TEXT: &str = "Wolverine";

/// The Monday of the last whole week.
pub fn monday() -> NaiveDate {
    Utc::now().date_naive().week(Weekday::Mon).first_day() - Days::new(7)
}

/// Two weeks of two features by the same users: one stands still, the other falls by thirty points in the second.
pub fn two_weeks(server: &TestServer) {
    let start = (monday() - Days::new(7)).and_hms_opt(12, 0, 0).unwrap().and_utc();
    let mut random = Random::new(8);
    for day in 0..14 {
        let at = (start + TimeDelta::days(day)).to_rfc3339();
        let mut lines = String::new();
        for feature in ["calm", "<b>fallen|*"] {
            for user in 0..60 {
                let chance = if feature != "calm" && day >= 7 { 0.4 } else { 0.7 };
                let taken = random.uniform() < chance;
                let id = format!("{feature}-{day}-{user}");
                let shown = json!({"type": "shown", "output_id": id, "feature": feature, "user_id": format!("{TEXT}-{user}"),
                    "occurred_at": at, "output": TEXT});
                let mut decision =
                    json!({"type": if taken { "accept" } else { "reject" }, "output_id": id, "occurred_at": at});
                if !taken {
                    decision["reason"] = json!("too_long");
                    decision["comment"] = json!(TEXT);
                }
                writeln!(lines, "{shown}\n{decision}").unwrap();
            }
        }
        server.send(lines);
    }
}

#[test]
fn a_week_in_three_forms() {
    let database = fresh_database();
    let server = TestServer::over(Db::connect(&database, 8).unwrap());
    two_weeks(&server);
    let change = json!({"title": "Shorter [answers]", "kind": "prompt", "made_at": format!("{}T00:00:00Z", monday()), "feature": "<b>fallen|*",
        "expected": 0.05});
    server.post("/api/v1/changes", change.to_string()).expect(201);
    let rule = json!({"name": "falls", "kind": "threshold", "metric": "acceptance_rate", "feature": "<b>fallen|*", "side": "below",
        "threshold": 0.65, "min_n": 10, "min_users": 10});
    let alert = server.post("/api/v1/alerts", rule.to_string()).expect(201);
    let id = alert["id"].as_str().unwrap();
    let end = (monday() + Days::new(6)).and_hms_opt(0, 0, 0).unwrap().and_utc();
    let fired = eventually("the alarm", || {
        let done = server.get(&format!("/api/v1/alerts/{id}/history")).expect(200);
        done["data"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["state"] == "firing")
            .cloned()
    });
    tables::execute(
        &server.db,
        &format!("UPDATE alert_transitions SET noticed_at = '{}'", end.to_rfc3339()),
    );

    let week = monday().iso_week();
    let name = format!("{}-W{:02}", week.year(), week.week());
    let digest = server.get("/api/v1/digest").expect(200);
    assert_eq!((&digest["week"], &digest["project"]), (&json!(name), &json!("default")));
    let time = |field: &str| digest[field].as_str().unwrap().parse::<DateTime<Utc>>().unwrap();
    assert_eq!(
        (time("from").date_naive(), time("to") - time("from")),
        (monday(), TimeDelta::days(7))
    );

    // The numbers are those of the query.
    let query =
        json!({"metrics": ["acceptance_rate"], "group_by": ["feature"], "from": digest["from"], "to": digest["to"]});
    let asked = server.post("/api/v1/query", query.to_string()).expect(200);
    let features = digest["features"].as_array().unwrap();
    assert_eq!(features.len(), 2);
    for (own, row) in features.iter().zip(asked["data"].as_array().unwrap()) {
        assert_eq!(own["feature"], row["group"]["feature"]);
        assert_eq!(
            own["metrics"][1]["now"]["value"],
            row["metrics"]["acceptance_rate"]["value"]
        );
    }
    let moved = |at: usize| &features[at]["metrics"][1];
    assert_eq!(
        (&features[0]["feature"], &moved(0)["moved"]),
        (&json!("<b>fallen|*"), &json!(true))
    );
    assert!(moved(0)["change"]["upper"].as_f64().unwrap() < -0.15, "{}", moved(0));
    assert_eq!(
        (&features[1]["feature"], &moved(1)["moved"]),
        (&json!("calm"), &json!(false))
    );
    let headlines = digest["headlines"].to_string();
    assert!(
        headlines.contains("Acceptance rate of <b>fallen|* moved by −") && !headlines.contains("of calm"),
        "{headlines}"
    );
    assert!(
        headlines.contains("1 alert fired") && headlines.contains("To fix next: too_long"),
        "{headlines}"
    );
    assert_eq!(
        (&digest["alerts"][0]["name"], &digest["alerts"][0]["sentence"]),
        (&json!("falls"), &fired["sentence"])
    );
    assert_eq!(digest["changes"][0]["title"], "Shorter [answers]");
    assert_eq!(digest["next"][0]["reason"], "too_long");

    let form = |format: &str| {
        let answer = server.get(&format!("/api/v1/digest?format={format}&week={name}"));
        assert_eq!(answer.status, 200);
        assert!(!answer.text().contains(TEXT), "no text and no user is in it");
        answer
    };
    assert_eq!(form("json").json(), digest);
    let markdown = form("md");
    assert_eq!(markdown.header("content-type"), Some("text/markdown; charset=utf-8"));
    let text = markdown.text();
    assert!(
        text.contains("| &lt;b&gt;fallen\\|\\*; Cannot tell |") && text.contains("**Shorter [answers]**"),
        "{text}"
    );
    let html = form("html");
    assert_eq!(html.header("content-type"), Some("text/html; charset=utf-8"));
    assert!(
        html.header("content-security-policy")
            .unwrap()
            .starts_with("default-src 'none'")
    );
    let page = html.text();
    assert!(
        page.contains("&lt;b&gt;fallen|*") && !page.contains("<b>") && !page.contains("<script"),
        "{page}"
    );
    assert!(page.contains("<th scope=\"row\">calm<br><small>"), "{page}");
    // Values and changes share a cell, and what cannot be broken is no wider than half of one.
    assert_eq!(page.matches("<th scope=\"col\">").count(), 5);
    for whole in [
        "What to fix next",
        "not of the week alone",
        "Losses of the 28 days ",
        "Made in the four weeks up to the end of the week, not in the week alone.",
    ] {
        assert!(page.contains(whole) && text.contains(whole), "{whole}: {page}");
    }
    assert!(headlines.contains("outputs in 28 days."), "{headlines}");
    assert_eq!(
        (time("next_to"), time("next_to") - time("next_from")),
        (time("to"), TimeDelta::days(28))
    );

    // A week with nothing in it, and one that is none.
    let empty = server
        .get("/api/v1/digest?week=2020-W10&timezone=Europe/Berlin")
        .expect(200);
    assert_eq!(
        (&empty["features"], &empty["from"]),
        (&json!([]), &json!("2020-03-01T23:00:00Z"))
    );
    assert!(
        server
            .get("/api/v1/digest?week=2020-W10&format=md")
            .text()
            .contains("Nothing was shown")
    );
    for wrong in [
        "week=2020-10",
        "week=2099-W01",
        "timezone=Nowhere",
        "format=pdf",
        "weeks=1",
    ] {
        server
            .get(&format!("/api/v1/digest?{wrong}"))
            .expect_problem(400, "invalid_parameter");
    }

    // The command says what the route says, from the database and through a server.
    let said = |url: bool, arguments: &[&str]| {
        let data = DataDir::new();
        let mut command = data.command(&["digest"]);
        command.args(arguments);
        if url {
            command
                .env("CALIBRANT_URL", format!("http://{}", server.address()))
                .env("CALIBRANT_KEY", &server.key);
        } else {
            command.env("CALIBRANT_DATABASE_URL", &database);
        }
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(said(true, &[]), text);
    assert_eq!(said(false, &["--week", &name]), text);
    assert_eq!(said(true, &["--format", "html"]), page);
    assert_eq!(
        serde_json::from_str::<Value>(&said(true, &["--format", "json"])).unwrap(),
        digest
    );
}

#[test]
fn alarms_are_counted_whether_they_are_listed_or_not() {
    let server = TestServer::start();
    let rule = json!({"name": "silence", "kind": "no_data", "feature": "f"});
    server.post("/api/v1/alerts", rule.to_string()).expect(201);
    let at = monday().and_hms_opt(0, 0, 0).unwrap().and_utc().to_rfc3339();
    let look = json!({"from": at, "to": at, "value": 0, "lower": 0, "upper": 0, "level": 0.95, "n": 0, "users": 0, "standing": "told"});
    tables::execute(
        &server.db,
        &format!(
            "INSERT INTO alert_transitions (project_id, id, alert_id, noticed_at, state, cause, sentence, look, muted) \
             SELECT project_id, gen_random_uuid(), id, '{at}'::timestamptz + n * interval '1 minute', \
             CASE n % 2 WHEN 0 THEN 'firing' ELSE 'ok' END, CASE n % 2 WHEN 0 THEN 'silent' ELSE 'recovered' END, \
             'Nothing was shown.', '{look}', false FROM alert_rules, generate_series(1, 140) AS n"
        ),
    );
    let digest = server.get("/api/v1/digest").expect(200);
    let headlines = digest["headlines"].to_string();
    assert!(headlines.contains("70 alerts fired"), "{headlines}");
    assert_eq!(digest["alerts"].as_array().unwrap().len(), 50);
}
