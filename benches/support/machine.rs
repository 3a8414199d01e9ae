//! Where the numbers are from: the machine, what else runs on it, and the versions of everything.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Several lines: cores, memory, kernel, load, versions.
pub fn description(data: &Path) -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let model = read("/proc/cpuinfo")
        .lines()
        .find_map(|line| Some(line.strip_prefix("model name")?.split_once(':')?.1.trim().to_owned()))
        .unwrap_or_else(|| "unknown processor".to_owned());
    let memory = read("/proc/meminfo")
        .split_whitespace()
        .nth(1)
        .and_then(|kb| kb.parse::<f64>().ok());
    format!(
        "{cores} cores ({model}), {:.0} GB, Linux {}, load average {}\ncalibrant {} {}, {}, {}, {}\n{}, {:.0} GB free",
        memory.unwrap_or(f64::NAN) / 1e6,
        read("/proc/sys/kernel/osrelease").trim(),
        load_average(),
        env!("CARGO_PKG_VERSION"),
        said(
            "git",
            &["-C", env!("CARGO_MANIFEST_DIR"), "describe", "--always", "--dirty"]
        ),
        said("rustc", &["--version"]),
        said("psql", &["--version"]),
        said("python3", &["--version"]),
        data.display(),
        free_bytes(data) as f64 / 1e9,
    )
}

/// What to say where other programs leave less of the machine than the figures claim.
pub fn warning() -> Option<String> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as f64;
    let busy: f64 = load_average().split(' ').next()?.parse().ok()?;
    (busy > cores / 2.0)
        .then(|| format!("THE MACHINE IS BUSY: a load of {busy} before the bench began. Only ratios say something."))
}

/// The load averages of 1, 5 and 15 minutes.
pub fn load_average() -> String {
    let text = read("/proc/loadavg");
    text.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// Bytes that may still be written where a folder is.
pub fn free_bytes(folder: &Path) -> u64 {
    let text = said("df", &["--output=avail", "--block-size=1", &folder.to_string_lossy()]);
    let number = text.split_whitespace().nth(1).and_then(|bytes| bytes.parse().ok());
    number.unwrap_or_else(|| panic!("df says {text}"))
}

/// Megabytes of memory of a process: the most so far, and now.
pub fn memory(process: u32) -> (f64, f64) {
    let status = read(&format!("/proc/{process}/status"));
    let megabytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.and_then(|rest| rest.split_whitespace().next()?.parse::<f64>().ok());
        kilobytes.expect("the process runs") / 1024.0
    };
    (megabytes("VmHWM:"), megabytes("VmRSS:"))
}

/// What a program prints, in one line.
fn said(program: &str, arguments: &[&str]) -> String {
    match Command::new(program).args(arguments).output() {
        Ok(output) => String::from_utf8_lossy(&output.stdout)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" "),
        Err(_) => format!("no {program}"),
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}
