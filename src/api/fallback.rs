//! What no route takes: a page or file of the dashboard, 404, or 405 where the path exists with other methods.

use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathItem;

use super::dashboard;
use super::error::{ApiError, ErrorCode};

/// The paths of the API with the methods that each takes.
#[derive(Clone, Debug)]
pub struct KnownPaths(Vec<(String, Vec<&'static str>)>);

impl KnownPaths {
    pub fn of(api: &OpenApi) -> KnownPaths {
        KnownPaths(
            api.paths
                .paths
                .iter()
                .map(|(path, item)| (path.clone(), methods(item)))
                .collect(),
        )
    }

    pub fn methods_at(&self, path: &str) -> Option<&[&'static str]> {
        self.0
            .iter()
            .find(|(template, _)| matches(template, path))
            .map(|(_, methods)| methods.as_slice())
    }
}

fn methods(item: &PathItem) -> Vec<&'static str> {
    [
        ("GET", item.get.is_some()),
        ("HEAD", item.get.is_some()),
        ("POST", item.post.is_some()),
        ("PATCH", item.patch.is_some()),
        ("PUT", item.put.is_some()),
        ("DELETE", item.delete.is_some()),
    ]
    .into_iter()
    .filter_map(|(method, known)| known.then_some(method))
    .collect()
}

/// Whether a path fits a template such as `/keys/{id}`.
fn matches(template: &str, path: &str) -> bool {
    let (mut wanted, mut found) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), found.next()) {
            (None, None) => return true,
            (Some(part), Some(segment)) if part == segment || (part.starts_with('{') && !segment.is_empty()) => {}
            _ => return false,
        }
    }
}

pub async fn answer(request: HttpRequest, known: web::Data<KnownPaths>) -> Result<HttpResponse, ApiError> {
    let path = request.path();
    match known.methods_at(path) {
        Some(methods) if !methods.contains(&request.method().as_str()) => {
            let allow = methods.join(", ");
            let mut error = ApiError::new(
                ErrorCode::MethodNotAllowed,
                format!("this route takes {allow}, not {}", request.method()),
            );
            error.allow = Some(allow);
            Err(error)
        }
        _ => dashboard::answer(&request)
            .ok_or_else(|| ApiError::new(ErrorCode::NotFound, "there is no such route; /docs lists them")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_match_segment_by_segment() {
        assert!(matches("/keys/{id}", "/keys/7"));
        assert!(!matches("/keys/{id}", "/keys/"));
        assert!(!matches("/keys/{id}", "/keys/7/x"));
        assert!(!matches("/keys", "/key"));
    }
}
