//! What a data set is made of besides the filters of `/outputs`: consent, and how it is split.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::api::ask;
use crate::api::error::ApiError;
use crate::domain::dimension::Dimension;
use crate::domain::key;
use crate::query::filter::{Filter, Operator};
use crate::store::outputs::Output;

/// The share of users whose outputs are for validation.
const VALIDATION_SHARE: f64 = 0.1;
/// The edit distances of preferences where nothing is said: less is a slip of the pen, more is another text.
pub const LEAST_EDIT: f64 = 0.02;
pub const MOST_EDIT: f64 = 0.9;
/// What `consent` is when it was had in another way.
const ALL: &str = "all";

/// Which side of a split an output is on. All outputs of a user are on one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Train,
    Validation,
}

impl Side {
    pub fn name(self) -> &'static str {
        match self {
            Side::Train => "train",
            Side::Validation => "validation",
        }
    }
}

/// How texts are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// As text.
    #[default]
    Standard,
    /// As messages with a role.
    Conversational,
}

#[derive(Clone, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportParams {
    /// Whose texts may be used. `attributes.training:yes` takes outputs whose attribute `training` is `yes`; `all` takes every output,
    /// and says that consent was had in another way. Data sets of texts do not go without it.
    #[param(max_length = 512, example = "attributes.training:yes")]
    pub consent: Option<String>,
    /// Only one side of the split; each row says which it is on.
    pub split: Option<Side>,
    /// The share of users on the validation side, 0.1 without it.
    #[param(minimum = 0, maximum = 1)]
    pub validation_share: Option<f64>,
    /// Another seed is another split; 0 without it.
    #[param(value_type = Option<i64>, minimum = 0, maximum = 4_294_967_295_u64)]
    pub seed: Option<u32>,
    /// Whether of outputs with the same texts only the newest is taken. Data sets of texts do so without it, outputs do not.
    pub distinct: Option<bool>,
    /// At most so many rows of each user, the newest, so that no one user is the teacher; all without it. Outputs of nobody known are
    /// all taken.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4_294_967_295_u64)]
    pub per_user: Option<NonZeroU32>,
    /// Of preferences and feedback: `standard` (texts, without it) or `conversational` (messages).
    #[param(inline)]
    pub form: Option<Form>,
    /// Of the last row that arrived: go on after it.
    pub cursor: Option<String>,
    /// At most so many rows; all without it.
    #[param(value_type = Option<i64>, minimum = 1, maximum = 4_294_967_295_u64)]
    pub limit: Option<NonZeroU32>,
}

impl ExportParams {
    /// The filter that keeps what there is consent for. Texts need it said.
    pub fn consent(&self, is_of_texts: bool) -> Result<Option<Filter>, ApiError> {
        let wrong = |detail: &str| Err(ApiError::parameter("consent", detail));
        let Some(consent) = self.consent.as_deref() else {
            return match is_of_texts {
                true => wrong(
                    "say whose texts may be used: `attributes.<name>:<value>` takes outputs with that attribute, `all` says that \
                     consent was had in another way",
                ),
                false => Ok(None),
            };
        };
        if consent == ALL {
            return Ok(None);
        }
        let attribute = consent
            .split_once(':')
            .map(|(name, value)| (Dimension::parse(name), value));
        match attribute {
            Some((dimension @ Dimension::AnyAttribute(_), value)) if !value.is_empty() => Ok(Some(Filter {
                dimension,
                operator: Operator::In,
                values: vec![Some(value.to_owned())],
            })),
            _ => wrong("must be `attributes.<name>:<value>` or `all`"),
        }
    }

    pub fn splitting(&self) -> Result<Splitting, ApiError> {
        let validation_share = ask::within("validation_share", self.validation_share, 0.0, 1.0)?;
        Ok(Splitting {
            validation_share: validation_share.unwrap_or(VALIDATION_SHARE),
            seed: self.seed.unwrap_or_default().into(),
            only: self.split,
        })
    }
}

/// How outputs are split.
#[derive(Clone, Copy, Debug)]
pub struct Splitting {
    validation_share: f64,
    seed: u64,
    only: Option<Side>,
}

impl Splitting {
    /// The side of an output, by a digest of its user and the seed; `None` if that side is not wanted. An output of nobody known is on a
    /// side of its own.
    pub fn side(self, output: &Output) -> Option<Side> {
        let place = key::share(self.seed, output.cluster());
        let side = if place < self.validation_share {
            Side::Validation
        } else {
            Side::Train
        };
        Some(side).filter(|side| self.only.is_none_or(|only| only == *side))
    }
}
