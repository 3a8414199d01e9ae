//! Words that mark one set of texts against another, against numpy and a clustered logistic regression of statsmodels; translation edit
//! rates, against sacrebleu.

use calibrant::domain::text::shifts;
use calibrant::stats::log_odds::{Clusters, Counts, LogOdds};
use serde_json::Value;

use super::{close, number, numbers, rows, within};

/// By user: the counts of each word in the first set and in the second.
fn users(case: &Value) -> Vec<[Vec<f64>; 2]> {
    let users = rows(&case["counts"]).iter();
    users
        .map(|sets| [numbers(&sets[0]), numbers(&sets[1])])
        .filter(|[first, second]| first.iter().chain(second).any(|count| *count > 0.0))
        .collect()
}

fn all(user: &[Vec<f64>; 2]) -> (f64, f64) {
    (user[0].iter().sum(), user[1].iter().sum())
}

fn odds(users: &[[Vec<f64>; 2]], word: usize, alpha: f64, total: f64) -> (LogOdds, Option<f64>) {
    let sum = |side: usize, of: &dyn Fn(&Vec<f64>) -> f64| users.iter().map(|user| of(&user[side])).sum::<f64>();
    let own = |counts: &Vec<f64>| counts[word];
    let every = |counts: &Vec<f64>| counts.iter().sum::<f64>();
    let counts = |of: &dyn Fn(&Vec<f64>) -> f64, prior: f64| Counts {
        first: sum(0, of),
        second: sum(1, of),
        prior,
    };
    let odds = LogOdds::new(counts(&own, alpha), counts(&every, total)).expect("counts");
    let having = users.iter().filter(|user| user[0][word] + user[1][word] > 0.0);
    let having = having.map(|user| ((user[0][word], user[1][word]), all(user)));
    let variance = Clusters::new(users.iter().map(all)).variance(&odds, having);
    (odds, variance)
}

#[test]
fn log_odds_match_the_paper() {
    for case in rows(&super::golden("words")["cases"]) {
        let users = users(case);
        for word in rows(&case["words"]) {
            let at = number(&word["word"]) as usize;
            let (odds, clustered) = odds(&users, at, number(&word["alpha"]), number(&case["total"]));
            close(odds.value, &word["delta"], "log-odds ratio");
            close(odds.z(), &word["z"], "z-score");
            close(clustered.expect("users"), &word["clustered"], "variance between users");
        }
    }
}

#[test]
fn without_a_prior_it_is_a_logistic_regression() {
    let case = &super::golden("words")["plain"];
    let users = users(case);
    for word in rows(&case["words"]) {
        let (odds, clustered) = odds(&users, number(&word["word"]) as usize, 0.0, 0.0);
        // The regression is fitted step by step.
        within(odds.value, number(&word["delta"]), 1e-8, "coefficient");
        within(clustered.expect("users"), number(&word["clustered"]), 1e-8, "sandwich");
    }
}

#[test]
fn edit_rates_are_those_of_sacrebleu() {
    let golden = super::golden("words");
    let cases = rows(&golden["edit_rates"]);
    let words = |words: &Value| -> Vec<u32> { numbers(words).into_iter().map(|word| word as u32).collect() };
    let (mut moved, mut cut) = (0, 0);
    for case in cases {
        let (output, user) = (words(&case["output"]), words(&case["user"]));
        let found = shifts::edits(&output, &user, &mut 100_000_000);
        assert_eq!(found.edits as f64, number(&case["edits"]), "{output:?} {user:?}");
        if !user.is_empty() {
            close(
                found.edits as f64 / user.len() as f64,
                &case["rate"],
                "translation edit rate",
            );
        }
        moved += usize::from(found.shifts > 0);
        cut += usize::from(found.is_cut);
    }
    assert!(
        moved > cases.len() / 3 && cut > 0,
        "{moved} moved, {cut} cut of {}",
        cases.len()
    );
}
