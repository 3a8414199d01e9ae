//! Runs of an eval compared, against statsmodels and scipy.

use calibrant::query::analyses::evals::compare::compare;
use calibrant::query::analyses::evals::ranking::{Contest, rank};
use calibrant::stats::level::Level;
use calibrant::stats::mcnemar::mcnemar;
use calibrant::store::evals::cases::Fact;
use calibrant::store::evals::runs::{EvalRun, Score};
use chrono::DateTime;
use serde_json::Value;
use uuid::Uuid;

use super::{close, number, numbers, rows};

fn golden() -> Value {
    super::golden("evals")
}

#[test]
fn mcnemar_matches_statsmodels() {
    for case in rows(&golden()["mcnemar"]) {
        let count = |name: &str| case[name].as_u64().expect("a count");
        let found = mcnemar(count("better"), count("worse")).expect("changes");
        close(found.exact, &case["exact"], "exact");
        close(found.mid, &case["mid"], "mid");
    }
}

fn fact(number: usize, user: i64) -> Fact {
    Fact {
        name: format!("{number:04}"),
        tags: Vec::new(),
        output_key: None,
        user_key: Some(user),
        added_at: DateTime::UNIX_EPOCH,
        changed_at: DateTime::UNIX_EPOCH,
        shown_at: None,
        cell_id: None,
        decision: None,
        manner: None,
        retained_share: None,
        confidence: None,
    }
}

fn score(case: &Fact, score: f64) -> Score {
    Score {
        case_name: case.name.clone(),
        judge: String::new(),
        score: Some(score),
        pass: None,
    }
}

/// The comparison as the API makes it, of runs that differ by given amounts.
#[test]
fn paired_differences_match_the_clustered_sandwich() {
    for case in rows(&golden()["differences"]) {
        let users = rows(&case["users"]).iter().map(|user| user.as_i64().expect("a number"));
        let cases: Vec<Fact> = users.zip(0..).map(|(user, number)| fact(number, user)).collect();
        let baseline: Vec<Score> = cases.iter().map(|case| score(case, 0.0)).collect();
        let differences = numbers(&case["differences"]);
        let candidate: Vec<Score> = cases
            .iter()
            .zip(differences)
            .map(|(case, value)| score(case, value))
            .collect();
        let level = Level::new(number(&case["level"])).expect("a level");
        let found = compare(&cases, &baseline, &candidate, 0.5, None, level).score_difference;
        close(found.value.expect("cases"), &case["mean"], "mean");
        close(found.standard_error.expect("users"), &case["se"], "standard error");
        close(found.lower.expect("users"), &case["interval"][0], "lower end");
        close(found.upper.expect("users"), &case["interval"][1], "upper end");
    }
}

/// The ranking as the API makes it.
#[test]
fn strengths_match_a_clustered_logistic_regression() {
    for case in rows(&golden()["rankings"]) {
        let users = rows(&case["users"]).iter().map(|user| user.as_i64().expect("a number"));
        let cases: Vec<Fact> = users.zip(0..).map(|(user, number)| fact(number, user)).collect();
        let mut contest = Contest::new(&cases, None, None);
        for (at, scores) in (0..).zip(rows(&case["scores"])) {
            let told = cases.iter().zip(rows(scores));
            let told = told.filter_map(|(case, value)| Some(score(case, value.as_f64()?)));
            contest.enter(run(at), &told.collect::<Vec<_>>());
        }
        let found = rank(&contest, Level::default());
        for (at, name) in case["strengths"].as_array().expect("strengths").iter().zip(0..) {
            let own = found
                .runs
                .iter()
                .find(|run| run.run.as_u128() == name)
                .expect("the run");
            let place = name as usize;
            close(own.strength.value.expect("a strength"), at, "strength");
            close(
                own.strength.standard_error.expect("cases"),
                &case["errors"][place],
                "its error",
            );
            close(
                own.win_rate.value.expect("rounds"),
                &case["win_rates"][place],
                "win rate",
            );
        }
        // The list of the pairs is in the order of the strengths.
        let mut pairs: Vec<_> = found.pairs.iter().collect();
        pairs.sort_by_key(|pair| [pair.first.min(pair.second), pair.first.max(pair.second)]);
        for (at, pair) in pairs.iter().enumerate() {
            close(pair.p_value.expect("an error"), &case["p_values"][at], "p-value");
            close(
                pair.adjusted_p_value.expect("an error"),
                &case["adjusted"][at],
                "adjusted p-value",
            );
        }
    }
}

fn run(number: u128) -> EvalRun {
    EvalRun {
        project_id: 1,
        set_id: Uuid::nil(),
        id: Uuid::from_u128(number),
        name: format!("run {number}"),
        version: None,
        model: None,
        created_at: DateTime::UNIX_EPOCH,
    }
}
