//! What no route takes: a page or file of the dashboard, 404, or 405 where the path exists with other methods.

use actix_web::{HttpRequest, HttpResponse, web};

use super::dashboard;
use super::error::{ApiError, ErrorCode};
use super::routes::Routes;

pub async fn answer(request: HttpRequest, known: web::Data<Routes>) -> Result<HttpResponse, ApiError> {
    match wrong_method(&request, &known) {
        Some(error) => Err(error),
        None => dashboard::answer(&request)
            .ok_or_else(|| ApiError::new(ErrorCode::NotFound, "there is no such route; /docs lists them")),
    }
}

/// Why a request is refused whose path exists with other methods only.
pub fn wrong_method(request: &HttpRequest, known: &Routes) -> Option<ApiError> {
    let methods = known.methods_at(request.path())?;
    if methods.contains(&request.method().as_str()) {
        return None;
    }
    let allow = methods.join(", ");
    let mut error = ApiError::new(
        ErrorCode::MethodNotAllowed,
        format!("this route takes {allow}, not {}", request.method()),
    );
    error.allow = Some(allow);
    Some(error)
}
