//! What is the best curve that never falls?
//!
//! Isotonic regression by pooling adjacent violators (Ayer, Brunk, Ewing, Reid and Silverman 1955): of all non-decreasing
//! functions of confidence, the one with the least squared error against the outcomes, which is also the likeliest. It needs no
//! bins and no bandwidth.

use super::calibration::Bin;

/// Neighbouring cells that share one fitted value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// Mean confidence of the first cell, and of the last.
    pub from: f64,
    pub to: f64,
    /// The observations of its cells, pooled.
    pub pooled: Bin,
}

impl Block {
    /// The fitted frequency, in `[0, 1]`.
    #[must_use]
    pub fn value(&self) -> f64 {
        self.pooled.sum_y / self.pooled.n
    }
}

/// The blocks of the fit, with increasing values, from cells in ascending order of confidence; empty cells are passed over.
#[must_use]
pub fn pool(cells: &[Bin]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for cell in cells {
        let Some(p) = cell.mean_p() else { continue };
        let mut block = Block {
            from: p,
            to: p,
            pooled: *cell,
        };
        while let Some(last) = blocks.pop_if(|last| last.value() >= block.value()) {
            block.from = last.from;
            block.pooled.merge(&last.pooled);
        }
        blocks.push(block);
    }
    blocks
}

/// The fit as a polyline, in ascending order: both ends of each block, or its only point. scikit-learn's
/// `IsotonicRegression(out_of_bounds="clip")` keeps the same knots.
#[must_use]
pub fn knots(blocks: &[Block]) -> Vec<(f64, f64)> {
    let mut knots = Vec::with_capacity(2 * blocks.len());
    for block in blocks {
        knots.push((block.from, block.value()));
        if block.to > block.from {
            knots.push((block.to, block.value()));
        }
    }
    knots
}

/// A polyline at `x`: straight between knots, level beyond the ends. `None` without knots.
#[must_use]
pub fn interpolate(knots: &[(f64, f64)], x: f64) -> Option<f64> {
    let after = knots.partition_point(|(at, _)| *at < x);
    let (Some(next), Some(previous)) = (knots.get(after), after.checked_sub(1).and_then(|at| knots.get(at))) else {
        return knots.get(after).or(knots.last()).map(|(_, value)| *value);
    };
    let share = (x - previous.0) / (next.0 - previous.0);
    Some(previous.1 + share * (next.1 - previous.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(outcomes: &[(f64, f64, f64)]) -> Vec<Bin> {
        outcomes
            .iter()
            .map(|(p, n, y)| Bin {
                n: *n,
                sum_p: p * n,
                sum_y: *y,
            })
            .collect()
    }

    #[test]
    fn violators_are_pooled_and_the_rest_is_kept() {
        let blocks = pool(&cells(&[
            (0.1, 2.0, 1.0),
            (0.2, 2.0, 0.0),
            (0.3, 0.0, 0.0),
            (0.4, 4.0, 3.0),
            (0.9, 1.0, 1.0),
        ]));
        let values: Vec<f64> = blocks.iter().map(Block::value).collect();
        assert_eq!(values, [0.25, 0.75, 1.0]);
        assert_eq!((blocks[0].from, blocks[0].to), (0.1, 0.2));
        assert_eq!(knots(&blocks), [(0.1, 0.25), (0.2, 0.25), (0.4, 0.75), (0.9, 1.0)]);
    }

    #[test]
    fn between_knots_is_straight_and_beyond_them_level() {
        let line = [(0.2, 0.1), (0.4, 0.5)];
        for (x, expected) in [(0.0, 0.1), (0.2, 0.1), (0.3, 0.3), (0.4, 0.5), (1.0, 0.5)] {
            assert!((interpolate(&line, x).unwrap() - expected).abs() < 1e-12, "{x}");
        }
        assert_eq!(interpolate(&[], 0.5), None);
    }
}
