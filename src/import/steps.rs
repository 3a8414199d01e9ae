//! Steps: what happens to a value between its column and its field.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::Value;

use super::error::RowError;
use super::table::Scalar;
use super::time::TimeFormat;
use super::value;

/// In the order in which they apply.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps {
    /// The delimiter, and which of the parts between to take.
    pub split: Option<(String, usize)>,
    pub map: Option<BTreeMap<String, Scalar>>,
    /// `value × scale + offset`.
    pub linear: Option<(f64, f64)>,
    pub at_least: Option<f64>,
    /// For an absent value, and for one that `map` does not list.
    pub default: Option<Value>,
    pub time_format: Option<TimeFormat>,
}

impl Steps {
    /// The value after all steps but `default`.
    pub fn apply<'a>(&'a self, found: Cow<'a, Value>) -> Result<Option<Cow<'a, Value>>, RowError> {
        let mut value = found;
        if let Some((delimiter, part)) = &self.split {
            let Some(text) = value::text(&value)?
                .split(delimiter.as_str())
                .nth(*part)
                .map(str::to_owned)
            else {
                return Ok(None);
            };
            value = Cow::Owned(text.into());
        }
        if let Some(map) = &self.map {
            value = match map.get(value::text(&value)?.as_ref()) {
                Some(mapped) => Cow::Borrowed(&mapped.0),
                None if self.default.is_some() => return Ok(None),
                None => return Err(unmapped(&value, map)),
            };
        }
        if let Some((scale, offset)) = self.linear {
            value = Cow::Owned(decimal(value::number(&value)? * scale + offset).into());
        }
        if let Some(threshold) = self.at_least {
            value = Cow::Owned((value::number(&value)? >= threshold).into());
        }
        Ok(Some(value))
    }
}

/// Rounded to 15 significant digits, which any decimal of so many survives: 83 × 0.01 is 0.83, and not 0.8300000000000001.
fn decimal(number: f64) -> f64 {
    format!("{number:.14e}").parse().unwrap_or(number)
}

fn unmapped(value: &Value, map: &BTreeMap<String, Scalar>) -> RowError {
    let known: Vec<&str> = map.keys().map(String::as_str).collect();
    let message = format!(
        "{} is not in the map ({}); add it or a `default`",
        value::shown(value),
        known.join(", ")
    );
    RowError::new("unmapped_value", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_stay_decimal() {
        for percent in 0..=1_000_u32 {
            let scaled = decimal(f64::from(percent) * 0.01);
            assert_eq!(scaled, f64::from(percent) / 100.0);
        }
        assert_eq!(decimal(0.1 + 0.2), 0.3);
        assert_eq!(
            [0.0, -1.5, 123_456_789_012_345.0].map(decimal),
            [0.0, -1.5, 123_456_789_012_345.0]
        );
        assert!(decimal(f64::NAN).is_nan());
    }
}
