//! Answers that are kept as bytes.
//!
//! Dashboards ask the same questions again and again, and many people look at the same page. An answer is computed once for each
//! state of the project: the state is part of the key, so that a kept answer is never stale.

use std::future::Future;
use std::sync::{Arc, OnceLock};

use actix_web::http::Method;
use actix_web::http::header::{self, EntityTag, Header, IfNoneMatch};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use chrono::{DateTime, Utc};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};

use super::error::ApiError;
use crate::domain::clock;
use crate::domain::key::ProjectId;
use crate::state::AppState;
use crate::store::projects::{self, Project};

/// Bytes of answers that are kept.
const KEPT_BYTES: u64 = 48 * 1024 * 1024;
/// Answers that are kept, about; only a hint for the cache.
const KEPT: usize = 2_000;

/// An answer as it is sent. Clones share it.
#[derive(Clone)]
pub struct Rendered(Arc<Content>);

struct Content {
    content_type: &'static str,
    body: Bytes,
    /// A digest of the body, made when it is first needed.
    tag: OnceLock<String>,
}

impl Rendered {
    pub fn new(content_type: &'static str, body: Vec<u8>) -> Rendered {
        Rendered(Arc::new(Content {
            content_type,
            body: body.into(),
            tag: OnceLock::new(),
        }))
    }

    fn tag(&self) -> EntityTag {
        let tag = self.0.tag.get_or_init(|| {
            let digest = Sha256::digest(&self.0.body);
            digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
        });
        EntityTag::new_strong(tag.clone())
    }

    /// Reads carry an entity tag, and a client that has these bytes is told so.
    pub fn respond(&self, request: &HttpRequest) -> HttpResponse {
        if request.method() != Method::GET && request.method() != Method::HEAD {
            return HttpResponse::Ok()
                .content_type(self.0.content_type)
                .body(self.0.body.clone());
        }
        let tag = self.tag();
        let known = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => request.headers().contains_key(header::IF_NONE_MATCH),
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
            Err(_) => false,
        };
        let mut response = if known {
            HttpResponse::NotModified()
        } else {
            HttpResponse::Ok()
        };
        response.insert_header((header::ETAG, tag.to_string()));
        response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
        response.insert_header((header::VARY, "Authorization, Accept, X-Api-Key"));
        if known {
            return response.finish();
        }
        response.content_type(self.0.content_type).body(self.0.body.clone())
    }
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
}

impl Default for Answers {
    fn default() -> Answers {
        Answers {
            kept: Cache::with_weighter(KEPT, KEPT_BYTES, Size),
        }
    }
}

impl Answers {
    /// The answer to a question, computed if it is not kept. Who asks the same meanwhile waits for it. `question` names
    /// everything of the request that makes a difference, the route included.
    pub async fn get(
        &self,
        state: &AppState,
        project: ProjectId,
        question: String,
        compute: impl Future<Output = Result<Rendered, ApiError>>,
    ) -> Result<Rendered, ApiError> {
        let project = state
            .db
            .run(move |conn| projects::find(conn, project).map_err(ApiError::from))
            .await?;
        let key = Key {
            question,
            project: Arc::new(project),
            hour: clock::start_of_hour(Utc::now()),
        };
        self.kept.get_or_insert_async(&key, compute).await
    }
}
