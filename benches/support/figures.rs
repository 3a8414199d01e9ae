//! Numbers from repeated measurements.

use std::time::Duration;

/// The value below which a share of the values lies. The values are sorted in place.
pub fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let last = values.len().saturating_sub(1);
    values
        .get((last as f64 * share).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

pub fn median(mut values: Vec<f64>) -> f64 {
    quantile(&mut values, 0.5)
}

pub fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Three significant digits where there are fewer than four before the point.
pub fn shown(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        small if small >= 0.1 || small == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.4}"),
    }
}

/// A number of outputs or events, in words of few letters: `75 k`, `10 M`.
pub fn round(count: u64) -> String {
    match count {
        million if million >= 1_000_000 => format!("{} M", million / 1_000_000),
        thousand if thousand >= 1_000 => format!("{} k", thousand / 1_000),
        few => few.to_string(),
    }
}
