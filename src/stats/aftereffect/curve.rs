//! How people change with use, on average.

use std::iter;

use super::course::Course;

/// So many must go on from one trial to the next for their mean change to count: of fewer it is chance more than learning.
const ENOUGH: usize = 20;

/// The mean marks and cases of trial after trial, less those of the first; as before where too few go on.
#[derive(Clone, Debug)]
pub struct Curve(Vec<(f64, f64)>);

/// The changes of those who go on. Whole numbers, whatever the order of the people.
#[derive(Clone, Copy, Default)]
struct Step {
    people: i64,
    marked: i64,
    cases: i64,
}

impl Step {
    fn add(&mut self, from: (u8, u8), to: (u8, u8)) {
        self.people += 1;
        self.marked += i64::from(to.0) - i64::from(from.0);
        self.cases += i64::from(to.1) - i64::from(from.1);
    }
}

impl Curve {
    /// From step to step those who go on are compared with themselves: that who stays differs from who leaves bends nothing.
    pub fn of(people: &[Course]) -> Curve {
        let mut lengths: Vec<usize> = people.iter().map(Course::len).collect();
        lengths.sort_unstable_by(|one, other| other.cmp(one));
        let longest = lengths.get(ENOUGH - 1).copied().unwrap_or_default();
        let mut steps = vec![Step::default(); longest.saturating_sub(1)];
        for own in people {
            let changes = own.trials().zip(own.trials().skip(1));
            for (step, (from, to)) in steps.iter_mut().zip(changes) {
                step.add(from, to);
            }
        }
        let mut level = (0.0, 0.0);
        let path = steps.iter().map(|step| {
            let people = step.people as f64;
            level.0 += step.marked as f64 / people;
            level.1 += step.cases as f64 / people;
            level
        });
        Curve(iter::once((0.0, 0.0)).chain(path).collect())
    }

    /// From a trial on.
    pub fn from(&self, trial: usize) -> impl Iterator<Item = (f64, f64)> {
        let last = self.0.last().copied().unwrap_or_default();
        let known = self.0.get(trial..).unwrap_or_default();
        known.iter().copied().chain(iter::repeat(last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(cases: impl IntoIterator<Item = bool>) -> Course {
        let mut course = Course::default();
        cases.into_iter().for_each(|is_case| course.push(!is_case, is_case));
        course
    }

    #[test]
    fn who_leaves_bends_nothing() {
        // Those who never have a case leave early; of those who stay, each has one all along.
        let mut people = vec![course([false; 10]); 30];
        people.extend(vec![course([true; 100]); 30]);
        assert!(Curve::of(&people).from(0).take(200).all(|level| level == (0.0, 0.0)));
    }

    #[test]
    fn a_change_that_all_share_is_the_curve_as_far_as_enough_go_on() {
        let mut people = vec![course((0..70).map(|at| at >= 3)); 20];
        people.push(course((0..90).map(|at| at < 80)));
        let curve = Curve::of(&people);
        let cases = |trial: usize| curve.from(trial).next().unwrap().1;
        let (share, same) = (20.0 / 21.0, cases(3));
        assert!((same - share).abs() < 1e-12, "{same}");
        assert_eq!((cases(2), cases(69), cases(85)), (0.0, same, same));
        people.truncate(19);
        assert!(Curve::of(&people).from(0).take(9).all(|level| level == (0.0, 0.0)));
        assert_eq!(Curve::of(&[]).from(5).next(), Some((0.0, 0.0)));
    }
}
