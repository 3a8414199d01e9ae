//! How much of a text did the user change?

use std::borrow::Cow;

use rapidfuzz::distance::{lcs_seq, levenshtein};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

/// Texts longer than this are not compared: the cost grows with the product of the lengths.
pub const COMPARABLE_CHARS: usize = 20_000;

/// How an output differs from the user's text, in Unicode scalar values after NFC.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Change {
    /// Levenshtein distance divided by the longer length; 0 for two empty texts.
    pub distance: f64,
    /// Characters of the output that are in the final text, in order: their longest common subsequence.
    pub retained_chars: usize,
    /// `retained_chars` divided by the output's length; 1 for an empty output.
    pub retained_share: f64,
}

/// Compares an output with what the user made of it. `None` when one of them is too long to compare.
pub fn compare(output: &str, final_text: &str) -> Option<Change> {
    let characters = |text| normal(text).chars().collect::<Vec<char>>();
    let (output, final_text) = (characters(output), characters(final_text));
    let length = output.len();
    let longer = length.max(final_text.len());
    if longer > COMPARABLE_CHARS {
        return None;
    }
    let distance = levenshtein::distance(output.iter().copied(), final_text.iter().copied());
    let retained_chars = lcs_seq::similarity(output.iter().copied(), final_text.iter().copied());
    Some(Change {
        distance: if longer == 0 {
            0.0
        } else {
            distance as f64 / longer as f64
        },
        retained_chars,
        retained_share: if length == 0 {
            1.0
        } else {
            retained_chars as f64 / length as f64
        },
    })
}

/// The least number of words to put in, take out or replace to make one text of another: Levenshtein's distance on words, each told by
/// its number. The steps are those of the product of the lengths, 64 at a time.
pub fn words_changed(output: &[u32], final_text: &[u32]) -> usize {
    levenshtein::distance(output.iter().copied(), final_text.iter().copied())
}

/// The number of characters of a text, as [`compare`] counts them.
pub fn length(text: &str) -> usize {
    normal(text).chars().count()
}

/// A text with each character written in one way (NFC).
pub fn normal(text: &str) -> Cow<'_, str> {
    match is_nfc_quick(text.chars()) {
        IsNormalized::Yes => Cow::Borrowed(text),
        _ => Cow::Owned(text.nfc().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_on_characters_not_bytes() {
        let change = compare("straße", "strasse").unwrap();
        assert_eq!(change.distance, 2.0 / 7.0);
        assert_eq!(change.retained_chars, 5);
        assert_eq!(change.retained_share, 5.0 / 6.0);
    }

    #[test]
    fn two_ways_to_write_one_character_are_the_same() {
        assert_eq!(compare("caf\u{e9}", "cafe\u{301}").unwrap().distance, 0.0);
        assert_eq!(length("cafe\u{301}"), 4);
    }

    #[test]
    fn words_are_put_in_taken_out_and_replaced() {
        assert_eq!(words_changed(&[1, 2, 3, 4], &[1, 3, 9, 9]), 3);
        assert_eq!((words_changed(&[], &[1, 2]), words_changed(&[], &[])), (2, 0));
    }

    #[test]
    fn empty_texts() {
        assert_eq!(
            compare("", "").unwrap(),
            Change {
                distance: 0.0,
                retained_chars: 0,
                retained_share: 1.0
            }
        );
        assert_eq!(compare("", "ab").unwrap().distance, 1.0);
        assert_eq!(
            compare("ab", "").unwrap(),
            Change {
                distance: 1.0,
                retained_chars: 0,
                retained_share: 0.0
            }
        );
    }

    #[test]
    fn very_long_texts_are_not_compared() {
        assert_eq!(compare(&"a".repeat(COMPARABLE_CHARS + 1), "a"), None);
    }
}
