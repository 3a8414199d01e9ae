//! `/session`: signing in to the dashboard with a key or a link, and out again.
//!
//! A browser keeps the session in a cookie that no script can read and no other site can send. It stands for the key it was
//! made with: it may do what the key may, and ends with it.

use std::sync::Arc;

use actix_web::dev::RequestHead;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use chrono::{TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::answers::{ReadAnswers, WriteAnswers};
use super::auth::{self, Any, Authorized, Credential};
use super::error::{ApiError, ErrorCode};
use super::extract::{JsonBody, NoParams, Params};
use super::keys::KeyView;
use super::respond;
use crate::domain::scope::Scope;
use crate::state::AppState;
use crate::store::keys::{self, ApiKey};
use crate::store::sessions::{self, Session};
use crate::store::{StoreError, projects};

const COOKIE: &str = "calibrant_session";
/// How long a session lasts.
pub const SESSION_LIFE: TimeDelta = TimeDelta::days(14);
/// How long the link that a server prints at its start can be used.
pub const LINK_LIFE: TimeDelta = TimeDelta::hours(24);

/// How one signs in: one of the two.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// An API key that may read.
    #[serde(default)]
    pub key: Option<String>,
    /// The token of a sign-in link. It works once.
    #[serde(default)]
    pub token: Option<String>,
}

/// Whose key a request carries.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionResponse {
    pub project: String,
    pub key: KeyView,
}

/// Sign in
///
/// Exchanges an API key that may read, or the token of a sign-in link, for a session cookie of 14 days. A browser may send the
/// cookie instead of a key, from pages of this server only.
#[utoipa::path(
    tag = "operations",
    request_body = SignInRequest,
    responses(
        (status = 201, description = "Signed in; `Set-Cookie` carries the session", body = SessionResponse),
        WriteAnswers,
    ),
)]
#[post("/session")]
pub async fn create_session(
    request: HttpRequest,
    _params: Params<NoParams>,
    body: JsonBody<SignInRequest>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    if Page::of(request.head()) == Page::Foreign {
        return Err(foreign());
    }
    let peer = request.peer_addr().map(|address| address.ip());
    let key = match (body.0.key, body.0.token) {
        (Some(key), None) => auth::find(&state, peer, Credential::Key(key)).await?,
        (None, Some(token)) => {
            auth::check_stranger(&state.limiter, peer)?;
            let hash = Credential::Session(token).hash();
            let taken = state
                .db
                .run(move |conn| sessions::take_link(conn, &hash).map_err(ApiError::from));
            let taken = taken.await?;
            if let (None, Some(peer)) = (&taken, peer) {
                state.limiter.unknown_key(peer);
            }
            taken.map(Arc::new)
        }
        _ => return Err(ApiError::invalid("send a `key` or a `token`")),
    };
    let Some(key) = key else {
        return Err(ApiError::new(
            ErrorCode::Unauthenticated,
            "the key is unknown or was revoked, or the link was used or has expired",
        ));
    };
    if !key.scopes.iter().any(|scope| scope == Scope::Read.name()) {
        return Err(ApiError::new(
            ErrorCode::Forbidden,
            "the API key lacks the scope `read`, so that there is nothing it could look at",
        ));
    }
    let (token, session) = new_session(key.id);
    let project = key.project_id;
    let project = state
        .db
        .run(move |conn| {
            sessions::insert(conn, &session)?;
            projects::find(conn, project).map_err(ApiError::from)
        })
        .await?;
    Ok(HttpResponse::Created()
        .insert_header((header::SET_COOKIE, cookie(&request, &token, SESSION_LIFE)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(SessionResponse {
            project: project.name,
            key: ApiKey::clone(&key).into(),
        }))
}

/// Read the session
///
/// Whose key the request carries, itself or by its session, and what it may do.
#[utoipa::path(
    tag = "operations",
    responses(
        (status = 200, description = "The project and the key", body = SessionResponse),
        ReadAnswers,
    ),
    security(("api_key" = []))
)]
#[get("/session")]
pub async fn get_session(
    request: HttpRequest,
    key: Authorized<Any>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    let (project, found) = state
        .db
        .run(move |conn| {
            let project = projects::find(conn, key.project)?;
            Ok::<_, ApiError>((project, keys::find(conn, key.key_id)?))
        })
        .await?;
    respond::json(
        &request,
        &SessionResponse {
            project: project.name,
            key: found.into(),
        },
    )
}

