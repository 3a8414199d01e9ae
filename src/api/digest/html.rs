//! A digest as a page of HTML that needs nothing else: no script, no image, no font.

use std::fmt::Write as _;

use super::document::{Block, Cell, Span};

const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}\
    h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}.scroll{overflow-x:auto}table{border-collapse:collapse;\
    font-size:.875rem;font-variant-numeric:tabular-nums}th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;\
    border-bottom:1px solid #8884}tbody th{overflow-wrap:anywhere;min-width:8rem}small{font-size:.75rem;font-weight:400}\
    li{margin:.3rem 0}";

pub fn write(blocks: &[Block]) -> String {
    let title = blocks.iter().find_map(|block| match block {
        Block::Title(title) => Some(escaped(title)),
        _ => None,
    });
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n",
        title.unwrap_or_default()
    );
    for block in blocks {
        // Writing to a String cannot fail.
        let _ = match block {
            Block::Title(title) => writeln!(page, "<h1>{}</h1>", escaped(title)),
            Block::Heading(heading) => writeln!(page, "<h2>{}</h2>", escaped(heading)),
            Block::Sentence(spans) => writeln!(page, "<p>{}</p>", line(spans)),
            Block::List(items) => {
                let items: String = items.iter().map(|item| format!("<li>{}</li>\n", line(item))).collect();
                writeln!(page, "<ul>\n{items}</ul>")
            }
            Block::Table { head, rows } => {
                let head: String = head
                    .iter()
                    .map(|name| format!("<th scope=\"col\">{}</th>", escaped(name)))
                    .collect();
                let body: String = rows.iter().map(|row| table_row(row)).collect();
                writeln!(
                    page,
                    "<div class=\"scroll\"><table>\n<thead>\n<tr>{head}</tr>\n</thead>\n<tbody>\n{body}</tbody>\n</table></div>"
                )
            }
        };
    }
    page.push_str("</body>\n</html>\n");
    page
}

/// The second line of a cell below its first, and nothing that need be wider than half of it.
fn table_row(row: &[Cell]) -> String {
    let cells = row.iter().enumerate().map(|(at, Cell { first, below })| {
        let (open, close) = if at == 0 {
            ("th scope=\"row\"", "th")
        } else {
            ("td", "td")
        };
        let written = |text: &str| if at == 0 { escaped(text) } else { number(text) };
        let below = below
            .as_deref()
            .map(|below| format!("<br><small>{}</small>", written(below)));
        format!("<{open}>{}{}</{close}>", written(first), below.unwrap_or_default())
    });
    format!("<tr>{}</tr>\n", cells.collect::<String>())
}

/// A number that is broken before its interval, if anywhere.
fn number(text: &str) -> String {
    escaped(text).replace(' ', "\u{a0}").replace("\u{a0}[", " [")
}

fn line(spans: &[Span]) -> String {
    let span = |span: &Span| match span {
        Span::Plain(text) => escaped(text),
        Span::Strong(text) => format!("<strong>{}</strong>", escaped(text)),
        Span::Code(text) => format!("<code>{}</code>", escaped(text)),
    };
    spans.iter().map(span).collect()
}

fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter => safe.push(letter),
        }
    }
    safe
}
