//! Two versions, compared.

use std::collections::BTreeMap;

use calibrant::domain::dimension::Dimension;
use calibrant::query::Query;
use calibrant::query::analyses::compare::{self, Between, Compared, Comparison, ComparisonVerdict};
use calibrant::query::filter::Filter;
use calibrant::stats::level::Level;
use calibrant::stats::two_proportions::newcombe;
use calibrant::store::StoreError;
use diesel::sql_types::{BigInt, Bool, Double, Integer};
use diesel::{QueryableByName, RunQueryDsl};
use serde_json::{Value, json};

use super::{about, both_ways, end, world};
use crate::support::TestServer;

/// A feature with a version that broke something, and one with a version that changes nothing.
const WORSENED: (&str, &str, &str) = ("chat.answer", "2.1", "2.2");
const UNCHANGED: (&str, &str, &str) = ("code.complete", "3.0", "3.1");

fn versions(query: Query, baseline: &str, candidate: &str) -> Comparison {
    let version = |name: &str| vec![Filter::is(Dimension::Version, name)];
    Comparison {
        margins: vec![0.01; query.metrics.len()],
        query,
        baseline: version(baseline),
        candidate: version(candidate),
        planned_users: 300.0,
        candidate_share: None,
        days_before: None,
    }
}

fn compared(comparison: &Comparison) -> Compared {
    let world = world();
    let found = world
        .db
        .with(|conn| compare::run(conn, &world.sources, comparison, end()));
    found.unwrap()
}

#[derive(QueryableByName)]
struct UserSums {
    #[diesel(sql_type = BigInt)]
    user_key: i64,
    #[diesel(sql_type = Bool)]
    candidate: bool,
    #[diesel(sql_type = Double)]
    taken: f64,
    #[diesel(sql_type = Double)]
    decided: f64,
}

/// Accepted and decided outputs by user, on each side, straight from the table.
fn by_user() -> BTreeMap<i64, [(f64, f64); 2]> {
    let rows: Vec<UserSums> = world()
        .db
        .with(|conn| {
            diesel::sql_query(
                "SELECT user_key, version = 't2' AS candidate, \
                 count(*) FILTER (WHERE decision IN (1, 2, 4))::double precision AS taken, \
                 count(*) FILTER (WHERE decision IN (1, 2, 3, 4))::double precision AS decided \
                 FROM outputs JOIN cells ON cells.id = cell_id \
                 WHERE outputs.project_id = $1 AND feature = 'canvas.trigger' GROUP BY 1, 2",
            )
            .bind::<Integer, _>(world().project)
            .load(conn)
            .map_err(StoreError::from)
        })
        .unwrap();
    let mut users: BTreeMap<i64, [(f64, f64); 2]> = BTreeMap::new();
    for row in rows {
        users.entry(row.user_key).or_default()[usize::from(row.candidate)] = (row.taken, row.decided);
    }
    users
}

fn rate(users: &[[(f64, f64); 2]], side: usize) -> f64 {
    let sum = |of: fn(&(f64, f64)) -> f64| users.iter().map(|user| of(&user[side])).sum::<f64>();
    sum(|own| own.0) / sum(|own| own.1)
}

#[test]
fn the_difference_is_that_of_the_table_and_its_error_that_of_a_bootstrap() {
    let found = compared(&versions(about("canvas.trigger", &["acceptance_rate"]), "t1", "t2"));
    let users: Vec<[(f64, f64); 2]> = by_user().into_values().collect();
    let expected = rate(&users, 1) - rate(&users, 0);
    let metric = &found.metrics[0];
    assert!((metric.difference.value.unwrap() - expected).abs() < 1e-12);

    // Users drawn with replacement, those on both sides with both of theirs.
    let mut state = 7_u64;
    let mut below = |n: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % n
    };
    let draws: Vec<f64> = (0..1_000)
        .map(|_| {
            let drawn: Vec<_> = (0..users.len()).map(|_| users[below(users.len())]).collect();
            rate(&drawn, 1) - rate(&drawn, 0)
        })
        .collect();
    let mean = draws.iter().sum::<f64>() / 1_000.0;
    let spread = (draws.iter().map(|draw| (draw - mean).powi(2)).sum::<f64>() / 999.0).sqrt();
    let error = metric.standard_error.unwrap();
    assert!((error / spread - 1.0).abs() < 0.1, "{error} against {spread}");
}

