//! Verdicts on trust, segments that stand out, what silence hides, triggers and approvals: over the product's planted truth.

use std::fmt::Write as _;

use calibrant::domain::dimension::Dimension;
use calibrant::metrics::families::calibration::Target;
use calibrant::metrics::families::trust::{Verdict, outputs_needed, verdict};
use calibrant::query;
use calibrant::query::analyses::ranking::{self, Standing};
use calibrant::query::analyses::trigger::{Usefulness, Weights};
use calibrant::query::analyses::{approvals, coverage, trigger};
use calibrant::store::StoreError;
use diesel::sql_types::{BigInt, Double, Integer, Nullable, Text};
use diesel::{QueryableByName, RunQueryDsl};
use serde_json::json;

use super::{about, both_ways, end, world};
use crate::support::TestServer;

/// Every feature that the simulation makes over-, under- or rightly trusted is called so or not called at all, and those with many
/// judgements are called.
#[test]
fn planted_trust_is_called_by_its_name() {
    let world = world();
    let mut called = Vec::new();
    for planted in &world.truth.features {
        let query = about(planted.feature, &["trust_gap"]);
        let answer = world
            .db
            .with(|conn| query::run(conn, &world.sources, &query, end()))
            .unwrap();
        let gap = &answer.rows[0].estimates[0];
        let (found, expected) = (verdict(gap), format!("{:?}", planted.verdict));
        match found {
            Verdict::Insufficient => assert!(outputs_needed(gap).unwrap() > 0, "{gap:?}"),
            _ => called.push((planted.feature, format!("{found:?}"), expected)),
        }
    }
    assert!(called.len() >= 3, "{called:?}");
    for (feature, found, expected) in called {
        assert_eq!(found, expected, "{feature}");
    }
}

/// Trust in the right amount may still be blind.
#[test]
fn who_takes_right_and_wrong_outputs_alike_is_told() {
    let server = TestServer::start();
    let mut lines = String::new();
    for user in 0..60 {
        // A few see, and as many see the wrong way round.
        let blind = match user % 10 {
            0 => [true, true, false, false],
            1 => [false, false, true, true],
            _ => [true, false, true, false],
        };
        for (feature, taken) in [("blind", blind), ("seeing", [true, true, false, false])] {
            for (number, (taken, correct)) in taken.into_iter().zip([true, true, false, false]).enumerate() {
                let output = format!("{feature}-{user}-{number}");
                let kind = if taken { "accept" } else { "reject" };
                let user = format!("u{user}");
                for event in [
                    json!({"type": kind, "output_id": output, "feature": feature, "user_id": user}),
                    json!({"type": "judge", "output_id": output, "correct": correct, "source": "human"}),
                ] {
                    writeln!(lines, "{event}").unwrap();
                }
            }
        }
    }
    server.send(lines);
    for (feature, is_told) in [("blind", true), ("seeing", false)] {
        let found = server.get(&format!("/api/v1/features/{feature}/trust")).expect(200);
        let slice = &found["data"][0];
        assert_eq!(slice["metrics"]["trust_gap"]["value"].as_f64(), Some(0.0), "{slice}");
        let sentence = slice["sentence"].as_str().unwrap();
        assert_eq!(
            sentence.contains("hardly matters for whether it is taken"),
            is_told,
            "{sentence}"
        );
    }
}

#[test]
fn segments_are_ranked_by_what_is_left_after_shrinking() {
    let world = world();
    let planted = world.truth.planted.iter();
    let flaw = planted
        .clone()
        .find(|planted| planted.kind == "segment_regresses")
        .unwrap();
    let mut query = about("file.summary", &["correctness_rate"]);
    query.from = Some(flaw.since);
    for query in both_ways(&query) {
        let question = ranking::Question {
            query,
            dimension: Dimension::Attribute("locale".to_owned()),
            margin: Some(0.05),
        };
        let found = world
            .db
            .with(|conn| ranking::run(conn, &world.sources, &question, end()))
            .unwrap();
        let first = &found.segments[0];
        assert_eq!(first.value.as_deref(), Some("de"), "{:#?}", found.segments);
        assert_eq!(first.standing, Standing::Lower);
        assert!(
            first.shrunk.is_none(),
            "four locales do not tell how far locales differ"
        );
        assert!(first.adjusted_p_value.unwrap() >= first.p_value.unwrap());
        let shares: f64 = found.segments.iter().map(|segment| segment.share).sum();
        assert!((shares - 1.0).abs() < 1e-12);
        // The mean of the segments is the whole.
        let mean: f64 = found
            .segments
            .iter()
            .map(|segment| segment.share * segment.estimate.value.unwrap())
            .sum();
        assert!((mean - found.whole.value.unwrap()).abs() < 1e-12);
        assert_eq!(found.largest_gap.unwrap().lowest.as_deref(), Some("de"));
    }
}

