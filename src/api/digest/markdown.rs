//! A digest as Markdown.

use std::fmt::Write as _;

use super::document::{Block, Cell, Span};

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
            Block::Sentence(spans) => writeln!(text, "{}", line(spans)),
            Block::List(items) => items.iter().try_for_each(|item| writeln!(text, "- {}", line(item))),
            Block::Table { head, rows } => {
                let rule = vec!["---".to_owned(); head.len()];
                let head: Vec<String> = head.iter().map(|name| plain(name)).collect();
                let _ = writeln!(text, "| {} |\n| {} |", head.join(" | "), rule.join(" | "));
                rows.iter().try_for_each(|row| {
                    let cells: Vec<String> = row.iter().map(cell).collect();
                    writeln!(text, "| {} |", cells.join(" | "))
                })
            }
        };
    }
    text
}

/// Both lines side by side: Markdown has no other place for them.
fn cell(Cell { first, below }: &Cell) -> String {
    match below {
        Some(below) => format!("{}; {}", plain(first), plain(below)),
        None => plain(first),
    }
}

fn line(spans: &[Span]) -> String {
    let span = |span: &Span| match span {
        Span::Plain(text) => plain(text),
        Span::Strong(text) => format!("**{}**", plain(text.trim())),
        // Nothing but a backtick, which is in no name here, ends it, and all else in it stands for itself.
        Span::Code(text) => format!("`{}`", text.replace(char::is_control, " ")),
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
                Span::Plain(" <b> [1, 2] [a](b) ".to_owned()),
                Span::Code("made_up\n<b>".to_owned()),
            ]]),
            Block::Table {
                head: vec!["h".to_owned()],
                rows: vec![vec![Cell {
                    first: "a|b".to_owned(),
                    below: Some("+1".to_owned()),
                }]],
            },
        ];
        let wanted =
            "# a \\# b\n\n- **x\\*y** &lt;b&gt; [1, 2] [a\\](b) `made_up <b>`\n\n| h |\n| --- |\n| a\\|b; +1 |\n";
        assert_eq!(write(&blocks), wanted);
    }
}
