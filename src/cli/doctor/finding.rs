//! What one check came to: a line.

use std::fmt;

use serde::Serialize;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ok,
    Warning,
    Problem,
    /// It could not be looked at.
    Skipped,
}

#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub check: &'static str,
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do about it.
    pub advice: Option<String>,
}

impl Finding {
    pub fn ok(check: &'static str, found: impl Into<String>) -> Finding {
        Finding {
            check,
            verdict: Verdict::Ok,
            found: found.into(),
            advice: None,
        }
    }

    pub fn warning(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding {
            verdict: Verdict::Warning,
            advice: Some(advice.into()),
            ..Finding::ok(check, found)
        }
    }

    pub fn skipped(check: &'static str, why: impl Into<String>) -> Finding {
        Finding {
            verdict: Verdict::Skipped,
            ..Finding::ok(check, why)
        }
    }

    pub fn problem(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding {
            verdict: Verdict::Problem,
            ..Finding::warning(check, found, advice)
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.verdict {
            Verdict::Ok => "ok",
            Verdict::Warning => "warning",
            Verdict::Problem => "problem",
            Verdict::Skipped => "skipped",
        };
        write!(f, "{verdict:<8} {:<18} {}", self.check, self.found)?;
        match &self.advice {
            Some(advice) => write!(f, "; {advice}"),
            None => Ok(()),
        }
    }
}

/// A number of bytes as people say it.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 5] = ["bytes", "kB", "MB", "GB", "TB"];
    let mut value = count as f64;
    let mut unit = UNITS.into_iter();
    let mut name = unit.next().unwrap_or_default();
    for larger in unit {
        if value < 1_000.0 {
            break;
        }
        value /= 1_000.0;
        name = larger;
    }
    if name == "bytes" {
        format!("{count} bytes")
    } else {
        format!("{value:.1} {name}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_said_in_the_largest_unit_that_fits() {
        assert_eq!(bytes(999), "999 bytes");
        assert_eq!(bytes(1_500), "1.5 kB");
        assert_eq!(bytes(2_340_000_000), "2.3 GB");
    }

    #[test]
    fn a_finding_is_one_line() {
        let line = Finding::warning("disk", "little is free", "make room").to_string();
        assert_eq!(line, "warning  disk               little is free; make room");
    }
}
