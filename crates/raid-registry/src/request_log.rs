//! One line in the log for each request, its number and duration in the metrics, its id in the
//! answer. Nothing of queries, headers and bodies is recorded.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _};
use tracing::Instrument as _;

/// The header that carries a request's id, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken over from a client.
const MAX_REQUEST_ID: usize = 64;

/// Whom a request's token speaks for; set on the request when the token was found good.
#[derive(Debug, Clone)]
pub(crate) struct Subject(pub(crate) String);

/// Middleware for `actix_web::middleware::from_fn`, outermost.
pub async fn log_request(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let id = request_id(&req);
    let span = tracing::info_span!("request", request_id = id.to_str().unwrap_or_default());
    let mut response = next.call(req).instrument(span).await?;
    let elapsed = started.elapsed();

    let request = response.request();
    let route = request
        .match_pattern()
        .unwrap_or_else(|| "unmatched".to_owned());
    let status = response.status();
    metrics::counter!(
        "raid_http_requests_total",
        "method" => method_label(request.method()),
        "route" => route.clone(),
        "status" => status.as_str().to_owned(),
    )
    .increment(1);
    metrics::histogram!("raid_http_request_seconds", "route" => route).record(elapsed);
    let subject = request.extensions().get::<Subject>().cloned();
    tracing::info!(
        method = %request.method(),
        path = request.path(),
        status = status.as_u16(),
        millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        request_id = id.to_str().unwrap_or_default(),
        subject = subject.as_ref().map(|subject| subject.0.as_str()),
        "request"
    );
    response.headers_mut().insert(REQUEST_ID, id);
    Ok(response)
}

/// The client's own id if it is a harmless one, else a new one.
fn request_id(req: &ServiceRequest) -> HeaderValue {
    let is_harmless = |id: &&HeaderValue| {
        let id = id.as_bytes();
        (1..=MAX_REQUEST_ID).contains(&id.len())
            && id
                .iter()
                .all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(c))
    };
    let sent = req.headers().get(REQUEST_ID).filter(is_harmless).cloned();
    sent.unwrap_or_else(|| {
        let new = uuid::Uuid::new_v4().to_string();
        HeaderValue::try_from(new).unwrap_or(HeaderValue::from_static("unknown"))
    })
}

/// A label with few values, whatever clients send.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
