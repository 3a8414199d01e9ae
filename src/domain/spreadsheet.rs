//! Texts in the cells of spreadsheets, and back, unchanged.
//!
//! Excel, LibreOffice and Google Sheets take a cell for what it looks like: `007` becomes 7, `1-2` a day in January, `=1+1` a formula,
//! `TRUE` a truth value. A text that might be taken for something else gets a backslash before it, which makes it a text to all of
//! them. Reading takes the backslash away where writing would have put one, and nowhere else, so that `\d+` typed by hand stays what
//! it is:
//!
//! | text | cell |
//! | --- | --- |
//! | `refund, please` | `refund, please` |
//! | `007`, `=SUM(A1)`, `2024-01-02`, `true`, `N/A` | `\007`, `\=SUM(A1)`, `\2024-01-02`, `\true`, `\N/A` |
//! | nothing at all (an empty text) | `\` |
//! | missing | an empty cell |
//! | with characters that a cell cannot hold (tabs, carriage returns, control characters) | `\` and the text as JSON: `\"a\r\nb"` |
//! | `\007` | `\\007` |
//!
//! A cell holds 32,767 characters in Excel; longer texts are cut into [`pieces`], each a cell of its own.

use std::borrow::Cow;

/// UTF-16 code units of one cell: what Excel can hold, and some room for marks.
pub const CELL_UNITS: usize = 32_000;
/// As many may be more in JSON, where each takes six.
const MARK: char = '\\';

/// Beginnings of names of months, days and what else is written into dates and numbers, in languages that spreadsheets speak.
const DATE_WORDS: [&str; 52] = [
    "jan", "ene", "gen", "feb", "fev", "fév", "mar", "mär", "mrz", "maa", "mrt", "apr", "abr", "avr", "may", "mai",
    "mei", "mag", "maj", "jun", "jui", "giu", "jul", "lug", "aug", "ago", "aou", "aoû", "sep", "set", "oct", "okt",
    "ott", "out", "nov", "dec", "dez", "déc", "dic", "mon", "tue", "wed", "thu", "fri", "sat", "sun", "eur", "usd",
    "gbp", "chf", "kr", "uhr",
];
const SHORT_WORDS: [&str; 10] = ["e", "am", "pm", "a", "p", "t", "z", "q", "st", "nd"];
/// Words that stand for truth or for nothing, to spreadsheets or to what reads their files.
const VALUES: [&str; 26] = [
    "true",
    "false",
    "wahr",
    "falsch",
    "vrai",
    "faux",
    "verdadero",
    "falso",
    "vero",
    "verdadeiro",
    "waar",
    "onwaar",
    "na",
    "n/a",
    "null",
    "none",
    "nan",
    "inf",
    "infinity",
    "<na>",
    "nil",
    "yes",
    "no",
    "undefined",
    "nat",
    "missing",
];

/// The text of a cell; an empty cell is a missing text.
pub fn cell(text: Option<&str>) -> Cow<'_, str> {
    match text {
        None => Cow::Borrowed(""),
        Some(text) if is_fragile(text) || (needs_mark(text) && json(text).is_some()) => {
            Cow::Owned(format!("{MARK}{}", serde_json::Value::from(text)))
        }
        Some(text) if needs_mark(text) => Cow::Owned(format!("{MARK}{text}")),
        Some(text) => Cow::Borrowed(text),
    }
}

/// The text that a cell stands for.
pub fn text(cell: &str) -> Option<Cow<'_, str>> {
    if cell.is_empty() {
        return None;
    }
    let marked = cell.strip_prefix(MARK);
    if let Some(text) = marked.and_then(json) {
        return Some(Cow::Owned(text));
    }
    Some(Cow::Borrowed(marked.filter(|rest| needs_mark(rest)).unwrap_or(cell)))
}

/// A text cut into pieces that fit in a cell; at least one.
pub fn pieces(text: &str) -> Vec<&str> {
    let (mut pieces, mut start, mut units) = (Vec::new(), 0, 0);
    for (at, letter) in text.char_indices() {
        // As it may be written in JSON.
        let own = match letter {
            letter if is_broken(letter) => 6,
            '"' | '\\' | '\n' => 2,
            letter => letter.len_utf16(),
        };
        if units + own > CELL_UNITS {
            pieces.extend(text.get(start..at));
            (start, units) = (at, 0);
        }
        units += own;
    }
    pieces.extend(text.get(start..));
    pieces
}

