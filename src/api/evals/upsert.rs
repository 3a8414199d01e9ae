//! Rows become cases: each is taken, changes nothing, or is told why not.

use std::collections::{HashMap, HashSet};

use chrono::{SubsecRound, Utc};
use diesel::Connection;
use diesel::pg::PgConnection;
use serde_json::{Value, json};
use uuid::Uuid;

use super::limits::MOST_CASES;
use super::rows::CaseRow;
use super::sheet::{Refused, Row, refused};
use super::told::Told;
use super::view::{EvalRowCode as Code, EvalRowStatus, EvalUploadResponse};
use super::{changing, named};
use crate::api::auth::{Admin, Authorized};
use crate::api::error::ApiError;
use crate::domain::action::Action;
use crate::domain::key::{self, ProjectId};
use crate::domain::text::same::likeness;
use crate::store::evals::EvalSet;
use crate::store::evals::cases::{self, EvalCase, Origin};
use crate::store::projects::{self, Project};
use crate::store::tombstones;

/// Rows that are looked up and written at once.
const PIECE: usize = 500;

/// What to do with an upload.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wish {
    /// Cases that the upload does not have are deleted.
    pub replaces: bool,
    /// Nothing is done but to say what would be.
    pub dry_run: bool,
    /// Rows must be of cases that are there.
    pub only_known: bool,
}

/// Puts rows into a set.
pub fn upload(
    conn: &mut PgConnection,
    key: &Authorized<Admin>,
    set: &str,
    rows: Vec<Row>,
    wish: Wish,
) -> Result<EvalUploadResponse, ApiError> {
    let project = key.project;
    conn.transaction(|conn| {
        // Whoever erases a user waits for this, and finds what it adds.
        tombstones::hold(conn)?;
        let set = match wish.dry_run {
            true => named(conn, project, set)?,
            false => changing(conn, project, set)?,
        };
        let mut upload = Upload {
            project: projects::find(conn, project)?,
            // What is replaced makes room for what replaces it.
            room: match wish.replaces {
                true => MOST_CASES,
                false => MOST_CASES.saturating_sub(counted(conn, project, &set)?),
            },
            set,
            wish,
            named: HashSet::new(),
            unread: HashSet::new(),
            is_unsure: false,
            told: Told::default(),
        };
        for piece in rows.chunks(PIECE) {
            upload.take(conn, piece)?;
        }
        if wish.replaces && !upload.is_unsure {
            upload.delete_others(conn, key)?;
        }
        if !wish.dry_run && counted(conn, project, &upload.set)? > MOST_CASES {
            return Err(ApiError::invalid(format!(
                "a set has at most {MOST_CASES} cases; put the rows right that are not taken, so that others can go"
            )));
        }
        Ok(upload.told.answer(wish.dry_run))
    })
}

fn counted(conn: &mut PgConnection, project: ProjectId, set: &EvalSet) -> Result<usize, ApiError> {
    Ok(cases::count(conn, project, set.id)?.unsigned_abs() as usize)
}

struct Upload {
    project: Project,
    set: EvalSet,
    wish: Wish,
    /// Cases that the set may still take.
    room: usize,
    /// The cases that the upload has had.
    named: HashSet<String>,
    /// Those of rows that cannot be read.
    unread: HashSet<String>,
    /// Whether it has a row of which nobody knows what case it is.
    is_unsure: bool,
    told: Told,
}

/// What is there of the cases of a piece.
struct Known {
    cases: HashMap<String, EvalCase>,
    origins: HashMap<Uuid, Origin>,
    erased: HashSet<Uuid>,
}

