//! Cases made from what users did: what they changed says what was expected, what they refused waits to be said.
//!
//! Outputs are drawn by a digest of their name and the seed, within strata: the same question of the same outputs draws the same ones,
//! and one output more or less changes hardly any of the others. Of outputs whose inputs are the same but for how they are typed, only
//! the newest can be drawn, and none whose input the set has a case of.

use std::collections::{BTreeMap, HashMap, HashSet};

use actix_web::{HttpResponse, post, web};
use chrono::{SubsecRound, Utc};
use diesel::Connection;
use diesel::pg::PgConnection;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::limits::{MOST_CANDIDATES, MOST_CASES, MOST_SAMPLED, MOST_STRATA, SAMPLED, STRATA_NAMES, TEXT_CHARS};
use super::{changing, invalid, named, rows};
use crate::api::answers::{Absent, WriteAnswers};
use crate::api::ask::{self, FilterRequest, Instant};
use crate::api::auth::{Admin, Authorized};
use crate::api::error::{ApiError, ErrorCode, Problem};
use crate::api::extract::{JsonBody, Segment};
use crate::api::outputs::listing::{OutputFilters, keys, told_apart};
use crate::domain::decision::Decision;
use crate::domain::dimension::{Cell, Dimension};
use crate::domain::key::{self, ProjectId};
use crate::domain::strict;
use crate::domain::text::same::likeness;
use crate::query::dimensions;
use crate::state::AppState;
use crate::stats::allocation;
use crate::store::cells::{self, CellId};
use crate::store::evals::EvalSet;
use crate::store::evals::cases::{self, EvalCase, Listing};
use crate::store::exports::{self, Content, Export, Row};
use crate::store::outputs::Output;
use crate::store::texts::{self, Texts};
use crate::store::{projects, tombstones};

const DECISION: &str = "decision";
const CONFIDENCE: &str = "confidence";

/// How the sample is shared among strata.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvalAllocation {
    /// As many from each, while they last: small strata are heard.
    #[default]
    Equal,
    /// From each its share of the outputs.
    Proportional,
}

/// Which outputs to make cases from, and how many.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"feature": "email.draft", "decisions": ["edited", "rejected"], "sample": 60,
    "strata": ["decision", "confidence", "version"], "seed": 7, "tags": ["from-users"], "dry_run": true}))]
pub struct EvalFeedbackRequest {
    /// What became of them; edited and rejected without it. Of what was edited, the expected is the user's text; of what was accepted,
    /// the text that was taken; of others it is empty, to be filled in.
    #[serde(default = "edited_and_rejected", deserialize_with = "strict::words")]
    #[schema(min_items = 1)]
    pub decisions: Vec<Decision>,
    pub feature: Option<String>,
    pub version: Option<String>,
    /// As `POST /query` takes them.
    #[serde(default, deserialize_with = "strict::objects")]
    pub filters: Vec<FilterRequest>,
    #[schema(max_length = 256)]
    pub reason: Option<String>,
    /// Only outputs judged right, or wrong.
    pub correct: Option<bool>,
    /// Only outputs that were judged, or that wait for it.
    pub judged: Option<bool>,
    #[schema(minimum = 0, maximum = 1)]
    pub confidence_from: Option<f64>,
    #[schema(minimum = 0, maximum = 1)]
    pub confidence_to: Option<f64>,
    /// A piece of text, in any letter case, of input, output, final text or comment.
    #[schema(max_length = 200)]
    pub text: Option<String>,
    /// Only these.
    #[schema(max_items = 100)]
    pub output_ids: Option<Vec<String>>,
    /// Shown at or after this, RFC 3339 or milliseconds since 1970.
    #[schema(value_type = Option<String>)]
    pub from: Option<Instant>,
    /// Shown before this.
    #[schema(value_type = Option<String>)]
    pub to: Option<Instant>,
    /// Cases to make, at most; 100 without it.
    #[schema(minimum = 1, maximum = 1000)]
    pub sample: Option<u64>,
    /// What strata are made of: `decision`, `confidence` (tenths), and dimensions. One stratum without it.
    #[serde(default)]
    #[schema(max_items = 5)]
    pub strata: Vec<String>,
    #[serde(default)]
    #[schema(inline)]
    pub allocation: EvalAllocation,
    /// Another seed draws others; 0 without it.
    #[serde(default)]
    pub seed: u32,
    /// Tags that the cases get.
    #[serde(default)]
    #[schema(max_items = 20)]
    pub tags: Vec<String>,
    #[schema(max_length = 100_000)]
    pub rubric: Option<String>,
    /// Say what would be made, and make nothing.
    #[serde(default)]
    pub dry_run: bool,
}

fn edited_and_rejected() -> Vec<Decision> {
    vec![Decision::Edited, Decision::Rejected]
}

