//! Numbers as the dashboard writes them (`dashboards/web/src/format/number.ts`): rounded to what their interval supports.
//!
//! Text is made with the marks of good print, `−` and `·`; a terminal that cannot show them replaces them.

use serde::Deserialize;

use crate::metrics::{Estimate, Unit};

/// A value and its interval, as the API writes both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
pub struct Spread {
    pub value: Option<f64>,
    pub lower: Option<f64>,
    pub upper: Option<f64>,
}

/// What stands for a value that is not there.
const NONE: &str = "–";

/// How values of a unit are shown: what they are multiplied by, what stands after them, and whether a plus is written.
struct Display {
    factor: f64,
    suffix: &'static str,
    signed: bool,
}

fn display(unit: Unit, value: f64) -> Display {
    let (factor, suffix, signed) = match unit {
        Unit::Share => (100.0, " %", false),
        Unit::ShareDifference => (100.0, " points", true),
        Unit::Milliseconds => match value.abs() {
            ..1_000.0 => (1.0, " ms", false),
            ..120_000.0 => (1.0 / 1_000.0, " s", false),
            ..7_200_000.0 => (1.0 / 60_000.0, " min", false),
            _ => (1.0 / 3_600_000.0, " h", false),
        },
        _ => (1.0, "", false),
    };
    Display { factor, suffix, signed }
}

impl From<&Estimate> for Spread {
    fn from(estimate: &Estimate) -> Spread {
        Spread {
            value: estimate.value,
            lower: estimate.lower,
            upper: estimate.upper,
        }
    }
}

impl Spread {
    /// A value of which no interval is known.
    pub fn point(value: f64) -> Spread {
        Spread {
            value: Some(value),
            ..Spread::default()
        }
    }

    fn width(&self) -> Option<f64> {
        Some(self.upper? - self.lower?)
    }

    /// Whether the interval leaves zero out.
    pub fn is_clear(&self) -> bool {
        self.lower.is_some_and(|lower| lower > 0.0) || self.upper.is_some_and(|upper| upper < 0.0)
    }

    /// `35.2 % [29, 42]`.
    pub fn text(&self, unit: Unit) -> String {
        let Some(value) = self.value else {
            return NONE.to_owned();
        };
        if unit == Unit::Count {
            return count(value);
        }
        let shown = display(unit, value);
        self.value_of(unit, value, &shown) + &self.ends(&shown)
    }

    /// `35.2 %`: no more digits than the interval supports, without the interval.
    pub fn alone(&self, unit: Unit) -> String {
        match self.value {
            Some(value) if unit == Unit::Count => count(value),
            Some(value) => self.value_of(unit, value, &display(unit, value)),
            None => NONE.to_owned(),
        }
    }

    /// A difference of two values of the unit, with its sign: `+3.2 points [+1.1, +5.3]`.
    pub fn difference(&self, unit: Unit) -> String {
        let Some(value) = self.value else {
            return NONE.to_owned();
        };
        let unit = unit.of_differences();
        let shown = Display {
            signed: true,
            ..display(unit, value)
        };
        self.value_of(unit, value, &shown) + &self.ends(&shown)
    }

    fn digits(&self, shown: &Display) -> Digits {
        match self.width().map(|width| width * shown.factor) {
            None if shown.suffix == " ms" => Digits { value: 0, ends: 0 },
            width => Digits::deserved(width),
        }
    }

    fn value_of(&self, unit: Unit, value: f64, shown: &Display) -> String {
        let digits = match unit {
            Unit::Count => 0,
            Unit::Characters if self.width().is_none() => 0,
            _ => self.digits(shown).value,
        };
        fixed(value * shown.factor, digits, shown.signed) + shown.suffix
    }

    fn ends(&self, shown: &Display) -> String {
        let (Some(lower), Some(upper)) = (self.lower, self.upper) else {
            return String::new();
        };
        let digits = self.digits(shown).ends;
        let [lower, upper] = [lower, upper].map(|end| fixed(end * shown.factor, digits, shown.signed));
        format!(" [{lower}, {upper}]")
    }
}

/// Decimals.
struct Digits {
    value: usize,
    ends: usize,
}

