//! Cuts a text into words and marks, in any script, without a dictionary.

use unicode_normalization::char::is_combining_mark;

/// The tokens of a text in their order; white space separates and is none.
///
/// - A word is a run of letters, digits and underscores with the marks that combine with them. An apostrophe, point or comma
///   inside belongs to it where it joins: `don’t`, `3.14`, `10,000`.
/// - Scripts that put no spaces between words (Han, kana, Thai, Lao, Khmer, Burmese) are cut into characters.
/// - Everything else is a token by itself.
///
/// Texts that should compare as equal must be in one normal form (NFC).
pub fn tokens(text: &str) -> Tokens<'_> {
    Tokens { rest: text }
}

/// Whether a token is a word, or a mark.
pub fn is_word(token: &str) -> bool {
    token.chars().next().is_some_and(in_word)
}

#[derive(Clone, Debug)]
pub struct Tokens<'a> {
    rest: &'a str,
}

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.rest.trim_start();
        let first = text.chars().next()?;
        let is_run = in_word(first) && !stands_alone(first);
        let (token, rest) = text.split_at_checked(end(text, is_run)).unwrap_or((text, ""));
        self.rest = rest;
        Some(token)
    }
}

/// Where the first token of a text ends, in bytes.
fn end(text: &str, is_run: bool) -> usize {
    let mut chars = text.char_indices().peekable();
    let mut before = chars.next().map(|(_, first)| first);
    while let Some((at, c)) = chars.next() {
        let after = chars.peek().map(|(_, after)| *after);
        let goes_on = is_attached(c) || (is_run && (in_run(c) || joins(before, c, after)));
        if !goes_on {
            return at;
        }
        before = Some(c);
    }
    text.len()
}

fn in_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn in_run(c: char) -> bool {
    in_word(c) && !stands_alone(c)
}

/// Combining marks, and what joins or keeps apart the shapes of letters.
fn is_attached(c: char) -> bool {
    is_combining_mark(c) || matches!(c, '\u{200c}' | '\u{200d}')
}

/// Whether a mark between two characters makes one word of them.
fn joins(before: Option<char>, mark: char, after: Option<char>) -> bool {
    let both = |holds: fn(char) -> bool| before.is_some_and(holds) && after.is_some_and(holds);
    match mark {
        '\'' | '’' => both(in_run),
        '.' | ',' => both(char::is_numeric),
        _ => false,
    }
}

/// Characters of scripts without spaces between words.
fn stands_alone(c: char) -> bool {
    matches!(c,
        '\u{e00}'..='\u{eff}' // Thai, Lao
        | '\u{1000}'..='\u{109f}' // Burmese
        | '\u{1780}'..='\u{17ff}' // Khmer
        | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{ff66}'..='\u{ff9d}' // kana
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' // Han
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(tokens(text).collect::<Vec<_>>(), expected, "{text}");
    }

    #[test]
    fn words_and_marks() {
        check("  Hello,\tworld!\n", &["Hello", ",", "world", "!"]);
        check("don't – she’s 'quoted'", &["don't", "–", "she’s", "'", "quoted", "'"]);
        check(
            "3.14, 10,000. v2.0a e.g.",
            &["3.14", ",", "10,000", ".", "v2.0a", "e", ".", "g", "."],
        );
        check("snake_case x-y a/b", &["snake_case", "x", "-", "y", "a", "/", "b"]);
        check("**bold**", &["*", "*", "bold", "*", "*"]);
        check("", &[]);
        check(" \u{3000}\n", &[]);
    }

    #[test]
    fn scripts() {
        check("Größe ёлка", &["Größe", "ёлка"]);
        check("我爱GPT4吗？", &["我", "爱", "GPT4", "吗", "？"]);
        check("カタカナ", &["カ", "タ", "カ", "ナ"]);
        check("한국어 문장", &["한국어", "문장"]);
        // A virama holds two consonants together; a vowel sign belongs to its consonant.
        check("नमस्ते दुनिया", &["नमस्ते", "दुनिया"]);
        check("กินข้าว", &["กิ", "น", "ข้", "า", "ว"]);
        check("cafe\u{301}!", &["cafe\u{301}", "!"]);
        check("👍🏽 ❤\u{fe0f}", &["👍", "🏽", "❤\u{fe0f}"]);
    }

    proptest! {
        #[test]
        fn nothing_but_white_space_is_lost(text in "\\PC{0,60}|[a-z' .,\u{4e00}-\u{4e10}\u{300}\u{200d}\n]{0,60}") {
            let found: String = tokens(&text).collect();
            let wanted: String = text.chars().filter(|c| !c.is_whitespace()).collect();
            prop_assert_eq!(found, wanted);
            prop_assert!(tokens(&text).all(|token| !token.is_empty()));
        }
    }
}
