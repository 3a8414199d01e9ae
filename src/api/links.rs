//! `/links`: addresses that can be read for a while without a key, for programs that take nothing but a URL.
//!
//! A link is the address with a signature in `key`: of the path and the query, the key it was made with, that key's project, and the
//! time until which it holds. It may do nothing but read exactly that, and ends with its key.

use actix_web::dev::{RequestHead, ServiceRequest};
use actix_web::http::{Method, Uri};
use actix_web::{HttpRequest, HttpResponse, post, web};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::WriteAnswers;
use super::auth::{Authorized, Read};
use super::error::{ApiError, ErrorCode};
use super::extract::JsonBody;
use super::routes::Routes;
use crate::domain::key::ProjectId;
use crate::state::AppState;
use crate::store::links;

const PARAMETER: &str = "key";
const PREFIX: &str = "cal_ln_";
const KEY_BYTES: usize = 16;
const TIME_BYTES: usize = 8;
/// How long a link holds, in seconds: an hour if nothing else is asked for, thirty days at most.
pub const USUAL_SECONDS: i64 = 3_600;
pub const MOST_SECONDS: i64 = 30 * 86_400;
/// Bytes of an address that can be linked to.
pub const PATH_BYTES: usize = 8_192;

/// What is to be read.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"path": "/api/v1/series?metrics=acceptance_rate&group_by=feature&format=parquet", "expires_in_seconds": 86400}))]
pub struct LinkRequest {
    /// The path of a route that answers to GET, with its query.
    #[schema(max_length = 8192)]
    pub path: String,
    /// An hour without it.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 2_592_000)]
    pub expires_in_seconds: Option<i64>,
}

/// A link. Whoever has it can read what it leads to until it expires.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct LinkResponse {
    /// The address as seen by who asked for the link.
    pub url: String,
    /// The same without the server: path and query.
    pub path: String,
    pub expires_at: DateTime<Utc>,
}

/// Make a link
///
/// Signs an address, so that it can be read with GET and HEAD without a key: exactly that path and query, as the project and the key
/// that asked for it, for the time that it asked for, of at most thirty days. Revoking the key ends its links.
#[utoipa::path(
    tag = "operations",
    request_body = LinkRequest,
    responses(
        (status = 201, description = "The link", body = LinkResponse),
        WriteAnswers,
    ),
    security(("api_key" = ["read"]))
)]
#[post("/links")]
pub async fn create_link(
    request: HttpRequest,
    key: Authorized<Read>,
    body: JsonBody<LinkRequest>,
    state: web::Data<AppState>,
    known: web::Data<Routes>,
) -> Result<HttpResponse, ApiError> {
    let asked = body.0;
    let seconds = asked.expires_in_seconds.unwrap_or(USUAL_SECONDS);
    if !(1..=MOST_SECONDS).contains(&seconds) {
        return Err(ApiError::invalid(format!(
            "`expires_in_seconds` must be from 1 to {MOST_SECONDS}"
        )));
    }
    let address = linkable(&asked.path, &known)?;
    let expires_at = Utc::now() + TimeDelta::seconds(seconds);
    let expires = expires_at.timestamp();
    let content = content(&address).ok_or_else(|| unlinkable("its query is not well formed"))?;
    let signature = signer(secret(&state).await?, key.project, key.key_id, expires, &content)?;
    let mut token = [key.key_id.as_bytes(), expires.to_be_bytes().as_slice()].concat();
    token.extend_from_slice(&signature.finalize().into_bytes());
    let separator = if address.query().is_some() { '&' } else { '?' };
    let path = format!("{address}{separator}{PARAMETER}={PREFIX}{}", BASE64.encode(token));
    let server = request.connection_info();
    Ok(HttpResponse::Created().json(LinkResponse {
        url: format!("{}://{}{path}", server.scheme(), server.host()),
        path,
        expires_at: DateTime::from_timestamp(expires, 0).unwrap_or(expires_at),
    }))
}

/// An address of this API that can be read.
fn linkable(path: &str, known: &Routes) -> Result<Uri, ApiError> {
    let address: Option<Uri> = (path.len() <= PATH_BYTES && path.starts_with('/'))
        .then(|| path.parse().ok())
        .flatten();
    let address = address.ok_or_else(|| {
        unlinkable(format!(
            "it must be a path with its query, of at most {PATH_BYTES} bytes"
        ))
    })?;
    if without_key(&address).is_some() {
        return Err(unlinkable(format!("its query has a `{PARAMETER}` already")));
    }
    let route = known.route(Method::GET.as_str(), address.path());
    let route = route.ok_or_else(|| unlinkable("no route answers to GET there"))?;
    if !route.is_open_to_readers() {
        return Err(unlinkable(
            "a link may only read, and that route asks for another scope",
        ));
    }
    let names = route.check_names(address.query().unwrap_or_default());
    names.map_err(|error| unlinkable(error.detail))?;
    Ok(address)
}

