//! The answers that those who judge can give.

/// Distinct values up to which each is a category of its own. The work grows with the square of it.
const MOST: usize = 21;

/// Values in ascending order. Where there are too many distinct ones, they are rounded to twentieths.
#[derive(Clone, Debug, PartialEq)]
pub struct Categories {
    pub values: Vec<f64>,
    pub rounded: bool,
}

impl Categories {
    pub fn of(values: impl Iterator<Item = f64>) -> Categories {
        let mut values = distinct(values.collect());
        let rounded = values.len() > MOST;
        if rounded {
            values = distinct(values.into_iter().map(round).collect());
        }
        Categories { values, rounded }
    }

    /// The number of the category of one of the values.
    pub fn place(&self, value: f64) -> usize {
        let value = if self.rounded { round(value) } else { value };
        self.values.partition_point(|known| *known < value)
    }
}

fn distinct(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
    values
}

fn round(value: f64) -> f64 {
    (value * 20.0).round() / 20.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_values_are_rounded() {
        let few = Categories::of([1.0, 0.0, 1.0 / 3.0, 1.0].into_iter());
        assert_eq!((few.values.len(), few.rounded, few.place(1.0 / 3.0)), (3, false, 1));
        let many = Categories::of((0..1_000).map(|n| f64::from(n) / 999.0));
        assert_eq!((many.values.len(), many.rounded), (21, true));
        assert_eq!((many.place(0.524), many.place(1.0)), (10, 20));
    }
}
