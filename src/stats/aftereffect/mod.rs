//! What does a marked trial do to the person's next ones?
//!
//! A person's trials, one after another, are each marked or not and a case or not. Asked is by how much the chance of a case differs `L`
//! trials after a marked one from that after another. Three things look like such an effect and are none: people differ; people change with
//! use, so that marked trials come early and cases late; and what was marked once is not among what comes after it (Nickell 1981, Miller and
//! Sanjurjo 2018), which makes five points of twenty trials a person.
//!
//! So trials are compared less what is usual at that trial of a person's (a time effect, as in a panel), and within blocks of neighbouring
//! ones, freed of a straight line each. What is usual is the sum of the mean changes from one trial to the next, each of those who went on, where
//! they are enough ([`curve`]). With `x` the marks, `y` the cases, less that, of a block of `T` trials, `m = T − |L|` pairs, and the
//! projection `M` of `m` places that removes level and slope, `S` that of all `T`,
//!
//! ```text
//! N_L = Σ_ab M_ab x_a y_b+L − Σ_a D_a x_a (Sy)_a,   D_a = M_a,a−|L| / S_aa
//! E N_L = Σ_d C_d·(τ_m(d − L) − Σ_a D_a S_a,a+d),   τ_m(o) = Σ_a M_a,a+o
//! τ_m(o) = m·[o = 0] − n/m − (n(n² − 1) − 3no²)/(m(m² − 1)),   n = m − |o|
//! ```
//!
//! where `C_d` is the covariance of a mark with the case `d` trials on. The second sum takes off what trials have with themselves, `C_0`, at each
//! place by itself, since chances near 0 and 1 leave less to vary: without an effect the rest is zero on average over all orders of a
//! block's trials, exactly, and so it is where chances move along a line. With effects, `C_d = v·δ_d`, where `v` is the variance of the marks
//! about their line: what those of [`CLOSE`] distances do to the sums of others, by way of the level and slope that are removed, is solved for.
//!
//! Blocks are of 16, 32, and from then on 64 trials, since learning is fast at first: a line leaves little of a curve that flattens. A steep bend
//! within a block that few share, and marked trials that come in bursts with the same causes as cases, are not told from an effect.

mod course;
mod curve;
mod lines;
mod moments;
mod weights;

use self::course::LONGEST;
pub use self::course::{After, Course};
use self::curve::Curve;
pub use self::moments::Moments;
use self::moments::{Equations, lags};
use self::weights::Weights;
use super::cluster::Sizes;

/// How many trials after a marked one are looked at.
pub const LAGS: usize = 10;

/// Distances whose effects are allowed for in the sums of all others; the first of [`DISTANCES`].
const CLOSE: usize = 4;
const DISTANCES: [i32; CLOSE + LAGS - 2] = [-2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
/// Place of the first lag among the distances.
const AHEAD: usize = 2;

/// By how much the chance of a case differs so many trials after a marked one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Effect {
    pub value: Option<f64>,
    /// Between people; `None` where too few have a say.
    pub standard_error: Option<f64>,
    /// People who had both kinds of trials in a block long enough, by how much they have to say about it.
    pub sizes: Sizes,
}

/// People whose trials are compared.
pub struct People<'a> {
    courses: &'a [Course],
    curve: Curve,
    /// Of blocks of 0, 1, … trials.
    weights: Vec<Weights>,
}

impl<'a> People<'a> {
    #[must_use]
    pub fn new(courses: &'a [Course]) -> Self {
        People {
            courses,
            curve: Curve::of(courses),
            weights: (0..=LONGEST as usize).map(Weights::new).collect(),
        }
    }

    /// What each adds to the sums of all.
    pub fn moments(&self) -> impl Iterator<Item = Moments> {
        self.courses.iter().map(|own| self.moments_of(own))
    }

    fn moments_of(&self, own: &Course) -> Moments {
        let (mut moments, mut from) = (Moments::default(), 0);
        for block in &own.0 {
            let less_usual = block.trials().zip(self.curve.from(from));
            let (marked, cases): (Vec<f64>, Vec<f64>) = less_usual
                .map(|((marked, case), usual)| (f64::from(marked) - usual.0, f64::from(case) - usual.1))
                .unzip();
            from += marked.len();
            if let Some(weights) = self.weights.get(marked.len()) {
                moments.add(&marked, &cases, weights);
            }
        }
        moments
    }

