//! What is told of the rows of an upload.

use super::limits::LISTED_ROWS;
use super::sheet::Refused;
use super::view::{EvalRowResult, EvalRowStatus, EvalUploadResponse};

/// What became of the rows of an upload, as much of it as is listed.
#[derive(Default)]
pub struct Told {
    counted: EvalUploadResponse,
    rejected: Vec<EvalRowResult>,
    changed: Vec<EvalRowResult>,
    unchanged: Vec<EvalRowResult>,
}

impl Told {
    pub fn note(&mut self, row: Option<usize>, case: String, status: EvalRowStatus, fields: Vec<&'static str>) {
        let (count, list) = match status {
            EvalRowStatus::Created => (&mut self.counted.created, &mut self.changed),
            EvalRowStatus::Updated => (&mut self.counted.updated, &mut self.changed),
            EvalRowStatus::Deleted => (&mut self.counted.deleted, &mut self.changed),
            EvalRowStatus::Unchanged => (&mut self.counted.unchanged, &mut self.unchanged),
            EvalRowStatus::Rejected => (&mut self.counted.rejected, &mut self.rejected),
        };
        *count += 1;
        if list.len() < LISTED_ROWS {
            list.push(EvalRowResult {
                row,
                case: Some(case),
                status,
                fields,
                code: None,
                message: None,
            });
        }
    }

    pub fn refuse(&mut self, row: usize, case: Option<String>, refused: Refused) {
        self.counted.rejected += 1;
        if self.rejected.len() < LISTED_ROWS {
            self.rejected.push(rejection(row, case, refused));
        }
    }

    pub fn answer(self, dry_run: bool) -> EvalUploadResponse {
        let counted = self.counted;
        let all = counted.created + counted.updated + counted.unchanged + counted.deleted + counted.rejected;
        let results = self.rejected.into_iter().chain(self.changed).chain(self.unchanged);
        EvalUploadResponse {
            dry_run,
            truncated: all > LISTED_ROWS as u64,
            results: results.take(LISTED_ROWS).collect(),
            ..counted
        }
    }
}

/// A row that was not taken.
pub fn rejection(row: usize, case: Option<String>, refused: Refused) -> EvalRowResult {
    EvalRowResult {
        row: Some(row),
        case,
        status: EvalRowStatus::Rejected,
        fields: Vec::new(),
        code: Some(refused.code),
        message: Some(refused.message),
    }
}
