//! Cases as files: CSV that spreadsheets give back unchanged, and lines of JSON. Sent as they are read.

use diesel::pg::PgConnection;

use super::view::EvalCaseView;
use crate::api::error::ApiError;
use crate::api::exports::stream::{PIECE_BYTES, Sending};
use crate::domain::key::ProjectId;
use crate::domain::spreadsheet::{CELL_UNITS, cell, pieces};
use crate::store::evals::EvalSet;
use crate::store::evals::cases::{self, EvalCase, Listing};

/// Cases that are read at once.
const PIECE: i64 = 100;
/// By this, programs know that the file is UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";
const TEXTS: [&str; 3] = ["input", "expected", "rubric"];

/// A form of rows.
pub enum Form {
    Lines,
    Csv {
        separator: u8,
        /// Cells that the longest of each text takes.
        cells: [usize; 3],
    },
}

impl Form {
    pub fn csv(conn: &mut PgConnection, project: ProjectId, set: &EvalSet, separator: u8) -> Result<Form, ApiError> {
        let longest = cases::longest(conn, project, set.id)?;
        // A byte takes at most two units, as a quote does in JSON; or six, as a control character.
        let mut cells = longest.map(|bytes| 1 + 6 * bytes.unsigned_abs() as usize / CELL_UNITS);
        if cells.iter().any(|cells| *cells > 1) {
            cells = exact(conn, project, set)?;
        }
        Ok(Form::Csv { separator, cells })
    }

    fn header(&self) -> Result<Vec<u8>, ApiError> {
        let Form::Csv { separator, cells } = self else {
            return Ok(Vec::new());
        };
        let mut names = vec!["case".to_owned()];
        for (name, cells) in TEXTS.iter().zip(cells) {
            names.push((*name).to_owned());
            names.extend((2..=*cells).map(|piece| format!("{name} {piece}")));
        }
        names.extend(["tags".to_owned(), "output_id".to_owned()]);
        let mut bytes = MARK.to_vec();
        // LibreOffice knows no quotes after the mark, unless it is told that the file is UTF-8.
        bytes.extend(record(*separator, csv::QuoteStyle::Necessary, &names)?);
        Ok(bytes)
    }

    fn row(&self, case: EvalCase) -> Result<Vec<u8>, ApiError> {
        match self {
            Form::Lines => {
                let mut line = serde_json::to_vec(&EvalCaseView::from(case)).map_err(ApiError::internal)?;
                line.push(b'\n');
                Ok(line)
            }
            Form::Csv { separator, cells } => {
                let mut row = vec![cell(Some(&case.name)).into_owned()];
                for (text, cells) in [&case.input, &case.expected, &case.rubric].into_iter().zip(cells) {
                    let cut = text.as_deref().map(pieces).unwrap_or_default();
                    row.extend((0..*cells).map(|at| cell(cut.get(at).copied()).into_owned()));
                }
                let tags = case.tags.join(", ");
                row.push(cell(Some(tags.as_str()).filter(|tags| !tags.is_empty())).into_owned());
                row.push(cell(case.output_id.as_deref()).into_owned());
                // Every cell in quotes: programs that guess at separators find none inside.
                record(*separator, csv::QuoteStyle::Always, &row)
            }
        }
    }
}

/// How many cells the longest texts take.
fn exact(conn: &mut PgConnection, project: ProjectId, set: &EvalSet) -> Result<[usize; 3], ApiError> {
    let mut most = [1; 3];
    walk(conn, project, set, &Listing::default(), |case| {
        for (most, text) in most.iter_mut().zip([&case.input, &case.expected, &case.rubric]) {
            *most = text.as_deref().map_or(1, |text| pieces(text).len()).max(*most);
        }
        Ok(true)
    })?;
    Ok(most)
}

/// Hands out cases in their order, until `take` has enough.
fn walk(
    conn: &mut PgConnection,
    project: ProjectId,
    set: &EvalSet,
    listing: &Listing,
    mut take: impl FnMut(EvalCase) -> Result<bool, ApiError>,
) -> Result<(), ApiError> {
    let mut listing = Listing {
        limit: PIECE,
        ..listing.clone()
    };
    loop {
        let found = cases::list(conn, project, set.id, &listing)?;
        let Some(last) = found.last() else { return Ok(()) };
        listing.after = Some(last.name.clone());
        for case in found {
            if !take(case)? {
                return Ok(());
            }
        }
    }
}

/// Sends the cases that are listed as a file; the caller holds a snapshot.
pub fn send(
    conn: &mut PgConnection,
    project: ProjectId,
    set: &EvalSet,
    listing: &Listing,
    form: &Form,
    sending: &mut Sending,
) -> Result<(), ApiError> {
    let mut bytes = form.header()?;
    let mut is_listening = true;
    walk(conn, project, set, listing, |case| {
        bytes.extend(form.row(case)?);
        if bytes.len() >= PIECE_BYTES {
            is_listening = sending.send(&mut bytes);
        }
        Ok(is_listening)
    })?;
    if is_listening {
        sending.send(&mut bytes);
    }
    Ok(())
}

fn record(separator: u8, quotes: csv::QuoteStyle, cells: &[String]) -> Result<Vec<u8>, ApiError> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(separator)
        .quote_style(quotes)
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    writer.write_record(cells).map_err(ApiError::internal)?;
    writer.into_inner().map_err(ApiError::internal)
}
