//! The distinct combinations of dimension values, numbered.

use std::collections::{BTreeMap, HashMap};

use diesel::pg::PgConnection;
use diesel::prelude::*;
use uuid::Uuid;

use super::schema::cells;
use crate::domain::dimension::Cell;
use crate::domain::key::{self, ProjectId};

pub type CellId = i32;

#[derive(Queryable, Selectable)]
#[diesel(table_name = cells, check_for_backend(diesel::pg::Pg))]
struct CellRow {
    id: CellId,
    feature: String,
    version: Option<String>,
    model: Option<String>,
    prompt_version: Option<String>,
    variant: Option<String>,
    environment: Option<String>,
    attributes: serde_json::Value,
}

impl CellRow {
    fn into_cell(self) -> (CellId, Cell) {
        let attributes = match self.attributes {
            serde_json::Value::Object(map) => map
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
                .collect::<BTreeMap<_, _>>(),
            _ => BTreeMap::new(),
        };
        let cell = Cell {
            feature: self.feature,
            version: self.version,
            model: self.model,
            prompt_version: self.prompt_version,
            variant: self.variant,
            environment: self.environment,
            attributes,
        };
        (self.id, cell)
    }
}

/// All cells of a project.
pub fn of_project(conn: &mut PgConnection, project: ProjectId) -> QueryResult<Vec<(CellId, Cell)>> {
    let rows = cells::table
        .filter(cells::project_id.eq(project))
        .order(cells::id)
        .select(CellRow::as_select())
        .load(conn)?;
    Ok(rows.into_iter().map(CellRow::into_cell).collect())
}

/// Whether any output was of this feature.
pub fn has_feature(conn: &mut PgConnection, project: ProjectId, feature: &str) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(
        cells::table.filter(cells::project_id.eq(project).and(cells::feature.eq(feature))),
    ))
    .get_result(conn)
}

/// Which of the cells that have no number yet get one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum New {
    All,
    None,
}

/// The numbers of these cells.
pub fn number(
    conn: &mut PgConnection,
    project: ProjectId,
    wanted: &[Cell],
    new: New,
) -> QueryResult<HashMap<Cell, CellId>> {
    let by_key: HashMap<Uuid, &Cell> = wanted.iter().map(|cell| (cell_key(project, cell), cell)).collect();
    let mut numbers = known_numbers(conn, project, by_key.keys())?;
    let is_new = |key: &Uuid| new == New::All && !numbers.contains_key(key);
    let new: Vec<_> = by_key.iter().filter(|(key, _)| is_new(key)).collect();
    let rows: Vec<_> = new
        .iter()
        .map(|(key, cell)| {
            (
                cells::project_id.eq(project),
                cells::cell_key.eq(**key),
                cells::feature.eq(&cell.feature),
                cells::version.eq(&cell.version),
                cells::model.eq(&cell.model),
                cells::prompt_version.eq(&cell.prompt_version),
                cells::variant.eq(&cell.variant),
                cells::environment.eq(&cell.environment),
                cells::attributes.eq(serde_json::json!(cell.attributes)),
            )
        })
        .collect();
    for chunk in rows.chunks(1_000) {
        diesel::insert_into(cells::table)
            .values(chunk.to_vec())
            .on_conflict_do_nothing()
            .execute(conn)?;
    }
    numbers.extend(known_numbers(conn, project, new.into_iter().map(|(key, _)| key))?);
    Ok(numbers
        .into_iter()
        .filter_map(|(key, id)| Some(((*by_key.get(&key)?).clone(), id)))
        .collect())
}

fn known_numbers<'a>(
    conn: &mut PgConnection,
    project: ProjectId,
    keys: impl Iterator<Item = &'a Uuid>,
) -> QueryResult<HashMap<Uuid, CellId>> {
    let keys: Vec<Uuid> = keys.copied().collect();
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let known: Vec<(Uuid, CellId)> = cells::table
        .filter(cells::project_id.eq(project).and(cells::cell_key.eq_any(keys)))
        .select((cells::cell_key, cells::id))
        .load(conn)?;
    Ok(known.into_iter().collect())
}

/// The digest of a cell's values. A control character that no value may hold keeps neighbours apart.
fn cell_key(project: ProjectId, cell: &Cell) -> Uuid {
    let parts = [
        &cell.version,
        &cell.model,
        &cell.prompt_version,
        &cell.variant,
        &cell.environment,
    ];
    let mut text = cell.feature.clone();
    for part in parts {
        text.push('\u{1f}');
        if let Some(value) = part {
            text.push('=');
            text.push_str(value);
        }
    }
    for (name, value) in &cell.attributes {
        text.push('\u{1e}');
        text.push_str(name);
        text.push('\u{1f}');
        text.push_str(value);
    }
    key::cell_key(project, &text)
}
