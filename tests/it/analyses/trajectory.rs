//! Users, followed.

use calibrant::query::analyses::trajectory::{self, Question, Trajectory};
use calibrant::stats::random::Random;
use calibrant::store::StoreError;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::sql_types::{BigInt, Integer};
use diesel::{QueryableByName, RunQueryDsl};
use serde_json::json;

use super::{about, end, world};
use crate::support::TestServer;

fn followed(feature: &str, from: Option<&str>) -> Trajectory {
    let mut query = about(feature, &["acceptance_rate"]);
    query.from = from.map(|from| from.parse().unwrap());
    let question = Question {
        query,
        half_life_days: 14.0,
        quiet_days: 28,
    };
    let world = world();
    world
        .db
        .with(|conn| trajectory::run(conn, &world.sources, &question, end()))
        .unwrap()
}

#[derive(QueryableByName)]
struct Exposed {
    #[diesel(sql_type = BigInt)]
    first: i64,
    #[diesel(sql_type = BigInt)]
    taken: i64,
    #[diesel(sql_type = BigInt)]
    decided: i64,
}

#[test]
fn steps_count_what_a_window_function_counts() {
    let expected: Vec<Exposed> = world()
        .db
        .with(|conn| {
            diesel::sql_query(
                "WITH met AS (SELECT decision, row_number() OVER (PARTITION BY user_key ORDER BY shown_at, output_key) AS n \
                 FROM outputs JOIN cells ON cells.id = cell_id WHERE outputs.project_id = $1 AND feature = 'code.complete' \
                 AND user_key IS NOT NULL AND NOT missed), \
                 steps AS (SELECT decision, CASE WHEN n < 3 THEN n WHEN n < 6 THEN 3 WHEN n < 11 THEN 6 WHEN n < 21 THEN 11 \
                 WHEN n < 51 THEN 21 WHEN n < 101 THEN 51 WHEN n < 201 THEN 101 WHEN n < 501 THEN 201 WHEN n < 1001 THEN 501 \
                 ELSE 1001 END AS first FROM met) \
                 SELECT first, count(*) FILTER (WHERE decision IN (1, 2, 4)) AS taken, \
                 count(*) FILTER (WHERE decision IN (1, 2, 3, 4)) AS decided FROM steps GROUP BY 1 ORDER BY 1",
            )
            .bind::<Integer, _>(world().project)
            .load(conn)
            .map_err(StoreError::from)
        })
        .unwrap();
    let found = followed("code.complete", None);
    assert!(expected.len() > 5, "users meet it often enough");
    assert_eq!(found.all.len(), expected.len());
    for (step, expected) in found.all.iter().zip(expected) {
        let estimate = &step.estimates[0];
        assert_eq!(i64::from(step.from), expected.first);
        assert_eq!(
            (estimate.numerator, estimate.denominator),
            (Some(expected.taken as f64), Some(expected.decided as f64)),
            "from {}",
            step.from
        );
        assert!(
            estimate.lower.unwrap() <= estimate.value.unwrap() && estimate.value.unwrap() <= estimate.upper.unwrap()
        );
    }
    let n = |steps: &[trajectory::Step]| steps.iter().map(|step| step.estimates[0].n).sum::<u64>();
    assert!(n(&found.regulars) < n(&found.all) && n(&found.regulars) > 0);
}

#[test]
fn a_later_start_counts_earlier_exposures_all_the_same() {
    let whole = followed("code.complete", None);
    let late = followed("code.complete", Some("2026-10-15T00:00:00Z"));
    assert_eq!(whole.returning[0].n, 0, "all are new over all time");
    assert!(late.returning[0].n > 0 && late.newcomers[0].n < late.returning[0].n);
    let last = |found: &Trajectory| found.all.last().unwrap().from;
    assert_eq!(last(&late), last(&whole));
    assert!(late.all[0].estimates[0].n < whole.all[0].estimates[0].n);
}

#[test]
fn who_learns_nothing_is_not_said_to() {
    let learns = |feature: &str| {
        let mut planted = world().truth.planted.iter();
        planted.any(|planted| planted.kind == "learning" && planted.feature == feature)
    };
    assert!(
        learns("browser.step") && !learns("file.summary"),
        "the simulation plants it"
    );
    let grown = followed("browser.step", None).growth;
    // Four points on right outputs, nine in ten of which two thirds are learnt after forty: no more than users show by chance here.
    assert!(grown.lower.unwrap() < 0.03 && grown.upper.unwrap() > 0.03, "{grown:?}");
    let placebo = followed("file.summary", None).growth;
    assert!(placebo.lower.is_none_or(|lower| lower < 0.0), "{placebo:?}");
    assert!(placebo.upper.is_none_or(|upper| upper > 0.0), "{placebo:?}");
}

/// Two features with the same users: those who like one stay longer in both, and learn to accept more in one only.
#[test]
fn learning_is_told_from_staying() {
    let server = TestServer::start();
    let mut random = Random::new(3);
    let mut lines = Vec::new();
    let start: DateTime<Utc> = "2026-10-01T08:00:00Z".parse().unwrap();
    for user in 0..80 {
        let rate = 0.25 + 0.5 * random.uniform();
        let stays = if random.uniform() < rate { 50 } else { 10 };
        for (feature, learnt) in [("learns", 0.25), ("placebo", 0.0)] {
            for number in 0..stays {
                let taken = random.uniform() < rate + learnt * (1.0 - (-f64::from(number) / 8.0).exp());
                let kind = if taken { "accept" } else { "reject" };
                let at = (start + TimeDelta::hours(i64::from(number))).to_rfc3339();
                lines.push(format!(
                    r#"{{"type":"{kind}","output_id":"{feature}-{user}-{number}","feature":"{feature}","user_id":"u{user}","occurred_at":"{at}"}}"#
                ));
            }
        }
    }
    server.post("/api/v1/events", lines.join("\n")).expect(200);
    server.settle();
    let growth = |feature: &str| {
        let answer = server
            .get(&format!("/api/v1/features/{feature}/trajectory"))
            .expect(200);
        ["lower", "upper"].map(|end| answer["growth"][end].as_f64().unwrap())
    };
    let [lower, upper] = growth("learns");
    assert!(lower > 0.0 && lower < 0.18 && upper > 0.12, "{lower} {upper}");
    let [lower, upper] = growth("placebo");
    assert!(lower < 0.0 && upper > 0.0, "{lower} {upper}");
}

