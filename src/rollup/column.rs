//! A column of integers at the narrowest width that holds them.

use std::ops::Range;

/// Most sums are small counts, and many are zero throughout: a column takes one byte per row where that is enough, and none
/// where there is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// So many zeros.
    Zeros(usize),
    Bytes(Box<[i8]>),
    Shorts(Box<[i16]>),
    Ints(Box<[i32]>),
    Longs(Box<[i64]>),
}

impl Column {
    pub fn narrow(values: &[i64]) -> Column {
        let (least, most) = values.iter().fold((0, 0), |(least, most), value| {
            (value.min(&least).to_owned(), value.max(&most).to_owned())
        });
        let fits = |low: i64, high: i64| least >= low && most <= high;
        if fits(0, 0) {
            Column::Zeros(values.len())
        } else if fits(i8::MIN.into(), i8::MAX.into()) {
            Column::Bytes(values.iter().map(|value| *value as i8).collect())
        } else if fits(i16::MIN.into(), i16::MAX.into()) {
            Column::Shorts(values.iter().map(|value| *value as i16).collect())
        } else if fits(i32::MIN.into(), i32::MAX.into()) {
            Column::Ints(values.iter().map(|value| *value as i32).collect())
        } else {
            Column::Longs(values.into())
        }
    }

    pub fn len(&self) -> usize {
        match self {
            Column::Zeros(rows) => *rows,
            Column::Bytes(values) => values.len(),
            Column::Shorts(values) => values.len(),
            Column::Ints(values) => values.len(),
            Column::Longs(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes per value: 0, 1, 2, 4 or 8.
    pub fn width(&self) -> usize {
        match self {
            Column::Zeros(_) => 0,
            Column::Bytes(_) => 1,
            Column::Shorts(_) => 2,
            Column::Ints(_) => 4,
            Column::Longs(_) => 8,
        }
    }

    /// The value of a row; 0 where there is no such row.
    pub fn get(&self, row: usize) -> i64 {
        fn at<T: Copy + Into<i64>>(values: &[T], row: usize) -> i64 {
            values.get(row).map_or(0, |value| (*value).into())
        }
        match self {
            Column::Zeros(_) => 0,
            Column::Bytes(values) => at(values, row),
            Column::Shorts(values) => at(values, row),
            Column::Ints(values) => at(values, row),
            Column::Longs(values) => at(values, row),
        }
    }

    pub fn to_vec(&self) -> Vec<i64> {
        fn widen<T: Copy + Into<i64>>(values: &[T]) -> Vec<i64> {
            values.iter().map(|value| (*value).into()).collect()
        }
        match self {
            Column::Zeros(rows) => vec![0; *rows],
            Column::Bytes(values) => widen(values),
            Column::Shorts(values) => widen(values),
            Column::Ints(values) => widen(values),
            Column::Longs(values) => values.to_vec(),
        }
    }

    /// Adds a run of values to `to`, one to one. Sums that overflow stay at the end of the range.
    pub fn add_run(&self, run: Range<usize>, to: &mut [i64]) {
        fn add<T: Copy + Into<i64>>(values: &[T], run: Range<usize>, to: &mut [i64]) {
            let values = values.get(run).unwrap_or_default();
            // Sums that wrap around are found afterwards: additions that stop at the end are not made several at once.
            let mut wrapped = 0_i64;
            for (value, sum) in values.iter().zip(to.iter_mut()) {
                let value = (*value).into();
                let added = sum.wrapping_add(value);
                wrapped |= (*sum ^ added) & (value ^ added);
                *sum = added;
            }
            if wrapped < 0 {
                for (value, sum) in values.iter().zip(to) {
                    let value = (*value).into();
                    *sum = sum.wrapping_sub(value).saturating_add(value);
                }
            }
        }
        match self {
            Column::Zeros(_) => {}
            Column::Bytes(values) => add(values, run, to),
            Column::Shorts(values) => add(values, run, to),
            Column::Ints(values) => add(values, run, to),
            Column::Longs(values) => add(values, run, to),
        }
    }

    /// Adds each value from row `first` on to the place that `places` names for it. A place that `to` does not have leaves the row out.
    /// Sums that overflow stay at the end of the range.
    pub fn scatter(&self, first: usize, places: &[u32], to: &mut [i64]) {
        fn add<T: Copy + Into<i64>>(values: &[T], first: usize, places: &[u32], to: &mut [i64]) {
            for (value, place) in values.get(first..).unwrap_or_default().iter().zip(places) {
                if let Some(sum) = to.get_mut(*place as usize) {
                    *sum = sum.saturating_add((*value).into());
                }
            }
        }
        match self {
            Column::Zeros(_) => {}
            Column::Bytes(values) => add(values, first, places, to),
            Column::Shorts(values) => add(values, first, places, to),
            Column::Ints(values) => add(values, first, places, to),
            Column::Longs(values) => add(values, first, places, to),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_as_wide_as_its_widest_value() {
        for (value, width) in [(0, 0), (-128, 1), (128, 2), (-32_769, 4), (i64::from(i32::MAX) + 1, 8)] {
            let column = Column::narrow(&[0, value]);
            assert_eq!((column.width(), column.to_vec()), (width, vec![0, value]));
            assert_eq!([column.get(1), column.get(2)], [value, 0]);
        }
    }

    #[test]
    fn rows_without_a_place_are_left_out() {
        let mut sums = vec![0, 0];
        Column::narrow(&[1, 300, 5, 7]).scatter(0, &[1, 0, 1, u32::MAX], &mut sums);
        assert_eq!(sums, [300, 6]);
        Column::narrow(&[1, 300, 5, 7]).scatter(2, &[1, 0], &mut sums);
        assert_eq!(sums, [307, 11]);
        Column::narrow(&[1]).scatter(2, &[0], &mut sums);
        assert_eq!(sums, [307, 11]);
    }

    #[test]
    fn sums_stay_at_the_end_of_the_range() {
        let mut sums = vec![i64::MAX - 1];
        Column::narrow(&[i64::MAX]).scatter(0, &[0], &mut sums);
        assert_eq!(sums, [i64::MAX]);
        let mut sums = vec![i64::MIN, 5, i64::MAX - 1];
        Column::narrow(&[9, -1, -7, 2]).add_run(1..4, &mut sums);
        assert_eq!(sums, [i64::MIN, -2, i64::MAX]);
    }
}
