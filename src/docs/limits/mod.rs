//! `docs/limits.md`: every limit on what clients send, from the constants that hold it.

mod evals;
mod events;
mod questions;
mod requests;
mod settings;
mod told;

use std::fmt::Write as _;

/// What is limited, to how much, and what is answered beyond it.
type Row = (&'static str, String, &'static str);

/// The table as Markdown.
pub fn limits() -> String {
    let mut text = String::from(
        "# Limits\n\nWritten from the constants in the code; `make generate` renews it. Characters are Unicode code points. What \
         is beyond a limit is refused, never cut, unless it says so. A refused event is listed in the answer with its code; its neighbours are \
         stored.\n",
    );
    for (title, refused, rows) in [
        ("Events", "code of the event, or status", events::rows()),
        ("Questions and listings", "status and code", questions::rows()),
        (
            "Keys, projects, experiments and changes",
            "status and code",
            settings::rows(),
        ),
        ("Evals", "code of the row, or status", evals::rows()),
        ("Alerts and webhooks", "status and code", told::rows()),
        ("Requests", "status and code", requests::rows()),
    ] {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "\n## {title}\n\n| what | limit | {refused} |\n| --- | --- | --- |\n"
        );
        for (what, limit, refusal) in rows {
            let _ = writeln!(text, "| {what} | {limit} | {refusal} |");
        }
    }
    text
}

fn bytes(count: usize) -> String {
    format!("{} bytes", grouped(count))
}

/// A number with commas between thousands.
fn grouped(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (left, digit) in (0..digits.len()).rev().zip(digits.chars()) {
        text.push(digit);
        if left > 0 && left % 3 == 0 {
            text.push(',');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_000), "1,000");
        assert_eq!(grouped(10_485_760), "10,485,760");
    }
}
