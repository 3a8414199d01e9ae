//! The answers that routes have in common, documented from the table of error codes.

use std::collections::BTreeMap;

use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, ToSchema};

use super::error::{ErrorCode, Problem};

type Responses = BTreeMap<String, RefOr<Response>>;

/// What any read may answer besides its result.
pub struct ReadAnswers;

/// What any route with a JSON body may answer besides its result.
pub struct WriteAnswers;

/// Where an answer may be a file that is read in pieces.
pub struct Files;

/// Where something is read or changed by its name.
pub struct Absent;

/// Where the database may not answer.
pub struct Busy;

impl IntoResponses for ReadAnswers {
    fn responses() -> Responses {
        let mut responses = problems(&[
            ErrorCode::InvalidParameter,
            ErrorCode::Unauthenticated,
            ErrorCode::Forbidden,
            ErrorCode::UnknownMetric,
            ErrorCode::UnknownDimension,
            ErrorCode::AnswerTooLarge,
            ErrorCode::RateLimited,
            ErrorCode::Unavailable,
            ErrorCode::Overloaded,
        ]);
        let unchanged = ResponseBuilder::new()
            .description("The client has this answer already")
            .build();
        responses.insert("304".to_owned(), unchanged.into());
        responses
    }
}

impl IntoResponses for Files {
    fn responses() -> Responses {
        let mut responses = problems(&[ErrorCode::RangeNotSatisfiable, ErrorCode::Conflict]);
        let piece = ResponseBuilder::new()
            .description("The piece of a file that `Range` asks for")
            .build();
        responses.insert("206".to_owned(), piece.into());
        responses
    }
}

impl IntoResponses for WriteAnswers {
    fn responses() -> Responses {
        problems(&[
            ErrorCode::InvalidJson,
            ErrorCode::InvalidParameter,
            ErrorCode::Unauthenticated,
            ErrorCode::Forbidden,
            ErrorCode::TooSlow,
            ErrorCode::BodyTooLarge,
            ErrorCode::TooManyEvents,
            ErrorCode::InvalidBody,
            ErrorCode::UnknownMetric,
            ErrorCode::UnknownDimension,
            ErrorCode::AnswerTooLarge,
            ErrorCode::RateLimited,
            ErrorCode::Unavailable,
            ErrorCode::Overloaded,
            ErrorCode::StorageFull,
        ])
    }
}

impl IntoResponses for Absent {
    fn responses() -> Responses {
        problems(&[ErrorCode::NotFound])
    }
}

impl IntoResponses for Busy {
    fn responses() -> Responses {
        problems(&[ErrorCode::Unavailable])
    }
}

/// One response per status, described by the titles of its codes.
fn problems(codes: &[ErrorCode]) -> Responses {
    let mut titles: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for code in codes {
        let title = format!("{} (`{}`)", code.title(), code.name());
        titles
            .entry(code.status().as_u16().to_string())
            .or_default()
            .push(title);
    }
    let schema = Ref::from_schema_name(Problem::name());
    titles
        .into_iter()
        .map(|(status, titles)| {
            let content = ContentBuilder::new().schema(Some(schema.clone())).build();
            let response = ResponseBuilder::new()
                .description(titles.join("; "))
                .content("application/problem+json", content)
                .build();
            (status, response.into())
        })
        .collect()
}
