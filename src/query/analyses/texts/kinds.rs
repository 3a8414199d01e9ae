//! What kind of edit was it? By counts of words, so that anyone can check.

use serde::Serialize;
use utoipa::ToSchema;

use super::vocabulary::{Token, Vocabulary};
use crate::domain::text::diff::Hunk;

/// A kind of edit. The first whose rule holds is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EditKind {
    Reformatted,
    Corrected,
    Shortened,
    Lengthened,
    Reworded,
}

impl EditKind {
    pub const ALL: [EditKind; 5] = [
        EditKind::Reformatted,
        EditKind::Corrected,
        EditKind::Shortened,
        EditKind::Lengthened,
        EditKind::Reworded,
    ];

    /// In words.
    pub const fn rule(self) -> &'static str {
        match self {
            EditKind::Reformatted => "the words are the same; spaces, marks or capitals are not",
            EditKind::Corrected => "at most a tenth of the words changed, or one",
            EditKind::Shortened => {
                "a fifth of the words or more are gone, and four fifths of what is left are the output's"
            }
            EditKind::Lengthened => {
                "four fifths of the output's words are kept, and they are at most four fifths of the user's text"
            }
            EditKind::Reworded => "anything else",
        }
    }

    /// From the words of the output, of the user's text, and those that both have in order.
    pub fn of(output: usize, user: usize, kept: usize) -> EditKind {
        let longer = output.max(user);
        let changed = longer - kept.min(longer);
        if changed == 0 {
            EditKind::Reformatted
        } else if changed <= (longer / 10).max(1) {
            EditKind::Corrected
        } else if 5 * user <= 4 * output && 5 * kept >= 4 * user {
            EditKind::Shortened
        } else if 5 * kept >= 4 * output && 5 * output <= 4 * user {
            EditKind::Lengthened
        } else {
            EditKind::Reworded
        }
    }

    /// From the tokens of both texts and where they differ.
    pub fn read(vocabulary: &Vocabulary, output: &[Token], user: &[Token], hunks: &[Hunk]) -> EditKind {
        let words = |tokens: &[Token]| tokens.iter().filter(|token| vocabulary.is_word(**token)).count();
        let gone = hunks
            .iter()
            .map(|hunk| words(output.get(hunk.old.clone()).unwrap_or_default()));
        let all = words(output);
        EditKind::of(all, words(user), all - gone.sum::<usize>())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules() {
        for (output, user, kept, kind) in [
            (10, 10, 10, EditKind::Reformatted),
            (0, 0, 0, EditKind::Reformatted),
            (3, 3, 2, EditKind::Corrected),
            (40, 40, 36, EditKind::Corrected),
            (40, 40, 35, EditKind::Reworded),
            (40, 38, 36, EditKind::Corrected),
            (40, 32, 30, EditKind::Shortened),
            (40, 33, 33, EditKind::Reworded),
            (40, 20, 15, EditKind::Reworded),
            (40, 0, 0, EditKind::Shortened),
            (40, 50, 40, EditKind::Lengthened),
            (40, 50, 31, EditKind::Reworded),
            (0, 12, 0, EditKind::Lengthened),
        ] {
            assert_eq!(EditKind::of(output, user, kept), kind, "{output} {user} {kept}");
        }
    }
}
