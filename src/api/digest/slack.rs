//! A digest as Slack and its likes show it: a section for each heading, in their own markup, none longer than they take.

use serde_json::{Value, json};

use super::document::{Block, Cell, Span};
use crate::webhooks::{escaped, section};

/// Characters that a section may have. There are few of them, so that the message stays far below what a whole one may have.
pub const SECTION_CHARS: usize = 3_000;

/// `link` is where the dashboard shows it.
pub fn write(blocks: &[Block], link: Option<&str>) -> Value {
    let mut sections: Vec<String> = sections(blocks).iter().map(|lines| fitted(lines)).collect();
    // What notifications show, and those that know no blocks.
    let text = sections.first().cloned();
    sections.extend(link.map(|link| format!("<{}|See it in Calibrant>", escaped(link))));
    json!({"text": text, "blocks": sections.iter().map(|text| section(text)).collect::<Vec<_>>()})
}

/// The lines of each part that has a heading.
fn sections(blocks: &[Block]) -> Vec<Vec<String>> {
    let mut sections: Vec<Vec<String>> = Vec::new();
    for block in blocks {
        if matches!(block, Block::Title(_) | Block::Heading(_)) {
            sections.push(Vec::new());
        }
        if let Some(section) = sections.last_mut() {
            section.extend(lines(block));
        }
    }
    sections
}

fn lines(block: &Block) -> Vec<String> {
    match block {
        Block::Title(title) => vec![format!("*{}*", plain(title))],
        Block::Heading(heading) => vec![format!("*{heading}*")],
        Block::Sentence(spans) => vec![line(spans)],
        Block::List(items) => items.iter().map(|item| format!("• {}", line(item))).collect(),
        Block::Table { head, rows } => rows.iter().map(|row| table_row(head, row)).collect(),
    }
}

/// A row as an item: its name, and each cell after the name of its column.
fn table_row(head: &[String], row: &[Cell]) -> String {
    let cells = head.iter().zip(row).enumerate().map(|(at, (name, cell))| {
        let (first, below) = (plain(&cell.first), cell.below.as_deref().map(plain));
        match (at, below) {
            (0, Some(below)) => format!("*{first}*: {below}"),
            (0, None) => format!("*{first}*"),
            (_, Some(below)) => format!("{} {first} ({below})", plain(name)),
            (_, None) => format!("{} {first}", plain(name)),
        }
    });
    format!("• {}", cells.collect::<Vec<_>>().join(" · "))
}

fn line(spans: &[Span]) -> String {
    let span = |span: &Span| match span {
        Span::Plain(text) => plain(text),
        Span::Strong(text) => format!("*{}*", plain(text.trim())),
        Span::Code(text) => format!("`{}`", plain(text)),
    };
    spans.iter().map(span).collect()
}

fn plain(text: &str) -> String {
    escaped(&text.replace(char::is_control, " "))
}

/// All lines, or as many whole ones as fit with how many more there are.
fn fitted(lines: &[String]) -> String {
    let size = |text: &str| text.chars().count();
    let whole = lines.join("\n");
    if size(&whole) <= SECTION_CHARS {
        return whole;
    }
    let (mut text, mut left) = (String::new(), lines.len());
    for line in lines {
        let more = more(left - 1);
        if size(&text) + size(line) + size(&more) > SECTION_CHARS - 1 {
            break;
        }
        text.push_str(line);
        text.push('\n');
        left -= 1;
    }
    text + &more(left)
}

fn more(lines: usize) -> String {
    format!("… and {lines} more")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(items: &[String]) -> [Block; 2] {
        let items = items.iter().map(|item| vec![Span::Plain(item.clone())]);
        [Block::Heading("Alerts"), Block::List(items.collect())]
    }

    fn texts(message: &Value) -> Vec<&str> {
        let blocks = message["blocks"].as_array().unwrap();
        blocks
            .iter()
            .map(|block| block["text"]["text"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn a_section_at_the_limit_is_whole_and_one_beyond_is_cut_between_lines() {
        // `*Alerts*`, and before each item a new line and `• `.
        let items = |last: usize| ["é".repeat(1_000), "b".repeat(1_000), "c".repeat(last)];
        let room = SECTION_CHARS - 8 - 3 * 3 - 2_000;
        let whole = write(&list(&items(room)), None);
        assert_eq!(texts(&whole)[0].chars().count(), SECTION_CHARS);
        assert!(texts(&whole)[0].ends_with('c'));
        let cut = write(&list(&items(room + 1)), None);
        let text = texts(&cut)[0];
        assert!(text.ends_with("b\n… and 1 more"), "{text}");
        // However long a line is, and however many there are.
        for items in [vec!["x".repeat(SECTION_CHARS); 3], vec!["&".to_owned(); SECTION_CHARS]] {
            let cut = write(&list(&items), None);
            let text = texts(&cut)[0];
            assert!(text.chars().count() <= SECTION_CHARS, "{}", text.len());
            assert!(text.starts_with("*Alerts*\n") && text.ends_with(" more"), "{text}");
        }
        // What fits is not left out: the next line and the note would not.
        let many = write(&list(&vec!["y".repeat(97); 100]), None);
        assert!(texts(&many)[0].chars().count() > SECTION_CHARS - 100 - 20);
    }

    #[test]
    fn names_are_no_markup_and_each_heading_is_a_section() {
        let cell = |first: &str, below: Option<&str>| Cell {
            first: first.to_owned(),
            below: below.map(str::to_owned),
        };
        let blocks = [
            Block::Title("<!channel>\nours".to_owned()),
            Block::Sentence(vec![Span::Strong("a & b".to_owned()), Span::Code("c".to_owned())]),
            Block::Heading("Features"),
            Block::Table {
                head: vec!["Feature".to_owned(), "Shown".to_owned(), "Rate".to_owned()],
                rows: vec![vec![
                    cell("<f>", Some("Calibrated")),
                    cell("7", None),
                    cell("0.5", Some("+0.1")),
                ]],
            },
        ];
        let message = write(&blocks, Some("https://example.com/alerts?a=1&b=2"));
        assert_eq!(
            texts(&message),
            [
                "*&lt;!channel&gt; ours*\n*a &amp; b*`c`",
                "*Features*\n• *&lt;f&gt;*: Calibrated · Shown 7 · Rate 0.5 (+0.1)",
                "<https://example.com/alerts?a=1&amp;b=2|See it in Calibrant>",
            ]
        );
        assert_eq!(message["text"], texts(&message)[0]);
        assert_eq!(message["blocks"][0]["text"]["verbatim"], true);
        assert_eq!(write(&blocks, None)["blocks"].as_array().unwrap().len(), 2);
    }
}