impl Digits {
    /// Of the value and the ends of its interval: the ends about two digits of the interval's width.
    fn deserved(width: Option<f64>) -> Digits {
        let Some(width) = width.filter(|width| *width > 0.0) else {
            return Digits { value: 1, ends: 1 };
        };
        let ends = (1.0 - width.log10().floor()).clamp(0.0, 4.0) as usize;
        let value = if ends == 0 && width < 30.0 { 1 } else { ends };
        Digits { value, ends }
    }
}

/// With so many decimals and thousands set apart; halves go away from zero.
fn fixed(value: f64, digits: usize, signed: bool) -> String {
    let size = value.abs();
    let is_half = (size * 10_f64.powi(digits as i32)).fract() == 0.5;
    let text = format!("{:.digits$}", if is_half { size.next_up() } else { size });
    let is_zero = !text.contains(|digit: char| digit.is_ascii_digit() && digit != '0');
    let sign = match value < 0.0 {
        _ if is_zero => "",
        true => "−",
        false if signed => "+",
        false => "",
    };
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{sign}{grouped}{fraction}")
}

pub fn count(value: f64) -> String {
    fixed(value, 0, false)
}

/// `1 output`, `1,096 outputs`.
pub fn counted(value: u64, noun: &str) -> String {
    let plural = if value == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(value as f64))
}

/// `n 1,096 · 21 users`. Outputs of nobody known have no users to count.
pub fn evidence(n: u64, users: Option<u64>) -> String {
    let text = format!("n {}", count(n as f64));
    match users {
        Some(0) if n > 0 => format!("{text} · users unknown"),
        Some(users) => format!("{text} · {}", counted(users, "user")),
        None => text,
    }
}

/// A share of something, without an interval: `9 %`, `0.4 %`.
pub fn percent(share: f64) -> String {
    let points = share * 100.0;
    let digits = usize::from(points != 0.0 && points.abs() < 1.0);
    fixed(points, digits, false) + " %"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics;

    #[derive(Deserialize)]
    struct Case {
        unit: String,
        #[serde(flatten)]
        spread: Spread,
        text: String,
    }

    #[test]
    fn numbers_are_written_as_the_dashboard_writes_them() {
        let cases = include_str!("../../dashboards/web/src/format/numbers.json");
        let cases: Vec<Case> = serde_json::from_str(cases).unwrap();
        assert!(cases.len() > 10);
        for case in cases {
            let named = |unit: Unit| serde_json::to_value(unit).unwrap() == case.unit;
            let (_, metric) = metrics::all().find(|(_, metric)| named(metric.unit)).unwrap();
            assert_eq!(case.spread.text(metric.unit).replace('−', "-"), case.text);
        }
    }

    #[test]
    fn differences_have_their_sign_and_values_alone_the_digits_of_their_interval() {
        let spread = |value, lower, upper| Spread {
            value: Some(value),
            lower: Some(lower),
            upper: Some(upper),
        };
        let wide = spread(-0.132, -0.16, -0.105);
        assert_eq!(wide.difference(Unit::Share), "−13.2 points [−16.0, −10.5]");
        assert_eq!(spread(0.7, 0.5, 0.9).alone(Unit::Share), "70 %");
        let slower = spread(150.0, 100.0, 200.0);
        assert_eq!(slower.difference(Unit::Milliseconds), "+150 ms [+100, +200]");
        assert_eq!(Spread::point(0.05).difference(Unit::Share), "+5.0 points");
        assert_eq!(Spread::point(-12.0).difference(Unit::Count), "−12");
        assert_eq!(Spread::default().difference(Unit::Share), "–");
    }

    #[test]
    fn evidence_and_shares() {
        assert_eq!(evidence(1_096, Some(21)), "n 1,096 · 21 users");
        assert_eq!(evidence(3, None), "n 3");
        assert_eq!(evidence(1, Some(0)), "n 1 · users unknown");
        assert_eq!(counted(1, "user"), "1 user");
        assert_eq!([0.094, 0.004, 0.0].map(percent), ["9 %", "0.4 %", "0 %"]);
    }
}