#[test]
fn trust_over_time_remembers() {
    let found = followed("code.complete", None);
    assert_eq!(found.by_time.len(), 40, "days");
    let decided: f64 = found
        .by_time
        .iter()
        .filter_map(|moment| moment.estimates[0].denominator)
        .sum();
    let mut remembered = 0.0;
    for moment in &found.by_time {
        let today = moment.estimates[0].denominator.unwrap_or_default();
        remembered = remembered * 0.5_f64.powf(1.0 / 14.0) + today;
        let trust = &moment.trust;
        assert!(
            (trust.denominator.unwrap() - remembered).abs() < 1e-9 * remembered,
            "{trust:?}"
        );
        assert!(trust.lower.unwrap() < trust.value.unwrap() && trust.value.unwrap() < trust.upper.unwrap());
    }
    assert!(remembered < decided);
    let last = found.by_time.last().unwrap();
    let whole = found
        .all
        .iter()
        .map(|step| step.estimates[0].numerator.unwrap())
        .sum::<f64>()
        / decided;
    assert!(
        (last.trust.value.unwrap() - whole).abs() < 0.1,
        "{last:?} against {whole}"
    );
}

#[test]
fn newcomers_are_compared_with_returning_users() {
    let late = followed("code.complete", Some("2026-10-15T00:00:00Z"));
    let difference = late.newcomers_difference[0];
    let expected = late.newcomers[0].value.unwrap() - late.returning[0].value.unwrap();
    assert!((difference.value.unwrap() - expected).abs() < 1e-15);
    assert!(difference.lower.unwrap() < expected && expected < difference.upper.unwrap());
    let whole = followed("code.complete", None);
    assert_eq!(
        whole.newcomers_difference[0].value, None,
        "no one is returning over all time"
    );
}

#[test]
fn recovery_is_within_users() {
    let found = followed("code.complete", None);
    assert_eq!(found.recovery.len(), 10);
    for lag in &found.recovery {
        let pooled = lag.after_bad.unwrap() - lag.after_good.unwrap();
        // Users differ, so that the pooled difference is more than what a bad output does.
        assert!(lag.difference.value.unwrap() > pooled, "{lag:?}");
        assert!(lag.difference.users.unwrap() > 50);
    }
}

/// Users who come for so many days, twice in each of two hours of a day; the last day is that of those who stay.
#[test]
fn who_leaves_and_how_often_users_are_interrupted() {
    let server = TestServer::start();
    let start: DateTime<Utc> = "2026-06-01T08:00:00Z".parse().unwrap();
    let mut events = Vec::new();
    for (user, days) in [1, 10, 10, 60, 60, 60].into_iter().enumerate() {
        for day in 0..days {
            for minutes in [0, 10, 70, 90] {
                let at = (start + TimeDelta::days(day) + TimeDelta::minutes(minutes)).to_rfc3339();
                let id = format!("{user}-{day}-{minutes}");
                let shown = json!({"type": "shown", "output_id": id, "feature": "f", "user_id": format!("u{user}"), "occurred_at": at});
                events.push(shown);
                // What the app does by itself interrupts nobody.
                if minutes == 90 {
                    events.push(json!({"type": "accept", "auto": true, "output_id": id, "occurred_at": at}));
                }
            }
        }
    }
    for piece in events.chunks(1_000) {
        server.send(json!({"events": piece}).to_string());
    }
    let get = |more: &str| {
        let range = "from=2026-06-01T00:00:00Z&to=2026-07-31T00:00:00Z";
        server
            .get(&format!("/api/v1/features/f/trajectory?{range}{more}"))
            .expect(200)
    };
    let found = get("");
    let load = &found["exposures_per_active_hour"];
    assert_eq!(
        (&load["numerator"], &load["denominator"]),
        (&json!(3 * 201), &json!(2 * 201))
    );
    assert_eq!((&load["value"], &load["users"]), (&json!(1.5), &json!(6)));

    let staying = &found["staying"];
    assert_eq!(
        (&staying["followed"], &staying["stopped"], &staying["quiet_days"]),
        (&json!(6), &json!(3), &json!(28))
    );
    let weeks = staying["weeks"].as_array().unwrap();
    let stopped: Vec<i64> = weeks.iter().map(|week| week["stopped"].as_i64().unwrap()).collect();
    assert_eq!(stopped, [1, 2, 0, 0], "thirty-one days are followed");
    assert_eq!((&weeks[3]["at_risk"], &weeks[3]["censored"]), (&json!(3), &json!(0)));
    let still = &weeks[3]["still_using"];
    assert!(
        (still["value"].as_f64().unwrap() - 0.5).abs() < 1e-12 && still["lower"].as_f64().unwrap() < 0.4,
        "{still}"
    );
    assert_eq!(staying["median_weeks"], 1);
    // All were seen less than sixty days before the end.
    let patient = &get("&quiet_days=60")["staying"];
    assert_eq!((&patient["followed"], &patient["too_new"]), (&json!(0), &json!(6)));
    server.get("/api/v1/features/f/trajectory?quiet_days=0").expect(400);
}
