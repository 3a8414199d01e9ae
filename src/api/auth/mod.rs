//! API keys: found, and demanded by type. A browser's session stands for the key it was made with, and so does a
//! link, which may only read.
//!
//! A handler that takes [`Authorized<Read>`] cannot be reached without a key of that scope, and cannot learn its project from
//! anywhere but the key.

mod cache;
mod made;

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::dev::{self, RequestHead, ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, HeaderMap};
use actix_web::middleware::Next;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use uuid::Uuid;

pub use self::cache::{KeyCache, check_stranger};
use self::made::hash;
pub use self::made::{key_row, new_key};
use super::error::{ApiError, ErrorCode};
use super::links::{self, Link};
use super::rate::{Limiter, Rates};
use super::routes::Routes;
use super::session;
use crate::domain::key::ProjectId;
use crate::domain::scope::Scope;
use crate::state::AppState;
use crate::store::keys::ApiKey;

/// A scope as a type; none where any live key will do.
pub trait RequiredScope: 'static {
    const SCOPE: Option<Scope>;
}

pub struct Any;
pub struct Ingest;
pub struct Read;
pub struct Admin;

impl RequiredScope for Any {
    const SCOPE: Option<Scope> = None;
}

impl RequiredScope for Ingest {
    const SCOPE: Option<Scope> = Some(Scope::Ingest);
}
impl RequiredScope for Read {
    const SCOPE: Option<Scope> = Some(Scope::Read);
}
impl RequiredScope for Admin {
    const SCOPE: Option<Scope> = Some(Scope::Admin);
}

/// Proof that the request carries a live key with a scope.
pub struct Authorized<S> {
    pub project: ProjectId,
    pub key_id: Uuid,
    scope: PhantomData<S>,
}

/// Whose key a request carries: none that is known, or why that could not be found out.
struct Identity(Result<Option<Arc<ApiKey>>, ApiError>);

/// Finds out whose key a request carries before anything else of it is read, so that who has none is told that and nothing
/// of what else is wrong. A request beyond the rate of its key ends here too, its body unread.
pub async fn identify(
    mut request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let state = request.app_data::<web::Data<AppState>>().cloned();
    let link = Link::take(&mut request);
    if let Some(state) = state
        && let Some(presented) = presented(request.head(), link).transpose()
    {
        let peer = request.peer_addr().map(|address| address.ip());
        let found = match presented {
            Ok(credential) => find(&state, peer, credential).await,
            Err(error) => Err(error),
        };
        request.extensions_mut().insert(Identity(found));
    }
    next.call(request).await
}

/// Lets a request of this program itself read a project, as whoever reaches the database may.
pub fn admit_operator(request: &impl HttpMessage, project: ProjectId) {
    let key = ApiKey {
        id: Uuid::nil(),
        ..key_row(project, "operator", &[Scope::Read], "")
    };
    request.extensions_mut().insert(Identity(Ok(Some(Arc::new(key)))));
}

/// What a request is known by.
pub enum Credential {
    Key(String),
    Session(String),
    Link(Link),
}

impl Credential {
    /// Keys and sessions have 256 random bits, so that one round of a fast hash is enough. None hashes to another's.
    pub fn hash(&self) -> Vec<u8> {
        match self {
            Credential::Key(text) => hash(text),
            Credential::Session(token) => hash(&format!("session {token}")),
            // Of its key's id. The signature is checked each time.
            Credential::Link(link) => hash(&format!("link {}", link.key_id)),
        }
    }
}

/// The key of a request, or else its link, or else its session.
fn presented(head: &RequestHead, link: Option<Result<Link, ApiError>>) -> Result<Option<Credential>, ApiError> {
    if let Some(key) = presented_key(&head.headers) {
        return Ok(Some(Credential::Key(key)));
    }
    match link {
        Some(link) => link.map(|link| Some(Credential::Link(link))),
        None => Ok(session::presented(head)?.map(Credential::Session)),
    }
}

