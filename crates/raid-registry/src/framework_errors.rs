//! Errors that the HTTP framework answers by itself, in plain text, become problems like all others.

use actix_web::Error;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use actix_web::middleware::Next;

use crate::problem::Problem;

/// Middleware for `actix_web::middleware::from_fn`, outside of everything that may refuse a request.
///
/// # Errors
/// Those of the wrapped service.
pub async fn explain_errors<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let response = next.call(req).await?;
    if !is_plain_text(&response) {
        return Ok(response.map_into_left_body());
    }
    let status = response.status();
    let problem = Problem::of_http(status, detail(status), response.request().path());
    let body = serde_json::to_vec(&problem)?;
    Ok(response.map_body(|head, _| {
        let headers = head.headers_mut();
        headers.remove(CONTENT_ENCODING);
        headers.remove(CONTENT_LENGTH);
        let problem = HeaderValue::from_static("application/problem+json");
        headers.insert(CONTENT_TYPE, problem);
        EitherBody::right(BoxBody::new(body))
    }))
}

/// Whether an error has a body that is neither JSON nor a page.
fn is_plain_text<B: MessageBody>(response: &ServiceResponse<B>) -> bool {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    if !is_error || response.response().body().size().is_eof() {
        return false;
    }
    let content_type = response.headers().get(CONTENT_TYPE);
    content_type.is_none_or(|it| it.as_bytes().starts_with(b"text/plain"))
}

/// Nothing of the request is repeated.
fn detail(status: StatusCode) -> &'static str {
    match status {
        StatusCode::BAD_REQUEST => "The request cannot be read: check its query, headers and body.",
        StatusCode::PAYLOAD_TOO_LARGE => "The body is too large.",
        StatusCode::UNSUPPORTED_MEDIA_TYPE => "The body has another Content-Type than expected.",
        _ => "The request cannot be served.",
    }
}
