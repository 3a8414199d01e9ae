//! The rows of uploads as cases and as results.

use serde_json::Value;

use super::limits::{MOST_CASES, MOST_RESULTS, MOST_TAGS, TAG_CHARS, TEXT_CHARS};
use super::sheet::{self, Fields, Layout, Refused, refused};
use super::view::EvalRowCode as Code;
use crate::ingest::limits::{COMMENT_CHARS, NAME_CHARS};

pub static CASES: Layout = Layout {
    list: "cases",
    columns: &["case", "input", "expected", "rubric", "tags", "output_id"],
    told: &["added_at", "changed_at"],
    most_rows: MOST_CASES,
};

pub static RESULTS: Layout = Layout {
    list: "results",
    columns: &["case", "output", "score", "pass", "judge", "comment"],
    told: &[],
    most_rows: MOST_RESULTS,
};

/// What a row says of a case; of an outer `None` it says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CaseRow {
    pub case: Option<String>,
    pub input: Option<Option<String>>,
    pub expected: Option<Option<String>>,
    pub rubric: Option<Option<String>>,
    pub tags: Option<Vec<String>>,
    pub output_id: Option<String>,
}

impl CaseRow {
    pub fn read(fields: &Fields) -> Result<CaseRow, Refused> {
        Ok(CaseRow {
            case: sheet::name(fields, "case", NAME_CHARS)?,
            input: sheet::text(fields, "input", TEXT_CHARS)?,
            expected: sheet::text(fields, "expected", TEXT_CHARS)?,
            rubric: sheet::text(fields, "rubric", TEXT_CHARS)?,
            tags: fields.get("tags").map(tags).transpose()?,
            output_id: sheet::name(fields, "output_id", NAME_CHARS)?,
        })
    }

    pub fn has_texts(&self) -> bool {
        [&self.input, &self.expected, &self.rubric]
            .iter()
            .any(|text| matches!(text, Some(Some(_))))
    }
}

/// A list, or a text with commas or semicolons between; each tag once.
pub fn tags(value: &Value) -> Result<Vec<String>, Refused> {
    let given: Vec<&str> = match value {
        Value::Null => Vec::new(),
        Value::String(text) => text.split([',', ';', '\n']).collect(),
        Value::Array(tags) => {
            let texts: Option<Vec<&str>> = tags.iter().map(Value::as_str).collect();
            match texts {
                Some(texts) => texts,
                None => return refused(Code::InvalidType, "`tags` must be a list of texts"),
            }
        }
        _ => return refused(Code::InvalidType, "`tags` must be a list of texts"),
    };
    let mut tags: Vec<String> = Vec::new();
    for tag in given.into_iter().map(str::trim).filter(|tag| !tag.is_empty()) {
        if tag.chars().count() > TAG_CHARS {
            return refused(
                Code::InvalidLength,
                format!("a tag has more than {TAG_CHARS} characters"),
            );
        }
        if tag
            .chars()
            .any(|letter| letter.is_control() || [',', ';'].contains(&letter))
        {
            return refused(
                Code::InvalidCharacter,
                "a tag holds a comma, a semicolon or a control character",
            );
        }
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    if tags.len() > MOST_TAGS {
        return refused(Code::TooMany, format!("a case has at most {MOST_TAGS} tags"));
    }
    Ok(tags)
}

/// What a row says of a result.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultRow {
    pub case: String,
    pub judge: Option<String>,
    pub score: Option<f64>,
    pub pass: Option<bool>,
    pub output: Option<String>,
    pub comment: Option<String>,
}

impl ResultRow {
    pub fn read(fields: &Fields, is_text: bool) -> Result<ResultRow, Refused> {
        let Some(case) = sheet::name(fields, "case", NAME_CHARS)? else {
            return refused(Code::Missing, "`case` is missing");
        };
        let (score, pass) = (score(fields, is_text)?, pass(fields, is_text)?);
        if score.is_none() && pass.is_none() {
            return refused(Code::Missing, "`score` or `pass` must be there");
        }
        Ok(ResultRow {
            case,
            judge: sheet::name(fields, "judge", NAME_CHARS)?,
            score,
            pass,
            output: sheet::text(fields, "output", TEXT_CHARS)?.flatten(),
            comment: sheet::text(fields, "comment", COMMENT_CHARS)?.flatten(),
        })
    }
}

