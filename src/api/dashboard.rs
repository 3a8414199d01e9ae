//! The web app, embedded in the binary: its files, and its page for every address that is not the API's.

use actix_web::http::Method;
use actix_web::http::header::{self, ETAG, EntityTag, Header, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use sha2::{Digest, Sha256};

/// Path and content of what `dashboards/web` was built to, text files twice: as they are, and gzipped as `.gz`.
static FILES: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/dashboard.rs"));

const PAGE: &str = "index.html";
/// Names below it carry a digest of their content.
const HASHED: &str = "assets/";
/// What is never a page: its addresses are answered by the API, or not at all.
const NO_PAGES: [&str; 5] = ["api", "assets", "compat", "docs", "metrics"];

/// No script, style or connection but this server's own, and no frame around it.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Calibrant</title>\
    <h1>The dashboard is not in this build</h1>\
    <p>Build it with <code>make web</code> (it needs Node 20 or newer), then build the server again: \
    <code>make build</code> does both.</p>\
    <p>The API works without it; <a href=\"/docs/\">its documentation</a> is here.</p></html>";

/// The file or page of an address, if the dashboard has one.
pub fn answer(request: &HttpRequest) -> Option<HttpResponse> {
    if request.method() != Method::GET {
        return None;
    }
    let path = request.path().strip_prefix('/')?;
    if path.ends_with(".gz") {
        return None;
    }
    match find(path) {
        Some(content) => Some(file(request, path, content)),
        None if is_page(request, path) => Some(page(request)),
        None => None,
    }
}

fn find(path: &str) -> Option<&'static [u8]> {
    FILES
        .iter()
        .find(|(name, _)| *name == path)
        .map(|(_, content)| *content)
}

/// The app finds out itself what its addresses mean. Programs, which do not ask for HTML, are told what is not there.
fn is_page(request: &HttpRequest, path: &str) -> bool {
    let first = path.split('/').next().unwrap_or_default();
    let accept = request.headers().get(header::ACCEPT);
    let accepts_html = accept.is_some_and(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
    path.is_empty() || (accepts_html && !NO_PAGES.contains(&first))
}

fn page(request: &HttpRequest) -> HttpResponse {
    match find(PAGE) {
        Some(content) => file(request, PAGE, content),
        None => secured(HttpResponse::Ok())
            .content_type("text/html; charset=utf-8")
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(NOT_BUILT),
    }
}

fn file(request: &HttpRequest, path: &str, plain: &'static [u8]) -> HttpResponse {
    let accepts_gzip = request
        .headers()
        .get(header::ACCEPT_ENCODING)
        .is_some_and(|value| value.to_str().is_ok_and(|value| value.contains("gzip")));
    let gzipped = find(&format!("{path}.gz")).filter(|_| accepts_gzip);
    let content = gzipped.unwrap_or(plain);
    let digest = Sha256::digest(content);
    let tag = EntityTag::new_strong(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect());
    let is_known = matches!(IfNoneMatch::parse(request), Ok(IfNoneMatch::Items(tags)) if tags.iter().any(|known| known.weak_eq(&tag)));
    let mut response = secured(if is_known {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    });
    response.insert_header((ETAG, tag.to_string()));
    response.insert_header((header::VARY, "Accept-Encoding"));
    let life = if path.starts_with(HASHED) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    response.insert_header((header::CACHE_CONTROL, life));
    if is_known {
        return response.finish();
    }
    if gzipped.is_some() {
        response.insert_header((header::CONTENT_ENCODING, "gzip"));
    }
    response.content_type(content_type(path)).body(content)
}

fn secured(mut response: HttpResponseBuilder) -> HttpResponseBuilder {
    for header in [
        ("content-security-policy", POLICY),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        response.insert_header(header);
    }
    response
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "map" => "application/json",
        _ => "application/octet-stream",
    }
}
