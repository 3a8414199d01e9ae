//! Are the newest values of a stream another mean than the older ones, however long either have been coming? ADWIN, the adaptive
//! window of Bifet and Gavaldà (2007), as the Python library river computes it.
//!
//! The window is cut in two wherever its summary allows, and the mean of the older `n₀` values compared with that of the newer `n₁`:
//!
//! ```text
//! alarm when |x̄₀ − x̄₁| > √(2·s²·L/m) + ⅔·L/m,   L = ln(2·ln(n)/δ),   1/m = 1/(n₀ − w + 1) + 1/(n₁ − w + 1)
//! ```
//!
//! with `s²` the variance of the whole window and `w` the fewest values of a side (1 in the paper). Summaries are of 1, 2, 4, … values, a few of each
//! size, so that a window of `n` values takes `O(log n)` of them. As in river, everything starts afresh with the value after an alarm.
//!
//! The bound is Bernstein's for independent values that lie within 1 of each other. It promises nothing where outcomes of the same user
//! resemble each other, nor for values without bounds.

use std::collections::VecDeque;

use super::cusum::Direction;

/// What to watch for; the defaults are river's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// `δ`, the confidence; less alarms less.
    pub delta: f64,
    /// Cuts are tried with every so many values.
    pub clock: u64,
    /// Summaries of one size, before the two oldest become one of twice the size.
    pub max_buckets: usize,
    /// `w`, the fewest values of either side of a cut.
    pub min_window_length: u64,
    /// No alarm with so many values or fewer.
    pub grace_period: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            delta: 0.002,
            clock: 32,
            max_buckets: 5,
            min_window_length: 5,
            grace_period: 10,
        }
    }
}

/// The window between values.
#[derive(Clone, Debug, PartialEq)]
pub struct Adwin {
    settings: Settings,
    /// Sums of `2^i` neighbouring values in row `i`, the oldest of a row first; every row is newer than the next.
    rows: Vec<VecDeque<f64>>,
    n: u64,
    total: f64,
    /// Sum of squares around the mean.
    squares: f64,
}

impl Adwin {
    /// A window that has seen nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            rows: Vec::new(),
            n: 0,
            total: 0.0,
            squares: 0.0,
        }
    }

    /// Takes in a value; the direction of the change if this one sets off an alarm.
    pub fn update(&mut self, x: f64) -> Option<Direction> {
        self.n += 1;
        if self.n > 1 {
            let (n, before) = (self.n as f64, self.n as f64 - 1.0);
            let deviation = x - self.total / before;
            self.squares += before * deviation * deviation / n;
        }
        self.total += x;
        self.add(x);
        let is_due = self.n.is_multiple_of(self.settings.clock) && self.n > self.settings.grace_period;
        let alarm = if is_due { self.cut() } else { None };
        if alarm.is_some() {
            *self = Self::new(self.settings);
        }
        alarm
    }

    /// Puts a value first, and two sums of a size that are too many into one of the next.
    fn add(&mut self, x: f64) {
        let mut carried = Some(x);
        for row in &mut self.rows {
            let Some(sum) = carried.take() else { return };
            row.push_back(sum);
            if row.len() > self.settings.max_buckets {
                carried = row.pop_front().zip(row.pop_front()).map(|(older, newer)| older + newer);
            }
        }
        if let Some(sum) = carried {
            self.rows.push(VecDeque::from([sum]));
        }
    }

    /// Which way the mean moved at the first cut, from the oldest values on, whose sides differ.
    fn cut(&self) -> Option<Direction> {
        let least = self.settings.min_window_length as f64;
        let n = self.n as f64;
        let variance = self.squares / n;
        let penalty = (2.0 * n.ln() / self.settings.delta).ln();
        let (mut older, mut newer) = ((0.0, 0.0), (n, self.total));
        for (size, row) in self.rows.iter().enumerate().rev() {
            let size = 2.0_f64.powi(size as i32);
            for sum in row {
                older = (older.0 + size, older.1 + sum);
                newer = (newer.0 - size, newer.1 - sum);
                if older.0 < least || newer.0 < least {
                    continue;
                }
                let inverse = 1.0 / (older.0 - least + 1.0) + 1.0 / (newer.0 - least + 1.0);
                let bound = (2.0 * inverse * variance * penalty).sqrt() + 2.0 / 3.0 * penalty * inverse;
                let moved = newer.1 / newer.0 - older.1 / older.0;
                if moved.abs() > bound {
                    return Some(if moved > 0.0 { Direction::Up } else { Direction::Down });
                }
            }
        }
        None
    }
}

/// The index and direction of every alarm of a series.
#[must_use]
pub fn alarms(values: &[f64], settings: Settings) -> Vec<(usize, Direction)> {
    let mut window = Adwin::new(settings);
    let values = values.iter().enumerate();
    values.filter_map(|(at, &x)| Some((at, window.update(x)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_each_way_is_seen_when_the_clock_strikes() {
        let steps: Vec<_> = (0..600)
            .map(|i| if (200..400).contains(&i) { 1.0 } else { 0.0 })
            .collect();
        let alarms = alarms(&steps, Settings::default());
        let directions: Vec<_> = alarms.iter().map(|(_, direction)| *direction).collect();
        assert_eq!(directions, [Direction::Up, Direction::Down]);
        // The window starts afresh after an alarm, and so does its clock.
        let [first, second] = [alarms[0].0 + 1, alarms[1].0 - alarms[0].0];
        assert!(first.is_multiple_of(32) && second.is_multiple_of(32), "{alarms:?}");
        let patient = Settings {
            grace_period: 600,
            ..Settings::default()
        };
        assert!(super::alarms(&steps, patient).is_empty());
    }

    #[test]
    fn a_window_takes_few_sums_and_keeps_every_value() {
        let mut window = Adwin::new(Settings::default());
        for i in 0..10_000_u32 {
            assert_eq!(window.update(f64::from(i % 2)), None);
        }
        let sums: f64 = window.rows.iter().flatten().sum();
        assert_eq!((window.n, window.total, sums), (10_000, 5_000.0, 5_000.0));
        assert!(window.rows.iter().map(VecDeque::len).sum::<usize>() < 70);
        assert!((window.squares - 2_500.0).abs() < 1e-6);
    }

    #[test]
    fn an_alarm_forgets_everything() {
        let mut window = Adwin::new(Settings {
            clock: 1,
            ..Settings::default()
        });
        let found = (0..100).find_map(|i| window.update(f64::from(u8::from(i >= 50))));
        assert_eq!(found, Some(Direction::Up));
        assert_eq!(window, Adwin::new(window.settings));
    }
}
