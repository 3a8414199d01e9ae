//! What can be shown where the report goes: how wide a line may be, and with which characters.

use std::env;
use std::io::{ErrorKind, IsTerminal, Write, stdout};

use console::{Style, measure_text_width};

/// Between columns.
const GAP: usize = 2;

pub struct Terminal {
    /// Columns; any number where no one looks at it.
    width: Option<usize>,
    unicode: bool,
    coloured: bool,
}

impl Terminal {
    /// Standard output, as the environment describes it. `COLUMNS` sets the width of what is no terminal.
    pub fn stdout() -> Terminal {
        let is_terminal = stdout().is_terminal();
        let told = env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
        let found = console::Term::stdout()
            .size_checked()
            .map(|(_, columns)| usize::from(columns));
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
            .iter()
            .filter_map(|name| env::var(name).ok())
            .find(|value| !value.is_empty())
            .unwrap_or_default()
            .to_lowercase();
        Terminal {
            width: if is_terminal { found.or(told) } else { told },
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
            coloured: is_terminal && console::colors_enabled(),
        }
    }

    pub fn paint(&self, text: &str, style: &Style) -> String {
        if !self.coloured {
            return text.to_owned();
        }
        style.clone().force_styling(true).apply_to(text).to_string()
    }

    pub fn bold(&self, text: &str) -> String {
        self.paint(text, &Style::new().bold())
    }

    pub fn dim(&self, text: &str) -> String {
        self.paint(text, &Style::new().dim())
    }

    /// Lines of a paragraph.
    pub fn paragraph(&self, text: &str) -> Vec<String> {
        wrapped(text, self.width.unwrap_or(usize::MAX))
    }

    /// A table; where it is too wide, each row as a list of its own.
    pub fn table(&self, head: &[&str], rows: &[Vec<String>]) -> Vec<String> {
        self.flat_table(head, rows).unwrap_or_else(|| self.lists(head, rows))
    }

    /// A table of one line for each row; none if it is too wide.
    pub fn flat_table(&self, head: &[&str], rows: &[Vec<String>]) -> Option<Vec<String>> {
        let titles: Vec<Cell> = head.iter().map(|title| vec![self.dim(title)]).collect();
        let rows: Vec<Vec<Cell>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| vec![cell.clone()]).collect())
            .collect();
        let widths = self.with_room(widths(&titles, &rows))?;
        let mut lines = beside(&titles, &widths);
        lines.extend(rows.iter().flat_map(|row| beside(row, &widths)));
        Some(lines)
    }

    /// A table whose cells have several lines, each row apart from the others; none if it is too wide.
    pub fn tall_table(&self, head: &[&str], rows: &[Vec<String>]) -> Option<Vec<String>> {
        let lines_of = |cell: &String| cell.split('\n').map(str::to_owned).collect();
        let mut rows: Vec<Vec<Cell>> = rows.iter().map(|row| row.iter().map(lines_of).collect()).collect();
        // What is left for the last column, whose words may be long.
        if let (Some(width), [others @ .., _]) = (self.width, widths(&vec![Cell::new(); head.len()], &rows).as_slice())
        {
            let left = width.saturating_sub(others.iter().map(|own| own + GAP).sum());
            for cell in rows.iter_mut().filter_map(|row| row.last_mut()) {
                *cell = cell.iter().flat_map(|line| wrapped(line, left)).collect();
            }
        }
        let columns = widths(&vec![Cell::new(); head.len()], &rows);
        let title =
            |(title, width): (&&str, &usize)| wrapped(title, *width).iter().map(|line| self.dim(line)).collect();
        let titles: Vec<Cell> = head.iter().zip(&columns).map(title).collect();
        let widths = self.with_room(widths(&titles, &rows))?;
        let mut lines = beside(&titles, &widths);
        for row in &rows {
            lines.push(String::new());
            lines.extend(beside(row, &widths));
        }
        Some(lines)
    }

    /// Widths of columns, if they have room beside each other.
    fn with_room(&self, widths: Vec<usize>) -> Option<Vec<usize>> {
        let whole = widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1);
        self.width.is_none_or(|width| whole <= width).then_some(widths)
    }

    /// Each row as a list.
    pub fn lists(&self, head: &[&str], rows: &[Vec<String>]) -> Vec<String> {
        let widest = head.iter().map(|title| measure_text_width(title)).max().unwrap_or(0);
        let mut lines = Vec::new();
        for row in rows {
            for (at, (title, cell)) in head.iter().zip(row).enumerate() {
                if at == 0 {
                    lines.push(self.bold(cell));
                } else if !cell.is_empty() {
                    let space = " ".repeat(widest - measure_text_width(title) + GAP);
                    lines.push(format!("  {}{space}{cell}", self.dim(title)));
                }
            }
        }
        lines
    }

    /// Writes lines.
    pub fn write(&self, lines: &[String]) -> anyhow::Result<()> {
        let mut text = lines.join("\n");
        text.push('\n');
        if !self.unicode {
            text = plain(&text);
        }
        write(&text)
    }
}

