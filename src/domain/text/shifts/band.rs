//! An edit distance that is looked for near the diagonal, and how a move changes it.

use std::ops::Range;

use super::candidates::Shift;

/// Cells on each side of the diagonal, which runs from corner to corner whatever the lengths.
const WIDTH: usize = 25;
/// More than any distance; what leads out of the band.
const FAR: u32 = u32::MAX / 4;

/// The columns of each row in which a way may lead.
struct Band {
    rows: usize,
    columns: usize,
    slope: f64,
    width: usize,
}

impl Band {
    fn new(rows: usize, columns: usize) -> Band {
        let slope = if rows == 0 { 1.0 } else { columns as f64 / rows as f64 };
        // A row must meet the next one where one text is many times as long as the other.
        let width = if (WIDTH as f64) < slope / 2.0 {
            (slope / 2.0 + WIDTH as f64).ceil() as usize
        } else {
            WIDTH
        };
        Band {
            rows,
            columns,
            slope,
            width,
        }
    }

    fn at(&self, row: usize) -> Range<usize> {
        let diagonal = (row as f64 * self.slope).floor() as usize;
        let start = if row == 0 {
            0
        } else {
            diagonal.saturating_sub(self.width)
        };
        let end = if row == 0 || row == self.rows {
            self.columns + 1
        } else {
            (diagonal + self.width).min(self.columns + 1)
        };
        start..end
    }

    /// The same, seen from the other end.
    fn mirrored(&self, row: usize) -> Range<usize> {
        let band = self.at(self.rows - row);
        self.columns + 1 - band.end..self.columns + 1 - band.start
    }
}

/// The distances of one row, from its first column in the band.
#[derive(Default)]
struct Row {
    start: usize,
    cells: Vec<u32>,
}

impl Row {
    fn first(band: Range<usize>) -> Row {
        Row {
            start: band.start,
            cells: band.map(|column| column as u32).collect(),
        }
    }

    fn at(&self, column: usize) -> u32 {
        let cell = self.cells.get(column.wrapping_sub(self.start));
        cell.copied().unwrap_or(FAR)
    }

    /// Makes `next` the row after this one, by one word more of the output.
    fn step<T: PartialEq>(&self, word: &T, user: &[T], band: Range<usize>, next: &mut Row) {
        next.start = band.start;
        next.cells.clear();
        let first = band.start.max(1);
        let mut corner = self.at(first - 1);
        let mut left = FAR;
        if band.start == 0 {
            // Before the user's first word there is none to compare with.
            left = corner + 1;
            next.cells.push(left);
        }
        let compared = user.get(first - 1..band.end - 1).unwrap_or_default();
        for (column, other) in (first..).zip(compared) {
            let above = self.at(column);
            left = (corner + u32::from(word != other)).min(above + 1).min(left + 1);
            next.cells.push(left);
            corner = above;
        }
    }
}

/// The distances of all beginnings of the output from all beginnings of the user's text.
pub struct Table {
    band: Band,
    rows: Vec<Row>,
}

impl Table {
    pub fn new<T: PartialEq>(words: &[T], user: &[T], steps: &mut u64) -> Table {
        let band = Band::new(words.len(), user.len());
        let rows = rows(words, user, |row| band.at(row), steps);
        Table { band, rows }
    }

    pub fn distance(&self) -> usize {
        self.at(self.band.rows, self.band.columns) as usize
    }

    fn at(&self, row: usize, column: usize) -> u32 {
        self.rows.get(row).map_or(FAR, |row| row.at(column))
    }

    /// The way that leads here, from its end. Of ways that are as short, words are kept or replaced rather than taken out, and taken out
    /// rather than put in.
    pub fn alignment<T: PartialEq>(&self, words: &[T], user: &[T]) -> Alignment {
        let (mut row, mut column) = (self.band.rows, self.band.columns);
        let mut alignment = Alignment {
            after: vec![0; column + 1],
            wrong_output: vec![false; row],
            wrong_user: vec![false; column],
        };
        while row > 0 || column > 0 {
            let here = self.at(row, column);
            let (above, before) = (row.checked_sub(1), column.checked_sub(1));
            let both = above.zip(before).and_then(|(above, before)| {
                let is_wrong = words.get(above) != user.get(before);
                (self.at(above, before) + u32::from(is_wrong) == here).then_some(is_wrong)
            });
            let is_out = both.is_none() && above.is_some_and(|above| column == 0 || self.at(above, column) + 1 == here);
            let is_wrong = both.unwrap_or(true);
            if !is_out && let Some(before) = before {
                set(&mut alignment.after, column, row);
                set(&mut alignment.wrong_user, before, is_wrong);
                column = before;
            }
            if (is_out || both.is_some())
                && let Some(above) = above
            {
                set(&mut alignment.wrong_output, above, is_wrong);
                row = above;
            }
        }
        alignment
    }

