//! What a set of events comes to: one state per output.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use polars::prelude::*;
use uuid::Uuid;

use super::advice::Advice;
use super::columns as h;
use super::edit::edit;
use super::history::History;
use super::opinions::{Ratings, judgements, newest, ratings};
use crate::domain::decision::{Decision, Manner};
use crate::domain::dimension::Cell;
use crate::domain::event::EventKind;
use crate::domain::key;
use crate::domain::persistence::Kept;
use crate::store::opinions::Opinion;
use crate::store::outputs::Output;
use crate::store::projects::Project;
use crate::store::texts::Texts;

/// The state of one output. Its cell is not numbered yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    pub output: Output,
    pub cell: Option<Cell>,
    pub texts: Texts,
    /// By source, holder and rubric.
    pub opinions: Vec<Opinion>,
}

/// Folds the events of some outputs. Pure: the same set of events gives the same states.
pub fn resolve(project: &Project, history: &History) -> PolarsResult<Vec<Resolved>> {
    if history.outputs.is_empty() {
        return Ok(Vec::new());
    }
    let actions = actions(&history.actions)?;
    let context = context(&history.context)?;
    let ratings = ratings(&history.actions)?;
    let judgements = judgements(&history.actions)?;
    let mut opinions = newest(history)?;
    let columns = Resolver::new(project, &actions, &context, ratings, judgements)?;
    history
        .outputs
        .iter()
        .enumerate()
        .map(|(number, (key, output_id))| {
            let kept = history.kept.get(key).copied().unwrap_or_default();
            let (output, cell, texts) = columns.output(number, *key, output_id, kept)?;
            let opinions = opinions.remove(key).unwrap_or_default();
            Ok(Resolved {
                output,
                cell,
                texts,
                opinions,
            })
        })
        .collect()
}

/// Per output, in the order of their numbers: counts, first and last times, and the newest of each statement.
fn actions(actions: &DataFrame) -> PolarsResult<DataFrame> {
    let newest = [
        h::DECISION_KIND,
        h::MANNER,
        h::STILL_RETAINED,
        h::FINAL,
        h::COMMENT,
        h::REASON,
        h::EDIT_DISTANCE,
        h::CHARS_RETAINED,
        h::CHARS_FINAL,
        h::FINAL_VALUE,
        h::STATES_FINAL_VALUE,
    ];
    let mut aggregates = vec![
        col(h::TIME).min(),
        col(h::RECEIVED).min().alias("first_received"),
        col(h::RECEIVED).max().alias("last_received"),
        col(h::SHOWN_TIME).min(),
        col(h::ASKED_TIME).min(),
        col(h::DECISION_TIME).max().alias("last_decision"),
        col(h::UNDO_TIME).max(),
        col(h::IGNORED_TIME).min(),
        col(h::COPIED).sum(),
        col(h::REGENERATED).sum(),
        col(h::MISSED).max(),
    ];
    aggregates.extend(newest.map(|name| col(name).last_non_null()));
    actions
        .clone()
        .lazy()
        .group_by_stable([col(h::OUTPUT)])
        .agg(aggregates)
        .collect()
}

/// Per output: what it is. `shown` events come last in the frame, so that the last word is theirs if they have one.
fn context(context: &DataFrame) -> PolarsResult<DataFrame> {
    let names = h::TEXT_CONTEXT.into_iter().chain([
        h::CONFIDENCE,
        h::INITIAL_AGREES,
        h::INITIAL_CORRECT,
        h::INITIAL_VALUE,
        h::OUTPUT_VALUE,
        h::CHARS_SHOWN,
        h::GENERATION_MS,
    ]);
    let aggregates: Vec<Expr> = names.map(|name| col(name).last_non_null()).collect();
    context
        .clone()
        .lazy()
        .group_by_stable([col(h::OUTPUT)])
        .agg(aggregates)
        .collect()
}

/// Reads the aggregated columns row by row.
struct Resolver<'a> {
    project: &'a Project,
    actions: &'a DataFrame,
    context: &'a DataFrame,
    ratings: HashMap<u32, Ratings>,
    judgements: HashMap<u32, (i16, bool)>,
}

