//! Into which classes do edits fall, by how much of the text they change?

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Hundredths of the edit distance between thresholds that can be told apart: how finely edits are counted.
pub const STEP: i16 = 5;

/// The largest edit distance of each class. What is changed more than a heavy edit is a rewrite.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EditThresholds {
    #[schema(value_type = f64, minimum = 0.05, maximum = 0.95)]
    pub light: Threshold,
    #[schema(value_type = f64, minimum = 0.05, maximum = 0.95)]
    pub medium: Threshold,
    #[schema(value_type = f64, minimum = 0.05, maximum = 0.95)]
    pub heavy: Threshold,
}

impl EditThresholds {
    pub const LOWEST: EditThresholds = EditThresholds::of([STEP, 2 * STEP, 3 * STEP]);
    pub const HIGHEST: EditThresholds = EditThresholds::of([100 - 3 * STEP, 100 - 2 * STEP, 100 - STEP]);

    const fn of([light, medium, heavy]: [i16; 3]) -> EditThresholds {
        EditThresholds {
            light: Threshold(light),
            medium: Threshold(medium),
            heavy: Threshold(heavy),
        }
    }

    /// Whether each class reaches further than the one before.
    pub fn increase(&self) -> bool {
        self.light < self.medium && self.medium < self.heavy
    }

    /// In hundredths, in the order of the classes.
    pub fn hundredths(&self) -> [i16; 3] {
        [self.light, self.medium, self.heavy].map(Threshold::hundredths)
    }
}

impl Default for EditThresholds {
    fn default() -> Self {
        EditThresholds::of([10, 30, 50])
    }
}

impl TryFrom<Vec<i16>> for EditThresholds {
    type Error = &'static str;

    fn try_from(hundredths: Vec<i16>) -> Result<Self, Self::Error> {
        let [light, medium, heavy] = *hundredths.as_slice() else {
            return Err("there are three thresholds");
        };
        Ok(EditThresholds {
            light: Threshold::new(light)?,
            medium: Threshold::new(medium)?,
            heavy: Threshold::new(heavy)?,
        })
    }
}

/// An edit distance up to which edits are of a class, in hundredths; written as the share that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Threshold(i16);

impl Threshold {
    /// Nothing is changed.
    pub const NOTHING: Threshold = Threshold(0);

    /// All that a class may end at.
    pub fn all() -> impl Iterator<Item = Threshold> {
        (1..100 / STEP).map(|step| Threshold(step * STEP))
    }

    pub fn hundredths(self) -> i16 {
        self.0
    }

    /// The edit distance itself: the number next to the decimal fraction.
    pub fn distance(self) -> f64 {
        f64::from(self.0) / 100.0
    }

    fn new(hundredths: i16) -> Result<Threshold, &'static str> {
        Threshold::all()
            .find(|threshold| threshold.0 == hundredths)
            .ok_or("a threshold is a multiple of 0.05 from 0.05 to 0.95")
    }
}

impl TryFrom<f64> for Threshold {
    type Error = &'static str;

    fn try_from(distance: f64) -> Result<Self, Self::Error> {
        let hundredths = (distance * 100.0).round();
        let is_whole = (distance * 100.0 - hundredths).abs() < 1e-9;
        Threshold::new(if is_whole { hundredths as i16 } else { 0 })
    }
}

impl From<Threshold> for f64 {
    fn from(threshold: Threshold) -> f64 {
        threshold.distance()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_threshold_is_read_as_it_is_written() {
        assert_eq!(Threshold::all().count(), 19);
        for threshold in Threshold::all() {
            assert_eq!(Threshold::try_from(threshold.distance()), Ok(threshold));
            let written: f64 = format!("0.{:02}", threshold.hundredths()).parse().unwrap();
            assert_eq!(threshold.distance(), written);
        }
        for distance in [0.0, 0.051, 0.97, 1.0, -0.1, 1e300, f64::NAN] {
            assert!(Threshold::try_from(distance).is_err(), "{distance}");
        }
    }
}