/// Characters that do not survive in a cell.
fn is_broken(letter: char) -> bool {
    (letter.is_control() && letter != '\n') || matches!(letter, '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn is_fragile(text: &str) -> bool {
    text.chars().any(is_broken)
}

/// The text that a cell, without its mark, has as JSON.
fn json(rest: &str) -> Option<String> {
    let is_quoted = rest.len() > 1 && rest.starts_with('"') && rest.ends_with('"');
    is_quoted.then(|| serde_json::from_str(rest).ok()).flatten()
}

/// Whether a text would not come back as it is.
fn needs_mark(text: &str) -> bool {
    is_taken_for_more(text) || {
        // A text that looks as if it were marked.
        let mut rest = text.strip_prefix(MARK);
        loop {
            match rest {
                None => break false,
                Some(inner) if json(inner).is_some() || is_taken_for_more(inner) => break true,
                Some(inner) => rest = inner.strip_prefix(MARK),
            }
        }
    }
}

/// Whether a spreadsheet might run the text as a formula. What is not seen at its beginning does not hide one.
pub fn is_formula(text: &str) -> bool {
    let seen = text.trim_start_matches(|letter: char| letter.is_whitespace() || is_unseen(letter));
    seen.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) || text.starts_with(['\t', '\r'])
}

/// Characters that nobody sees and some programs pass over: control characters, byte order marks, spaces without width.
fn is_unseen(letter: char) -> bool {
    is_broken(letter) || matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}')
}

/// Whether a spreadsheet might take the text for a formula, a number, a date, a truth value, or nothing.
fn is_taken_for_more(text: &str) -> bool {
    let Some(first) = text.chars().next() else { return true };
    if is_formula(text) || matches!(first, '\'' | '#') || first.is_whitespace() {
        return true;
    }
    let bare = text.trim_matches(|letter: char| letter.is_whitespace() || letter == '"');
    if bare.len() <= 16 && VALUES.contains(&bare.to_lowercase().as_str()) {
        return true;
    }
    text.chars().any(char::is_numeric) && words(text).all(is_of_dates)
}

/// Runs of letters.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphabetic())
        .filter(|word| !word.is_empty())
}

/// A word with digits beside which a text may still be a date or a number.
fn is_of_dates(word: &str) -> bool {
    // The longest name of a month has ten letters.
    if word.chars().count() > 12 {
        return false;
    }
    let word = word.to_lowercase();
    SHORT_WORDS.contains(&word.as_str()) || DATE_WORDS.iter().any(|known| word.starts_with(known))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text_: &str, written: &str) {
        assert_eq!(cell(Some(text_)), written);
        assert_eq!(text(written).as_deref(), Some(text_));
    }

    #[test]
    fn what_is_safe_stays_as_it_is() {
        for plain in [
            "refund, please",
            "email.draft",
            "case-17",
            r"\d+",
            r"\\server\share",
            "Größe 3 XL",
            "a\nb",
            "5 apples",
            "\"quoted\"",
        ] {
            check(plain, plain);
        }
    }

    #[test]
    fn what_would_be_taken_for_more_is_marked() {
        for odd in [
            "007",
            "12345678901234567890",
            "1e5",
            "1.5",
            "1,5",
            "$5",
            "5 %",
            "(5)",
            "2024-01-02",
            "1/2",
            "10:30",
            "3 PM",
            "MARCH1",
            "SEPT2",
            "5. Mai",
            "=1+1",
            "+49 30",
            "-",
            "@home",
            "'tis",
            " leading",
            "TRUE",
            "falsch",
            "#N/A",
            "NaN",
            "null",
            "١٢٣",
            "①",
            "2024-01-02T10:00:00Z",
        ] {
            check(odd, &format!("\\{odd}"));
        }
        check("", "\\");
        check(r"\007", r"\\007");
        check(r"\\", r"\\\");
        check("a\r\nb", "\\\"a\\r\\nb\"");
        check("\ta", "\\\"\\ta\"");
        check("\"5\"", "\\\"\\\"5\\\"\"");
        assert_eq!(cell(None), "");
        assert_eq!(text(""), None);
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let long = "ü😀".repeat(30_000);
        let cut = pieces(&long);
        assert_eq!((cut.len(), cut.concat()), (3, long.clone()));
        assert!(cut.iter().all(|piece| piece.encode_utf16().count() <= CELL_UNITS));
        assert_eq!(pieces(""), [""]);
        assert_eq!(pieces(&"x".repeat(CELL_UNITS)).len(), 1);
        assert_eq!(pieces(&"x".repeat(CELL_UNITS + 1)).len(), 2);
    }

    proptest! {
        #[test]
        fn every_text_comes_back(given in r#"[\\"' 0-9a-eA-E=+@.\-\r\n\t]{0,8}|(?s:.{0,12})"#) {
            let written = cell(Some(&given)).into_owned();
            prop_assert!(!written.contains('\r'));
            prop_assert_eq!(text(&written).map(Cow::into_owned), Some(given));
        }
    }
}
