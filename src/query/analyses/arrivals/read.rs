//! Reads who came to each arm when, and as what: one pass over the days, whatever the number of segments.
//!
//! Where the range is made of whole days this comes from the histogram of users, which is exact for any number of outputs and knows
//! outputs that are no longer kept. Otherwise, and where arms are told apart by attributes that are not declared, it comes from the outputs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use polars::prelude::{DataFrame, PlHashMap, PlHashSet, PolarsResult};

use crate::domain::clock;
use crate::domain::dimension::Cell;
use crate::domain::window::Window;
use crate::metrics::facts as f;
use crate::query::blocks::{days_covering, is_whole_days};
use crate::query::filter::Filter;
use crate::query::origin::{MOST_EXACT_OUTPUTS, check_kept};
use crate::query::part::Part;
use crate::query::plan;
use crate::query::refined::Refined;
use crate::query::request::{Query, QueryError};
use crate::query::snapshot::Snapshot;
use crate::query::{tabulate, users};
use crate::rollup::Column;
use crate::store::cells::CellId;
use crate::store::projects::Project;

/// The users of each arm, each counted on the UTC day of the first output in the arm and in the range.
pub struct Arrivals {
    /// Users of each arm, by day.
    pub by_day: BTreeMap<i32, Vec<u64>>,
    /// Users of each arm, by the cells in which they had outputs on that day.
    pub by_cells: HashMap<Vec<CellId>, Vec<u64>>,
    /// The cells of all arms.
    pub cells: HashMap<CellId, Cell>,
    /// The arms of each cell.
    arms: PlHashMap<CellId, Vec<usize>>,
    /// Users who were counted, of each arm.
    seen: Vec<PlHashSet<i64>>,
}

/// The users of each arm by the values of a dimension.
pub type ByValue = BTreeMap<Option<String>, Vec<u64>>;

/// What one cell had of one user on one day.
struct Row {
    arm: usize,
    user: i64,
    cell: CellId,
    positives: i64,
    negatives: i64,
}

/// The users of a question with arms; `None` where outputs would have to be read that are too many or no longer kept.
pub fn read(
    snapshot: &mut Snapshot,
    query: &Query,
    project: &Project,
    window: &Window,
) -> Result<Option<Arrivals>, QueryError> {
    let refined = plan::refine(snapshot, query, project, window)?;
    let view = Arc::clone(&snapshot.view);
    let cells = refined.as_ref().map_or(&*view.cells, |refined| &refined.cells);
    let mut arrivals = Arrivals::of(query, cells);
    if refined.is_none() && is_whole_days(window) {
        arrivals.read_rollups(snapshot, window)?;
        return Ok(Some(arrivals));
    }
    let outputs = match &refined {
        Some(refined) => refined.outputs,
        None => tabulate::count_outputs(arrivals.cells.keys().copied(), window, snapshot)?,
    };
    if outputs > MOST_EXACT_OUTPUTS || check_kept(snapshot, window).is_err() {
        return Ok(None);
    }
    arrivals.read_outputs(snapshot, window, refined.as_ref())?;
    Ok(Some(arrivals))
}

impl Arrivals {
    fn of(query: &Query, cells: &[(CellId, Cell)]) -> Arrivals {
        let mut arrivals = Arrivals {
            by_day: BTreeMap::new(),
            by_cells: HashMap::new(),
            cells: HashMap::new(),
            arms: PlHashMap::default(),
            seen: vec![PlHashSet::default(); query.arms.len()],
        };
        for (id, cell) in cells {
            let accepts = |filters: &Vec<_>| filters.iter().all(|filter: &Filter| filter.accepts(cell));
            if !accepts(&query.filters) {
                continue;
            }
            let arms: Vec<usize> = (0..)
                .zip(&query.arms)
                .filter(|(_, arm)| accepts(arm))
                .map(|(arm, _)| arm)
                .collect();
            if !arms.is_empty() {
                arrivals.arms.insert(*id, arms);
                arrivals.cells.insert(*id, cell.clone());
            }
        }
        arrivals
    }

    fn read_rollups(&mut self, snapshot: &mut Snapshot, window: &Window) -> Result<(), QueryError> {
        let days: Vec<i32> = snapshot
            .view
            .touched(days_covering(window))
            .map(|(day, _)| day)
            .collect();
        users::each_day(snapshot, &days, |day, parts| {
            let rows = parts.iter().flat_map(|part| self.rows(part)).collect();
            self.add(day, rows);
        })
    }

    /// The rows of users who were not counted before.
    fn rows(&self, part: &Part) -> Vec<Row> {
        let mut columns = part.columns();
        let (positives, negatives) = (columns.next().flatten(), columns.next().flatten());
        let value = |column: Option<&Column>, row| column.map_or(0, |column| column.get(row));
        let mut rows = Vec::new();
        for (row, (cell, user)) in part.keys().enumerate() {
            let cell = cell as CellId;
            rows.extend(self.new_in(cell, user).map(|arm| Row {
                arm,
                user,
                cell,
                positives: value(positives, row),
                negatives: value(negatives, row),
            }));
        }
        rows
    }

    /// The arms of a cell in which a user was not counted before.
    fn new_in(&self, cell: CellId, user: i64) -> impl Iterator<Item = usize> {
        let arms = self.arms.get(&cell).into_iter().flatten().copied();
        arms.filter(move |arm| self.seen.get(*arm).is_some_and(|seen| !seen.contains(&user)))
    }

