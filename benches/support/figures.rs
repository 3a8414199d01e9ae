//! Numbers from repeated runs, and the machine they are from.

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

/// One line: cores, memory, kernel, and what else is running.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let first_line = |path: &str| {
        std::fs::read_to_string(path)
            .unwrap_or_default()
            .lines()
            .next()
            .unwrap_or_default()
            .to_owned()
    };
    let model = std::fs::read_to_string("/proc/cpuinfo")
        .unwrap_or_default()
        .lines()
        .find_map(|line| Some(line.strip_prefix("model name")?.split_once(':')?.1.trim().to_owned()))
        .unwrap_or_else(|| "unknown processor".to_owned());
    let memory = first_line("/proc/meminfo")
        .split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<f64>().ok());
    format!(
        "{cores} cores ({model}), {:.0} GB, Linux {}, load average {}",
        memory.unwrap_or(f64::NAN) / 1e6,
        first_line("/proc/sys/kernel/osrelease"),
        load_average()
    )
}

/// The load averages of 1, 5 and 15 minutes.
pub fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// The runs of one line of the table.
pub struct Line {
    name: &'static str,
    unit: &'static str,
    runs: Vec<f64>,
}

/// Values by line, in the order in which the lines were first seen.
#[derive(Default)]
pub struct Table {
    lines: Vec<Line>,
}

impl Table {
    pub fn add(&mut self, name: &'static str, unit: &'static str, value: f64) {
        match self.lines.iter_mut().find(|line| line.name == name) {
            Some(line) => line.runs.push(value),
            None => self.lines.push(Line {
                name,
                unit,
                runs: vec![value],
            }),
        }
    }

    /// The median of a line that was measured.
    pub fn median(&self, name: &str) -> Option<f64> {
        let line = self.lines.iter().find(|line| line.name == name)?;
        Some(median(line.runs.clone()))
    }

    /// Prints each line's median, its extremes, and its ratio to the line it is compared with.
    pub fn print(&self, compared: &[(&str, &str)]) {
        println!(
            "{:<58} {:>10} {:>10} {:>10}  {:<8} ratio",
            "median of the runs", "median", "least", "most", "unit"
        );
        for line in &self.lines {
            let mut runs = line.runs.clone();
            let (least, middle, most) = (
                quantile(&mut runs, 0.0),
                quantile(&mut runs, 0.5),
                quantile(&mut runs, 1.0),
            );
            let ratio = compared
                .iter()
                .filter(|(name, _)| *name == line.name)
                .filter_map(|(_, base)| Some(format!("{:.2} × {base}", middle / self.median(base)?)))
                .collect::<Vec<_>>()
                .join(", ");
            println!(
                "{:<58} {:>10} {:>10} {:>10}  {:<8} {ratio}",
                line.name,
                shown(middle),
                shown(least),
                shown(most),
                line.unit
            );
        }
    }
}

/// Three significant digits where there are fewer than four before the point.
fn shown(value: f64) -> String {
    match value.abs() {
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
