//! What people say of their trust at the end of a study, beside what they did in it.

use serde_json::{Value, json};

use super::{DIGITS, Imported, import};

#[test]
fn people_of_the_card_games_say_how_far_they_trust_it() {
    let Some(data) = Imported::new("human_alignment", "events.csv.gz") else {
        return;
    };
    let report = import(
        &data.server,
        "human_alignment_survey",
        &data.folder.join("end_of_study_survey.csv"),
    );
    assert_eq!(report.created, 703, "{report}");
    data.server.settle();
    let told = |filters: &Value| -> Value {
        let filters = filters
            .to_string()
            .bytes()
            .map(|byte| format!("%{byte:02X}"))
            .collect::<String>();
        let path = format!("/api/v1/features/card.advice/stated-trust?filters={filters}");
        data.server.get(&path).expect(200)["data"].clone()
    };
    let expected = data.reference["trust_survey_0to4_mean"].as_object().unwrap();
    for (level, version) in [
        ("level_A", "A"),
        ("level_B", "B"),
        ("level_C", "C"),
        ("level_BP", "BP"),
        ("level_B_cal", "B_calibration"),
    ] {
        let found = told(&json!([{"dimension": "version", "op": "eq", "value": version}]));
        let stated = &found["stated"];
        assert_eq!(
            (&stated["n"], &stated["users"]),
            (&expected[level]["n"], &expected[level]["n"]),
            "{level}"
        );
        let (got, mean) = (
            stated["value"].as_f64().unwrap() * 4.0,
            expected[level]["trust"].as_f64().unwrap(),
        );
        assert!((got - mean).abs() < DIGITS, "{level}: {got} is not {mean}");
    }
    // They do far more than they say, and who says more does more: by pandas and scipy from the same two tables.
    let found = told(&json!([]));
    assert_eq!(found["verdict"], "does_more", "{found}");
    assert_eq!(
        (&found["taken"]["n"], &found["undecided_users"]),
        (&json!(703), &json!(0))
    );
    for (field, expected) in [
        ("stated", 0.547_297_297_297_297_3),
        ("taken", 0.845_424_371_740_160_8),
        ("correlation", 0.225_200_637_079_914_45),
    ] {
        let got = found[field]["value"].as_f64().unwrap();
        assert!((got - expected).abs() < DIGITS, "{field}: {got} is not {expected}");
    }
    assert!(
        found["correlation"]["lower"].as_f64().unwrap() > 0.0,
        "{}",
        found["correlation"]
    );
    let users = found["thirds"]
        .as_array()
        .unwrap()
        .iter()
        .map(|third| third["users"].as_u64().unwrap());
    assert_eq!(users.sum::<u64>(), 703);
}