impl<'a> Resolver<'a> {
    fn new(
        project: &'a Project,
        actions: &'a DataFrame,
        context: &'a DataFrame,
        ratings: HashMap<u32, Ratings>,
        judgements: HashMap<u32, (i16, bool)>,
    ) -> PolarsResult<Resolver<'a>> {
        Ok(Resolver {
            project,
            actions,
            context,
            ratings,
            judgements,
        })
    }

    fn output(
        &self,
        row: usize,
        key: Uuid,
        output_id: &str,
        kept: Kept,
    ) -> PolarsResult<(Output, Option<Cell>, Texts)> {
        let number = row as u32;
        let word = |name: &str| -> PolarsResult<Option<String>> {
            Ok(self.context.column(name)?.str()?.get(row).map(str::to_owned))
        };
        let said = |name: &str| -> PolarsResult<Option<String>> {
            Ok(self.actions.column(name)?.str()?.get(row).map(str::to_owned))
        };
        let time = |name: &str| -> PolarsResult<Option<i64>> { Ok(self.actions.column(name)?.i64()?.get(row)) };
        let number_of =
            |name: &str| -> PolarsResult<i32> { Ok(self.actions.column(name)?.i32()?.get(row).unwrap_or_default()) };
        let real =
            |frame: &DataFrame, name: &str| -> PolarsResult<Option<f64>> { Ok(frame.column(name)?.f64()?.get(row)) };
        let flag = |name: &str| -> PolarsResult<Option<bool>> { Ok(self.context.column(name)?.bool()?.get(row)) };

        let texts = Texts {
            output_key: key,
            input: word("input")?,
            output: word("output")?,
            final_: said(h::FINAL)?,
            comment: said(h::COMMENT)?.filter(|comment| !comment.is_empty()),
        };
        let first = time(h::TIME)?.unwrap_or_default();
        let shown_time = time(h::SHOWN_TIME)?;
        let shown_at = instant(shown_time.unwrap_or(first));
        let ignored = time(h::IGNORED_TIME)?;
        let decision = decision(
            self.actions.column(h::DECISION_KIND)?.i32()?.get(row),
            time("last_decision")?,
            time(h::UNDO_TIME)?,
            ignored.is_some(),
        );
        // Clocks that disagree can put the answer before the output; that is no time at all.
        let ms_until = |at: Option<i64>| Some(((at? - shown_time?) / 1_000).max(0));
        let [kept_30s, kept_120s, kept_300s, kept_600s] = kept;
        let manner = self.actions.column(h::MANNER)?.i32()?.get(row);
        let manner = manner.and_then(|code| Manner::from_code(i16::try_from(code).ok()?));
        let manner = manner.unwrap_or_default();
        let edit = edit(
            decision == Decision::Accepted && manner == Manner::Asked,
            &texts,
            real(self.actions, h::EDIT_DISTANCE)?,
            self.context.column(h::CHARS_SHOWN)?.u32()?.get(row),
            self.actions.column(h::CHARS_RETAINED)?.u32()?.get(row),
            self.actions.column(h::CHARS_FINAL)?.u32()?.get(row),
        );
        let generation_ms = self.context.column(h::GENERATION_MS)?.u32()?.get(row);
        let advice = Advice {
            initial: real(self.context, h::INITIAL_VALUE)?,
            output: real(self.context, h::OUTPUT_VALUE)?,
        };
        let is_stated = self.actions.column(h::STATES_FINAL_VALUE)?.bool()?.get(row) == Some(true);
        let stated = real(self.actions, h::FINAL_VALUE)?.filter(|_| is_stated);
        let user_id = word("user_id")?;
        let ratings = self.ratings.get(&number).copied().unwrap_or_default();
        let judgement = self.judgements.get(&number).copied();
        let (declared, attributes) = self.attributes(word("attributes")?);
        let cell = match word("feature")? {
            Some(feature) => Some(Cell {
                feature,
                version: word("version")?,
                model: word("model")?,
                prompt_version: word("prompt_version")?,
                variant: word("variant")?,
                environment: word("environment")?,
                attributes: declared,
            }),
            None => None,
        };
        let horizon = shown_at + TimeDelta::seconds(i64::from(self.project.horizon_seconds));
        let output = Output {
            project_id: self.project.id,
            output_key: key,
            output_id: output_id.to_owned(),
            cell_id: None,
            user_key: user_id.as_deref().map(|user| key::user_key(self.project.id, user)),
            user_id,
            session_id: word("session_id")?,
            shown_at,
            decision: decision.code(),
            decided_at: time("last_decision")?.map(instant),
            decision_ms: ms_until(time(h::ASKED_TIME)?),
            confidence: real(self.context, h::CONFIDENCE)?,
            correct: judgement.map(|(_, correct)| correct),
            judged_by: judgement.map(|(source, _)| source),
            initial_agrees: flag(h::INITIAL_AGREES)?,
            initial_correct: flag(h::INITIAL_CORRECT)?,
            edit_distance: edit.distance,
            retained_share: edit.retained_share,
            still_retained: real(self.actions, h::STILL_RETAINED)?,
            chars_shown: edit.chars_shown,
            copies: number_of(h::COPIED)?,
            regenerates: number_of(h::REGENERATED)?,
            ratings: ratings.raters,
            rating_sum: ratings.sum,
            positive_ratings: ratings.positive,
            rating_flips: ratings.flips,
            missed: number_of(h::MISSED)? > 0 && shown_time.is_none() && decision == Decision::Undecided,
            restated: time("first_received")?.is_some_and(|first| instant(first) <= horizon)
                && time("last_received")?.is_some_and(|last| instant(last) > horizon),
            reason: said(h::REASON)?,
            attributes,
            sealed: false,
            manner: manner.code(),
            kept_30s,
            kept_120s,
            kept_300s,
            kept_600s,
            ignored_ms: ms_until(ignored).map(|ms| i32::try_from(ms).unwrap_or(i32::MAX)),
            chars_final: edit.chars_final,
            generation_ms: generation_ms.and_then(|ms| i32::try_from(ms).ok()),
            initial_value: advice.initial,
            output_value: advice.output,
            final_value: stated.or(advice.kept(decision, manner)),
        };
        Ok((output, cell, texts))
    }

    /// Declared attributes are dimensions; the others are kept as they are, as a JSON object.
    fn attributes(&self, attributes: Option<String>) -> (BTreeMap<String, String>, Option<String>) {
        let attributes: BTreeMap<String, String> = attributes
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        let (declared, others): (BTreeMap<_, _>, BTreeMap<_, _>) = attributes
            .into_iter()
            .partition(|(name, _)| self.project.dimensions.binary_search(name).is_ok());
        let others = Some(others).filter(|others| !others.is_empty());
        (declared, others.and_then(|others| serde_json::to_string(&others).ok()))
    }
}

