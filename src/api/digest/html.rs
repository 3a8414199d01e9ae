//! A digest as a page of HTML that needs nothing else: no script, no image, no font.

use std::fmt::Write as _;

use super::document::{Block, Span};

const STYLE: &str = ":root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\
    h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}.scroll{overflow-x:auto}table{border-collapse:collapse;\
    font-variant-numeric:tabular-nums}th,td{text-align:left;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8884;\
    white-space:nowrap}li{margin:.3rem 0}";

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
            Block::Sentence(sentence) => writeln!(page, "<p>{}</p>", escaped(sentence)),
            Block::List(items) => {
                let items: String = items.iter().map(|item| format!("<li>{}</li>\n", line(item))).collect();
                writeln!(page, "<ul>\n{items}</ul>")
            }
            Block::Table { head, rows } => {
                let cells = |row: &[String], open: &str, close: &str| {
                    let cells: String = row
                        .iter()
                        .map(|cell| format!("<{open}>{}</{close}>", escaped(cell)))
                        .collect();
                    format!("<tr>{cells}</tr>\n")
                };
                let body: String = rows.iter().map(|row| cells(row, "td", "td")).collect();
                let head = cells(head, "th scope=\"col\"", "th");
                writeln!(
                    page,
                    "<div class=\"scroll\"><table>\n<thead>\n{head}</thead>\n<tbody>\n{body}</tbody>\n</table></div>"
                )
            }
        };
    }
    page.push_str("</body>\n</html>\n");
    page
}

fn line(spans: &[Span]) -> String {
    let span = |span: &Span| match span {
        Span::Plain(text) => escaped(text),
        Span::Strong(text) => format!("<strong>{}</strong>", escaped(text)),
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
