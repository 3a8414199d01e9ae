//! The elements of a JSON array, one at a time: a file larger than the memory is no problem.
//!
//! Elements are found by their brackets and quotes alone, so that one that is not valid JSON is that row's error and the
//! next is read all the same.

use std::io::{self, Read};

use super::input::Bytes;

pub(super) struct JsonArray {
    input: Bytes,
    /// The line of the next byte, from 1.
    line: u64,
    ended: bool,
}

impl JsonArray {
    /// Reads up to the opening bracket. Nothing, when the file does not start with one.
    pub fn start(input: Bytes) -> io::Result<Option<JsonArray>> {
        let mut array = JsonArray {
            input,
            line: 1,
            ended: false,
        };
        loop {
            match array.byte()? {
                Some(b'[') => return Ok(Some(array)),
                Some(byte) if byte.is_ascii_whitespace() => {}
                _ => return Ok(None),
            }
        }
    }

    /// The next element and the line it starts on.
    pub fn next_element(&mut self) -> io::Result<Option<(u64, Vec<u8>)>> {
        let mut element = Vec::new();
        let mut start = self.line;
        let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
        while !self.ended {
            let byte = self
                .byte()
                .and_then(|byte| byte.ok_or_else(not_closed))
                .inspect_err(|_| self.ended = true)?;
            match byte {
                _ if in_text => {
                    in_text = byte != b'"' || escaped;
                    escaped = byte == b'\\' && !escaped;
                }
                b'"' => in_text = true,
                b'[' | b'{' => depth += 1,
                b',' if depth == 0 => return Ok(Some((start, element))),
                b']' if depth == 0 => {
                    self.ended = true;
                    break;
                }
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ if byte.is_ascii_whitespace() && element.is_empty() => {
                    start = self.line;
                    continue;
                }
                _ => {}
            }
            element.push(byte);
        }
        Ok((!element.is_empty()).then_some((start, element)))
    }

    pub fn line(&self) -> u64 {
        self.line
    }

    fn byte(&mut self) -> io::Result<Option<u8>> {
        let byte = self.input.by_ref().bytes().next().transpose()?;
        self.line += u64::from(byte == Some(b'\n'));
        Ok(byte)
    }
}

fn not_closed() -> io::Error {
    io::Error::new(io::ErrorKind::UnexpectedEof, "the array is not closed")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(text: &str) -> Vec<(u64, String)> {
        let mut array = JsonArray::start(Box::new(io::Cursor::new(text.to_owned())))
            .unwrap()
            .unwrap();
        let mut found = Vec::new();
        while let Some((line, bytes)) = array.next_element().unwrap() {
            found.push((line, String::from_utf8(bytes).unwrap().trim_end().to_owned()));
        }
        found
    }

    #[test]
    fn splits_at_the_commas_between_elements() {
        let text = "\n[ {\"a\": [1, 2]},\n {\"b\": \"}],\\\"\"},\n\n nonsense, {} ]\n";
        let expected = [
            (2, r#"{"a": [1, 2]}"#),
            (3, r#"{"b": "}],\""}"#),
            (5, "nonsense"),
            (5, "{}"),
        ];
        assert_eq!(elements(text), expected.map(|(line, text)| (line, text.to_owned())));
        assert_eq!(elements("[]"), []);
    }

    #[test]
    fn an_array_that_is_cut_off_is_an_error() {
        let mut array = JsonArray::start(Box::new(io::Cursor::new("[{}, {"))).unwrap().unwrap();
        assert!(array.next_element().unwrap().is_some());
        assert!(array.next_element().is_err());
        assert!(array.next_element().unwrap().is_none());
        assert!(JsonArray::start(Box::new(io::Cursor::new("{}"))).unwrap().is_none());
    }
}