#[derive(QueryableByName)]
struct Stratum {
    #[diesel(sql_type = BigInt)]
    shown: i64,
    #[diesel(sql_type = BigInt)]
    judged: i64,
    #[diesel(sql_type = BigInt)]
    correct: i64,
}

#[test]
fn weighted_scores_are_those_of_the_table() {
    let world = world();
    let question = coverage::Question {
        query: about("chat.answer", &[]),
        target: Target::Correctness,
        dimensions: vec![Dimension::Version, Dimension::Attribute("plan".to_owned())],
    };
    let found = world
        .db
        .with(|conn| coverage::run(conn, &world.sources, &question))
        .unwrap();
    let strata: Vec<Stratum> = world
        .db
        .with(|conn| {
            diesel::sql_query(
                "SELECT count(*) AS shown, count(correct) AS judged, count(*) FILTER (WHERE correct) AS correct \
                 FROM outputs JOIN cells ON cells.id = cell_id \
                 WHERE outputs.project_id = $1 AND feature = 'chat.answer' AND NOT missed \
                 GROUP BY version, cells.attributes ->> 'plan', \
                 CASE WHEN confidence IS NULL THEN 11 WHEN confidence <= 0.1 THEN 1 ELSE ceil(confidence * 10) END",
            )
            .bind::<Integer, _>(world.project)
            .load(conn)
            .map_err(StoreError::from)
        })
        .unwrap();
    assert_eq!(found.strata, strata.len());
    let (mut weighted, mut size, mut shown, mut correct, mut judged) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for stratum in strata {
        let [n, o, y] = [stratum.shown, stratum.judged, stratum.correct].map(|count| count as f64);
        (shown, judged, correct) = (shown + n, judged + o, correct + y);
        if o > 0.0 {
            weighted += n * y / o;
            size += n;
        }
    }
    let own = found.weighted.unwrap();
    assert!((own.value - weighted / size).abs() < 1e-12);
    assert!((own.unrepresented - (1.0 - size / shown)).abs() < 1e-12);
    assert!((found.bounds.lower.ratio().unwrap() - correct / shown).abs() < 1e-12);
    assert!((found.bounds.upper.ratio().unwrap() - (correct + shown - judged) / shown).abs() < 1e-12);
    assert_eq!(found.whole.score.value, Some(correct / judged));
    let interval = found.bounds.interval(question.query.level).unwrap();
    assert!(interval.lower < own.value && own.value < interval.upper);
    // Judgements are drawn at random here: weighting must not move the score beyond its noise.
    assert!((own.value - correct / judged).abs() < 2.0 * own.standard_error.unwrap());
    let by_segment: u64 = found.segments.iter().map(|(_, part)| part.shown).sum();
    let by_band: u64 = found.bands.iter().flatten().map(|part| part.shown).sum();
    assert_eq!((by_segment as f64, by_band as f64), (shown, shown));
}

#[derive(QueryableByName)]
struct Fired {
    #[diesel(sql_type = Double)]
    known: f64,
    #[diesel(sql_type = Double)]
    useful: f64,
}