fn score(fields: &Fields, is_text: bool) -> Result<Option<f64>, Refused> {
    let score = match fields.get("score") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Number(number)) => number.as_f64(),
        // Spreadsheets of many countries write a comma.
        Some(Value::String(text)) if is_text => text.trim().replacen(',', ".", 1).parse().ok(),
        Some(_) => None,
    };
    match score {
        Some(score) if (0.0..=1.0).contains(&score) => Ok(Some(score)),
        Some(_) => refused(Code::OutOfRange, "`score` must be from 0 to 1"),
        None => refused(Code::InvalidType, "`score` must be a number from 0 to 1"),
    }
}

fn pass(fields: &Fields, is_text: bool) -> Result<Option<bool>, Refused> {
    match fields.get("pass") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(pass)) => Ok(Some(*pass)),
        Some(Value::String(text)) if is_text => match text.trim().to_lowercase().as_str() {
            "true" | "wahr" | "vrai" | "1" | "pass" | "passed" | "yes" => Ok(Some(true)),
            "false" | "falsch" | "faux" | "0" | "fail" | "failed" | "no" => Ok(Some(false)),
            _ => refused(Code::InvalidType, "`pass` must be true or false"),
        },
        Some(_) => refused(Code::InvalidType, "`pass` must be true or false"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn tags_are_lists_or_texts() {
        assert_eq!(tags(&json!("a, b ;a")).unwrap(), ["a", "b"]);
        assert_eq!(tags(&json!(["b", "a"])).unwrap(), ["b", "a"]);
        assert_eq!(tags(&json!(null)).unwrap(), [""; 0]);
        assert_eq!(tags(&json!(["a,b"])).unwrap_err().code, Code::InvalidCharacter);
        assert_eq!(tags(&json!([1])).unwrap_err().code, Code::InvalidType);
    }

    #[test]
    fn separators_are_recognised_by_the_header() {
        for file in [
            "case,input\nx,\"a;b\"\n",
            "case;input\nx;a;b\n",
            "\u{feff}Case\tINPUT\r\nx\ta;b\r\n",
        ] {
            let sheet = CASES.read(file.as_bytes()).unwrap();
            let row = sheet.rows.first().unwrap();
            assert_eq!(row.number, 2);
            match &row.fields {
                Ok(fields) => assert_eq!(fields["input"], "a;b", "{file}"),
                Err(refused) => assert!(file.starts_with("case;") && refused.code == Code::InvalidRow),
            }
        }
    }

    #[test]
    fn a_text_goes_on_in_further_columns() {
        let sheet = CASES.read(b"input 2,case,input,mine\n\\7,x,a,b\n,y,a,\n").unwrap();
        let inputs: Vec<Value> = sheet
            .rows
            .iter()
            .map(|row| row.fields.clone().unwrap()["input"].clone())
            .collect();
        assert_eq!(
            (inputs, sheet.ignored),
            (vec![json!("a7"), json!("a")], vec!["mine".to_owned()])
        );
    }

    #[test]
    fn scores_may_have_a_comma_in_spreadsheets() {
        let sheet = RESULTS.read(b"case;score;pass\na;0,25;\nb;;perhaps\nc;1,5;\n").unwrap();
        let read: Vec<_> = sheet
            .rows
            .iter()
            .map(|row| ResultRow::read(row.fields.as_ref().unwrap(), sheet.is_text).map(|row| row.score))
            .collect();
        assert_eq!(read[0], Ok(Some(0.25)));
        assert_eq!(read[1].as_ref().unwrap_err().code, Code::InvalidType);
        assert_eq!(read[2].as_ref().unwrap_err().code, Code::OutOfRange);
    }
}
