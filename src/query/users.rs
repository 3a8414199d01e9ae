//! Counts the users of slices: the histogram that has a bucket for each user.
//!
//! On a day there may be a row for each output, so that this is where time goes for a large product. A table that all users are
//! looked up in does not fit into a processor's cache. Rows are sorted by cell and user, however, so that users are taken a range at
//! a time, in the order of their keys, and only those of one range are counted at once.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use polars::prelude::PlHashMap;

use super::grouping::Grouping;
use super::merge;
use super::part::Part;
use super::request::QueryError;
use super::snapshot::Snapshot;
use super::sums::SliceKey;
use crate::metrics::families::users::USERS_KIND;
use crate::metrics::statistics::Counts;
use crate::rollup::{Axis, Column};

/// Days that are read at once.
const DAYS: usize = 8;
/// Rows that are held at once, about.
const ROWS: usize = 8_000_000;
/// Rows of one range of users, about.
const ROWS_OF_RANGE: usize = 16_384;

/// The users of each slice of some groups; `spans` are the days of the buckets.
pub fn counts(
    snapshot: &mut Snapshot,
    spans: &[Range<i32>],
    days: Range<i32>,
    grouping: &Grouping,
    groups: &Range<u32>,
) -> Result<HashMap<SliceKey, Counts>, QueryError> {
    let mut found: HashMap<SliceKey, Counts> = HashMap::new();
    let days: Vec<i32> = snapshot.view.touched(days).map(|(day, _)| day).collect();
    let mut held = Vec::new();
    let mut some_days = days.chunks(DAYS).peekable();
    while let Some(some) = some_days.next() {
        let (Some(first), Some(last)) = (some.first(), some.last()) else {
            continue;
        };
        held.extend(snapshot.parts(Axis::Histogram(USERS_KIND), *first..last + 1, &[0, 1])?);
        let rows: usize = held.iter().filter_map(Part::buckets).map(Column::len).sum();
        if rows < ROWS && some_days.peek().is_some() {
            continue;
        }
        let tables: Vec<Users> = held.iter().filter_map(Users::of).collect();
        for (slice, runs) in runs(&tables, spans, grouping, groups) {
            let counted = count(runs);
            let own = found.entry(slice).or_default();
            *own = merge::counts(std::mem::take(own), &counted);
        }
        held.clear();
    }
    Ok(found)
}

/// Hands out the parts of the histogram of some days, which are sorted, a day at a time.
pub fn each_day(snapshot: &mut Snapshot, days: &[i32], mut visit: impl FnMut(i32, &[Part])) -> Result<(), QueryError> {
    for some in days.chunks(DAYS) {
        let (Some(first), Some(last)) = (some.first(), some.last()) else {
            continue;
        };
        let mut parts = snapshot.parts(Axis::Histogram(USERS_KIND), *first..last + 1, &[0, 1])?;
        parts.sort_by_key(|part| part.day);
        for same in parts.chunk_by(|one, other| one.day == other.day) {
            if let Some(part) = same.first().filter(|part| some.binary_search(&part.day).is_ok()) {
                visit(part.day, same);
            }
        }
    }
    Ok(())
}

/// A day's table.
struct Users<'a> {
    part: &'a Part,
    keys: Cow<'a, [i64]>,
    positives: Option<&'a Column>,
    negatives: Option<&'a Column>,
}

impl Users<'_> {
    fn of(part: &Part) -> Option<Users<'_>> {
        let mut columns = part.columns();
        Some(Users {
            keys: match part.buckets()? {
                Column::Longs(keys) => Cow::Borrowed(keys),
                // Of few rows.
                narrow => Cow::Owned(narrow.to_vec()),
            },
            positives: columns.next().flatten(),
            negatives: columns.next().flatten(),
            part,
        })
    }
}

/// Rows of one cell on one day, the first of them not counted yet.
struct Run<'a> {
    users: &'a Users<'a>,
    rows: Range<usize>,
}

