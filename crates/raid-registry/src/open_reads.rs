//! Open data for pages of any origin: what is answered without a token may be read by every page, without
//! credentials (<https://fetch.spec.whatwg.org/#http-cors-protocol>).

use std::collections::HashSet;
use std::sync::LazyLock;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, web};

use crate::registry::Registry;
use crate::request_log::Pattern;
use crate::routes::ENDPOINTS;

/// The patterns of what is read without a token.
static OPEN: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let reads = ENDPOINTS.iter().filter(|it| it.method == Method::GET);
    let open = reads.filter(|endpoint| (endpoint.describe)().is_open());
    open.map(|endpoint| endpoint.path).collect()
});
/// The request headers that a page of any origin may send along: none of them says who it is.
const HEADERS: [&str; 5] = [
    "accept",
    "content-type",
    "if-none-match",
    "x-request-id",
    "x-requested-with",
];
const ANY: HeaderValue = HeaderValue::from_static("*");

/// Middleware for `actix_web::middleware::from_fn`, around [`crate::cors`].
///
/// # Errors
/// Those of the wrapped service.
pub async fn open_reads<B: MessageBody>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if is_preflight(req.request()) && !is_known_origin(req.request()) {
        let answer = preflight();
        return Ok(req.into_response(answer).map_into_right_body());
    }
    let mut response = next.call(req).await?;
    let is_open = is_open_read(response.request());
    let headers = response.headers_mut();
    // A known origin may read it already, with credentials.
    if is_open && !headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY);
        headers.remove(header::ACCESS_CONTROL_ALLOW_CREDENTIALS);
    }
    Ok(response.map_into_left_body())
}

fn is_open_read(req: &HttpRequest) -> bool {
    let is_read = [Method::GET, Method::HEAD].contains(req.method());
    if !is_read || req.headers().contains_key(header::AUTHORIZATION) {
        return false;
    }
    match req.app_data::<Pattern>() {
        Some(Pattern(pattern)) => OPEN.contains(pattern),
        // It was refused before it came to its route.
        None => req
            .match_pattern()
            .is_some_and(|it| OPEN.contains(it.as_str())),
    }
}

/// Whether a browser asks if a page may send a read that carries no credentials.
fn is_preflight(req: &HttpRequest) -> bool {
    let text = |name| {
        req.headers()
            .get(name)
            .and_then(|it: &HeaderValue| it.to_str().ok())
    };
    let method = text(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut headers = text(header::ACCESS_CONTROL_REQUEST_HEADERS)
        .unwrap_or_default()
        .split(',')
        .map(str::trim)
        .filter(|name| !name.is_empty());
    let is_harmless = |name: &str| HEADERS.iter().any(|it| it.eq_ignore_ascii_case(name));
    req.method() == Method::OPTIONS
        && req.headers().contains_key(header::ORIGIN)
        && matches!(method, Some("GET" | "HEAD"))
        && headers.all(is_harmless)
}

fn is_known_origin(req: &HttpRequest) -> bool {
    let Some(registry) = req.app_data::<web::Data<Registry>>() else {
        return false;
    };
    let origin = req.headers().get(header::ORIGIN);
    let mut known = registry.settings.cors_origins.iter();
    known.any(|known| origin.is_some_and(|origin| origin.as_bytes() == known.as_bytes()))
}

fn preflight() -> HttpResponse {
    HttpResponse::NoContent()
        .insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, ANY))
        .insert_header((header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD"))
        .insert_header((header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS.join(", ")))
        .insert_header((header::ACCESS_CONTROL_MAX_AGE, "3600"))
        .insert_header((
            header::VARY,
            "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
        ))
        .finish()
}
