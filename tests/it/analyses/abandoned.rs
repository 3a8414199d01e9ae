//! A question whose answer nobody waits for stops where it reads the next piece.

use std::time::{Duration, Instant};

use calibrant::query::analyses::trajectory;
use calibrant::query::request::QueryError;
use calibrant::query::{self, Sources};

use super::{about, both_ways, end, world};

#[test]
fn what_nobody_waits_for_is_not_computed() {
    let world = world();
    let query = about("browser.step", &["acceptance_rate"]);
    let follow = trajectory::Question {
        query: query.clone(),
        half_life_days: 14.0,
        quiet_days: 28,
    };
    let ask = |sources: &Sources| {
        let mut found: Vec<Result<(), QueryError>> = Vec::new();
        for query in both_ways(&query) {
            let answer = world.db.with(|conn| query::run(conn, sources, &query, end()));
            found.push(answer.map(|_| ()));
        }
        let followed = world.db.with(|conn| trajectory::run(conn, sources, &follow, end()));
        found.push(followed.map(|_| ()));
        found
    };
    let (sources, waiting) = world.sources.wanted_until(Instant::now() + Duration::from_secs(600));
    assert!(ask(&sources).iter().all(Result::is_ok));
    drop(waiting);
    let abandoned = ask(&sources);
    let is_abandoned = |answer: &Result<(), QueryError>| matches!(answer, Err(QueryError::Abandoned));
    assert!(abandoned.iter().all(is_abandoned), "{abandoned:?}");

    let (sources, _waiting) = world.sources.wanted_until(Instant::now());
    let late = ask(&sources);
    let is_late = |answer: &Result<(), QueryError>| matches!(answer, Err(QueryError::TookTooLong));
    assert!(late.iter().all(is_late), "{late:?}");
}
