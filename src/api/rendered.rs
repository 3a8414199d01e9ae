//! Answers that are kept as bytes.
//!
//! Dashboards ask the same questions again and again, and many people look at the same page. An answer is computed once for each
//! state of the project: the state is part of the key, so that a kept answer is never stale. The state is read before the answer is
//! computed, which may be of a later one; since no state comes back, nobody asks for the earlier one again.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::Future;
use std::sync::{Arc, OnceLock};

use actix_web::body::SizedStream;
use actix_web::http::header::{self, EntityTag, Header, IfNoneMatch};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use chrono::{DateTime, Utc};
use futures_util::stream;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::error::ApiError;
use super::pieces::{self, Opened, Piece, Reader};
use crate::domain::clock;
use crate::domain::key::ProjectId;
use crate::state::AppState;
use crate::store::projects::{self, Project};

/// Bytes of answers that are kept.
const KEPT_BYTES: u64 = 48 * 1024 * 1024;
/// Answers that are kept, about; only a hint for the cache.
const KEPT: usize = 2_000;
/// Bytes of a body that the web server is given at once.
const SENT_AT_ONCE: usize = 32 * 1024;

/// An answer as it is sent. Clones share it.
#[derive(Clone)]
pub struct Rendered(Arc<Content>);

struct Content {
    content_type: &'static str,
    /// Whether clients may read it in pieces.
    is_file: bool,
    body: Bytes,
    /// The address of the page after this one.
    next: Option<String>,
    /// A digest of the body, made when it is first needed.
    tag: OnceLock<String>,
}

impl Rendered {
    pub fn new(content_type: &'static str, body: Vec<u8>) -> Rendered {
        Rendered::with(content_type, body, false, None)
    }

    /// An answer that clients may read in pieces.
    pub fn file(content_type: &'static str, body: Vec<u8>) -> Rendered {
        Rendered::with(content_type, body, true, None)
    }

    /// The same as a page that is followed by another.
    pub fn followed_by(self, next: String) -> Rendered {
        let Content {
            content_type,
            is_file,
            ref body,
            ..
        } = *self.0;
        Rendered::with(content_type, body.clone(), is_file, Some(next))
    }

    fn with(content_type: &'static str, body: impl Into<Bytes>, is_file: bool, next: Option<String>) -> Rendered {
        Rendered(Arc::new(Content {
            content_type,
            is_file,
            body: body.into(),
            next,
            tag: OnceLock::new(),
        }))
    }

    pub fn is_file(&self) -> bool {
        self.0.is_file
    }

    pub fn size(&self) -> usize {
        self.0.body.len()
    }

    fn tag(&self) -> EntityTag {
        let tag = self.0.tag.get_or_init(|| {
            let digest = Sha256::digest(&self.0.body);
            digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
        });
        EntityTag::new_strong(tag.clone())
    }

    /// Reads carry an entity tag, and a client that has these bytes is told so. Of a file, one may ask for a piece.
    pub fn respond(&self, request: &HttpRequest) -> HttpResponse {
        let Content { content_type, body, .. } = &*self.0;
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return sent(HttpResponse::Ok().content_type(*content_type), body.clone());
        }
        let tag = self.tag();
        let known = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => request.headers().contains_key(header::IF_NONE_MATCH),
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
            Err(_) => false,
        };
        let piece = match self.0.is_file {
            true if !known => pieces::asked(request, &tag, body.len()),
            _ => Piece::Whole,
        };
        let mut response = HttpResponse::build(match piece {
            _ if known => StatusCode::NOT_MODIFIED,
            Piece::Whole => StatusCode::OK,
            Piece::Part(_) => StatusCode::PARTIAL_CONTENT,
            Piece::Beyond => return pieces::beyond(body.len()),
        });
        response.insert_header((header::ETAG, tag.to_string()));
        response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
        response.insert_header((header::VARY, "Authorization, Accept, X-Api-Key"));
        if self.0.is_file {
            response.insert_header((header::ACCEPT_RANGES, "bytes"));
        }
        if let Some(next) = &self.0.next {
            response.insert_header((header::LINK, format!("<{next}>; rel=\"next\"")));
        }
        if known {
            return response.finish();
        }
        response.content_type(*content_type);
        match piece {
            Piece::Part(part) => {
                response.insert_header((header::CONTENT_RANGE, pieces::content_range(&part, body.len())));
                sent(&mut response, body.slice(part))
            }
            Piece::Whole | Piece::Beyond => sent(&mut response, body.clone()),
        }
    }
}