    /// The effects 1, 2, … trials after a marked one. The last digit depends on the order of the people.
    #[must_use]
    pub fn effects(&self) -> [Effect; LAGS] {
        let mut pooled = Moments::default();
        self.moments().for_each(|own| pooled += &own);
        let mut found = [Effect::default(); LAGS];
        let Some(equations) = Equations::new(&pooled) else {
            return found;
        };
        let effects = equations.effects();
        let mut squares = [0.0; LAGS];
        for own in self.moments() {
            let influences = lags(equations.solve(&own.unexplained(&effects)));
            let rows = own.0.iter().skip(AHEAD);
            for (((square, found), influence), row) in squares.iter_mut().zip(&mut found).zip(influences).zip(rows) {
                *square += influence * influence;
                if row.own > f64::EPSILON {
                    found.sizes = found.sizes.with(row.own);
                }
            }
        }
        for ((found, value), square) in found.iter_mut().zip(lags(effects)).zip(squares) {
            let people = found.sizes.clusters as f64;
            let variance = found.sizes.show_spread().then(|| square * people / (people - 1.0));
            found.value = Some(value).filter(|value| value.is_finite());
            found.standard_error = variance.map(f64::sqrt).filter(|error| error.is_finite());
        }
        found
    }
}

/// [`People::effects`] of some.
#[must_use]
pub fn effects(people: &[Course]) -> [Effect; LAGS] {
    People::new(people).effects()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(trials: &[(bool, bool)]) -> Course {
        let mut course = Course::default();
        trials
            .iter()
            .for_each(|(is_marked, is_case)| course.push(*is_marked, *is_case));
        course
    }

    fn moments(trials: &[(bool, bool)]) -> Moments {
        People::new(&[]).moments_of(&course(trials))
    }

    fn each_order(trials: &mut Vec<(bool, bool)>, from: usize, take: &mut impl FnMut(&[(bool, bool)])) {
        if from == trials.len() {
            return take(trials);
        }
        for at in from..trials.len() {
            trials.swap(from, at);
            each_order(trials, from + 1, take);
            trials.swap(from, at);
        }
    }

    #[test]
    fn the_order_alone_brings_about_nothing_on_average_over_all_orders() {
        let (bad, good, wrong) = ((true, false), (false, true), (true, true));
        let people = People::new(&[]);
        for trials in [
            vec![bad, good, good, good, bad, wrong, good, bad],
            vec![good, wrong, bad, good],
            vec![bad; 4],
        ] {
            let (mut sums, mut orders) = ([0.0; DISTANCES.len()], 0.0);
            let mut largest: f64 = 0.0;
            each_order(&mut trials.clone(), 0, &mut |order| {
                for (sum, row) in sums.iter_mut().zip(people.moments_of(&course(order)).0) {
                    *sum += row.product;
                    largest = largest.max(row.product.abs());
                }
                orders += 1.0;
            });
            assert!(
                sums.iter().all(|sum| (sum / orders).abs() < 1e-12),
                "{trials:?}: {sums:?}"
            );
            assert!(largest > 0.1 || trials.len() == 4, "{trials:?}: {largest}");
        }
    }

    #[test]
    fn too_few_trials_say_nothing() {
        let short = course(&[(true, false), (false, true), (true, false), (false, true)]);
        assert_eq!(effects(&vec![short; 50])[0].value, None);
        assert_eq!(effects(&[])[0], Effect::default());
        assert_eq!(Moments::default().effects(), None);
    }

    #[test]
    fn sums_of_groups_add_up_to_those_of_all() {
        let one = moments(&[
            (true, false),
            (false, true),
            (false, false),
            (true, true),
            (false, true),
        ]);
        let other = moments(&[
            (false, false),
            (true, true),
            (true, false),
            (false, true),
            (true, true),
            (true, false),
        ]);
        let mut both = one;
        both += &other;
        let left = both - &one;
        for (found, expected) in left.0.iter().zip(other.0) {
            assert!((found.product - expected.product).abs() < 1e-12 && (found.own - expected.own).abs() < 1e-12);
        }
    }

    /// Where one person has nearly all of the trials, what the others do says nothing about how people differ.
    #[test]
    fn one_who_has_nearly_all_trials_is_one() {
        let trial = |at: u32| (at * at % 7 < 3, at * at % 11 < 5);
        let some = |trials: u32| course(&(0..trials).map(trial).collect::<Vec<_>>());
        let mut people = vec![some(9); 8];
        assert!(effects(&people)[0].standard_error.is_some());
        people.push(some(20_000));
        let effect = effects(&people)[0];
        assert!(effect.sizes.clusters == 9 && effect.sizes.effective() < 1.1);
        assert!(effect.value.is_some() && effect.standard_error.is_none(), "{effect:?}");
    }
}