/// The live key that a credential stands for, if it may send another request now.
pub async fn find(
    state: &AppState,
    peer: Option<IpAddr>,
    credential: Credential,
) -> Result<Option<Arc<ApiKey>>, ApiError> {
    let found = state.keys.find(&state.db, &state.limiter, peer, &credential).await?;
    let found = match (credential, found) {
        (Credential::Link(_), None) => return Err(links::refused()),
        (Credential::Link(link), Some(key)) => {
            link.check(state, key.project_id).await?;
            Some(Arc::new(key.reading_only()))
        }
        (_, found) => found,
    };
    admit(&state.limiter, found)
}

/// Lets a request pass if its key has not used up its rate.
fn admit(limiter: &Limiter, key: Option<Arc<ApiKey>>) -> Result<Option<Arc<ApiKey>>, ApiError> {
    let Some(key) = key else { return Ok(None) };
    match limiter.request(key.id) {
        Ok(()) => Ok(Some(key)),
        Err(wait) => {
            let Rates { requests, events } = limiter.rates;
            Err(ApiError::rate_limited(
                wait,
                format!("this key may send {requests} requests and {events} events per second"),
            ))
        }
    }
}

impl<S: RequiredScope> FromRequest for Authorized<S> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        let identity = request.extensions_mut().remove::<Identity>();
        let authorized = authorize(identity);
        ready(authorized.and_then(|key| check_names(request).map(|()| key)))
    }
}

/// Unknown parameters are errors. Who may not ask is told that first.
fn check_names(request: &HttpRequest) -> Result<(), ApiError> {
    let known = request.app_data::<web::Data<Routes>>();
    match (request.query_string(), known) {
        ("", _) | (_, None) => Ok(()),
        (query, Some(known)) => known
            .route(request.method().as_str(), request.path())
            .map_or(Ok(()), |route| route.check_names(query)),
    }
}

fn authorize<S: RequiredScope>(identity: Option<Identity>) -> Result<Authorized<S>, ApiError> {
    let Some(Identity(found)) = identity else {
        return Err(ApiError::new(
            ErrorCode::Unauthenticated,
            "send an API key as `Authorization: Bearer cal_…`, as `X-Api-Key`, or with Basic authentication",
        ));
    };
    let key =
        found?.ok_or_else(|| ApiError::new(ErrorCode::Unauthenticated, "the API key is unknown or was revoked"))?;
    if let Some(wanted) = S::SCOPE.map(Scope::name)
        && !key.scopes.iter().any(|scope| scope == wanted)
    {
        let detail = format!("the API key lacks the scope `{wanted}`");
        return Err(ApiError::new(ErrorCode::Forbidden, detail));
    }
    Ok(Authorized {
        project: key.project_id,
        key_id: key.id,
        scope: PhantomData,
    })
}

/// The key of a request: Bearer, `X-Api-Key`, or Basic as user or password.
fn presented_key(headers: &HeaderMap) -> Option<String> {
    if let Some(key) = headers.get("x-api-key") {
        return key.to_str().ok().map(str::to_owned);
    }
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.trim().to_owned());
    }
    if scheme.eq_ignore_ascii_case("basic") {
        let decoded = String::from_utf8(BASE64.decode(credentials.trim()).ok()?).ok()?;
        let (user, password) = decoded.split_once(':')?;
        let is_key = |text: &&str| text.starts_with("cal_");
        return [password, user].into_iter().find(is_key).map(str::to_owned);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, value: &str, expected: Option<&str>) {
        let request = actix_web::test::TestRequest::default()
            .insert_header((name, value))
            .to_http_request();
        assert_eq!(presented_key(request.headers()).as_deref(), expected);
    }

    #[test]
    fn a_key_is_found_wherever_clients_put_it() {
        check("x-api-key", "cal_sk_1", Some("cal_sk_1"));
        check("authorization", "Bearer cal_sk_1", Some("cal_sk_1"));
        check("authorization", "bearer  cal_sk_1", Some("cal_sk_1"));
        check("authorization", "Basic Y2FsX3NrXzE6", Some("cal_sk_1"));
        check("authorization", "Basic dXNlcjpjYWxfc2tfMQ==", Some("cal_sk_1"));
        check("authorization", "Basic !!!", None);
        check("authorization", "Digest x", None);
    }
}