/// The lines of a cell.
type Cell = Vec<String>;

/// How wide each column must be.
fn widths(titles: &[Cell], rows: &[Vec<Cell>]) -> Vec<usize> {
    let column = |(at, title): (usize, &Cell)| {
        let cells = rows.iter().filter_map(|row| row.get(at)).chain([title]);
        cells.flatten().map(|line| measure_text_width(line)).max().unwrap_or(0)
    };
    titles.iter().enumerate().map(column).collect()
}

/// The lines of a row: its cells beside each other.
fn beside(row: &[Cell], widths: &[usize]) -> Vec<String> {
    let height = row.iter().map(Vec::len).max().unwrap_or(0);
    let line = |at: usize| {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            let text = cell.get(at).map(String::as_str).unwrap_or_default();
            line.push_str(text);
            line.push_str(&" ".repeat(width.saturating_sub(measure_text_width(text)) + GAP));
        }
        line.trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

/// A text cut between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if measure_text_width(line) + 1 + measure_text_width(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Writes text as it is. A reader who has seen enough is no error.
pub fn write(text: &str) -> anyhow::Result<()> {
    match stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => Ok(written?),
    }
}

/// With the marks of ASCII in place of those of print. Names stay as they are.
fn plain(text: &str) -> String {
    let mark = |each: char| match each {
        '−' | '–' => '-',
        '·' => ',',
        '▲' => '^',
        '▼' => 'v',
        '●' => '=',
        '○' => '?',
        other => other,
    };
    text.chars().map(mark).collect::<String>().replace(" , ", ", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn terminal(width: Option<usize>) -> Terminal {
        Terminal {
            width,
            unicode: true,
            coloured: false,
        }
    }

    fn rows() -> Vec<Vec<String>> {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        vec![row(["a", "35.2 %", "n 7"]), row(["größer", "1 %", ""])]
    }

    #[test]
    fn a_table_fits_its_cells() {
        let lines = terminal(Some(20)).table(&["Feature", "Trust", "On"], &rows());
        assert_eq!(lines, ["Feature  Trust   On", "a        35.2 %  n 7", "größer   1 %"]);
    }

    #[test]
    fn a_table_that_does_not_fit_becomes_lists() {
        let lines = terminal(Some(19)).table(&["Feature", "Trust", "On"], &rows());
        let wanted = ["a", "  Trust    35.2 %", "  On       n 7", "größer", "  Trust    1 %"];
        assert_eq!(lines, wanted);
    }

    #[test]
    fn a_tall_table_breaks_its_cells_and_its_head() {
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let rows = vec![row(["a\n▲ over", "35.2 %\n[29, 42]"]), row(["b\n● even", "1 %"])];
        let head = ["Feature", "How it was trusted"];
        let lines = terminal(Some(17)).tall_table(&head, &rows).unwrap();
        let wanted = [
            "Feature  How it",
            "         was",
            "         trusted",
            "",
            "a        35.2 %",
            "▲ over   [29, 42]",
            "",
            "b        1 %",
            "● even",
        ];
        assert_eq!(lines, wanted);
        assert_eq!(terminal(Some(16)).tall_table(&head, &rows), None);
    }

    #[test]
    fn a_paragraph_is_cut_between_words() {
        assert_eq!(
            terminal(Some(9)).paragraph("one two three four"),
            ["one two", "three", "four"]
        );
        assert_eq!(terminal(None).paragraph("one two three four").len(), 1);
    }

    #[test]
    fn marks_have_a_plain_form() {
        assert_eq!(plain("▲ −3.0 points · ünï – x"), "^ -3.0 points, ünï - x");
    }
}
