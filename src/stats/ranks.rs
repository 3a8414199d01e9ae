//! Which place does something have in a ranking, given how little is known of each entry?
//!
//! An entry is surely below another when their difference is surely negative, at a level that is shared by all of its comparisons
//! (Bonferroni). With `a` entries surely above and `b` surely below among `n`, its rank is from `1 + a` to `n − b` with the stated
//! confidence (Mogstad, Romano, Shaikh and Wilhelm 2024, "Inference for Ranks", doi:10.1093/restud/rdad006, the marginal set).

use super::cluster::Sizes;
use super::combination::{Combination, Term};
use super::level::Level;

/// The least and the greatest rank of each entry, 1 for the largest value. Each entry is a value and what clusters contribute to it.
#[must_use]
pub fn bounds(entries: &[(f64, Vec<(i64, f64)>)], level: Level) -> Vec<(usize, usize)> {
    let n = entries.len();
    let alpha = (1.0 - level.get()) / n.saturating_sub(1).max(1) as f64;
    // An interval is wrong on either side with half of it.
    let shared = Level::new(1.0 - alpha).unwrap_or(level);
    let sign = |one: &(f64, Vec<(i64, f64)>), other: &(f64, Vec<(i64, f64)>)| {
        let terms = [(1.0, one), (-1.0, other)].map(|(weight, (value, influences))| Term {
            weight,
            value: *value,
            influences,
            sizes: Sizes::equal(influences.len() as u64),
        });
        let interval = Combination::new(&terms).interval(shared);
        match interval {
            Some(interval) if interval.lower > 0.0 => 1,
            Some(interval) if interval.upper < 0.0 => -1,
            _ => 0,
        }
    };
    let signs = entries.iter().enumerate().map(|(at, own)| {
        let others = entries.iter().enumerate().filter(move |(other, _)| *other != at);
        others.map(|(_, other)| sign(own, other)).collect::<Vec<i32>>()
    });
    signs
        .map(|signs| {
            let above = signs.iter().filter(|sign| **sign < 0).count();
            let below = signs.iter().filter(|sign| **sign > 0).count();
            (1 + above, n - below)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A total of so much from each of some users.
    fn total(users: std::ops::Range<i64>, each: f64) -> (f64, Vec<(i64, f64)>) {
        let own: Vec<(i64, f64)> = users.map(|user| (user, each)).collect();
        (own.iter().map(|(_, each)| each).sum(), own)
    }

    #[test]
    fn ranks_are_as_sure_as_the_differences() {
        let entries = [total(0..100, 1.0), total(100..190, 1.0), total(200..205, 1.0)];
        assert_eq!(bounds(&entries, Level::default()), [(1, 2), (1, 2), (3, 3)]);
        assert_eq!(bounds(&entries[..1], Level::default()), [(1, 1)]);
        assert!(bounds(&[], Level::default()).is_empty());
    }
}