/// The rows of each slice.
fn runs<'a>(
    tables: &'a [Users<'a>],
    spans: &[Range<i32>],
    grouping: &Grouping,
    groups: &Range<u32>,
) -> BTreeMap<SliceKey, Vec<Run<'a>>> {
    let mut runs: BTreeMap<SliceKey, Vec<Run>> = BTreeMap::new();
    for users in tables {
        let mut start = 0;
        for (group, length) in grouping.runs(users.part) {
            let rows = start..start + length;
            start = rows.end;
            let Some(group) = group.filter(|group| groups.contains(group)) else {
                continue;
            };
            let covering = (0..).zip(spans).filter(|(_, span)| span.contains(&users.part.day));
            for (bucket, _) in covering {
                let rows = rows.clone();
                runs.entry((group, bucket)).or_default().push(Run { users, rows });
            }
        }
    }
    runs
}

/// The counts of each user of a slice, in the order of their keys.
fn count(mut runs: Vec<Run>) -> Counts {
    let rows: usize = runs.iter().map(|run| run.rows.len()).sum();
    let ranges = (rows / ROWS_OF_RANGE).max(1) as i128;
    // Keys are digests: they are spread evenly.
    let width = (1_i128 << 64) / ranges + 1;
    let mut counted: PlHashMap<i64, (i64, i64)> = PlHashMap::default();
    let mut counts = Counts::new();
    for range in 1..=ranges {
        let end = i128::from(i64::MIN) + range * width;
        for run in &mut runs {
            while let Some(key) = run.users.keys.get(run.rows.start).filter(|_| !run.rows.is_empty())
                && i128::from(*key) < end
            {
                let row = run.rows.start;
                let value = |column: Option<&Column>| column.map_or(0, |column| column.get(row));
                let sums = counted.entry(*key).or_default();
                sums.0 += value(run.users.positives);
                sums.1 += value(run.users.negatives);
                run.rows.start += 1;
            }
        }
        let from = counts.len();
        let some = counted.drain().filter(|(_, sums)| *sums != (0, 0));
        counts.extend(
            some.map(|(key, (positives, negatives))| (key, positives.unsigned_abs(), negatives.unsigned_abs())),
        );
        counts.get_mut(from..).unwrap_or_default().sort_unstable();
    }
    counts
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::rollup::Table;
    use crate::stats::random::Random;

    /// A day on which each of some users had outputs in two cells.
    fn day(day: i32, users: &[i64]) -> Part {
        let keys: Vec<(i32, i64)> = [1, 2]
            .iter()
            .flat_map(|cell| users.iter().map(|user| (*cell, *user)))
            .collect();
        let table = Table::from_sorted(&keys, &[vec![1; keys.len()], vec![0; keys.len()]]);
        Part::waiting(day, Arc::new(table), vec![0, 1].into())
    }

    #[test]
    fn users_are_counted_over_days_and_cells() {
        let mut random = Random::new(1);
        let mut users: Vec<i64> = (0..50_000).map(|_| random.next_u64().cast_signed()).collect();
        users.sort_unstable();
        let parts = [day(1, &users), day(2, &users[..30_000]), day(3, &users)];
        let tables: Vec<Users> = parts.iter().filter_map(Users::of).collect();
        let grouping = Grouping::new(&[(1, 0), (2, 0)], 1);
        let mut runs = runs(&tables, &[1..3, 3..4], &grouping, &(0..1));
        let [both, last] = [0, 1].map(|bucket| count(runs.remove(&(0, bucket)).unwrap()));
        let expected = |of: fn(usize) -> u64| users.iter().enumerate().map(move |(at, user)| (*user, of(at), 0));
        assert!(both.into_iter().eq(expected(|at| if at < 30_000 { 4 } else { 2 })));
        assert!(last.into_iter().eq(expected(|_| 2)));
    }

    #[test]
    fn small_keys_and_keys_at_the_ends_are_users_too() {
        let users = [i64::MIN, -1, 0, 5, i64::MAX];
        for users in [&users[..], &users[1..4]] {
            let parts = [day(1, users)];
            let tables: Vec<Users> = parts.iter().filter_map(Users::of).collect();
            let spans = [1..2, 2..3];
            let runs = runs(&tables, &spans, &Grouping::new(&[(1, 0)], 1), &(0..1));
            let found = runs.into_values().flat_map(count);
            assert!(found.eq(users.iter().map(|user| (*user, 1, 0))));
        }
    }
}