    fn read_outputs(
        &mut self,
        snapshot: &mut Snapshot,
        window: &Window,
        refined: Option<&Refined>,
    ) -> Result<(), QueryError> {
        let columns: Vec<&str> = [f::CELL, f::SHOWN_AT, f::USER, f::MISSED]
            .into_iter()
            .chain(refined.map(|_| f::ATTRIBUTES))
            .collect();
        for day in snapshot.days(window) {
            let stated = snapshot.segment(day, Some(&columns))?;
            let rows = self.rows_of_outputs(&stated, window, refined)?;
            self.add(day, rows);
        }
        Ok(())
    }

    fn rows_of_outputs(
        &self,
        stated: &DataFrame,
        window: &Window,
        refined: Option<&Refined>,
    ) -> PolarsResult<Vec<Row>> {
        let cells: Vec<Option<CellId>> = match refined {
            Some(refined) => refined.parts(stated)?,
            None => stated.column(f::CELL)?.i32()?.iter().collect(),
        };
        let range = window.from..window.to;
        let times = stated.column(f::SHOWN_AT)?.i64()?.iter();
        let users = stated.column(f::USER)?.i64()?.iter();
        let missed = stated.column(f::MISSED)?.bool()?.iter();
        let mut rows = Vec::new();
        for (((cell, time), user), missed) in cells.into_iter().zip(times).zip(users).zip(missed) {
            let (Some(cell), Some(time), Some(user), Some(false)) = (cell, time, user, missed) else {
                continue;
            };
            if range.contains(&clock::from_micros(time)) {
                rows.extend(self.new_in(cell, user).map(|arm| Row {
                    arm,
                    user,
                    cell,
                    positives: 1,
                    negatives: 0,
                }));
            }
        }
        Ok(rows)
    }

    /// Counts the users of a day, from the rows of those who were not counted before. What waits to be merged may take rows back.
    fn add(&mut self, day: i32, mut rows: Vec<Row>) {
        rows.sort_unstable_by_key(|row| (row.arm, row.user, row.cell));
        let arms = self.seen.len();
        for of_user in rows.chunk_by(|one, other| (one.arm, one.user) == (other.arm, other.user)) {
            let had = of_user.chunk_by(|one, other| one.cell == other.cell).filter(|same| {
                let positives: i64 = same.iter().map(|row| row.positives).sum();
                let negatives: i64 = same.iter().map(|row| row.negatives).sum();
                (positives, negatives) != (0, 0)
            });
            let cells: Vec<CellId> = had.filter_map(|same| Some(same.first()?.cell)).collect();
            let Some(Row { arm, user, .. }) = of_user.first().filter(|_| !cells.is_empty()) else {
                continue;
            };
            if let Some(seen) = self.seen.get_mut(*arm) {
                seen.insert(*user);
            }
            let on_day = self.by_day.entry(day).or_insert_with(|| vec![0; arms]);
            let in_cells = self.by_cells.entry(cells).or_insert_with(|| vec![0; arms]);
            for counts in [on_day, in_cells] {
                if let Some(count) = counts.get_mut(*arm) {
                    *count += 1;
                }
            }
        }
    }

    /// The users of each arm by the values that they had on their first day; who had several counts in each.
    pub fn by_value(&self, value: impl Fn(&Cell) -> Option<String>) -> ByValue {
        let mut found = ByValue::new();
        for (cells, users) in &self.by_cells {
            let known = cells.iter().filter_map(|cell| self.cells.get(cell));
            for value in known.map(&value).collect::<BTreeSet<_>>() {
                let counts = found.entry(value).or_insert_with(|| vec![0; users.len()]);
                counts.iter_mut().zip(users).for_each(|(count, own)| *count += own);
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::dimension::Dimension;
    use crate::domain::key::ProjectId;
    use crate::query::filter::Filter;

    #[test]
    fn users_are_counted_on_their_first_day_unless_it_was_taken_back() {
        let mut query = Query::new(ProjectId::default(), Vec::new());
        query.arms = ["1", "2"]
            .map(|version| vec![Filter::is(Dimension::Version, version)])
            .to_vec();
        let cell = |version: &str, feature: &str| Cell {
            version: Some(version.to_owned()),
            feature: feature.to_owned(),
            ..Cell::default()
        };
        let cells = [
            (1, cell("1", "f")),
            (2, cell("1", "g")),
            (3, cell("2", "f")),
            (4, cell("3", "f")),
        ];
        let mut arrivals = Arrivals::of(&query, &cells);
        let mut add = |day, rows: &[(CellId, i64, i64)]| {
            let rows = rows.iter().flat_map(|(cell, user, positives)| {
                let new: Vec<usize> = arrivals.new_in(*cell, *user).collect();
                new.into_iter().map(|arm| Row {
                    arm,
                    user: *user,
                    cell: *cell,
                    positives: *positives,
                    negatives: 0,
                })
            });
            let rows = rows.collect();
            arrivals.add(day, rows);
        };
        // The outputs of the second user are waiting to be taken back; the third has both features, the fourth is in no arm.
        add(
            1,
            &[(1, 11, 2), (1, 12, 1), (1, 13, 1), (2, 13, 1), (4, 14, 1), (1, 12, -1)],
        );
        add(2, &[(2, 11, 1), (1, 12, 1), (3, 11, 1), (3, 15, 1)]);
        assert_eq!(arrivals.by_day, BTreeMap::from([(1, vec![2, 0]), (2, vec![1, 2])]));
        let by_feature = arrivals.by_value(|cell| Some(cell.feature.clone()));
        let expected = [("f", vec![3, 2]), ("g", vec![1, 0])].map(|(name, users)| (Some(name.to_owned()), users));
        assert_eq!(by_feature, BTreeMap::from(expected));
    }
}
