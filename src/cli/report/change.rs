//! What moved a feature between two periods, and which segment did most of it.

use serde::Deserialize;

use super::words::{segment, unit_of_difference};
use crate::metrics::number::Spread;

/// Many segments are looked at: one stands out when its excess is so many standard errors from zero.
const SURE: f64 = 3.0;
/// The ends of the intervals that reports ask for, in standard errors.
const STANDARD_ERRORS: f64 = 1.96;

/// What is read of an explanation.
#[derive(Debug, Deserialize)]
pub struct Explanation {
    pub feature: String,
    metric: String,
    pub change: Spread,
    leading: Vec<Segment>,
}

#[derive(Debug, Deserialize)]
pub struct Segment {
    dimension: String,
    value: Option<String>,
    excess: Spread,
}

impl Segment {
    pub fn name(&self) -> String {
        segment(&self.dimension, self.value.as_deref())
    }

    /// Whether it moved more than its size explains, beyond what the best of many would by chance.
    fn stands_out(&self) -> bool {
        let Spread {
            value: Some(value),
            lower: Some(lower),
            upper: Some(upper),
        } = self.excess
        else {
            return false;
        };
        upper > lower && value.abs() * 2.0 * STANDARD_ERRORS / (upper - lower) >= SURE
    }

    /// Whether it surely moved more than its size explains, and as the whole did.
    pub fn drove(&self, change: &Spread) -> bool {
        let moved = self.excess.value.zip(change.value);
        self.stands_out() && moved.is_some_and(|(excess, change)| excess * change > 0.0)
    }
}

impl Explanation {
    /// The segment that moved most, if one surely stands out.
    pub fn culprit(&self) -> Option<&Segment> {
        self.leading
            .iter()
            .find(|segment| segment.value.is_some() && segment.stands_out())
    }

    /// `−3.2 points [−5.0, −1.4], mostly locale = de`.
    pub fn text(&self) -> String {
        if self.change.value.is_none() {
            return "nothing to compare with".to_owned();
        }
        if self.change.lower.is_none() {
            return "too little to compare".to_owned();
        }
        let by = self.change.text(unit_of_difference(&self.metric));
        match (self.culprit(), self.change.is_clear()) {
            (Some(found), true) => format!("{by}, mostly {}", found.name()),
            (Some(found), false) => format!("{by}, except in {}", found.name()),
            (None, true) => format!("{by}, spread evenly"),
            (None, false) => format!("{by}, within noise"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_without_an_interval_is_not_called_noise() {
        let said = |change: Spread| {
            let explanation = Explanation {
                feature: "f".to_owned(),
                metric: "acceptance_rate".to_owned(),
                change,
                leading: Vec::new(),
            };
            explanation.text()
        };
        assert_eq!(said(Spread::default()), "nothing to compare with");
        assert_eq!(said(Spread::point(0.0)), "too little to compare");
        let noise = Spread {
            lower: Some(-0.04),
            upper: Some(0.05),
            ..Spread::point(0.005)
        };
        assert!(said(noise).ends_with("], within noise"), "{}", said(noise));
    }
}
