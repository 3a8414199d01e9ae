//! Neither habit, nor learning, nor the order of outputs passes for an effect of bad ones, and a planted effect is found at its size.

use calibrant::stats::aftereffect::{Course, effects};
use calibrant::stats::level::Level;
use calibrant::stats::random::Random;

/// Series per case, and users of each.
const SERIES: u32 = 100;
const USERS: u32 = 200;

/// How a user's acceptance moves with use, and what a bad output takes off the next one's.
struct Case {
    name: &'static str,
    outputs: u32,
    drop: f64,
    /// Acceptance of a user, whose own inclination is in `[−1, 1]`, at an output, from 0.
    accepts: fn(f64, f64) -> f64,
}

const CASES: [Case; 12] = [
    Case {
        name: "no growth, few outputs",
        outputs: 8,
        drop: 0.0,
        accepts: |own, _| 0.6 + 0.3 * own,
    },
    Case {
        name: "no growth",
        outputs: 40,
        drop: 0.0,
        accepts: |own, _| 0.6 + 0.3 * own,
    },
    Case {
        name: "growth that all share",
        outputs: 40,
        drop: 0.0,
        accepts: |_, at| 0.4 + 0.015 * at,
    },
    Case {
        name: "a fast plateau",
        outputs: 40,
        drop: 0.0,
        accepts: |own, at| 0.4 + 0.1 * own + 0.4 * (1.0 - (-at / 6.0).exp()),
    },
    Case {
        name: "growth and fatigue, each their own",
        outputs: 60,
        drop: 0.0,
        accepts: |own, at| 0.5 + 0.01 * own * (at - 30.0),
    },
    Case {
        name: "a drop without growth",
        outputs: 60,
        drop: 0.1,
        accepts: |own, _| 0.7 + 0.2 * own,
    },
    Case {
        name: "a drop while all grow",
        outputs: 40,
        drop: 0.1,
        accepts: |_, at| 0.4 + 0.012 * at,
    },
    Case {
        name: "a drop among few outputs",
        outputs: 12,
        drop: 0.1,
        accepts: |own, _| 0.7 + 0.2 * own,
    },
    Case {
        name: "a steep bend",
        outputs: 20,
        drop: 0.0,
        accepts: |own, at| 0.1 + 0.05 * own + 0.8 * (1.0 - (-at / 3.0).exp()),
    },
    Case {
        name: "a steep bend, few outputs",
        outputs: 12,
        drop: 0.0,
        accepts: |own, at| 0.1 + 0.05 * own + 0.8 * (1.0 - (-at / 4.0).exp()),
    },
    Case {
        name: "a steep bend, more of it for some",
        outputs: 40,
        drop: 0.0,
        accepts: |own, at| 0.4 + (0.3 + 0.2 * own) * (1.0 - (-at / 3.0).exp()),
    },
    Case {
        name: "a drop during a steep bend",
        outputs: 20,
        drop: 0.1,
        accepts: |own, at| 0.2 + 0.05 * own + 0.7 * (1.0 - (-at / 3.0).exp()),
    },
];

/// A user who minds only what was bad the time before. One in ten of what is taken is bad, too.
fn follow(case: &Case, random: &mut Random) -> Course {
    let own = 2.0 * random.uniform() - 1.0;
    let (mut course, mut was_bad) = (Course::default(), false);
    for at in 0..case.outputs {
        let accepts = (case.accepts)(own, f64::from(at)) - if was_bad { case.drop } else { 0.0 };
        let taken = random.uniform() < accepts;
        was_bad = !taken || random.uniform() < 0.1;
        course.push(was_bad, taken);
    }
    course
}

#[test]
fn learning_is_no_effect_of_bad_outputs_and_a_planted_effect_has_its_size() {
    for (seed, case) in (0..).zip(&CASES) {
        let mut random = Random::new(seed);
        let (mut values, mut covered) = (Vec::new(), 0);
        let mut later = 0;
        for _ in 0..SERIES {
            let users: Vec<Course> = (0..USERS).map(|_| follow(case, &mut random)).collect();
            let found = effects(&users);
            let holds = |lag: usize, truth: f64| {
                let (value, error) = found[lag].value.zip(found[lag].standard_error).unwrap();
                (value - truth).abs() <= found[lag].sizes.critical(Level::default()) * error
            };
            values.push(found[0].value.unwrap());
            covered += u32::from(holds(0, -case.drop));
            // The third output after a bad one knows next to nothing of it.
            later += u32::from(holds(2, 0.0));
        }
        let mean = values.iter().sum::<f64>() / f64::from(SERIES);
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let spread = (squares / f64::from(SERIES - 1)).sqrt();
        let name = case.name;
        println!("{name}: {mean:.4}, spread {spread:.4}, {covered} and {later} of {SERIES} cover");
        // Half a point, beyond what so many series are off by chance.
        let most = 0.005 + 2.0 * spread / f64::from(SERIES).sqrt();
        assert!((mean + case.drop).abs() < most, "{name}: {mean}");
        // 95 of 100, give or take 2.
        assert!(covered >= 89 && later >= 89, "{name}: {covered} and {later}");
    }
}