impl Upload {
    fn take(&mut self, conn: &mut PgConnection, rows: &[Row]) -> Result<(), ApiError> {
        let read: Vec<(usize, Result<CaseRow, Refused>)> = rows
            .iter()
            .map(|row| {
                let read = row.fields.as_ref().map_err(Clone::clone).and_then(CaseRow::read);
                if read.is_err() {
                    self.note_unread(row);
                }
                (row.number, read.map(named_by_input))
            })
            .collect();
        let known = self.look_up(conn, read.iter().filter_map(|(_, row)| row.as_ref().ok()))?;
        let mut changed = Vec::new();
        for (number, row) in read {
            let case = row.as_ref().ok().and_then(|row| row.case.clone());
            match row.and_then(|row| self.decide(row, &known)) {
                Ok((case, fields, status)) => {
                    self.told.note(Some(number), case.name.clone(), status, fields);
                    if status != EvalRowStatus::Unchanged {
                        changed.push(case);
                    }
                }
                Err(refused) => self.told.refuse(number, case, refused),
            }
        }
        if !self.wish.dry_run {
            cases::put(conn, &changed)?;
        }
        Ok(())
    }

    /// A row that cannot be read is of a case all the same, which replacing must not delete.
    fn note_unread(&mut self, row: &Row) {
        let case = row.fields.as_ref().ok().and_then(|fields| fields.get("case"));
        match case.and_then(Value::as_str) {
            Some(case) => {
                self.unread.insert(case.to_owned());
            }
            None => self.is_unsure = true,
        }
    }

