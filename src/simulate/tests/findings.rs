//! The content of the events: what is planted is found, by estimates that scatter as their intervals say.

use super::*;

#[test]
fn the_verdicts_are_the_promised_ones() {
    let Known { truth, .. } = known_world();
    let verdicts: Vec<(&str, Verdict)> = truth.features.iter().map(|f| (f.feature, f.verdict)).collect();
    let promised = [
        ("code.complete", Verdict::Calibrated),
        ("chat.answer", Verdict::Over),
        ("browser.step", Verdict::Under),
        ("agent.task", Verdict::Over),
        ("canvas.trigger", Verdict::Under),
        ("file.summary", Verdict::Calibrated),
    ];
    assert_eq!(verdicts, promised);
    for feature in &truth.features {
        let gap = feature.trust_gap.abs();
        assert!(
            if feature.verdict == Verdict::Calibrated {
                gap < 0.03
            } else {
                gap > 0.12
            },
            "{}",
            feature.feature
        );
        for version in &feature.versions {
            let change = version.acceptance_change.unwrap_or_default();
            match version.effect {
                Effect::Improves => assert!(change > 0.05),
                Effect::Regresses => assert!(change < -0.05),
                Effect::Neutral => assert!(change.abs() < 0.02),
            }
        }
    }
}

#[test]
fn the_gaps_are_found_with_their_intervals() {
    let Known { truth, outputs, .. } = known_world();
    for feature in &truth.features {
        let of_feature = || outputs.iter().filter(|output| output.is(feature.feature));
        let gap = mean(of_feature(), |output| Some(output.taken()? - output.right()?));
        assert!(gap.n >= 500, "{} has {} judged", feature.feature, gap.n);
        assert!(
            (gap.value - feature.trust_gap).abs() < (3.5 * gap.error).min(0.08),
            "{}",
            feature.feature
        );
        let far_side = gap.value.abs() - 1.96 * gap.error;
        assert_eq!(
            far_side > 0.05,
            feature.verdict != Verdict::Calibrated,
            "{}",
            feature.feature
        );
        for (estimate, expected) in [
            (mean(of_feature(), Resolved::taken), feature.acceptance),
            (mean(of_feature(), Resolved::right), feature.correctness),
        ] {
            assert!(
                (estimate.value - expected).abs() < 3.5 * estimate.error,
                "{}",
                feature.feature
            );
        }
        if let Some(bias) = feature.confidence_bias {
            let found = mean(of_feature(), |output| Some(output.shown.confidence? - output.right()?));
            assert!((found.value - bias).abs() < 3.5 * found.error, "{}", feature.feature);
        }
    }
}

#[test]
fn users_differ_so_that_naive_intervals_are_too_narrow() {
    let outputs = &known_world().outputs;
    for (feature, width) in [("code.complete", 2.0), ("browser.step", 1.3)] {
        let taken = mean(outputs.iter().filter(|output| output.is(feature)), Resolved::taken);
        let naive = (taken.value * (1.0 - taken.value) / taken.n as f64).sqrt();
        assert!(
            taken.error > width * naive,
            "{feature}: {} against {naive}",
            taken.error
        );
    }
}

/// Over several worlds the estimates scatter around the truth as their clustered errors say: neither bias nor false
/// confidence, in the simulation or in the truth that it states.
#[test]
fn clustered_errors_are_honest() {
    let mut scores = Vec::new();
    for seed in 1..=12 {
        let options = Options {
            seed,
            users: 250,
            outputs: 6_000,
            ..Options::ending(end())
        };
        let (truth, events) = run(&options);
        let outputs = resolve(&events);
        for feature in truth.features {
            let gap = |output: &Resolved| Some(output.taken()? - output.right()?);
            let found = mean(outputs.iter().filter(|output| output.is(feature.feature)), gap);
            scores.push((found.value - feature.trust_gap) / found.error);
        }
    }
    let n = scores.len() as f64;
    let (bias, scatter) = (
        scores.iter().sum::<f64>() / n,
        (scores.iter().map(|z| z * z).sum::<f64>() / n).sqrt(),
    );
    assert!(bias.abs() < 3.0 / n.sqrt(), "mean z {bias}");
    assert!((0.8..1.25).contains(&scatter), "root mean square z {scatter}");
}

#[test]
fn the_planted_segment_regresses_alone() {
    let Known { truth, outputs, .. } = known_world();
    let since = truth
        .planted
        .iter()
        .find(|planted| planted.kind == "segment_regresses")
        .unwrap()
        .since;
    let change = |german: bool, value: fn(&Resolved) -> Option<f64>| {
        let half = |after: bool| {
            let inside = outputs.iter().filter(|output| {
                output.is("file.summary")
                    && (output.shown.attributes["locale"] == "de") == german
                    && (output.shown.occurred_at.unwrap() >= since) == after
            });
            mean(inside, value)
        };
        half(true).value - half(false).value
    };
    assert!(change(true, Resolved::right) < -0.12);
    assert!(change(true, Resolved::taken) < -0.12);
    assert!(change(false, Resolved::right) > -0.05);
    assert!(change(false, Resolved::taken) > -0.05);
}

#[test]
fn versions_do_what_they_are_said_to_do() {
    let outputs = &known_world().outputs;
    let rate = |feature: &str, version: &str, value: fn(&Resolved) -> Option<f64>| {
        let inside = outputs
            .iter()
            .filter(|o| o.is(feature) && o.shown.version.as_deref() == Some(version));
        mean(inside, value).value
    };
    assert!(rate("canvas.trigger", "t2", Resolved::taken) > rate("canvas.trigger", "t1", Resolved::taken) + 0.05);
    assert!(rate("chat.answer", "2.2", Resolved::right) < rate("chat.answer", "2.1", Resolved::right) - 0.08);
    assert!(rate("chat.answer", "2.3", Resolved::right) > rate("chat.answer", "2.2", Resolved::right) + 0.08);
}

#[test]
fn reviewers_hear_the_same_tone_and_see_another_beauty() {
    let events = Simulation::new(Options {
        outputs: 20_000,
        ..Options::ending(end())
    });
    let mut ratings: std::collections::HashMap<(String, String), Vec<f64>> = std::collections::HashMap::new();
    let mut seen = std::collections::HashSet::new();
    for event in events.into_deliveries().filter(|event| event.rater.is_some()) {
        if seen.insert(event.id.clone()) {
            let key = (event.rubric.unwrap(), event.output_id);
            ratings.entry(key).or_default().push(event.rating.unwrap());
        }
    }
    let alike = |rubric: &str| {
        let pairs = ratings
            .iter()
            .filter(|((of, _), rated)| of == rubric && rated.len() == 2);
        let (mut all, mut same) = (0.0, 0.0);
        for (_, rated) in pairs {
            all += 1.0;
            same += f64::from(u8::from(rated[0] == rated[1]));
        }
        same / all
    };
    assert_eq!(alike("usefulness"), 1.0);
    assert!((alike("tone") - 0.98).abs() < 0.04, "{}", alike("tone"));
    assert!((alike("beauty") - 0.2).abs() < 0.08, "{}", alike("beauty"));
}