/// Outputs that are alike in what was asked.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalStratum {
    /// In the order of `strata`; null of outputs without a value.
    pub values: Vec<Option<String>>,
    /// Outputs that could be drawn.
    pub candidates: u64,
    pub drawn: u64,
}

/// What cases were made, or would be.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EvalFeedbackResponse {
    pub dry_run: bool,
    pub created: u64,
    /// Of those, cases whose expected text is to be filled in.
    pub to_be_filled: u64,
    /// The names of the cases, which are the ids of their outputs.
    pub cases: Vec<String>,
    /// Outputs that were looked at: the newest that pass the filters and have an input.
    pub looked_at: u64,
    /// Whether those are all.
    pub all_looked_at: bool,
    /// Outputs that were passed over: their input is that of a newer one, or the set has a case of it.
    pub duplicates: u64,
    /// By their values.
    pub strata: Vec<EvalStratum>,
}

/// Make cases from feedback
///
/// From outputs whose texts are kept, drawn at random within strata. Each case remembers its output: scores are held against what its
/// user did, and when the user is erased, so is the case. A project that stores no texts has nothing to make cases from.
#[utoipa::path(
    tag = "evals",
    params(("set" = String, Path, description = "The set's name")),
    request_body = EvalFeedbackRequest,
    responses(
        (status = 200, description = "The cases that were made, or would be", body = EvalFeedbackResponse),
        (status = 409, description = "The set has no room (`conflict`)", body = Problem, content_type = "application/problem+json"),
        WriteAnswers,
        Absent,
    ),
    security(("api_key" = []))
)]
#[post("/evals/{set}/cases/from-feedback")]
pub async fn create_eval_cases_from_feedback(
    key: Authorized<Admin>,
    set: Segment<String>,
    body: JsonBody<EvalFeedbackRequest>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let asked = body.0;
    let made = state
        .db
        .run(move |conn| conn.transaction(|conn| make(conn, key.project, &set.0, asked)))
        .await?;
    Ok(HttpResponse::Ok().json(made))
}

fn make(
    conn: &mut PgConnection,
    project_id: ProjectId,
    set: &str,
    asked: EvalFeedbackRequest,
) -> Result<EvalFeedbackResponse, ApiError> {
    let sample = asked.sample.unwrap_or(SAMPLED);
    if !(1..=MOST_SAMPLED).contains(&sample) {
        return Err(invalid(format!("`sample`: must be from 1 to {MOST_SAMPLED}")));
    }
    if asked.decisions.is_empty() {
        return Err(invalid("`decisions`: name one at least"));
    }
    let tags =
        rows::tags(&asked.tags.clone().into()).map_err(|refused| invalid(format!("`tags`: {}", refused.message)))?;
    let too_long = |text: &String| text.chars().count() > TEXT_CHARS || text.contains('\0');
    if asked.rubric.as_ref().is_some_and(too_long) {
        return Err(invalid(format!(
            "`rubric`: must have at most {TEXT_CHARS} characters, none of them U+0000"
        )));
    }
    // Whoever erases a user waits for this, and finds what it adds.
    tombstones::hold(conn)?;
    // Nothing is written while outputs are read: the fold does not pass a transaction that has written.
    let found = named(conn, project_id, set)?;
    let mut drawing = Drawing::prepare(conn, project_id, &found, &asked)?;
    drawing.look(conn)?;
    let drawn = drawing.draw(sample, asked.allocation);
    let mut made = cases_of(conn, &found, project_id, &drawn, (&tags, asked.rubric.as_ref()))?;
    if !asked.dry_run {
        changing(conn, project_id, set)?;
    }
    // Who else did the same meanwhile may have gone on with it.
    let names: Vec<String> = made.iter().map(|case| case.name.clone()).collect();
    let taken = cases::of_names(conn, project_id, found.id, &names)?;
    let taken: HashSet<String> = taken.into_iter().map(|case| case.name).collect();
    made.retain(|case| case.input.is_some() && !taken.contains(&case.name));
    let known = cases::count(conn, project_id, found.id)?.unsigned_abs() as usize;
    if known + made.len() > MOST_CASES {
        return Err(ApiError::new(
            ErrorCode::Conflict,
            format!("a set has at most {MOST_CASES} cases, and this one has {known}; make another set"),
        ));
    }
    if !asked.dry_run {
        cases::put(conn, &made)?;
    }
    Ok(EvalFeedbackResponse {
        dry_run: asked.dry_run,
        created: made.len() as u64,
        to_be_filled: made.iter().filter(|case| case.expected.is_none()).count() as u64,
        cases: made.into_iter().map(|case| case.name).collect(),
        looked_at: drawing.looked_at as u64,
        all_looked_at: drawing.looked_at < MOST_CANDIDATES,
        duplicates: drawing.duplicates,
        strata: drawing.told(&drawn),
    })
}

