//! Lets pages of any origin call the API: their keys travel in headers, so that a page can only do what its own key may. The
//! dashboard's cookie is taken from pages of this server only, and no other page may read an answer to it: browsers refuse `*`
//! for requests with cookies.

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, web};

use super::routes::Routes;

const HEADERS: HeaderValue = HeaderValue::from_static(
    "Authorization, X-Api-Key, Content-Type, Content-Encoding, Idempotency-Key, If-None-Match, Range, If-Range",
);
const EXPOSED: HeaderValue =
    HeaderValue::from_static("ETag, Accept-Ranges, Content-Range, Link, Location, Retry-After, X-Request-Id");
const ANY: HeaderValue = HeaderValue::from_static("*");
/// How many seconds a browser may remember the answer.
const MAX_AGE: HeaderValue = HeaderValue::from_static("86400");

/// Answers preflights, and tells browsers that the page may read the answer.
pub async fn allow<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if request.headers().get(header::ORIGIN).is_none() {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if is_preflight {
        let allowed = preflight(&request);
        request.into_response(allowed).map_into_right_body()
    } else {
        next.call(request).await?.map_into_left_body()
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    Ok(response)
}

/// What a page may send: each method that some route takes.
fn preflight(request: &ServiceRequest) -> HttpResponse {
    let known = request.app_data::<web::Data<Routes>>();
    let methods: Vec<&str> = known.into_iter().flat_map(|known| known.methods()).collect();
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, methods.join(", ")))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, MAX_AGE))
        .finish()
}