#[test]
fn outputs_and_rollups_agree() {
    let query = about(
        "canvas.trigger",
        &["acceptance_rate", "ece_10_correctness", "trust_gap", "d_prime"],
    );
    let [exact, rolled] = both_ways(&query).map(|query| compared(&versions(query, "t1", "t2")));
    for (one, other) in exact.metrics.iter().zip(&rolled.metrics) {
        let (a, b) = (one.difference.value.unwrap(), other.difference.value.unwrap());
        assert!((a - b).abs() < 1e-12, "{}: {a} against {b}", one.metric);
        let ratio = one.standard_error.unwrap() / other.standard_error.unwrap();
        assert!((0.6..1.6).contains(&ratio), "{}: {ratio}", one.metric);
    }
    let users = |compared: &Compared| {
        let ratio = &compared.sample_ratio;
        [ratio.baseline_users, ratio.candidate_users, ratio.users_on_both]
    };
    assert_eq!(
        users(&exact),
        users(&rolled),
        "independent users are users, not groups of them"
    );
    assert!(users(&rolled).iter().all(|users| users.is_some_and(|users| users > 0)));
    assert_eq!(exact.looks.len(), rolled.looks.len());
    assert!(exact.looks.len() > 20);
}

fn assert_same(one: Between, other: Between, what: &str) {
    let ends = |between: Between| [between.value, between.lower, between.upper];
    for (a, b) in ends(one).into_iter().zip(ends(other)) {
        assert_eq!(a.is_some(), b.is_some(), "{what}: {one:?} and {other:?}");
        let (a, b) = (a.unwrap_or_default(), b.unwrap_or_default());
        assert!((a - b).abs() <= 1e-12 * a.abs().max(1.0), "{what}: {a} and {b}");
    }
}

#[test]
fn a_look_is_what_was_known_at_its_time() {
    let from = |text: &str| Some(text.parse().unwrap());
    // Rates, something that is no ratio of sums, and a range that does not start with a day.
    for (id, from) in [
        ("acceptance_rate", None),
        ("d_prime", None),
        ("undo_rate", from("2026-10-03T10:00:00Z")),
    ] {
        let mut query = about("canvas.trigger", &[id]);
        query.from = from;
        for query in both_ways(&query) {
            let comparison = versions(query, "t1", "t2");
            let found = compared(&comparison);
            let last = found.looks.last().unwrap();
            assert_eq!(last.to, found.answer.window.to);
            assert!(found.looks.is_sorted_by(|one, next| one.to < next.to));
            for look in found.looks.iter().step_by(13).chain([last]) {
                let mut then = comparison.clone();
                (then.query.from, then.query.to) = (Some(found.answer.window.from), Some(look.to));
                let then = compared(&then);
                assert_eq!(then.answer.source, found.answer.source);
                let what = format!("{id} until {} from {:?}", look.to, found.answer.source);
                assert_same(look.difference, then.metrics[0].difference, &what);
                assert_same(look.sequence, then.metrics[0].sequence, &what);
            }
        }
    }
}

#[test]
fn a_worse_version_is_called_worse_and_a_better_one_better() {
    let planted = &world().truth.features;
    let answers = planted.iter().find(|feature| feature.feature == WORSENED.0).unwrap();
    assert!(
        answers.versions[1].correctness_change.unwrap() < -0.1,
        "the simulation plants it"
    );
    let query = about(WORSENED.0, &["correctness_rate", "acceptance_rate"]);
    let forward = compared(&versions(query.clone(), WORSENED.1, WORSENED.2));
    let backward = compared(&versions(query, WORSENED.2, WORSENED.1));
    assert_eq!(
        forward.metrics[0].verdict,
        ComparisonVerdict::Worse,
        "{}",
        forward.metrics[0].sentence
    );
    assert_eq!(
        backward.metrics[0].verdict,
        ComparisonVerdict::Better,
        "{}",
        backward.metrics[0].sentence
    );
    assert!(
        forward.metrics[0].probability_better.unwrap() < 0.01 && backward.metrics[0].probability_better.unwrap() > 0.99
    );
    assert!(forward.metrics[0].expected_loss.unwrap() > 0.05 && backward.metrics[0].expected_loss.unwrap() < 1e-3);
    for metric in &forward.metrics {
        let (sequence, single) = (metric.sequence, metric.difference);
        assert!(sequence.lower.unwrap() < single.lower.unwrap(), "all looks cost width");
        assert!(metric.adjusted_p_value.unwrap() >= metric.p_value.unwrap());
    }
}

#[test]
fn a_version_without_an_effect_is_not_called_better_or_worse() {
    let query = about(UNCHANGED.0, &["acceptance_rate", "correctness_rate"]);
    for metric in compared(&versions(query, UNCHANGED.1, UNCHANGED.2)).metrics {
        assert!(
            matches!(
                metric.verdict,
                ComparisonVerdict::CannotTellYet | ComparisonVerdict::NoDifferenceWorthHaving
            ),
            "{}",
            metric.sentence
        );
    }
}