#[test]
fn net_benefit_is_that_of_the_table() {
    let world = world();
    let question = trigger::Question {
        query: about("canvas.trigger", &["trigger_precision", "trigger_recall", "missed"]),
        usefulness: Usefulness::Acceptance,
        weights: Weights::default(),
    };
    let found = world
        .db
        .with(|conn| trigger::run(conn, &world.sources, &question, end()))
        .unwrap();
    let at = |threshold: f64| -> Fired {
        let rows: Vec<Fired> = world
            .db
            .with(|conn| {
                diesel::sql_query(
                    "SELECT count(*)::double precision AS known, \
                     count(*) FILTER (WHERE decision IN (1, 2, 4))::double precision AS useful \
                     FROM outputs JOIN cells ON cells.id = cell_id WHERE outputs.project_id = $1 \
                     AND feature = 'canvas.trigger' AND NOT missed AND confidence >= $2 AND decision IN (1, 2, 3, 4)",
                )
                .bind::<Integer, _>(world.project)
                .bind::<Double, _>(threshold)
                .load(conn)
                .map_err(StoreError::from)
            })
            .unwrap();
        rows.into_iter().next().unwrap()
    };
    let all = at(0.0);
    assert_eq!(found.outputs as f64, all.known);
    for step in found.steps.iter().step_by(4) {
        let own = at(step.threshold);
        let cost = step.threshold / (1.0 - step.threshold);
        let benefit = (own.useful - cost * (own.known - own.useful)) / all.known;
        assert!((step.net_benefit.value.unwrap() - benefit).abs() < 1e-12, "{step:?}");
        let of_all = (all.useful - cost * (all.known - all.useful)) / all.known;
        assert!((step.advantage.value.unwrap() - (benefit - of_all)).abs() < 1e-12);
        assert_eq!(step.shown.value, Some(own.known / all.known));
        let (precision, recall) = (own.useful / own.known, own.useful / all.useful);
        let harmonic = 2.0 * precision * recall / (precision + recall);
        assert!((step.f_beta.value.unwrap() - harmonic).abs() < 1e-12, "{step:?}");
    }
    assert!(found.average_precision.unwrap() > found.base_rate.value.unwrap());
    let headline = &found.headline.unwrap().estimates;
    assert!(headline[2].value.unwrap() > 0.0, "the simulation misses some");
    assert!(headline[1].value.unwrap() < 1.0);
}

#[derive(QueryableByName)]
struct ToolCounts {
    #[diesel(sql_type = Nullable<Text>)]
    tool: Option<String>,
    #[diesel(sql_type = BigInt)]
    ended: i64,
    #[diesel(sql_type = BigInt)]
    taken_over: i64,
}

#[test]
fn steps_end_by_tool_as_in_the_table_and_trust_grows() {
    let world = world();
    let question = approvals::Question {
        query: about("browser.step", &["takeover_rate", "approved_rate"]),
        dimension: None,
    };
    let found = world
        .db
        .with(|conn| approvals::run(conn, &world.sources, &question, end()))
        .unwrap();
    assert_eq!(found.dimension.unwrap().name(), "tool");
    let expected: Vec<ToolCounts> = world
        .db
        .with(|conn| {
            diesel::sql_query(
                "SELECT cells.attributes ->> 'tool' AS tool, count(*) FILTER (WHERE decision IN (1, 2, 3, 4)) AS ended, \
                 count(*) FILTER (WHERE manner = 2) AS taken_over \
                 FROM outputs JOIN cells ON cells.id = cell_id \
                 WHERE outputs.project_id = $1 AND feature = 'browser.step' GROUP BY 1 ORDER BY 1",
            )
            .bind::<Integer, _>(world.project)
            .load(conn)
            .map_err(StoreError::from)
        })
        .unwrap();
    assert_eq!(found.tools.len(), expected.len());
    let mut grown = 0.0;
    for (tool, expected) in found.tools.iter().zip(expected) {
        assert_eq!(tool.row.group[0], expected.tool);
        let takeover = &tool.row.estimates[0];
        assert_eq!(takeover.numerator, Some(expected.taken_over as f64));
        assert_eq!(takeover.denominator, Some(expected.ended as f64));
        assert!(expected.taken_over > 0 && !tool.by_exposure.is_empty());
        grown += tool.growth.value.unwrap_or_default();
    }
    // Right steps are let through more often with experience: four points in the end.
    assert!(grown / found.tools.len() as f64 > -0.05, "{grown}");
}
