//! What of an output is in place some time after it was taken.

/// Seconds after the decision at which one asks what is in place: those at which code assistants look (Ziegler et al. 2022; Cody's
/// completion persistence).
pub const HORIZONS: [u32; 4] = [30, 120, 300, 600];

/// A report speaks for a horizon that it is at most one part in so many of the horizon away from: for 30 s from 22.5 s to 37.5 s
/// on. The ranges do not touch, so that a report speaks for one horizon at most. In the published curves an output's chance to be
/// in place falls by about a point over such a range.
pub const NEARNESS: i64 = 4;

/// What is in place at each of the [`HORIZONS`]: the share in units of a [`WHOLE`]th, rounded down, or [`TAKEN_BACK`]; `None` where
/// nobody said.
pub type Kept = [Option<i16>; HORIZONS.len()];

/// All of it.
pub const WHOLE: i16 = 10_000;

/// The user had taken it back by then: nothing is in place, whatever reports say.
pub const TAKEN_BACK: i16 = -1;

/// A share in [0, 1] as it is stored. Rounded down, so that only what is whole is stored as whole; shares that are off by no more
/// than the rounding of a product count as what they were meant to be.
pub fn stored(share: f64) -> i16 {
    const ROUNDING: f64 = 1e-6;
    (share.clamp(0.0, 1.0) * f64::from(WHOLE) + ROUNDING).floor() as i16
}

/// The share that a stored value stands for: 0 of what was taken back.
pub fn share(stored: i16) -> f64 {
    f64::from(stored.max(0)) / f64::from(WHOLE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths_come_back_as_they_were() {
        for hundredths in 0..=100 {
            let value = f64::from(hundredths) / 100.0;
            assert_eq!(stored(value), 100 * hundredths as i16);
            assert_eq!(share(stored(value)), value);
        }
    }

    #[test]
    fn nearly_whole_is_not_whole() {
        assert_eq!(stored(0.999_999), WHOLE - 1);
        assert_eq!(stored(2.0 / 3.0), 6_666);
    }

    #[test]
    fn nothing_is_in_place_of_what_was_taken_back() {
        assert_eq!(share(TAKEN_BACK), 0.0);
    }

    #[test]
    fn a_report_speaks_for_one_horizon_at_most() {
        for pair in HORIZONS.windows(2) {
            let [earlier, later] = [pair[0], pair[1]].map(i64::from);
            assert!(earlier + earlier / NEARNESS < later - later / NEARNESS);
        }
    }
}
