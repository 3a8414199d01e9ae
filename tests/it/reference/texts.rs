//! Machine translations and what translators made of them.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader};

use calibrant::domain::text::shifts;
use calibrant::fold::text::words_changed;
use flate2::read::GzDecoder;
use serde_json::{Value, json};

use super::{CALIBRATION, Imported, Slice, check_curve, same};
use crate::golden::golden;
use crate::support::data_set;

#[test]
fn post_edits() {
    let Some(data) = Imported::new("mlqe_pe", "postedits.jsonl.gz") else {
        return;
    };
    let expected = &data.reference;
    let calibration = CALIBRATION.map(|(metric, _)| format!("{metric}_correctness"));
    let mut ids = vec![
        "shown",
        "users",
        "acceptance_rate",
        "strict_acceptance_rate",
        "untouched_rate",
        "correctness_rate",
        "edit_distance",
        "retained_share",
    ];
    ids.extend(calibration.iter().map(String::as_str));
    let all = data.everything(&ids);
    assert_eq!(all.value("shown"), &expected["rows"]);
    // Nobody says who edited: an output without a user is a cluster of its own, and nobody is counted.
    assert_eq!(all.value("users"), 0);
    check_block(&all, &expected["all"]);
    let features = data.by("feature", &ids);
    let blocks = expected["by_feature"].as_object().unwrap();
    assert_eq!(features.len(), blocks.len());
    for (feature, slice) in features {
        assert_eq!(slice.value("shown"), &expected["by_feature_rows"][&feature]);
        check_block(&slice, &blocks[&feature]);
        let curves = data.curves(&feature, "target=correctness");
        check_curve(&curves[0], "correctness", &blocks[&feature]["conf_vs_good"]);
    }
    for row in expected["row_samples"].as_array().unwrap() {
        check_row(&data, row);
    }
    check_volumes(&data);
}

/// The tokens as they were published, each by its number.
fn cut(text: &str, numbers: &mut HashMap<String, u32>) -> Vec<u32> {
    let number = |word: &str| {
        let next = numbers.len() as u32;
        *numbers.entry(word.to_owned()).or_insert(next)
    };
    text.split_whitespace().map(number).collect()
}

/// Words changed against rapidfuzz.
#[test]
fn words_of_post_edits() {
    let Some(folder) = data_set("mlqe_pe") else { return };
    let reference: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("REFERENCE.json")).unwrap()).unwrap();
    let file = File::open(folder.join("postedits.jsonl.gz")).unwrap();
    let mut numbers = HashMap::new();
    let mut words = |text: &Value| cut(text.as_str().unwrap(), &mut numbers);
    let (mut rows, mut distance, mut error_rate) = (0.0, 0.0, 0.0);
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        let row: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let (output, user) = (words(&row["model_output"]), words(&row["final_text"]));
        let changed = words_changed(&output, &user) as f64;
        rows += 1.0;
        distance += changed / output.len().max(user.len()) as f64;
        error_rate += changed / user.len() as f64;
    }
    let expected = &reference["all"];
    same("nwlev", &(distance / rows).into(), &expected["nwlev"]["mean"]);
    same("wer", &(error_rate / rows).into(), &expected["wer_mean"]);
}

/// Words changed and blocks moved against sacrebleu; in lower case also against the rate that is published with each translation, which is
/// that of tercom, at most 1.
#[test]
fn moves_of_post_edits() {
    let Some(folder) = data_set("mlqe_pe") else { return };
    let file = File::open(folder.join("postedits.jsonl.gz")).unwrap();
    let mut numbers = HashMap::new();
    let mut beyond = 0;
    let mut edits = |output: &str, user: &str| {
        let (output, user) = (cut(output, &mut numbers), cut(user, &mut numbers));
        let found = shifts::edits(&output, &user, &mut 10_000_000);
        assert!(!found.is_cut);
        beyond += usize::from(found.edits > words_changed(&output, &user));
        [found.edits, user.len()]
    };
    let mut sums: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        let row: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let [output, user] = ["model_output", "final_text"].map(|name| row[name].as_str().unwrap());
        let [written, words] = edits(output, user);
        let [folded, _] = edits(&output.to_lowercase(), &user.to_lowercase());
        let rate = (folded as f64 / words as f64).min(1.0);
        // Six digits are published.
        let is_published = (rate - row["hter"].as_f64().unwrap()).abs() < 1.5e-6;
        let sum = sums.entry(row["feature"].as_str().unwrap().to_owned()).or_default();
        let own = [written, folded, words, usize::from(is_published)];
        sum.iter_mut().zip(own).for_each(|(sum, own)| *sum += own);
    }
    // One text, in either case, of 24 words that a translator made 68 of: the shortest way is not near enough to the diagonal.
    assert_eq!(beyond, 2);
    let expected = &golden("words")["post_edits"];
    assert_eq!(sums.len(), expected.as_object().unwrap().len());
    for (feature, [edits, folded, words, published]) in sums {
        let found = json!({"edits": edits, "folded": folded, "words": words, "published": published});
        assert_eq!(found, expected[&feature], "{feature}");
    }
}

/// Characters kept, deleted and inserted, and edits small enough to be acceptances, against rapidfuzz and statsmodels.
fn check_volumes(data: &Imported) {
    let expected = &golden("volumes")["edits"];
    let ids = [
        "retained_characters_per_shown",
        "deleted_characters_per_edit",
        "inserted_characters_per_edit",
        "final_share_of_ai",
        "soft_acceptance_rate",
        "retained_characters_per_accepted",
    ];
    let mut slices = data.by("feature", &ids);
    slices.insert("all".to_owned(), data.everything(&ids));
    assert_eq!(slices.len(), expected.as_object().unwrap().len());
    for (name, slice) in slices {
        let expected = &expected[&name];
        for id in &ids[..4] {
            slice.check_clustered(id, &expected[id]);
        }
        slice.check_rate("soft_acceptance_rate", &expected["soft_acceptance_rate"]);
        // Every translation was taken.
        slice.check_clustered(ids[5], &expected[ids[0]]);
    }
}

/// Everything, or one feature, against its block of the reference.
///
/// The reference calls only an unchanged text accepted, which here is `strict_acceptance_rate`: an edited text was taken
/// too. Its `conf_vs_accept` is about that and has no counterpart, since here confidence is compared with being taken.
#[track_caller]
fn check_block(slice: &Slice, expected: &Value) {
    slice.check_rate("strict_acceptance_rate", &expected["acceptance"]);
    slice.check_rate("untouched_rate", &expected["acceptance"]);
    slice.check_rate("correctness_rate", &expected["good"]);
    slice.check_calibration("correctness", &expected["conf_vs_good"]);
    assert_eq!(slice.value("acceptance_rate"), 1);
    for (id, name) in [("edit_distance", "nlev"), ("retained_share", "retained")] {
        assert_eq!(slice.get(id)["n"], expected["n"]);
        same(id, slice.value(id), &expected[name]["mean"]);
    }
}

/// A single output against the reference's row.
fn check_row(data: &Imported, row: &Value) {
    let text = |name: &str| row[name].as_str().unwrap().to_owned();
    let id = format!("{}-{}-{}", text("feature"), text("split"), row["item"]);
    let output = data.server.get(&format!("/api/v1/outputs/{id}")).expect(200);
    same(&id, &output["edit_distance"], &row["nlev"]);
    same(&id, &output["retained_share"], &row["retained"]);
}
