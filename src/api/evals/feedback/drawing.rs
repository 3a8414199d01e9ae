//! Which outputs cases are made from.

use std::collections::{BTreeMap, HashMap, HashSet};

use diesel::pg::PgConnection;
use uuid::Uuid;

use super::{EvalAllocation, EvalFeedbackRequest, EvalStratum};
use crate::api::ask::{self, Instant};
use crate::api::error::{ApiError, ErrorCode};
use crate::api::evals::limits::{MOST_CANDIDATES, MOST_STRATA, STRATA_NAMES};
use crate::api::outputs::listing::{OutputFilters, keys, told_apart};
use crate::domain::decision::Decision;
use crate::domain::dimension::{Cell, Dimension};
use crate::domain::key::{self, ProjectId};
use crate::domain::text::same::likeness;
use crate::query::dimensions;
use crate::stats::allocation;
use crate::store::cells::{self, CellId};
use crate::store::evals::EvalSet;
use crate::store::evals::cases::{self, Listing};
use crate::store::exports::{self, Content, Export, Row};
use crate::store::outputs::Output;
use crate::store::projects;

const DECISION: &str = "decision";
const CONFIDENCE: &str = "confidence";

/// An output that could be drawn.
pub struct Candidate {
    /// By which it is drawn.
    place: f64,
    pub output_key: Uuid,
    pub decision: Option<Decision>,
    pub output_id: String,
    pub user_key: Option<i64>,
}

/// The values that outputs of a stratum have.
pub type Stratum = Vec<Option<String>>;

/// A drawing from the outputs that pass the filters.
pub struct Drawing {
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
    pub looked_at: usize,
    pub duplicates: u64,
}

impl Drawing {
    pub fn prepare(
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
            return Err(ApiError::invalid(format!("`strata`: at most {STRATA_NAMES}")));
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
                per_user: None,
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
    pub fn look(&mut self, conn: &mut PgConnection) -> Result<(), ApiError> {
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
    pub fn draw(&mut self, sample: u64, allocation: EvalAllocation) -> Vec<(Stratum, Vec<Candidate>)> {
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

    pub fn told(&self, drawn: &[(Stratum, Vec<Candidate>)]) -> Vec<EvalStratum> {
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
        edit_distance_from: asked.edit_distance_from,
        edit_distance_to: asked.edit_distance_to,
        text: asked.text,
        comment: None,
        from: asked.from.map(Instant::into_text),
        to: asked.to.map(Instant::into_text),
    }
}
