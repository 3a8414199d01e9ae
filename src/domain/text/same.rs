//! When two texts are the same but for how they are typed.

use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

/// A digest of the text without what typing varies: forms of characters (NFKC), letter case, and white space.
pub fn likeness(text: &str) -> Uuid {
    let folded: String = text.nfkc().flat_map(char::to_lowercase).collect();
    let mut hasher = Sha256::new();
    for word in folded.split_whitespace() {
        hasher.update(word.as_bytes());
        hasher.update(b" ");
    }
    let mut bytes = [0; 16];
    bytes
        .iter_mut()
        .zip(hasher.finalize())
        .for_each(|(to, from)| *to = from);
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::likeness;

    #[test]
    fn typing_makes_no_difference() {
        assert_eq!(likeness("  Write\r\n TO  Ａnna "), likeness("write to anna"));
        assert_ne!(likeness("write to anna"), likeness("writeto anna"));
        assert_ne!(likeness("a"), likeness(""));
    }
}
