//! Agreement of people and judges, and prediction-powered means, on real ratings.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use calibrant::domain::dimension::Dimension;
use calibrant::query::analyses::agreement::{self, Agreement};
use calibrant::query::filter::Filter;
use calibrant::query::{Query, Sources};
use calibrant::stats::agreement::pair::{Table, Weights};
use calibrant::stats::agreement::raters::Ratings;
use calibrant::stats::level::Level;
use calibrant::stats::ppi::{Judged, Mean, Ppi};
use calibrant::store::{StoreError, projects};
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::{Imported, same};
use crate::support::{TestServer, data_set};

fn text(path: &Path) -> String {
    let mut text = String::new();
    GzDecoder::new(File::open(path).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    text
}

/// Agreement on all features, or on one.
fn agreement_on(server: &TestServer, feature: Option<&str>) -> Agreement {
    let found = server.db.with(|conn| {
        let project = projects::find_or_create(conn, projects::DEFAULT)
            .map_err(StoreError::from)?
            .0;
        let mut query = Query::new(project.id, Vec::new());
        query.filters = feature
            .map(|feature| Filter::is(Dimension::Feature, feature))
            .into_iter()
            .collect();
        agreement::run(conn, &Sources::default(), &query)
    });
    found.unwrap().found
}

fn value(found: impl serde::Serialize) -> Value {
    serde_json::to_value(found).unwrap()
}

/// One output per pair of answers, three raters, two models that judge.
fn pairs_of_answers() -> Option<(TestServer, Value)> {
    let folder = data_set("pandalm_preferences")?;
    let read = |name: &str| -> Vec<Value> { serde_json::from_str(&text(&folder.join(name))).unwrap() };
    let rows = read("testset-v1.json.gz");
    let judged = [
        ("gpt", "gpt_result", read("gpt-3.5-turbo-testset-v1.json.gz")),
        ("pandalm", "pandalm_result", read("pandalm-7b-testset-v1.json.gz")),
    ];
    let score = |label: &Value| match label.to_string().trim_matches('"') {
        "1" => Some(1.0),
        "2" => Some(0.0),
        "0" | "Tie" => Some(0.5),
        _ => None,
    };
    let mut events = Vec::new();
    for row in &rows {
        let output = row["idx"].to_string();
        events.push(json!({"type": "shown", "output_id": output, "feature": "pairs"}));
        for rater in ["annotator1", "annotator2", "annotator3"] {
            events.push(json!({"type": "rate", "output_id": output, "rater": rater, "rating": score(&row[rater])}));
        }
    }
    for (judge, field, rows) in &judged {
        for row in rows {
            if let Some(score) = score(&row[*field]) {
                events.push(json!({"type": "judge", "source": "llm", "judge": judge, "score": score,
                    "output_id": row["idx"].to_string()}));
            }
        }
    }
    let server = TestServer::start();
    for batch in events.chunks(1_000) {
        server.send(json!({"events": batch}).to_string());
    }
    let reference = std::fs::read_to_string(folder.join("REFERENCE.json")).unwrap();
    Some((server, serde_json::from_str(&reference).unwrap()))
}

#[test]
fn raters_of_pairs_and_models_that_judge_them() {
    let Some((server, expected)) = pairs_of_answers() else {
        return;
    };
    let answer = server.get("/api/v1/features/pairs/agreement").expect(200);
    let people = &answer["data"]["people"][0];
    assert_eq!((&people["rubric"], &people["people"]), (&Value::Null, &json!(3)));
    assert_eq!(people["verdict"], "alike", "{}", people["sentence"]);
    same(
        "alpha",
        &people["alpha"]["nominal"]["value"],
        &expected["krippendorff_alpha_nominal"],
    );
    same("fleiss", &people["fleiss_kappa"]["value"], &expected["fleiss_kappa"]);
    same("ac1", &people["ac1"]["value"], &expected["gwet_ac1"]);
    let pairs = people["pairs"].as_array().unwrap();
    assert_eq!(pairs.len(), 3);
    for pair in pairs {
        let name = format!(
            "{}-{}",
            pair["first"]["name"].as_str().unwrap(),
            pair["second"]["name"].as_str().unwrap()
        );
        same(&name, &pair["kappa"]["value"], &expected["cohen_kappa_pairs"][&name]);
        same(
            &name,
            &pair["agreement"]["value"],
            &expected["percent_agreement_pairs"][&name],
        );
    }

    let judge = |name: &str| {
        let judges = answer["data"]["judges"].as_array().unwrap();
        judges.iter().find(|judge| judge["judge"]["name"] == name).unwrap()["against_people"].clone()
    };
    // Rows and columns are loss, tie, win of the first answer; the reference has them as tie, first, second.
    let order = [2, 0, 1];
    for (name, key) in [
        ("gpt", "gpt_result_vs_majority"),
        ("pandalm", "pandalm_result_vs_majority"),
    ] {
        let found = judge(name);
        for (row, from) in order.iter().enumerate() {
            for (column, at) in order.iter().enumerate() {
                let reference = &expected[key]["confusion_rows_majority"][from][at];
                assert_eq!(&found["confusion"][row][column], reference, "{name} {row} {column}");
            }
        }
    }
    let pandalm = judge("pandalm");
    let reference = &expected["pandalm_result_vs_majority"];
    assert_eq!((&pandalm["outputs"], &pandalm["divided"]), (&reference["n"], &json!(0)));
    same(
        "agreement",
        &pandalm["agreement"]["value"],
        &reference["agreement"]["rate"],
    );
    same(
        "kappa",
        &pandalm["kappa"]["nominal"]["value"],
        &reference["cohen_kappa"],
    );
}

#[test]
fn graded_answers() {
    let Some(data) = Imported::new("feedbackqa", "feedback.jsonl.gz") else {
        return;
    };
    let expected = &data.reference;
    let people = &agreement_on(&data.server, None).people[0];
    for (name, alpha) in [
        ("nominal", &people.alpha.nominal),
        ("ordinal", &people.alpha.ordinal),
        ("interval", &people.alpha.interval),
    ] {
        same(name, &value(alpha.value), &expected["krippendorff"][name]);
        assert!(alpha.lower < alpha.value && alpha.value < alpha.upper);
    }
    // By hand: those with three raters, and those with two in both orders.
    let (mut three, mut two) = (Ratings::new(4), Table::new(4));
    for line in text(&data.folder.join("feedback.jsonl.gz")).lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let grades = ["Bad", "Could be Improved", "Acceptable", "Excellent"];
        let given = row["ratings"].as_array().unwrap().iter();
        let given: Vec<usize> = given
            .map(|grade| grades.iter().position(|known| grade == known).unwrap())
            .collect();
        match given[..] {
            [one, other] => [(one, other), (other, one)]
                .iter()
                .for_each(|(a, b)| two.add(*a, *b, 1.0)),
            _ => {
                let counts: Vec<f64> = (0..4)
                    .map(|at| given.iter().filter(|grade| **grade == at).count() as f64)
                    .collect();
                three.add(&counts);
            }
        }
    }
    same(
        "fleiss",
        &value(three.fleiss_kappa()),
        &expected["fleiss_kappa_three_raters"]["kappa"],
    );
    for (weights, name) in [
        (Weights::Nominal, "kappa"),
        (Weights::Linear, "linear"),
        (Weights::Quadratic, "quadratic"),
    ] {
        let kappa = two.kappa(weights, &[0.0, 1.0, 2.0, 3.0]).unwrap();
        same(name, &value(kappa.value), &expected["two_raters_symmetrised"][name]);
    }
}

