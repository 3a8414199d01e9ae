//! Extractors whose failures are our own errors.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::error::QueryPayloadError;
use actix_web::{FromRequest, HttpRequest, dev, web};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use utoipa::IntoParams;

use super::body::Body;
use super::error::{ApiError, ErrorCode};
use super::fallback::wrong_method;
use super::routes::Routes;
use crate::state::AppState;

/// Bytes of a JSON body, events aside.
pub const JSON_BYTES: usize = 256 * 1024;

/// A JSON body, whatever its Content-Type says.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        let payload = payload.take();
        let state = request.app_data::<web::Data<AppState>>().cloned();
        Box::pin(async move {
            let state = state.ok_or_else(|| ApiError::internal("the server has no state"))?;
            let mut body = Body::new(payload, state.patience);
            let mut share = state.held.share();
            let mut bytes = Vec::new();
            while let Some(piece) = body.next().await? {
                bytes.extend_from_slice(&piece);
                if bytes.len() > JSON_BYTES {
                    let detail = format!("the body has more than {JSON_BYTES} bytes");
                    return Err(ApiError::new(ErrorCode::BodyTooLarge, detail));
                }
                share.set(bytes.len())?;
            }
            decode(&bytes).map(JsonBody)
        })
    }
}

/// Reads a JSON body: an object without the character U+0000.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    // serde would read an array as the fields in order.
    let is_array = bytes.trim_ascii_start().starts_with(b"[");
    if is_array && serde_json::from_slice::<IgnoredAny>(bytes).is_ok() {
        return Err(ApiError::invalid("the body must be an object"));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.into_inner();
        let code = match inner.classify() {
            serde_json::error::Category::Data => ErrorCode::InvalidBody,
            _ => ErrorCode::InvalidJson,
        };
        ApiError::new(
            code,
            if path == "." {
                inner.to_string()
            } else {
                format!("`{path}`: {inner}")
            },
        )
    })?;
    deserializer
        .end()
        .map_err(|error| ApiError::new(ErrorCode::InvalidJson, error.to_string()))?;
    if let Some(place) = nul(bytes) {
        let detail = format!("`{place}`: holds the character U+0000");
        return Err(ApiError::invalid(detail));
    }
    Ok(value)
}

/// Where a JSON document holds U+0000, which PostgreSQL takes in no text.
fn nul(bytes: &[u8]) -> Option<String> {
    fn within(value: &Value) -> Option<String> {
        let below = |name: String, value: &Value| {
            Some(match within(value)?.as_str() {
                "" => name,
                rest => format!("{name}.{rest}"),
            })
        };
        match value {
            Value::String(text) => text.contains('\0').then(String::new),
            Value::Array(items) => (0..)
                .zip(items)
                .find_map(|(at, item): (usize, _)| below(at.to_string(), item)),
            Value::Object(fields) => fields.iter().find_map(|(name, value)| match name.contains('\0') {
                true => Some(name.replace('\0', "")),
                false => below(name.clone(), value),
            }),
            _ => None,
        }
    }
    // It can be written in one way only.
    let is_likely = bytes.windows(6).any(|bytes| bytes == br"\u0000");
    is_likely
        .then(|| serde_json::from_slice(bytes).ok())
        .flatten()
        .and_then(|value| within(&value))
}

/// The query string. Unknown parameters are errors.
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Params<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(parameters(request.query_string()).map(Params))
    }
}

/// The query string of a route that takes no parameters, and no key: with a key it has been checked already.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParams {}

/// The query string of a route that shares some of its parameters with others: those, and its own. Unknown parameters are errors.
///
/// Serde could flatten one into the other, but then it reads every value as text.
pub struct SharedParams<S, T>(pub S, pub T);

impl<S: DeserializeOwned + IntoParams, T: DeserializeOwned> FromRequest for SharedParams<S, T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let names: Vec<String> = S::into_params(|| None).into_iter().map(|known| known.name).collect();
        let is_shared = |part: &&str| {
            let name = web::Query::<Vec<(String, String)>>::from_query(part);
            name.is_ok_and(|name| name.iter().any(|(name, _)| names.contains(name)))
        };
        let (shared, own): (Vec<&str>, Vec<&str>) = request.query_string().split('&').partition(is_shared);
        ready(parameters(&shared.join("&")).and_then(|shared| Ok(SharedParams(shared, parameters(&own.join("&"))?))))
    }
}

fn parameters<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    if query.contains("%00") {
        let detail = "a parameter holds the character U+0000";
        return Err(ApiError::new(ErrorCode::InvalidParameter, detail));
    }
    let read = web::Query::<T>::from_query(query);
    read.map(web::Query::into_inner).map_err(|error| {
        let reason = reason(&error);
        let detail = match wrong::<T>(query, &reason) {
            Some(name) => format!("`{name}`: {reason}"),
            None => reason,
        };
        ApiError::new(ErrorCode::InvalidParameter, detail)
    })
}

/// What was wrong, without the words of the web server.
fn reason(error: &QueryPayloadError) -> String {
    let text = error.to_string();
    text.strip_prefix("Query deserialize error: ")
        .map_or(text.clone(), str::to_owned)
}

/// The parameter that could not be read, unless the reason names it. They are read in order: it is the last of the shortest beginning
/// that fails in the same way.
fn wrong<T: DeserializeOwned>(query: &str, wanted: &str) -> Option<String> {
    if ["missing", "unknown", "duplicate"]
        .iter()
        .any(|kind| wanted.starts_with(&format!("{kind} field")))
    {
        return None;
    }
    let ends = query.match_indices('&').map(|(at, _)| at).chain([query.len()]);
    let beginning = ends.filter_map(|end| query.get(..end)).find(|beginning| {
        let read = web::Query::<T>::from_query(beginning);
        read.is_err_and(|error| reason(&error) == wanted)
    })?;
    let last = beginning.rsplit('&').next()?;
    let named = web::Query::<Vec<(String, String)>>::from_query(last).ok()?;
    named.into_inner().pop().map(|(name, _)| name)
}

/// A segment of the path.
pub struct Segment<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Segment<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, payload: &mut dev::Payload) -> Self::Future {
        // No name holds U+0000, and PostgreSQL takes none.
        if request.path().contains('\0') || request.path().contains("%00") {
            return ready(Err(ApiError::new(
                ErrorCode::InvalidParameter,
                "the path holds the character U+0000",
            )));
        }
        let read = web::Path::<T>::from_request(request, payload).into_inner();
        ready(read.map(|path| Segment(path.into_inner())).map_err(|error| {
            // `/alerts/dry-run` is no id that somebody mistyped, but a route of its own with other methods.
            let known = request.app_data::<web::Data<Routes>>();
            known
                .and_then(|known| wrong_method(request, known))
                .unwrap_or_else(|| ApiError::new(ErrorCode::InvalidParameter, format!("the path: {error}")))
        }))
    }
}
