//! A digest as Markdown.

use std::fmt::Write as _;

use super::document::{Block, Span};

pub fn write(blocks: &[Block]) -> String {
    let mut text = String::new();
    for block in blocks {
        if !text.is_empty() {
            text.push('\n');
        }
        // Writing to a String cannot fail.
        let _ = match block {
            Block::Title(title) => writeln!(text, "# {}", plain(title)),
            Block::Heading(heading) => writeln!(text, "## {}", plain(heading)),
            Block::Sentence(sentence) => writeln!(text, "{}", plain(sentence)),
            Block::List(items) => items.iter().try_for_each(|item| writeln!(text, "- {}", line(item))),
            Block::Table { head, rows } => {
                let rule = vec!["---".to_owned(); head.len()];
                let cells = |row: &[String]| row.iter().map(|cell| plain(cell)).collect::<Vec<_>>().join(" | ");
                let _ = writeln!(text, "| {} |\n| {} |", cells(head), rule.join(" | "));
                rows.iter().try_for_each(|row| writeln!(text, "| {} |", cells(row)))
            }
        };
    }
    text
}

fn line(spans: &[Span]) -> String {
    let span = |span: &Span| match span {
        Span::Plain(text) => plain(text),
        Span::Strong(text) => format!("**{}**", plain(text.trim())),
    };
    spans.iter().map(span).collect()
}

/// What names could be read as, made plain: they are whatever clients sent.
fn plain(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' | '`' | '*' | '_' | '|' | '#' | '~' | '!' => {
                safe.push('\\');
                safe.push(letter);
            }
            // Brackets alone are an interval; with one of these after them they would be a link.
            ']' if letters.peek().is_some_and(|next| ['(', '[', ':'].contains(next)) => safe.push_str("\\]"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_no_markup() {
        let blocks = [
            Block::Title("a\n# b".to_owned()),
            Block::List(vec![vec![
                Span::Strong("x*y".to_owned()),
                Span::Plain(" <b> [1, 2] [a](b)".to_owned()),
            ]]),
            Block::Table {
                head: vec!["h".to_owned()],
                rows: vec![vec!["a|b".to_owned()]],
            },
        ];
        let wanted = "# a \\# b\n\n- **x\\*y** &lt;b&gt; [1, 2] [a\\](b)\n\n| h |\n| --- |\n| a\\|b |\n";
        assert_eq!(write(&blocks), wanted);
    }
}
