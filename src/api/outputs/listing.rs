//! What a list of outputs is filtered by, and how it goes on from page to page.

use actix_web::http::Uri;
use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use crate::api::ask;
use crate::api::error::ApiError;
use crate::api::paging;
use crate::api::respond::Format;
use crate::domain::decision::Decision;
use crate::domain::dimension::Dimension;
use crate::domain::key::{self, ProjectId};
use crate::ingest::limits;
use crate::query::dimensions;
use crate::query::filter::{Filter, Operator};
use crate::store::outputs::Output;
use crate::store::outputs::listing::{AttributeFilter, Listing};
use crate::store::projects::Project;

/// Characters of a text to look for.
pub const TEXT_CHARS: usize = 200;
/// Ids that can be named at once.
pub const MOST_IDS: usize = 100;
pub const DEFAULT_LIMIT: i64 = 50;
pub const MAX_LIMIT: i64 = 500;

/// Which outputs are meant, by anything that is known of them.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct OutputFilters {
    pub feature: Option<String>,
    pub version: Option<String>,
    /// A JSON array of filters as `POST /query` takes them.
    pub filters: Option<String>,
    pub decision: Option<Decision>,
    #[param(max_length = 256)]
    pub reason: Option<String>,
    #[param(max_length = 256)]
    pub user_id: Option<String>,
    /// Only outputs judged right, or wrong.
    pub correct: Option<bool>,
    /// Only outputs that were judged, or that wait for it.
    pub judged: Option<bool>,
    /// The least confidence.
    #[param(minimum = 0, maximum = 1)]
    pub confidence_from: Option<f64>,
    /// The greatest confidence.
    #[param(minimum = 0, maximum = 1)]
    pub confidence_to: Option<f64>,
    /// The least edit distance between what was shown and what the user made of it, 0 for unchanged and 1 for another text.
    #[param(minimum = 0, maximum = 1)]
    pub edit_distance_from: Option<f64>,
    /// The greatest edit distance.
    #[param(minimum = 0, maximum = 1)]
    pub edit_distance_to: Option<f64>,
    /// A piece of text, in any letter case, of input, output, final text or comment.
    #[param(max_length = 200)]
    pub text: Option<String>,
    /// A piece of the comment, in any letter case.
    #[param(max_length = 200)]
    pub comment: Option<String>,
    /// Shown at or after this, RFC 3339 or milliseconds since 1970.
    pub from: Option<String>,
    /// Shown before this.
    pub to: Option<String>,
}

impl OutputFilters {
    /// The filters on dimensions.
    pub fn of_dimensions(&self) -> Result<Vec<Filter>, ApiError> {
        let mut filters = ask::filters_parameter(self.filters.as_deref())?;
        for (dimension, value) in [(Dimension::Feature, &self.feature), (Dimension::Version, &self.version)] {
            filters.extend(value.clone().map(|value| Filter::is(dimension, value)));
        }
        Ok(filters)
    }

    /// Everything else to filter by, without a limit.
    pub fn listing(&self) -> Result<Listing, ApiError> {
        for (name, limit, text) in [
            ("text", TEXT_CHARS, &self.text),
            ("comment", TEXT_CHARS, &self.comment),
            ("reason", limits::NAME_CHARS, &self.reason),
            ("user_id", limits::NAME_CHARS, &self.user_id),
        ] {
            if text
                .as_ref()
                .is_some_and(|text| text.contains('\0') || text.chars().count() > limit)
            {
                return Err(ApiError::parameter(
                    name,
                    format!("must have at most {limit} characters, none of them U+0000"),
                ));
            }
        }
        for (name, share) in [
            ("confidence_from", self.confidence_from),
            ("confidence_to", self.confidence_to),
            ("edit_distance_from", self.edit_distance_from),
            ("edit_distance_to", self.edit_distance_to),
        ] {
            ask::within(name, share, 0.0, 1.0)?;
        }
        let (from, to) = ask::range(self.from.as_deref(), self.to.as_deref())?;
        Ok(Listing {
            cells: Vec::new(),
            keys: None,
            attributes: Vec::new(),
            from,
            to,
            decision: self.decision.map(Decision::code),
            reason: self.reason.clone(),
            user_id: self.user_id.clone(),
            correct: self.correct,
            judged: self.judged,
            confidence_from: self.confidence_from,
            confidence_to: self.confidence_to,
            edit_distance_from: self.edit_distance_from,
            edit_distance_to: self.edit_distance_to,
            text: self.text.clone(),
            comment: self.comment.clone(),
            before: None,
            limit: i64::MAX,
        })
    }
}

/// Which of them are on a page.
#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// A JSON array of ids: only these outputs.
    pub output_ids: Option<String>,
    /// 50 without it.
    #[param(minimum = 1, maximum = 500)]
    pub limit: Option<i64>,
    /// From the answer before: go on where it ended.
    pub cursor: Option<String>,
    pub format: Option<Format>,
}

