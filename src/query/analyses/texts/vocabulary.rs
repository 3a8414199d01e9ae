//! The tokens of many texts as numbers, in any letter case the same.

use std::collections::HashMap;

use crate::domain::text::tokens::{is_word, tokens};
use crate::fold::text::normal;

/// The number of a token.
pub type Token = u32;

#[derive(Default)]
pub struct Vocabulary {
    numbers: HashMap<String, Token>,
    /// By number: how the token is written, and whether it is a word.
    forms: Vec<(String, bool)>,
}

impl Vocabulary {
    /// The tokens of a text.
    pub fn read(&mut self, text: &str) -> Vec<Token> {
        let text = normal(text);
        tokens(&text).map(|token| self.number(token)).collect()
    }

    fn number(&mut self, token: &str) -> Token {
        let folded = token.to_lowercase();
        match self.numbers.get(&folded) {
            Some(number) => {
                if let Some((form, _)) = self.forms.get_mut(*number as usize)
                    && is_plainer(token, form)
                {
                    token.clone_into(form);
                }
                *number
            }
            None => {
                let number = self.forms.len() as Token;
                self.numbers.insert(folded, number);
                self.forms.push((token.to_owned(), is_word(token)));
                number
            }
        }
    }

    pub fn is_word(&self, token: Token) -> bool {
        self.forms.get(token as usize).is_some_and(|(_, is_word)| *is_word)
    }

    /// Tokens as one would write them.
    pub fn written(&self, tokens: &[Token]) -> String {
        let mut text = String::new();
        let forms = tokens.iter().filter_map(|token| self.forms.get(*token as usize));
        for (form, _) in forms {
            let first = form.chars().next().unwrap_or_default();
            let is_close = text.chars().next_back().is_none_or(|last| touches(last, first));
            if !is_close {
                text.push(' ');
            }
            text.push_str(form);
        }
        text
    }
}

/// A sentence begins with a capital, a name keeps it: the form with fewer capitals is the word's own.
fn is_plainer(form: &str, known: &str) -> bool {
    let capitals = |form: &str| form.chars().filter(|c| c.is_uppercase()).count();
    form != known && (capitals(form), form) < (capitals(known), known)
}

/// Whether no space stands between two characters.
fn touches(last: char, first: char) -> bool {
    // From here on letters of scripts that put no spaces between words, and their marks; Korean does.
    let is_dense = |c: char| ('\u{2e80}'..'\u{ac00}').contains(&c) || ('\u{ff00}'..='\u{ff9d}').contains(&c);
    matches!(
        first,
        '.' | ',' | ';' | ':' | '!' | '?' | ')' | ']' | '}' | '…' | '%' | '’'
    ) || matches!(last, '(' | '[' | '{' | '#' | '@')
        || (is_dense(last) && is_dense(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_their_own_form() {
        let mut vocabulary = Vocabulary::default();
        let one = vocabulary.read("The cat saw Anna. the dog");
        let other = vocabulary.read("THE Cat, (anna) Dog");
        assert_eq!(one[0], one[5]);
        assert_eq!((one[1], one[0]), (other[1], other[0]));
        assert_eq!(vocabulary.written(&one), "the cat saw anna. the dog");
        assert_eq!(vocabulary.written(&other), "the cat, (anna) dog");
        let anna = vocabulary.read("Berlin BERLIN");
        assert_eq!(vocabulary.written(&anna), "Berlin Berlin");
        let text = vocabulary.read("我很好。");
        assert_eq!(vocabulary.written(&text), "我很好。");
        assert!(vocabulary.is_word(one[0]) && !vocabulary.is_word(one[4]));
    }

    #[test]
    fn one_character_may_be_written_in_two_ways() {
        let mut vocabulary = Vocabulary::default();
        assert_eq!(vocabulary.read("caf\u{e9}"), vocabulary.read("cafe\u{301}"));
    }
}