/// An output that could be drawn.
struct Candidate {
    /// By which it is drawn.
    place: f64,
    output_key: Uuid,
    decision: Option<Decision>,
    output_id: String,
    user_key: Option<i64>,
}

type Stratum = Vec<Option<String>>;

struct Drawing {
    project: ProjectId,
    export: Export,
    cells: HashMap<CellId, Cell>,
    /// What strata are made of.
    names: Vec<String>,
    seed: u64,
    /// Inputs that are taken, and names.
    inputs: HashSet<Uuid>,
    taken: HashSet<String>,
    strata: BTreeMap<Stratum, Vec<Candidate>>,
    looked_at: usize,
    duplicates: u64,
}

impl Drawing {
    fn prepare(
        conn: &mut PgConnection,
        project: ProjectId,
        set: &EvalSet,
        asked: &EvalFeedbackRequest,
    ) -> Result<Drawing, ApiError> {
        let found = projects::find(conn, project)?;
        if !found.stores_text {
            return Err(ApiError::new(
                ErrorCode::NotKept,
                "the project stores no texts, of which cases are made; keep them with your runner, and upload cases without texts",
            ));
        }
        if asked.strata.len() > STRATA_NAMES {
            return Err(invalid(format!("`strata`: at most {STRATA_NAMES}")));
        }
        let of_cells = asked
            .strata
            .iter()
            .filter(|name| ![DECISION, CONFIDENCE].contains(&name.as_str()));
        let own: Vec<Dimension> = of_cells.map(|name| ask::dimension(name)).collect::<Result<_, _>>()?;
        dimensions::undeclared(own.iter(), &found)?;
        let outputs = output_filters(asked.clone());
        let mut filters = outputs.of_dimensions()?;
        filters.extend(ask::filters(asked.filters.clone())?);
        let mut listing = outputs.listing()?;
        listing.keys = asked.output_ids.as_ref().map(|ids| keys(project, ids)).transpose()?;
        let (filters, attributes) = told_apart(&found, filters)?;
        let cells: HashMap<CellId, Cell> = cells::of_project(conn, project)?
            .into_iter()
            .filter(|(_, cell)| filters.iter().all(|filter| filter.accepts(cell)))
            .collect();
        listing.cells = cells.keys().copied().collect();
        listing.attributes = attributes;
        let mut wanted = [false; 6];
        for decision in &asked.decisions {
            if let Some(slot) = wanted.get_mut(decision.code() as usize) {
                *slot = true;
            }
        }
        let mut drawing = Drawing {
            project,
            export: Export {
                content: Content::Cases(wanted),
                listing,
                distinct: false,
                before: None,
            },
            cells,
            names: asked.strata.clone(),
            seed: asked.seed.into(),
            inputs: HashSet::new(),
            taken: HashSet::new(),
            strata: BTreeMap::new(),
            looked_at: 0,
            duplicates: 0,
        };
        drawing.look_at_set(conn, set)?;
        Ok(drawing)
    }

    /// What the set has cases of already.
    fn look_at_set(&mut self, conn: &mut PgConnection, set: &EvalSet) -> Result<(), ApiError> {
        let mut listing = Listing {
            limit: 200,
            ..Listing::default()
        };
        loop {
            let found = cases::list(conn, self.project, set.id, &listing)?;
            let Some(last) = found.last() else { return Ok(()) };
            listing.after = Some(last.name.clone());
            for case in found {
                self.inputs.extend(case.input.as_deref().map(likeness));
                self.taken.insert(case.name);
            }
        }
    }

    /// Reads the newest outputs.
    fn look(&mut self, conn: &mut PgConnection) -> Result<(), ApiError> {
        let export = self.export.clone();
        exports::walk(conn, self.project, &export, |rows| {
            for row in rows {
                if self.looked_at == MOST_CANDIDATES {
                    return Ok(false);
                }
                self.looked_at += 1;
                self.consider(row)?;
            }
            Ok::<_, ApiError>(true)
        })
    }

    fn consider(&mut self, row: Row) -> Result<(), ApiError> {
        let Some(input) = row.text_input.as_deref() else {
            return Ok(());
        };
        if self.taken.contains(&row.output.output_id) || !self.inputs.insert(likeness(input)) {
            self.duplicates += 1;
            return Ok(());
        }
        let stratum: Stratum = self.names.iter().map(|name| self.value(name, &row.output)).collect();
        if self.strata.len() == MOST_STRATA && !self.strata.contains_key(&stratum) {
            return Err(ApiError::new(
                ErrorCode::AnswerTooLarge,
                format!("there are more than {MOST_STRATA} strata; name fewer things, or filter"),
            ));
        }
        let output = row.output;
        self.strata.entry(stratum).or_default().push(Candidate {
            place: key::share(self.seed, key::cluster_key(None, output.output_key)),
            output_key: output.output_key,
            decision: Decision::from_code(output.decision),
            output_id: output.output_id,
            user_key: output.user_key,
        });
        Ok(())
    }

