//! Quotes in CSV that do not fit. Readers of CSV take them all the same, and what follows such a quote for text of its cell: rows vanish
//! in a cell, and nobody is told.
//!
//! A quote opens a cell only at its beginning; anywhere else in a cell without quotes it is a character like others. What opens must
//! close, and what closes must end the cell. A quote too many that happens to be closed at the end of a cell further below looks like a
//! cell of several lines, and cannot be told from one.

use std::fmt;

/// A quote that opens a cell and does not end it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadQuote {
    /// The line of the opening quote, counted from 0.
    pub line: usize,
    pub is_closed: bool,
}

impl fmt::Display for BadQuote {
    /// What is wrong, and what to do, to be put after the place.
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self.is_closed {
            false => "a quote opens a cell here and is never closed",
            true => "a quote opens a cell here, and what closes it does not end the cell",
        })?;
        to.write_str("; write a quote inside of a cell twice, and put such a cell in quotes")
    }
}

enum State {
    Start,
    Plain,
    Quoted,
    /// After a quote in quotes: the first of two, or the last.
    Closed,
}

/// The first quote of some rows of CSV that does not fit.
pub fn bad_quote(rows: &[u8], separator: u8) -> Option<BadQuote> {
    let (mut state, mut line, mut opened) = (State::Start, 0, 0);
    for &byte in rows {
        let ends_cell = byte == separator || byte == b'\n' || byte == b'\r';
        state = match state {
            State::Start if byte == b'"' => {
                opened = line;
                State::Quoted
            }
            State::Start | State::Plain if ends_cell => State::Start,
            State::Start | State::Plain => State::Plain,
            State::Quoted if byte == b'"' => State::Closed,
            State::Quoted => State::Quoted,
            State::Closed if byte == b'"' => State::Quoted,
            State::Closed if ends_cell => State::Start,
            State::Closed => {
                return Some(BadQuote {
                    line: opened,
                    is_closed: true,
                });
            }
        };
        line += usize::from(byte == b'\n');
    }
    matches!(state, State::Quoted).then_some(BadQuote {
        line: opened,
        is_closed: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rows: &str, expected: Option<(usize, bool)>) {
        let found = bad_quote(rows.as_bytes(), b',').map(|bad| (bad.line, bad.is_closed));
        assert_eq!(found, expected, "{rows:?}");
    }

    #[test]
    fn quotes_that_fit_are_let_pass() {
        for rows in [
            "",
            "a,b\n1,2",
            "a,\"b\"\r\n\"1\",\"2\"\r\n",
            "\"a \"\"b\"\" c\",\"\"\n",
            "\"\"\"\"",
            "\"one\ntwo\",3\n",
            "5\" pipe,it's \"fine\"\n",
            " \"a,b\n",
        ] {
            check(rows, None);
        }
    }

    #[test]
    fn quotes_that_do_not_fit_are_found_where_they_open() {
        check("a,b\n1,\"2\n3,4\n", Some((1, false)));
        check("\"", Some((0, false)));
        check("a\n\"x\"\"", Some((1, false)));
        check("a,b\n1,\"2\n3,\"4\"\n", Some((1, true)));
        check("\"a\" ,b", Some((0, true)));
        check("\"a\nb\"c", Some((0, true)));
    }

    /// It may be meant as it is written.
    #[test]
    fn a_quote_that_is_closed_at_the_end_of_another_cell_is_not_found() {
        check("a,b\n1,\"2\n3,4\"\n", None);
    }
}