    /// To see what moves would change.
    pub fn weighing<'a, T: PartialEq + Copy>(
        &'a self,
        words: &'a [T],
        user: &'a [T],
        steps: &mut u64,
    ) -> Weighing<'a, T> {
        let reversed = |words: &[T]| words.iter().rev().copied().collect::<Vec<T>>();
        let mirrored = |row| self.band.mirrored(row);
        Weighing {
            table: self,
            words,
            user,
            ends: rows(&reversed(words), &reversed(user), mirrored, steps),
            block: Vec::new(),
            scratch: Default::default(),
        }
    }
}

fn rows<T: PartialEq>(words: &[T], user: &[T], band: impl Fn(usize) -> Range<usize>, steps: &mut u64) -> Vec<Row> {
    let mut rows = Vec::with_capacity(words.len() + 1);
    let mut last = Row::first(band(0));
    for (number, word) in (1..).zip(words) {
        let mut next = Row::default();
        last.step(word, user, band(number), &mut next);
        *steps = steps.saturating_sub(next.cells.len() as u64);
        rows.push(last);
        last = next;
    }
    rows.push(last);
    rows
}

fn set<T>(list: &mut [T], at: usize, value: T) {
    if let Some(place) = list.get_mut(at) {
        *place = value;
    }
}

/// Which words of the output stand for which of the user's text, and which are wrong.
pub struct Alignment {
    /// For each number of the user's first words: after how many of the output they end.
    pub after: Vec<usize>,
    pub wrong_output: Vec<bool>,
    pub wrong_user: Vec<bool>,
}

/// What moves would change.
pub struct Weighing<'a, T> {
    table: &'a Table,
    words: &'a [T],
    user: &'a [T],
    /// The distances of all ends of the output from all ends of the user's text, the shortest first.
    ends: Vec<Row>,
    block: Vec<T>,
    scratch: [Row; 2],
}

impl<T: PartialEq + Copy> Weighing<'_, T> {
    /// The distance that is left after a move. Before and behind the words that it displaces the rows are known: every way passes the
    /// row behind them.
    pub fn distance(&mut self, shift: &Shift, steps: &mut u64) -> usize {
        let range = shift.range(self.words.len());
        self.block.clear();
        self.block
            .extend_from_slice(self.words.get(range.clone()).unwrap_or_default());
        shift.turn(&mut self.block);
        let [last, next] = &mut self.scratch;
        let mut known = self.table.rows.get(range.start);
        for (row, word) in (range.start + 1..).zip(&self.block) {
            let before = known.take().unwrap_or(last);
            before.step(word, self.user, self.table.band.at(row), next);
            *steps = steps.saturating_sub(next.cells.len() as u64);
            std::mem::swap(last, next);
        }
        let Some(rest) = self.ends.get(self.words.len() - range.end) else {
            return FAR as usize;
        };
        let ways = (last.start..).zip(&last.cells);
        let shortest = ways
            .map(|(column, cell)| cell + rest.at(self.user.len() - column))
            .min();
        shortest.unwrap_or(FAR) as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_move_is_weighed_as_if_it_were_made(
            words in prop::collection::vec(0..5_u32, 1..90), user in prop::collection::vec(0..5_u32, 0..90),
            start in 0..90_usize, length in 1..10_usize, target in 0..90_usize,
        ) {
            let mut steps = 0;
            let start = start % words.len();
            let shift = Shift { start, length: length.min(words.len() - start), target: target % (words.len() + 1) };
            let weighed = Table::new(&words, &user, &mut steps)
                .weighing(&words, &user, &mut steps)
                .distance(&shift, &mut steps);
            let mut moved = words.clone();
            shift.apply(&mut moved);
            prop_assert_eq!(weighed, Table::new(&moved, &user, &mut steps).distance());
        }
    }
}