/// A response with a body. The web server copies what it is given before it sends any of it: a large body is given a piece at a time, the
/// next one when the one before is on its way.
fn sent(response: &mut HttpResponseBuilder, body: Bytes) -> HttpResponse {
    let size = body.len();
    if size <= SENT_AT_ONCE {
        return response.body(body);
    }
    let pieces = (0..size).step_by(SENT_AT_ONCE);
    let pieces = pieces.map(move |from| Ok::<_, Infallible>(body.slice(from..size.min(from + SENT_AT_ONCE))));
    response.body(SizedStream::new(size as u64, stream::iter(pieces)))
}

/// What an answer depends on: the question, the project with how far its log is folded, and the hour, which moves the horizon.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Key {
    question: String,
    project: Arc<Project>,
    hour: DateTime<Utc>,
}

#[derive(Clone)]
struct Size;

impl Weighter<Key, Rendered> for Size {
    fn weight(&self, key: &Key, answer: &Rendered) -> u64 {
        (size_of::<Key>() + key.question.len() + answer.0.body.len()) as u64
    }
}

/// The answers that were asked for lately.
pub struct Answers {
    kept: Cache<Key, Rendered, Size>,
    opened: Opened,
}

impl Default for Answers {
    fn default() -> Answers {
        Answers {
            kept: Cache::with_weighter(KEPT, KEPT_BYTES, Size),
            opened: Opened::default(),
        }
    }
}

/// A project as it is now: the state that answers are kept by.
pub async fn as_of_now(state: &AppState, project: ProjectId) -> Result<Arc<Project>, ApiError> {
    let found = state
        .db
        .run(move |conn| projects::find(conn, project).map_err(ApiError::from));
    Ok(Arc::new(found.await?))
}

impl Answers {
    /// The answer to a question about a project in this state, computed if it is not kept. Who asks the same meanwhile waits for it.
    /// `question` names everything of the request that makes a difference, the route included.
    pub async fn get(
        &self,
        project: Arc<Project>,
        question: String,
        compute: impl Future<Output = Result<Rendered, ApiError>>,
    ) -> Result<Rendered, ApiError> {
        let key = Key {
            question,
            project,
            hour: clock::start_of_hour(Utc::now()),
        };
        self.kept.get_or_insert_async(&key, compute).await
    }

    /// Answers a question: with the file that the client is reading, or else as of now.
    pub async fn respond(
        &self,
        request: &HttpRequest,
        project: &Project,
        question: String,
        current: impl Future<Output = Result<Rendered, ApiError>>,
    ) -> Result<HttpResponse, ApiError> {
        match self.read_on(request, project, &question)? {
            Some(response) => Ok(response),
            None => Ok(self.open(request, project, question, &current.await?)),
        }
    }

    /// Answers with the file that the client is reading, if it is.
    pub fn read_on(
        &self,
        request: &HttpRequest,
        project: &Project,
        question: &str,
    ) -> Result<Option<HttpResponse>, ApiError> {
        let file = self.opened.file(Reader::of(request), project, question)?;
        Ok(file.map(|file| file.respond(request)))
    }

    /// Answers with what was found since the project was in this state. A file is kept for clients that read on in it.
    pub fn open(&self, request: &HttpRequest, project: &Project, question: String, answer: &Rendered) -> HttpResponse {
        if answer.is_file() && Reader::of(request) != Reader::Other {
            self.opened.open(project, question, answer.clone());
        }
        answer.respond(request)
    }

    pub fn is_empty(&self) -> bool {
        self.kept.is_empty() && self.opened.is_empty()
    }

    /// Lets go of what is from before something was forgotten, given how often each project has.
    pub fn forget(&self, forgotten: &HashMap<ProjectId, i64>) {
        self.kept
            .retain(|key, _| forgotten.get(&key.project.id) == Some(&key.project.forgotten));
        self.opened.forget(forgotten);
    }
}
