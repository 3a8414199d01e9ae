//! Templates: a text made of several columns, `"{feature}-{item}"`.

use serde::Deserialize;

use super::column::{Column, Scope};
use super::error::RowError;
use super::value;

/// Braces enclose a column; `{{` and `}}` are braces themselves.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Column(Column),
}

impl TryFrom<String> for Template {
    type Error = String;

    fn try_from(source: String) -> Result<Template, String> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = source.as_str();
        while let Some(at) = rest.find(['{', '}']) {
            let (before, brace) = rest.split_at(at);
            text.push_str(before);
            rest = match brace.get(..2) {
                Some(pair @ ("{{" | "}}")) => {
                    text.push_str(&pair[..1]);
                    &brace[2..]
                }
                _ => {
                    let inner = brace.strip_prefix('{').and_then(|inner| inner.split_once('}'));
                    let (name, rest) = inner.ok_or_else(|| {
                        format!("`{source}`: a brace without its partner; write it twice for the character itself")
                    })?;
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                    pieces.push(Piece::Column(Column::try_from(name.to_owned())?));
                    rest
                }
            };
        }
        text.push_str(rest);
        pieces.push(Piece::Text(text));
        Ok(Template { pieces })
    }
}

impl Template {
    /// The text, or nothing when one of the columns has no value: half an id would be worse than none.
    pub fn render(&self, scope: &Scope<'_>) -> Result<Option<String>, RowError> {
        let mut rendered = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => rendered.push_str(text),
                Piece::Column(column) => match column.find(scope) {
                    Some(value) => rendered.push_str(&value::text(&value).map_err(|error| error.at(column.name()))?),
                    None => return Ok(None),
                },
            }
        }
        Ok(Some(rendered))
    }

    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Column(column) => Some(column),
            Piece::Text(_) => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn render(template: &str) -> Option<String> {
        let row = json!({"a": "x", "n": 7, "deep": {"list": ["p", "q"]}, "gone": null});
        let scope = Scope {
            row: &row,
            missing: &[],
            item: None,
            index: 1,
        };
        Template::try_from(template.to_owned()).unwrap().render(&scope).unwrap()
    }

    #[test]
    fn columns_paths_and_braces() {
        assert_eq!(render("{a}-{n}").as_deref(), Some("x-7"));
        assert_eq!(render("{deep.list.0}{deep.list.@index}").as_deref(), Some("pq"));
        assert_eq!(render("{{{a}}}").as_deref(), Some("{x}"));
        assert_eq!(render("{a}-{gone}"), None);
    }

    #[test]
    fn a_lone_brace_is_refused() {
        for template in ["{a", "a}", "{}", "{@items}"] {
            assert!(Template::try_from(template.to_owned()).is_err(), "{template}");
        }
    }
}