    fn look_up<'r>(
        &self,
        conn: &mut PgConnection,
        rows: impl Iterator<Item = &'r CaseRow> + Clone,
    ) -> Result<Known, ApiError> {
        let project = self.project.id;
        let names: Vec<String> = rows.clone().filter_map(|row| row.case.clone()).collect();
        let cases = cases::of_names(conn, project, self.set.id, &names)?;
        let mut keys: Vec<Uuid> = rows
            .filter_map(|row| Some(key::output_key(project, row.output_id.as_ref()?)))
            .collect();
        keys.extend(cases.iter().filter_map(|case| case.output_key));
        let (origins, erased) = match keys.is_empty() {
            true => (Vec::new(), Vec::new()),
            false => (
                cases::origins(conn, project, &keys)?,
                cases::erased(conn, project, &keys)?,
            ),
        };
        Ok(Known {
            cases: cases.into_iter().map(|case| (case.name.clone(), case)).collect(),
            origins: origins.into_iter().map(|origin| (origin.output_key, origin)).collect(),
            erased: erased.into_iter().collect(),
        })
    }

    /// What a row makes of its case.
    fn decide(&mut self, row: CaseRow, known: &Known) -> Result<(EvalCase, Vec<&'static str>, EvalRowStatus), Refused> {
        let Some(name) = row.case.clone() else {
            self.is_unsure = true;
            return refused(Code::Missing, "give the row a `case`, or an `input` to name it by");
        };
        if !self.named.insert(name.clone()) {
            return refused(Code::Repeated, "a row before it has the same case");
        }
        let old = known.cases.get(&name);
        let output_key = self.origin_of(&row, old, known)?;
        if row.has_texts() {
            self.check_texts(output_key, known)?;
        }
        if old.is_none() && self.wish.only_known {
            return refused(Code::UnknownCase, "the set has no such case");
        }
        if old.is_none() && self.room == 0 {
            return refused(Code::Full, format!("a set has at most {MOST_CASES} cases"));
        }
        let now = Utc::now().trunc_subsecs(6);
        let mut case = old.cloned().unwrap_or_else(|| EvalCase {
            project_id: self.project.id,
            set_id: self.set.id,
            name,
            input: None,
            expected: None,
            rubric: None,
            tags: Vec::new(),
            output_key: None,
            output_id: None,
            user_key: None,
            added_at: now,
            changed_at: now,
        });
        let mut fields = Vec::new();
        for (field, own, given) in [
            ("input", &mut case.input, row.input),
            ("expected", &mut case.expected, row.expected),
            ("rubric", &mut case.rubric, row.rubric),
        ] {
            if let Some(given) = given.filter(|given| given != own) {
                *own = given;
                fields.push(field);
                case.changed_at = now;
            }
        }
        if let Some(tags) = row.tags.filter(|tags| *tags != case.tags) {
            case.tags = tags;
            fields.push("tags");
        }
        if output_key != case.output_key {
            let origin = output_key.and_then(|key| known.origins.get(&key));
            case.user_key = origin.and_then(|origin| origin.user_key);
            (case.output_key, case.output_id) = (output_key, row.output_id);
            fields.push("output_id");
        }
        let status = match old {
            None => {
                self.room -= 1;
                EvalRowStatus::Created
            }
            Some(_) if fields.is_empty() => EvalRowStatus::Unchanged,
            Some(_) => EvalRowStatus::Updated,
        };
        if status == EvalRowStatus::Created {
            fields.clear();
        }
        Ok((case, fields, status))
    }

    /// The output that the case is made from.
    fn origin_of(&self, row: &CaseRow, old: Option<&EvalCase>, known: &Known) -> Result<Option<Uuid>, Refused> {
        let old = old.and_then(|case| case.output_key);
        let given = row.output_id.as_ref().map(|id| key::output_key(self.project.id, id));
        match (old, given) {
            // Where a case is from is not forgotten because a row does not say it.
            (old, None) => Ok(old),
            (Some(old), Some(given)) if old == given => Ok(Some(old)),
            (Some(_), Some(_)) => refused(
                Code::OtherOutput,
                "the case was made from another output; give the row another `case`",
            ),
            (None, Some(given)) if known.origins.contains_key(&given) => Ok(Some(given)),
            (None, Some(given)) if known.erased.contains(&given) => {
                refused(Code::Erased, "the output was of a user who was erased")
            }
            (None, Some(_)) => refused(
                Code::UnknownOutput,
                "the project has no such output; leave `output_id` empty if the case is made from none",
            ),
        }
    }

    /// Texts are kept no longer in cases than elsewhere.
    fn check_texts(&self, output: Option<Uuid>, known: &Known) -> Result<(), Refused> {
        if !self.project.stores_text {
            return refused(
                Code::TextsNotKept,
                "the project stores no texts: keep them with your runner, and send cases with `case`, `tags` and `output_id`",
            );
        }
        let has_texts = |key: &Uuid| known.origins.get(key).is_some_and(|origin| origin.has_texts);
        if !self.project.retention().is_for_ever() && output.is_some_and(|key| !has_texts(&key)) {
            return refused(
                Code::TextsNotKept,
                "the texts of the output are kept no longer, nor are those of cases made from it",
            );
        }
        Ok(())
    }

    /// Deletes the cases that the upload does not have.
    fn delete_others(&mut self, conn: &mut PgConnection, key: &Authorized<Admin>) -> Result<(), ApiError> {
        let project = self.project.id;
        let mut others = cases::names(conn, project, self.set.id)?;
        others.retain(|name| !self.named.contains(name) && !self.unread.contains(name));
        if !self.wish.dry_run && !others.is_empty() {
            cases::delete(conn, project, self.set.id, &others)?;
            note_deleted(conn, key, &self.set.name, others.len())?;
        }
        for name in others {
            self.told.note(None, name, EvalRowStatus::Deleted, Vec::new());
        }
        Ok(())
    }
}

/// Names of cases may tell of users, so that only their number is noted.
pub fn note_deleted(conn: &mut PgConnection, key: &Authorized<Admin>, set: &str, cases: usize) -> Result<(), ApiError> {
    key.note(conn, Action::EvalCasesDeleted, set, json!({"cases": cases}))
}

/// A row without a name is named by its input, so that the same file names it the same again.
fn named_by_input(mut row: CaseRow) -> CaseRow {
    if row.case.is_none()
        && let Some(Some(input)) = &row.input
    {
        let digest = likeness(input).simple().to_string();
        row.case = Some(format!("case-{}", digest.get(..12).unwrap_or_default()));
    }
    row
}