#[test]
fn a_hundred_raters_each() {
    let Some(data) = Imported::new("dices_counts", "ratings.csv.gz") else {
        return;
    };
    for set in ["dices_990", "dices_350_crowdsourced"] {
        let found = agreement_on(&data.server, Some(set));
        let (people, expected) = (&found.people[0], &data.reference[set]);
        assert_eq!(value(people.opinions), expected["ratings"]);
        same(set, &value(people.alpha.nominal.value), &expected["alpha_nominal"]);
        same(
            set,
            &value(people.agreement.value),
            &expected["mean_pairwise_agreement"],
        );
        if !expected["fleiss_kappa"].is_null() {
            same(set, &value(people.fleiss_kappa.value), &expected["fleiss_kappa"]);
        }
    }
    let alone = &agreement_on(&data.server, Some("dices_350_expert")).people[0];
    assert_eq!((alone.agreement.value, alone.alpha.nominal.value), (None, None));
}

/// Each row a cluster of its own, and without the correction for few clusters, as the reference has it.
#[track_caller]
fn check(mean: Mean, expected: &Value, what: &str) {
    let clusters = mean.sizes.clusters as f64;
    let half = Level::default().z() * mean.standard_error.unwrap() * ((clusters - 1.0) / clusters).sqrt();
    same(what, &value(mean.value - half), &expected[0]);
    same(what, &value(mean.value + half), &expected[1]);
}

#[test]
fn few_labels_of_translators_and_many_confidences() {
    let Some(folder) = data_set("mlqe_pe") else { return };
    let reference: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("REFERENCE.json")).unwrap()).unwrap();
    let expected = &reference["ppi_good_rate_et_en"];
    let rows = text(&folder.join("postedits.jsonl.gz"));
    let rows = rows.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let outputs: Vec<Judged> = (0..)
        .zip(rows.filter(|row| row["feature"] == "mt-et-en"))
        .map(|(cluster, row)| Judged {
            cluster,
            judge: row["confidence"].as_f64().unwrap(),
            people: (row["split"] == "dev" && row["item"].as_u64().unwrap() < 200)
                .then_some(f64::from(u8::from(row["da_mean"].as_f64().unwrap() >= 70.0))),
        })
        .collect();
    let ppi = Ppi::new(&outputs).unwrap();
    check(ppi.people_alone(), &expected["classical"], "people alone");
    check(ppi.at(1.0), &expected["ppi"], "PPI");
    check(ppi.at(ppi.power_tuned()), &expected["ppi_pp"], "PPI++");
    same(
        "value",
        &value(ppi.at(ppi.power_tuned()).value),
        &expected["ppi_pp_point"],
    );
    // The confidences are on a narrow scale: cut to 1, λ leaves something on the table.
    let optimal = ppi.optimal();
    assert!(optimal > 2.0, "{optimal}");
    let error = |lambda| ppi.at(lambda).standard_error.unwrap();
    assert!(error(optimal) < error(1.0) && error(optimal) < error(0.0));
}