fn unlinkable(why: impl std::fmt::Display) -> ApiError {
    ApiError::invalid(format!("`path` cannot be linked to: {why}"))
}

/// A link that a request came with. It is worth nothing before its signature was checked.
pub struct Link {
    pub key_id: Uuid,
    expires: i64,
    signature: Vec<u8>,
    content: Vec<u8>,
}

impl Link {
    /// Takes the link out of a request's address, so that whatever handles the request sees the address without it.
    pub fn take(request: &mut ServiceRequest) -> Option<Result<Link, ApiError>> {
        let (token, address) = without_key(request.uri())?;
        request.head_mut().uri = address;
        Some(Link::read(request.head(), &token).ok_or_else(refused))
    }

    fn read(head: &RequestHead, token: &str) -> Option<Link> {
        let bytes = BASE64.decode(token.strip_prefix(PREFIX)?).ok()?;
        let (key_id, rest) = bytes.split_at_checked(KEY_BYTES)?;
        let (expires, signature) = rest.split_at_checked(TIME_BYTES)?;
        // HEAD has become GET by now.
        (head.method == Method::GET).then_some(())?;
        Some(Link {
            key_id: Uuid::from_slice(key_id).ok()?,
            expires: i64::from_be_bytes(expires.try_into().ok()?),
            signature: signature.to_vec(),
            content: content(&head.uri)?,
        })
    }

    /// Lets it pass if it was made here, with a key of that project, for this address, and has not expired.
    pub async fn check(&self, state: &AppState, project: ProjectId) -> Result<(), ApiError> {
        let signer = signer(secret(state).await?, project, self.key_id, self.expires, &self.content)?;
        let is_ours = signer.verify_slice(&self.signature).is_ok();
        match is_ours && Utc::now().timestamp() < self.expires {
            true => Ok(()),
            false => Err(refused()),
        }
    }
}

pub fn refused() -> ApiError {
    ApiError::new(
        ErrorCode::Unauthenticated,
        "the link has expired, its key was revoked, or it leads to another address; it is read with GET or HEAD",
    )
}

/// The link of an address, and the address without it.
fn without_key(address: &Uri) -> Option<(String, Uri)> {
    let is_key = |part: &&str| part.split('=').next() == Some(PARAMETER);
    let (keys, others): (Vec<&str>, Vec<&str>) = address.query()?.split('&').partition(is_key);
    let token = keys.first()?.split_once('=').map_or("", |(_, token)| token);
    let path = match others.as_slice() {
        [] => address.path().to_owned(),
        others => format!("{}?{}", address.path(), others.join("&")),
    };
    Some((token.to_owned(), path.parse().ok()?))
}

/// What is signed of an address: what it says, since clients write it in several ways.
fn content(address: &Uri) -> Option<Vec<u8>> {
    let query = address.query().unwrap_or_default();
    let query = web::Query::<Vec<(String, String)>>::from_query(query).ok()?;
    serde_json::to_vec(&(address.path(), query.into_inner())).ok()
}

fn signer(
    secret: &[u8],
    project: ProjectId,
    key_id: Uuid,
    expires: i64,
    content: &[u8],
) -> Result<Hmac<Sha256>, ApiError> {
    let mut signer = Hmac::<Sha256>::new_from_slice(secret).map_err(ApiError::internal)?;
    signer.update(&project.to_be_bytes());
    signer.update(key_id.as_bytes());
    signer.update(&expires.to_be_bytes());
    signer.update(content);
    Ok(signer)
}

/// The secret of this database.
async fn secret(state: &AppState) -> Result<&[u8], ApiError> {
    let read = || state.db.run(|conn| links::secret(conn).map_err(ApiError::from));
    state.link_secret.get_or_try_init(read).await.map(Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: Option<(&str, &str)>) {
        let found = without_key(&address.parse().unwrap());
        let found = found.map(|(token, address)| (token, address.to_string()));
        let expected = expected.map(|(token, address)| (token.to_owned(), address.to_owned()));
        assert_eq!(found, expected, "{address}");
    }

    #[test]
    fn a_link_is_taken_out_of_the_address() {
        check("/a", None);
        check("/a?keys=1&monkey=2", None);
        check("/a?key=x", Some(("x", "/a")));
        check("/a?key", Some(("", "/a")));
        check("/a?b=%20&key=x&c=+", Some(("x", "/a?b=%20&c=+")));
        check("/a?key=x&key=y&b", Some(("x", "/a?b")));
    }

    #[test]
    fn ways_of_writing_an_address_are_told_from_other_addresses() {
        let content = |address: &str| content(&address.parse().unwrap()).unwrap();
        assert_eq!(content("/a?b=x%2Cy+z"), content("/a?b=x,y%20z"));
        for other in ["/b?b=x,y%20z", "/a?b=x,y", "/a?b=x,y%20z&c=", "/a?b=x,y&%20z=", "/a"] {
            assert_ne!(content("/a?b=x,y%20z"), content(other), "{other}");
        }
    }
}
