//! How sure should an interval be?
//!
//! A [`Level`] is a two-sided confidence level, checked once when it is made, so that no formula
//! downstream has to ask whether `0.95` was meant as `95`. An [`Interval`] is what it buys.

use super::{normal, student};

/// A two-sided confidence level, `0.5 <= level < 1`; 95 % unless stated otherwise.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level(f64);

impl Level {
    /// Accepts a level as a fraction (`0.95`, not `95`).
    ///
    /// `None` outside `[0.5, 1)`: an interval that is wrong more often than right is a mistake
    /// in the request, and a certain one is infinitely wide.
    #[must_use]
    pub fn new(level: f64) -> Option<Self> {
        (0.5..1.0).contains(&level).then_some(Self(level))
    }

    /// The level as a fraction.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }

    /// Two-sided normal critical value, `Φ⁻¹((1 + level)/2)`; 1.96 for 95 %.
    #[must_use]
    pub fn z(self) -> f64 {
        normal::quantile(self.upper_probability())
    }

    /// Two-sided Student critical value with `df` degrees of freedom (not necessarily whole).
    ///
    /// Infinite for `df <= 0`, the limit of ever fewer degrees of freedom.
    #[must_use]
    pub fn t(self, df: f64) -> f64 {
        student::quantile(self.upper_probability(), df)
    }

    /// What is left on each side, `(1 − level)/2`; 0.025 for 95 %.
    #[must_use]
    pub fn tail(self) -> f64 {
        (1.0 - self.0) / 2.0
    }

    fn upper_probability(self) -> f64 {
        f64::midpoint(1.0, self.0)
    }
}

impl Default for Level {
    fn default() -> Self {
        Self(0.95)
    }
}

/// A closed interval, `lower <= upper`, in the unit of the quantity it belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    /// Lower end.
    pub lower: f64,
    /// Upper end.
    pub upper: f64,
}

impl Interval {
    /// `centre ± half_width`.
    #[must_use]
    pub fn around(centre: f64, half_width: f64) -> Self {
        Self {
            lower: centre - half_width,
            upper: centre + half_width,
        }
    }

    /// The part of the interval inside `[0, 1]`, for quantities that cannot leave it.
    #[must_use]
    pub fn clip_to_unit(self) -> Self {
        Self {
            lower: self.lower.clamp(0.0, 1.0),
            upper: self.upper.clamp(0.0, 1.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_meaningful_levels_exist() {
        assert_eq!(Level::new(0.95), Some(Level::default()));
        assert!(Level::new(0.5).is_some());
        for wrong in [0.05, 0.499, 1.0, 95.0, -0.95, f64::NAN, f64::INFINITY] {
            assert_eq!(Level::new(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn critical_values_are_the_textbook_ones() {
        let level = Level::default();
        assert!((level.z() - 1.959_963_984_540_054).abs() < 1e-14);
        assert!((level.t(1.0) - 12.706_204_736_174_7).abs() < 1e-11);
    }

    #[test]
    fn t_is_wider_than_z_and_approaches_it() {
        let level = Level::default();
        let t = [1.0, 2.0, 10.0, 49.0, 1e9].map(|df| level.t(df));
        assert!(t.windows(2).all(|pair| pair[0] > pair[1]));
        assert!(t[4] > level.z() && t[4] - level.z() < 1e-8);
        assert_eq!(level.t(0.0), f64::INFINITY);
    }
}