#[test]
fn what_users_did_before_takes_noise_off_and_moves_nothing_much() {
    let mut comparison = versions(about("canvas.trigger", &["acceptance_rate"]), "t1", "t2");
    comparison.query.from = Some("2026-10-12T00:00:00Z".parse().unwrap());
    let raw = compared(&comparison);
    comparison.days_before = Some(20);
    let adjusted = compared(&comparison);
    let explained = adjusted.metrics[0].variance_explained.unwrap();
    assert!((0.0..1.0).contains(&explained), "{explained}");
    assert!(adjusted.metrics[0].standard_error.unwrap() <= raw.metrics[0].standard_error.unwrap());
    let moved = adjusted.metrics[0].difference.value.unwrap() - raw.metrics[0].difference.value.unwrap();
    assert!(moved.abs() < 2.0 * raw.metrics[0].standard_error.unwrap());
}

#[test]
fn the_textbook_interval_is_that_of_the_counts_and_says_that_it_does_not_hold() {
    let query = about("canvas.trigger", &["acceptance_rate", "trust_gap", "d_prime"]);
    let users: Vec<[(f64, f64); 2]> = by_user().into_values().collect();
    let side = |at: usize| {
        users
            .iter()
            .fold((0.0, 0.0), |sum, user| (sum.0 + user[at].0, sum.1 + user[at].1))
    };
    let expected = newcombe(side(0), side(1), Level::default()).unwrap();
    for query in both_ways(&query) {
        let found = compared(&versions(query, "t1", "t2"));
        let metric = &found.metrics[0];
        let naive = metric.naive.unwrap();
        assert_eq!((naive.lower, naive.upper), (expected.lower, expected.upper));
        assert_eq!(Some(naive.value), metric.difference.value);
        assert!(!naive.is_valid, "users have many outputs each, on both sides");
        for metric in &found.metrics[1..] {
            assert!(metric.difference.value.is_some(), "{}", metric.metric);
            assert!(metric.naive.is_none(), "{} is no share of outputs", metric.metric);
        }
    }
}

#[test]
fn planned_shares_are_checked() {
    let mut comparison = versions(about("canvas.trigger", &["acceptance_rate"]), "t1", "t2");
    let users = by_user();
    let on = |side: usize| users.values().filter(|user| user[side] != (0.0, 0.0)).count() as f64;
    comparison.candidate_share = Some(on(1) / (on(0) + on(1)));
    assert!(!compared(&comparison).sample_ratio.mismatch);
    comparison.candidate_share = Some(0.05);
    let found = compared(&comparison).sample_ratio;
    assert!(found.mismatch && found.users_on_both.unwrap() > 0);
}

#[test]
fn sides_must_not_overlap() {
    let mut comparison = versions(about("canvas.trigger", &["acceptance_rate"]), "t1", "t2");
    comparison.candidate = Vec::new();
    let world = world();
    let refused = world
        .db
        .with(|conn| compare::run(conn, &world.sources, &comparison, end()));
    let message = refused.err().unwrap().to_string();
    assert!(message.contains("version `t1`"), "{message}");
}

/// Of two versions that 120 users saw each: what a margin means depends on the unit, and some metrics are not compared at all.
#[test]
fn sentences_say_nothing_that_means_nothing() {
    let server = TestServer::start();
    let mut events = Vec::new();
    for number in 0..240 {
        let shown = json!({"type": "shown", "output_id": format!("o{number}"), "feature": "f", "version": format!("v{}", number % 2),
            "user_id": format!("u{number}"), "occurred_at": format!("2026-03-0{}T10:00:00Z", 1 + number % 4 / 2), "chars_shown": 100 + number % 7});
        let accept = json!({"type": if number % 3 == 0 { "reject" } else { "accept" }, "output_id": format!("o{number}"),
            "occurred_at": format!("2026-03-0{}T10:00:{:02}Z", 1 + number % 4 / 2, 1 + number % 50), "edit_distance": 0,
            "chars_retained": 100 + number % 7, "chars_final": 100 + number % 7});
        events.extend([shown, accept]);
    }
    server.send(json!({"events": events}).to_string());
    let sentence = |metric: &str, margin: &str| {
        let path = format!("/api/v1/compare?baseline=version%3Dv0&candidate=version%3Dv1&metrics={metric}{margin}");
        let found = server.get(&path).expect(200)["data"][0].clone();
        (
            found["sentence"].as_str().unwrap().to_owned(),
            found["users_needed"].clone(),
        )
    };
    let worth = "the least difference worth having";
    assert!(sentence("acceptance_rate", "").0.contains(worth));
    let (text, needed) = sentence("retained_characters_per_shown", "");
    assert!(text.starts_with("Cannot tell yet: ") && !text.contains(worth), "{text}");
    assert_eq!(needed, Value::Null);
    let (text, needed) = sentence("retained_characters_per_shown", "&margin=5");
    assert!(text.contains(worth) && needed.is_u64(), "{text}");
    for metric in ["decision_time_p50", "outputs_per_user"] {
        let (text, _) = sentence(metric, "");
        assert!(text.starts_with("Not compared: ") && !text.contains("so far"), "{text}");
    }
}
