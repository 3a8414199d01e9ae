//! What marked trials do to those after them, against their definition in numpy.

use calibrant::stats::aftereffect::{Course, effects};

use super::{close, golden, number, numbers, rows};

#[test]
fn effects_after_marked_trials_match_their_definition() {
    for case in rows(&golden("aftereffect")["cases"]) {
        let people: Vec<Course> = rows(&case["courses"])
            .iter()
            .map(|trials| {
                let mut course = Course::default();
                for trial in rows(trials) {
                    course.push(number(&trial[0]) > 0.0, number(&trial[1]) > 0.0);
                }
                course
            })
            .collect();
        for (at, found) in effects(&people).iter().enumerate() {
            close(found.value.expect("enough trials"), &case["effects"][at], "effect");
            close(
                found.standard_error.expect("people"),
                &case["errors"][at],
                "standard error",
            );
            assert_eq!(found.sizes.clusters as f64, numbers(&case["people"])[at]);
        }
    }
}
