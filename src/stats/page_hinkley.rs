//! Did the mean of a stream change? The test of Page (1954) and Hinkley (1971), as the Python library river computes it.
//!
//! ```text
//! x̄ ← mean so far, x included
//! up   ← α·up   + x − x̄ − δ,   alarm when up − min(up) > λ
//! down ← α·down + x − x̄ + δ,   alarm when max(down) − down > λ
//! ```
//!
//! The mean is updated before the sums, and everything starts afresh with the value after an alarm. Unlike [`super::cusum`] it
//! needs no target, but promises nothing about false alarms: `λ` is tuned by trial.

use super::cusum::Direction;

/// What to watch for; the defaults are river's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// No alarm before so many values.
    pub min_instances: u64,
    /// `δ`, the change that is tolerated.
    pub delta: f64,
    /// `λ`.
    pub threshold: f64,
    /// `α`, by which the past fades; 1 forgets nothing.
    pub alpha: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_instances: 30,
            delta: 0.005,
            threshold: 50.0,
            alpha: 1.0 - 0.0001,
        }
    }
}

/// The state of the test between values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PageHinkley {
    settings: Settings,
    n: u64,
    mean: f64,
    up: f64,
    down: f64,
    lowest_up: f64,
    highest_down: f64,
}

impl PageHinkley {
    /// A test that has seen nothing yet.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            n: 0,
            mean: 0.0,
            up: 0.0,
            down: 0.0,
            lowest_up: f64::INFINITY,
            highest_down: f64::NEG_INFINITY,
        }
    }

    /// Takes in a value; the direction of the change if this one sets off an alarm.
    pub fn update(&mut self, x: f64) -> Option<Direction> {
        let Settings {
            min_instances,
            delta,
            threshold,
            alpha,
        } = self.settings;
        self.n += 1;
        self.mean += (x - self.mean) / self.n as f64;
        let deviation = x - self.mean;
        self.up = alpha * self.up + deviation - delta;
        self.down = alpha * self.down + deviation + delta;
        self.lowest_up = self.lowest_up.min(self.up);
        self.highest_down = self.highest_down.max(self.down);
        if self.n < min_instances {
            return None;
        }
        let alarm = if self.up - self.lowest_up > threshold {
            Some(Direction::Up)
        } else if self.highest_down - self.down > threshold {
            Some(Direction::Down)
        } else {
            None
        };
        if alarm.is_some() {
            *self = Self::new(self.settings);
        }
        alarm
    }
}

/// The index and direction of every alarm of a series.
#[must_use]
pub fn alarms(values: &[f64], settings: Settings) -> Vec<(usize, Direction)> {
    let mut test = PageHinkley::new(settings);
    let values = values.iter().enumerate();
    values.filter_map(|(at, &x)| Some((at, test.update(x)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_each_way_and_nothing_before_enough_values() {
        let settings = Settings {
            threshold: 5.0,
            ..Settings::default()
        };
        let steps: Vec<_> = (0..300)
            .map(|i| if (100..200).contains(&i) { 1.0 } else { 0.0 })
            .collect();
        let alarms = alarms(&steps, settings);
        let directions: Vec<_> = alarms.iter().map(|(_, direction)| *direction).collect();
        assert_eq!(directions, [Direction::Up, Direction::Down]);
        assert!((100..110).contains(&alarms[0].0) && (200..210).contains(&alarms[1].0));
        let patient = Settings {
            min_instances: 301,
            ..settings
        };
        assert!(super::alarms(&steps, patient).is_empty());
    }

    #[test]
    fn an_alarm_forgets_everything() {
        let mut test = PageHinkley::new(Settings {
            min_instances: 1,
            threshold: 0.3,
            ..Settings::default()
        });
        assert_eq!(test.update(0.0), None);
        assert_eq!(test.update(1.0), Some(Direction::Up));
        assert_eq!(test, PageHinkley::new(test.settings));
    }
}
