//! Outputs, their texts and the opinions on them against the events.

use std::collections::{HashMap, HashSet};

use diesel::pg::PgConnection;
use uuid::Uuid;

use super::{Checked, Difference};
use crate::domain::dimension::Cell;
use crate::fold::history::History;
use crate::fold::link::Links;
use crate::fold::resolve::{Resolved, resolve};
use crate::store::cells::CellId;
use crate::store::opinions::Opinion;
use crate::store::outputs::Output;
use crate::store::projects::Project;
use crate::store::texts::Texts;
use crate::store::{audit, events, opinions, outputs, texts};

/// The names of the fields that differ. Takes the type apart, so that a new field must be compared to compile.
macro_rules! differing {
    ($type:ident { $($field:ident),+ $(,)? }, $expected:expr, $stored:expr) => {{
        let $type { $($field),+ } = $expected;
        let mut names: Vec<&'static str> = Vec::new();
        $(if *$field != $stored.$field { names.push(stringify!($field).trim_end_matches('_')); })+
        names
    }};
}

/// Compares the outputs of some keys. Events of the same outputs may have other keys too.
pub fn check(
    conn: &mut PgConnection,
    project: &Project,
    numbers: &HashMap<Cell, CellId>,
    piece: &[Uuid],
    checked: &mut Checked,
) -> anyhow::Result<()> {
    let mut links = Links::around(conn, project.id, piece.iter().copied().collect())?;
    links.seal(outputs::sealed_among(conn, project.id, &links.keys)?);
    let entries = audit::entries(conn, project.id, &links.keys)?;
    let own: HashSet<&Uuid> = piece.iter().collect();
    for counted in entries.iter().filter(|counted| own.contains(&counted.output_key)) {
        checked.events += counted.folded;
        checked.waiting_events += counted.waiting;
    }
    let behind = entries.iter().filter(|counted| counted.waiting > 0);
    let waiting = Links::around(conn, project.id, behind.map(|counted| counted.output_key).collect())?;
    let waiting: HashSet<Uuid> = waiting.keys.into_iter().collect();

    let logged = events::of_outputs(conn, project.id, &links.keys)?;
    let own_events: HashSet<Uuid> = logged
        .iter()
        .filter(|event| own.contains(&event.output_key))
        .map(|event| event.event_key)
        .collect();
    let history = History::new(project.id, logged, &links)?;
    let late = history.late.iter().filter(|late| own_events.contains(&late.event_key));
    checked.late_events += late.count() as i64;
    let resolved = resolve(project, &history)?;
    let mut expected: HashMap<Uuid, Resolved> = resolved
        .into_iter()
        .map(|state| (state.output.output_key, state))
        .collect();
    let stored = outputs::of_keys(conn, project.id, piece)?.into_iter();
    let mut stored: HashMap<Uuid, Output> = stored.map(|output| (output.output_key, output)).collect();
    let stored_texts = texts::of_keys(conn, project.id, piece)?.into_iter();
    let mut stored_texts: HashMap<Uuid, Texts> = stored_texts.map(|texts| (texts.output_key, texts)).collect();
    let mut stored_opinions: HashMap<Uuid, Vec<Opinion>> = HashMap::new();
    for opinion in opinions::of_keys(conn, project.id, piece)? {
        stored_opinions.entry(opinion.output_key).or_default().push(opinion);
    }

    for key in piece {
        let (expected, stored) = (expected.remove(key), stored.remove(key));
        let texts = stored_texts.remove(key);
        let opinions = stored_opinions.remove(key).unwrap_or_default();
        if waiting.contains(key) {
            checked.waiting_outputs += u64::from(expected.is_some() || stored.is_some());
            continue;
        }
        let difference = match (expected, stored) {
            (Some(expected), Some(stored)) => {
                checked.outputs += 1;
                let fields = fields(expected, &stored, texts, &opinions, numbers);
                (!fields.is_empty()).then_some(Difference::OutputDiffers {
                    output_id: stored.output_id,
                    fields,
                })
            }
            (None, Some(stored)) if stored.sealed => {
                checked.sealed_outputs += 1;
                texts.map(|_| Difference::OutputDiffers {
                    output_id: stored.output_id,
                    fields: vec!["texts"],
                })
            }
            (Some(expected), None) => Some(Difference::OutputMissing {
                output_id: expected.output.output_id,
            }),
            (None, Some(stored)) => Some(Difference::OutputWithoutEvents {
                output_id: stored.output_id,
            }),
            (None, None) => (texts.is_some() || !opinions.is_empty()).then(|| Difference::OutputWithoutEvents {
                output_id: key.to_string(),
            }),
        };
        if let Some(difference) = difference {
            checked.found(difference);
        }
    }
    Ok(())
}

/// Which fields of an output, or which of its texts, or whether opinions on it, are not what they should be.
fn fields(
    expected: Resolved,
    stored: &Output,
    stored_texts: Option<Texts>,
    stored_opinions: &[Opinion],
    numbers: &HashMap<Cell, CellId>,
) -> Vec<&'static str> {
    let cell_id = expected.cell.as_ref().and_then(|cell| numbers.get(cell).copied());
    let unnumbered = expected.cell.is_some() && cell_id.is_none();
    let output = Output {
        cell_id,
        ..expected.output
    };
    let mut names = differing!(
        Output {
            project_id,
            output_key,
            output_id,
            cell_id,
            user_key,
            user_id,
            session_id,
            shown_at,
            decision,
            decided_at,
            decision_ms,
            confidence,
            correct,
            judged_by,
            initial_agrees,
            initial_correct,
            edit_distance,
            retained_share,
            still_retained,
            chars_shown,
            copies,
            regenerates,
            ratings,
            rating_sum,
            positive_ratings,
            rating_flips,
            missed,
            restated,
            reason,
            attributes,
            sealed,
            manner,
            kept_30s,
            kept_120s,
            kept_300s,
            kept_600s,
            ignored_ms,
            chars_final,
            generation_ms,
            initial_value,
            output_value,
            final_value,
        },
        &output,
        stored
    );
    if unnumbered && !names.contains(&"cell_id") {
        names.push("cell_id");
    }
    if expected.opinions != stored_opinions {
        names.push("opinions");
    }
    let stored_texts = stored_texts.unwrap_or_else(|| Texts {
        output_key: stored.output_key,
        ..Texts::default()
    });
    names.extend(differing!(
        Texts {
            output_key,
            input,
            output,
            final_,
            comment,
        },
        &expected.texts,
        stored_texts
    ));
    names
}
