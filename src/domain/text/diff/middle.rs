//! Where to divide: a point in the middle of a shortest edit.

/// How far one got on each diagonal.
struct Reach {
    furthest: Vec<usize>,
    zero: isize,
}

impl Reach {
    fn new(most: usize) -> Reach {
        Reach {
            furthest: vec![0; 2 * most + 3],
            zero: most as isize + 1,
        }
    }

    fn get(&self, diagonal: isize) -> usize {
        let at = usize::try_from(diagonal + self.zero).ok();
        at.and_then(|at| self.furthest.get(at)).copied().unwrap_or_default()
    }

    /// One difference further on a diagonal, from one of those beside it.
    fn step(&self, diagonal: isize, differences: isize) -> (usize, usize) {
        let (below, above) = (self.get(diagonal - 1), self.get(diagonal + 1));
        let x = if diagonal == -differences || (diagonal != differences && below < above) {
            above
        } else {
            below + 1
        };
        (x, usize::try_from(x as isize - diagonal).unwrap_or_default())
    }

    fn set(&mut self, diagonal: isize, x: usize) {
        let at = usize::try_from(diagonal + self.zero).ok();
        if let Some(slot) = at.and_then(|at| self.furthest.get_mut(at)) {
            *slot = x;
        }
    }
}

/// `None` when there are not so many left.
fn spend(steps: &mut u64, count: usize) -> Option<()> {
    let left = steps.checked_sub(count as u64);
    *steps = left.unwrap_or_default();
    left.map(|_| ())
}

/// A point on a shortest way through both lists, about half way, met from both ends. `None` when the steps are spent.
pub fn middle<T: PartialEq>(old: &[T], new: &[T], steps: &mut u64) -> Option<(usize, usize)> {
    let (n, m) = (old.len(), new.len());
    let most = (n + m).div_ceil(2);
    let delta = n as isize - m as isize;
    let is_odd = delta % 2 != 0;
    let (mut forward, mut backward) = (Reach::new(most), Reach::new(most));
    let same = |x: usize, y: usize| old.get(x).zip(new.get(y)).is_some_and(|(one, other)| one == other);
    let same_from_end = |x: usize, y: usize| {
        let (x, y) = (n.checked_sub(x + 1), m.checked_sub(y + 1));
        x.zip(y).is_some_and(|(x, y)| same(x, y))
    };
    for differences in 0..=most as isize {
        for diagonal in (-differences..=differences).step_by(2) {
            let start = forward.step(diagonal, differences);
            let run = (0..).take_while(|run| same(start.0 + run, start.1 + run)).count();
            spend(steps, run + 1)?;
            forward.set(diagonal, start.0 + run);
            let other = delta - diagonal;
            if is_odd && other.abs() < differences && start.0 + run + backward.get(other) >= n {
                return Some(start);
            }
        }
        for diagonal in (-differences..=differences).step_by(2) {
            let start = backward.step(diagonal, differences);
            let run = (0..)
                .take_while(|run| same_from_end(start.0 + run, start.1 + run))
                .count();
            spend(steps, run + 1)?;
            backward.set(diagonal, start.0 + run);
            let other = delta - diagonal;
            if !is_odd && other.abs() <= differences && start.0 + run + forward.get(other) >= n {
                return Some((n.saturating_sub(start.0 + run), m.saturating_sub(start.1 + run)));
            }
        }
    }
    None
}
