//! One line in the log for each request, its number and duration in the metrics, its id in the
//! answer. Nothing of queries, headers and bodies is recorded, nor what may be a link of a person.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest};
use metrics::{Counter, Histogram};
use rand::RngExt as _;
use uuid::fmt::Hyphenated;

use crate::auth::Caller;
use crate::refusal::Refusal;

/// The header that carries a request's id, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Where the pages for people are.
const PERSONAL: [&str; 2] = ["/orcid", "/invitation"];
/// Longest id that is taken over from a client.
const MAX_REQUEST_ID: usize = 64;

thread_local! {
    /// By route, method and status, of which there are few: to look them up by their labels, and to lock
    /// them for it, costs more than to count.
    static COUNTED: RefCell<HashMap<(&'static str, &'static str, u16), Counted>> = RefCell::default();
}

/// Whom a request's token speaks for; set on the request when the token was found good.
#[derive(Debug, Clone)]
pub(crate) struct Subject(pub(crate) Caller);

/// The pattern of a route, as a label; kept with the route, because to find it again is slow.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pattern(pub(crate) &'static str);

/// Middleware for `actix_web::middleware::from_fn`, outermost.
pub async fn log_request(
    req: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let started = Instant::now();
    let id = request_id(&req);
    let mut response = next.call(req).await?;
    let elapsed = started.elapsed();
    count(&response, elapsed);
    write_line(&response, elapsed, id.to_str().unwrap_or_default());
    response.headers_mut().insert(REQUEST_ID, id);
    Ok(response)
}

fn count<B>(response: &ServiceResponse<B>, elapsed: Duration) {
    let request = response.request();
    let (method, status) = (method_label(request.method()), response.status());
    let Some(Pattern(route)) = request.app_data::<Pattern>() else {
        let route = request.match_pattern();
        let route = route.map_or(Cow::Borrowed("unmatched"), Cow::Owned);
        return Counted::new(route, method, status).add(elapsed);
    };
    COUNTED.with_borrow_mut(|counted| {
        let new = || Counted::new(Cow::Borrowed(*route), method, status);
        let key = (*route, method, status.as_u16());
        counted.entry(key).or_insert_with(new).add(elapsed);
    });
}

/// What requests of one route, method and status are counted with.
struct Counted {
    number: Counter,
    seconds: Histogram,
}

impl Counted {
    fn new(route: Cow<'static, str>, method: &'static str, status: StatusCode) -> Self {
        Self {
            number: metrics::counter!(
                "raid_http_requests_total",
                "method" => method,
                "route" => route.clone(),
                "status" => status.as_str().to_owned(),
            ),
            seconds: metrics::histogram!("raid_http_request_seconds", "route" => route),
        }
    }

    fn add(&self, elapsed: Duration) {
        self.number.increment(1);
        self.seconds.record(elapsed);
    }
}

fn write_line<B>(response: &ServiceResponse<B>, elapsed: Duration, request_id: &str) {
    let request = response.request();
    let status = response.status().as_u16();
    let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    let (method, path) = (request.method().as_str(), logged_path(request));
    let extensions = request.extensions();
    let caller = extensions.get::<Subject>().map(|s| &s.0);
    let (issuer, subject) = (caller.map(Caller::issuer), caller.map(Caller::subject));
    let refusal = response.response().error().and_then(Error::as_error);
    if let Some(error) = refusal.and_then(Refusal::cause) {
        tracing::error!(method, path, status, millis, request_id, issuer, subject, %error, "request");
    } else {
        tracing::info!(
            method, path, status, millis, request_id, issuer, subject, "request"
        );
    }
}

/// The path, but for what is below the pages for people: mail programs write `?` as `%3F`, and what
/// follows is a signed link.
fn logged_path(request: &HttpRequest) -> &str {
    let path = request.path();
    PERSONAL
        .into_iter()
        .find(|prefix| path.starts_with(prefix))
        .filter(|prefix| path.len() > prefix.len())
        .map_or(path, |prefix| match path.strip_prefix(prefix) {
            // The pages themselves; what is behind them says for whom.
            Some(
                "/landing" | "/authorize" | "/callback" | "/not-me" | "/part-of" | "/retry"
                | "/refuse",
            ) => path,
            _ => prefix,
        })
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
        let new = uuid::Builder::from_random_bytes(rand::rng().random()).into_uuid();
        let mut text = [0; Hyphenated::LENGTH];
        let text = new.hyphenated().encode_lower(&mut text);
        HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("unknown"))
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
