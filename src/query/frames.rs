//! Frames whose rows add up by key, as they come: what is held grows with the keys, not with the rows that were added.

use polars::prelude::*;

/// Rows of new frames that are held before they are added to the others.
const NEW_ROWS: usize = 1 << 16;

/// Frames of the same columns.
#[derive(Clone, Default)]
pub struct Frames {
    frames: Vec<DataFrame>,
    rows: usize,
    /// Rows of those that are added up already.
    settled: usize,
}

impl Frames {
    /// Holds a frame. `added_up` makes one row of those that have the same key.
    pub fn push(&mut self, frame: DataFrame, added_up: impl FnOnce(LazyFrame) -> LazyFrame) -> PolarsResult<()> {
        self.rows += frame.height();
        self.frames.push(frame);
        // Each time the rows have doubled, so that adding up costs in proportion to what came.
        if self.rows > 2 * self.settled + NEW_ROWS
            && let Some(all) = self.all()?
        {
            let whole = added_up(all).collect()?;
            *self = Frames {
                rows: whole.height(),
                settled: whole.height(),
                frames: vec![whole],
            };
        }
        Ok(())
    }

    /// All rows, of which several may have the same key; `None` if there are none.
    pub fn all(&self) -> PolarsResult<Option<LazyFrame>> {
        let frames: Vec<LazyFrame> = self.frames.iter().map(|frame| frame.clone().lazy()).collect();
        match frames.is_empty() {
            true => Ok(None),
            false => concat(&frames, UnionArgs::default()).map(Some),
        }
    }

    /// Each frame made into another.
    pub fn map(&self, change: impl FnMut(DataFrame) -> PolarsResult<DataFrame>) -> PolarsResult<Frames> {
        let frames: Vec<DataFrame> = self.frames.iter().cloned().map(change).collect::<PolarsResult<_>>()?;
        Ok(Frames {
            rows: frames.iter().map(DataFrame::height).sum(),
            frames,
            settled: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_grows_with_the_keys() {
        let added_up = |rows: LazyFrame| rows.group_by([col("key")]).agg([col("one").sum()]);
        let mut frames = Frames::default();
        for _ in 0..50 {
            let keys: Vec<i64> = (0..10_000).collect();
            let columns = vec![
                Column::new("key".into(), keys),
                Column::new("one".into(), [1_i64; 10_000]),
            ];
            frames.push(DataFrame::new(10_000, columns).unwrap(), added_up).unwrap();
        }
        assert!(frames.rows <= 2 * 10_000 + NEW_ROWS, "{}", frames.rows);
        let whole = added_up(frames.all().unwrap().unwrap()).collect().unwrap();
        let ones = whole.column("one").unwrap().i64().unwrap();
        assert_eq!(ones.iter().collect::<Vec<_>>(), vec![Some(50); 10_000]);
    }
}
