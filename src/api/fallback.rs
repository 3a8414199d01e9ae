//! What no route takes: a page or file of the dashboard, 404, or 405 where the path exists with other methods.

use actix_web::{HttpRequest, HttpResponse, web};

use super::dashboard;
use super::error::{ApiError, ErrorCode};
use super::routes::Routes;

pub async fn answer(request: HttpRequest, known: web::Data<Routes>) -> Result<HttpResponse, ApiError> {
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
