//! Tenants and their settings.

use chrono::{DateTime, Utc};
use diesel::pg::PgConnection;
use diesel::prelude::*;
use uuid::Uuid;

use super::schema::projects;
use crate::domain::edits::EditThresholds;
use crate::domain::key::ProjectId;
use crate::domain::retention::Retention;

/// The project that exists from the first start.
pub const DEFAULT: &str = "default";

#[derive(Clone, Debug, PartialEq, Eq, Hash, Queryable, Selectable)]
#[diesel(table_name = projects, check_for_backend(diesel::pg::Pg))]
pub struct Project {
    pub id: ProjectId,
    pub name: String,
    pub dimensions: Vec<String>,
    pub stores_text: bool,
    pub horizon_seconds: i32,
    pub folded_events: i64,
    pub created_at: DateTime<Utc>,
    /// The last step of the fold that changed the rollups.
    pub rollup_step: i64,
    /// The last step that computed the rollups anew.
    pub rollup_reset: i64,
    pub retain_texts_days: Option<i32>,
    pub retain_events_days: Option<i32>,
    pub retain_outputs_days: Option<i32>,
    /// Folded events that are no longer in the log.
    pub expired_events: i64,
    /// What digests of erased names are made with.
    pub erasure_salt: Uuid,
    /// The place in the log up to which texts are gone.
    pub textless_tx: i64,
    /// How often something was erased, or went since it is kept no longer. What was read before such a time is not to be given out after it.
    pub forgotten: i64,
    #[diesel(deserialize_as = Vec<i16>)]
    pub edit_thresholds: EditThresholds,
    /// How often the settings were changed. Settings that are as they were before make another state: what was computed under those in
    /// between, and asked for before, is no answer now.
    pub settings_revision: i64,
}

impl Project {
    pub fn retention(&self) -> Retention {
        Retention::new(
            self.retain_texts_days,
            self.retain_events_days,
            self.retain_outputs_days,
        )
    }
}

/// Settings to change; `None` leaves a setting as it is.
#[derive(Clone, Debug, Default, AsChangeset)]
#[diesel(table_name = projects)]
pub struct Settings {
    pub dimensions: Option<Vec<String>>,
    pub stores_text: Option<bool>,
    pub horizon_seconds: Option<i32>,
    /// The inner `None` is for ever.
    pub retain_texts_days: Option<Option<i32>>,
    pub retain_events_days: Option<Option<i32>>,
    pub retain_outputs_days: Option<Option<i32>>,
    /// In hundredths.
    pub edit_thresholds: Option<Vec<i16>>,
}

impl Settings {
    pub fn is_empty(&self) -> bool {
        !self.recuts()
            && self.stores_text.is_none()
            && self.retain_texts_days.is_none()
            && self.retain_events_days.is_none()
            && self.retain_outputs_days.is_none()
            && self.edit_thresholds.is_none()
    }

    /// Whether outputs must be computed anew.
    pub fn recuts(&self) -> bool {
        self.dimensions.is_some() || self.horizon_seconds.is_some()
    }
}

pub fn find(conn: &mut PgConnection, id: ProjectId) -> QueryResult<Project> {
    projects::table.find(id).select(Project::as_select()).first(conn)
}

pub fn find_by_name(conn: &mut PgConnection, name: &str) -> QueryResult<Option<Project>> {
    projects::table
        .filter(projects::name.eq(name))
        .select(Project::as_select())
        .first(conn)
        .optional()
}

pub fn all(conn: &mut PgConnection) -> QueryResult<Vec<Project>> {
    projects::table
        .order(projects::id)
        .select(Project::as_select())
        .load(conn)
}

/// How far the numbers of each project are.
pub fn positions(conn: &mut PgConnection) -> QueryResult<Vec<(ProjectId, i64)>> {
    projects::table
        .select((projects::id, projects::folded_events))
        .load(conn)
}

/// How often something of each project was erased, or went since it is kept no longer.
pub fn forgotten(conn: &mut PgConnection) -> QueryResult<Vec<(ProjectId, i64)>> {
    projects::table.select((projects::id, projects::forgotten)).load(conn)
}

/// Notes that something of a project goes, in the transaction in which it goes.
pub fn note_forgotten(conn: &mut PgConnection, id: ProjectId) -> QueryResult<()> {
    diesel::update(projects::table.find(id))
        .set(projects::forgotten.eq(projects::forgotten + 1))
        .execute(conn)
        .map(|_| ())
}

/// The project of that name, made if there is none. The second part says whether it was made now.
pub fn find_or_create(conn: &mut PgConnection, name: &str) -> QueryResult<(Project, bool)> {
    let created = diesel::insert_into(projects::table)
        .values(projects::name.eq(name))
        .on_conflict_do_nothing()
        .returning(Project::as_returning())
        .get_result(conn)
        .optional()?;
    match created {
        Some(project) => Ok((project, true)),
        None => {
            let project = projects::table
                .filter(projects::name.eq(name))
                .select(Project::as_select())
                .first(conn)?;
            Ok((project, false))
        }
    }
}

pub fn update(conn: &mut PgConnection, id: ProjectId, settings: &Settings) -> QueryResult<Project> {
    if settings.is_empty() {
        return find(conn, id);
    }
    diesel::update(projects::table.find(id))
        .set((
            settings,
            projects::settings_revision.eq(projects::settings_revision + 1),
        ))
        .returning(Project::as_returning())
        .get_result(conn)
}

/// Takes the project's row for this transaction: what is counted before it is added to is counted by one at a time.
pub fn lock(conn: &mut PgConnection, id: ProjectId) -> QueryResult<()> {
    projects::table
        .find(id)
        .select(projects::id)
        .for_update()
        .first::<ProjectId>(conn)
        .map(|_| ())
}

/// Takes the project's row for this transaction, if nobody has it.
pub fn try_lock(conn: &mut PgConnection, id: ProjectId) -> QueryResult<bool> {
    let taken: Option<ProjectId> = projects::table
        .find(id)
        .select(projects::id)
        .for_no_key_update()
        .skip_locked()
        .first(conn)
        .optional()?;
    Ok(taken.is_some())
}

/// Moves the project's log position. Its row is taken until the transaction ends.
pub fn add_folded(conn: &mut PgConnection, id: ProjectId, events: i64) -> QueryResult<()> {
    diesel::update(projects::table.find(id))
        .set(projects::folded_events.eq(projects::folded_events + events))
        .execute(conn)
        .map(|_| ())
}

/// Puts all projects' log positions back to the start of what is still in the log.
pub fn forget_folded(conn: &mut PgConnection) -> QueryResult<()> {
    diesel::update(projects::table)
        .set(projects::folded_events.eq(projects::expired_events))
        .execute(conn)
        .map(|_| ())
}