/// Sign out
///
/// Ends the session of the cookie, at once here and within five seconds on other servers of the same database.
#[utoipa::path(
    tag = "operations",
    responses(
        (status = 204, description = "Signed out"),
        ReadAnswers,
    ),
    security(("api_key" = []))
)]
#[delete("/session")]
pub async fn delete_session(
    request: HttpRequest,
    _key: Authorized<Any>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    if let Some(token) = token(request.headers()) {
        let hash = Credential::Session(token).hash();
        state
            .db
            .run(move |conn| sessions::end(conn, &hash).map_err(StoreError::from))
            .await?;
        state.keys.clear();
    }
    Ok(HttpResponse::NoContent()
        .insert_header((header::SET_COOKIE, cookie(&request, "", TimeDelta::zero())))
        .finish())
}

/// A link that signs in with a key, once: its token, and the row for the database.
pub fn new_link(key: Uuid) -> (String, Session) {
    let (token, session) = new_session(key);
    let link = Session {
        is_link: true,
        expires_at: Utc::now() + LINK_LIFE,
        ..session
    };
    (token, link)
}

fn new_session(key: Uuid) -> (String, Session) {
    let token = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>());
    let session = Session {
        token_hash: Credential::Session(token.clone()).hash(),
        key_id: key,
        is_link: false,
        expires_at: Utc::now() + SESSION_LIFE,
    };
    (token, session)
}

/// The session that a request may use: reads not from pages of others, writes from pages of this server only.
pub fn presented(head: &RequestHead) -> Result<Option<String>, ApiError> {
    let Some(token) = token(&head.headers) else {
        return Ok(None);
    };
    let is_read = head.method == Method::GET || head.method == Method::HEAD;
    match Page::of(head) {
        Page::Own => Ok(Some(token)),
        Page::Unknown if is_read => Ok(Some(token)),
        Page::Unknown | Page::Foreign => Err(foreign()),
    }
}

fn foreign() -> ApiError {
    ApiError::new(
        ErrorCode::Forbidden,
        "a session is taken from pages of this server only; send an API key instead",
    )
}

/// Whose page a browser sends a request for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Page {
    Own,
    Foreign,
    /// The client does not say, as programs and very old browsers do not.
    Unknown,
}

impl Page {
    /// Browsers say it in `Sec-Fetch-Site`, over TLS or on this machine; otherwise the origin of the page tells, if it is sent.
    fn of(head: &RequestHead) -> Page {
        let text = |name| head.headers.get(name).map(|value| value.to_str().unwrap_or_default());
        if let Some(site) = text(header::HeaderName::from_static("sec-fetch-site")) {
            // `none`: the user typed the address.
            return if ["same-origin", "none"].contains(&site) {
                Page::Own
            } else {
                Page::Foreign
            };
        }
        let Some(origin) = text(header::ORIGIN) else {
            return Page::Unknown;
        };
        match (origin.split_once("://"), text(header::HOST)) {
            (Some((_, authority)), Some(host)) if authority == host => Page::Own,
            _ => Page::Foreign,
        }
    }
}

fn token(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    pairs
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, token)| token.to_owned())
}

fn cookie(request: &HttpRequest, token: &str, life: TimeDelta) -> String {
    let is_secure = request.connection_info().scheme() == "https";
    let secure = if is_secure { "; Secure" } else { "" };
    let seconds = life.num_seconds();
    format!("{COOKIE}={token}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[track_caller]
    fn check(method: Method, headers: &[(&str, &str)], allowed: bool) {
        let mut request = TestRequest::default()
            .method(method)
            .insert_header(("cookie", "a=b; calibrant_session=t"));
        for header in headers {
            request = request.insert_header(*header);
        }
        let found = presented(request.to_http_request().head());
        assert_eq!(found.ok(), allowed.then(|| Some("t".to_owned())), "{headers:?}");
    }

    #[test]
    fn a_session_is_taken_from_own_pages() {
        let own = [("host", "localhost:8080"), ("origin", "http://localhost:8080")];
        let other = [("host", "localhost:8080"), ("origin", "http://localhost:3000")];
        for method in [Method::GET, Method::POST] {
            check(method.clone(), &[("sec-fetch-site", "same-origin")], true);
            check(method.clone(), &[("sec-fetch-site", "same-site")], false);
            check(
                method.clone(),
                &[("sec-fetch-site", "cross-site"), own[0], own[1]],
                false,
            );
            check(method.clone(), &own, true);
            check(method.clone(), &other, false);
            check(method, &[("origin", "null"), own[0]], false);
        }
        check(Method::GET, &[], true);
        check(Method::DELETE, &[], false);
    }
}