    /// The value that an output has of one of the things that strata are made of.
    fn value(&self, name: &str, output: &Output) -> Option<String> {
        match name {
            DECISION => Decision::from_code(output.decision).map(|decision| decision.name().to_owned()),
            CONFIDENCE => output.confidence.map(|confidence| {
                let tenth = (confidence * 10.0).floor().min(9.0);
                format!("{:.1}-{:.1}", tenth / 10.0, (tenth + 1.0) / 10.0)
            }),
            name => {
                let dimension = Dimension::parse(name);
                let cell = output.cell_id.and_then(|cell| self.cells.get(&cell));
                let declared = cell.and_then(|cell| cell.value(&dimension)).map(str::to_owned);
                declared.or_else(|| {
                    let all: BTreeMap<String, String> = serde_json::from_str(output.attributes.as_deref()?).ok()?;
                    all.get(dimension.name()).cloned()
                })
            }
        }
    }

    /// Draws from each stratum, the first by their places.
    fn draw(&mut self, sample: u64, allocation: EvalAllocation) -> Vec<(Stratum, Vec<Candidate>)> {
        let sizes: Vec<u64> = self.strata.values().map(|own| own.len() as u64).collect();
        let parts = match allocation {
            EvalAllocation::Equal => allocation::equal(&sizes, sample),
            EvalAllocation::Proportional => allocation::proportional(&sizes, sample),
        };
        let mut drawn = Vec::new();
        for ((stratum, own), part) in self.strata.iter_mut().zip(parts) {
            own.sort_unstable_by(|one, other| {
                let by_place = one.place.total_cmp(&other.place);
                by_place.then(one.output_key.cmp(&other.output_key))
            });
            let rest = own.split_off(part as usize);
            drawn.push((stratum.clone(), std::mem::replace(own, rest)));
        }
        drawn
    }

    fn told(&self, drawn: &[(Stratum, Vec<Candidate>)]) -> Vec<EvalStratum> {
        let drawn = drawn.iter().map(|(stratum, drawn)| EvalStratum {
            values: stratum.clone(),
            candidates: (drawn.len() + self.strata.get(stratum).map_or(0, Vec::len)) as u64,
            drawn: drawn.len() as u64,
        });
        drawn.collect()
    }
}

/// What `/outputs` would be asked.
fn output_filters(asked: EvalFeedbackRequest) -> OutputFilters {
    OutputFilters {
        feature: asked.feature,
        version: asked.version,
        filters: None,
        decision: None,
        reason: asked.reason,
        user_id: None,
        correct: asked.correct,
        judged: asked.judged,
        confidence_from: asked.confidence_from,
        confidence_to: asked.confidence_to,
        text: asked.text,
        comment: None,
        from: asked.from.map(Instant::into_text),
        to: asked.to.map(Instant::into_text),
    }
}

/// The cases of what was drawn, in the order of their names.
fn cases_of(
    conn: &mut PgConnection,
    set: &EvalSet,
    project: ProjectId,
    drawn: &[(Stratum, Vec<Candidate>)],
    (tags, rubric): (&[String], Option<&String>),
) -> Result<Vec<EvalCase>, ApiError> {
    let drawn: Vec<&Candidate> = drawn.iter().flat_map(|(_, drawn)| drawn).collect();
    let keys: Vec<Uuid> = drawn.iter().map(|candidate| candidate.output_key).collect();
    let found = texts::of_keys(conn, project, &keys)?;
    let mut found: HashMap<Uuid, Texts> = found.into_iter().map(|texts| (texts.output_key, texts)).collect();
    let now = Utc::now().trunc_subsecs(6);
    let cases = drawn.into_iter().map(|candidate| {
        let texts = found.remove(&candidate.output_key).unwrap_or_default();
        EvalCase {
            project_id: project,
            set_id: set.id,
            name: candidate.output_id.clone(),
            input: texts.input,
            expected: match candidate.decision {
                Some(Decision::Edited) => texts.final_,
                Some(Decision::Accepted) => texts.final_.or(texts.output),
                _ => None,
            },
            rubric: rubric.cloned(),
            tags: tags.to_vec(),
            output_key: Some(candidate.output_key),
            output_id: Some(candidate.output_id.clone()),
            user_key: candidate.user_key,
            added_at: now,
            changed_at: now,
        }
    });
    let mut cases: Vec<EvalCase> = cases.collect();
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(cases)
}