impl PageParams {
    /// How many outputs are on it.
    pub fn size(&self) -> Result<i64, ApiError> {
        Ok(ask::within("limit", self.limit, 1, MAX_LIMIT)?.unwrap_or(DEFAULT_LIMIT))
    }

    /// The page of a listing, and one output more, which tells whether there is a next one.
    pub fn of(&self, listing: Listing, project: ProjectId) -> Result<Listing, ApiError> {
        Ok(Listing {
            keys: self.output_ids.as_deref().map(|ids| named(project, ids)).transpose()?,
            before: self.cursor.as_deref().map(parse_cursor).transpose()?,
            limit: self.size()? + 1,
            ..listing
        })
    }
}

/// The filters on dimensions, and those on attributes that the project has not declared.
pub fn told_apart(project: &Project, filters: Vec<Filter>) -> Result<(Vec<Filter>, Vec<AttributeFilter>), ApiError> {
    let undeclared = dimensions::undeclared(filters.iter().map(|filter| &filter.dimension), project)?;
    let (others, filters): (Vec<Filter>, Vec<Filter>) = filters
        .into_iter()
        .partition(|filter| undeclared.contains(filter.dimension.name()));
    let others = others.into_iter().map(|filter| AttributeFilter {
        name: filter.dimension.name().to_owned(),
        is_one_of: filter.operator == Operator::In,
        or_absent: filter.values.contains(&None),
        values: filter.values.into_iter().flatten().collect(),
    });
    Ok((filters, others.collect()))
}

/// The keys of the outputs that a parameter names.
fn named(project: ProjectId, ids: &str) -> Result<Vec<Uuid>, ApiError> {
    let ids: Vec<String> = serde_json::from_str(ids).map_err(|_| not_ids())?;
    keys(project, &ids)
}

/// The keys of the outputs that are named.
pub fn keys(project: ProjectId, ids: &[String]) -> Result<Vec<Uuid>, ApiError> {
    if ids.len() > MOST_IDS {
        return Err(not_ids());
    }
    Ok(ids.iter().map(|id| key::output_key(project, id)).collect())
}

fn not_ids() -> ApiError {
    ApiError::parameter(
        "output_ids",
        format!("must be a JSON array of at most {MOST_IDS} ids of outputs"),
    )
}

/// Where the next page starts.
pub fn cursor(output: &Output) -> String {
    format!(
        "{:x}-{}",
        output.shown_at.timestamp_micros(),
        output.output_key.simple()
    )
}

/// The address of the page that starts at a cursor, from that of another page.
pub fn address(of: &Uri, cursor: &str) -> String {
    let parts = of.query().unwrap_or_default().split('&');
    let mut parts: Vec<&str> = parts
        .filter(|part| !part.is_empty() && part.split('=').next() != Some("cursor"))
        .collect();
    let own = format!("cursor={cursor}");
    parts.push(&own);
    format!("{}?{}", of.path(), parts.join("&"))
}

/// Where a page starts.
pub fn parse_cursor(text: &str) -> Result<(DateTime<Utc>, Uuid), ApiError> {
    let parse = || {
        let (time, key) = text.split_once('-')?;
        let time = DateTime::from_timestamp_micros(i64::from_str_radix(time, 16).ok()?)?;
        Some((time, Uuid::try_parse(key).ok()?))
    };
    parse()
        .filter(|(time, _)| (0..=253_402_300_799).contains(&time.timestamp()))
        .ok_or_else(paging::wrong_cursor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pages_follow_each_other() {
        for (page, next) in [
            ("/o", "/o?cursor=c"),
            ("/o?", "/o?cursor=c"),
            ("/o?a=%20&cursor=b&d", "/o?a=%20&d&cursor=c"),
            ("/o?cursors=1", "/o?cursors=1&cursor=c"),
        ] {
            assert_eq!(address(&page.parse().unwrap(), "c"), next);
        }
    }

    proptest! {
        #[test]
        fn cursors_are_read_or_refused(text in "[0-9a-fA-F+-]{0,40}|\\PC{0,40}") {
            if let Ok((time, key)) = parse_cursor(&text) {
                let written = format!("{:x}-{}", time.timestamp_micros(), key.simple());
                prop_assert_eq!(parse_cursor(&written).ok(), Some((time, key)));
            }
        }

        #[test]
        fn cursors_lead_back(micros in 0..253_402_300_799_000_000i64, key in any::<u128>()) {
            let (time, key) = (DateTime::from_timestamp_micros(micros).unwrap(), Uuid::from_u128(key));
            let written = format!("{:x}-{}", time.timestamp_micros(), key.simple());
            prop_assert_eq!(parse_cursor(&written).ok(), Some((time, key)));
        }
    }
}