fn instant(micros: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(micros).unwrap_or_default()
}

/// The last decision stands; an undo after it takes back what was taken.
fn decision(kind: Option<i32>, decided: Option<i64>, undone: Option<i64>, ignored: bool) -> Decision {
    let last = kind
        .and_then(|code| EventKind::from_code(i16::try_from(code).ok()?))
        .map(|kind| match kind {
            EventKind::Accept => Decision::Accepted,
            EventKind::Edit | EventKind::PartialAccept => Decision::Edited,
            _ => Decision::Rejected,
        });
    match last {
        Some(Decision::Accepted | Decision::Edited) if undone >= decided => Decision::Undone,
        Some(decision) => decision,
        // What was undone had been taken, even if no one said so.
        None if undone.is_some() => Decision::Undone,
        None if ignored => Decision::Ignored,
        None => Decision::Undecided,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCEPT: Option<i32> = Some(5);
    const REJECT: Option<i32> = Some(8);

    #[test]
    fn the_last_decision_stands() {
        assert_eq!(decision(ACCEPT, Some(1), None, true), Decision::Accepted);
        assert_eq!(decision(REJECT, Some(1), None, false), Decision::Rejected);
        assert_eq!(decision(None, None, None, true), Decision::Ignored);
        assert_eq!(decision(None, None, None, false), Decision::Undecided);
    }

    #[test]
    fn an_undo_takes_back_only_what_was_taken_before_it() {
        assert_eq!(decision(ACCEPT, Some(1), Some(2), false), Decision::Undone);
        assert_eq!(decision(ACCEPT, Some(2), Some(1), false), Decision::Accepted);
        assert_eq!(decision(REJECT, Some(1), Some(2), false), Decision::Rejected);
        assert_eq!(decision(None, None, Some(2), false), Decision::Undone);
    }
}
