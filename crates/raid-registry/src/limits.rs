//! How much one caller may ask for: requests by what they cost, and large answers at the same time.
//! Callers are told apart by the client and subject of a valid token, and by address otherwise.

use std::time::Duration;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{ACCEPT, AUTHORIZATION, HeaderValue, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage as _, HttpRequest, HttpResponse, ResponseError as _, web};
use bounded_cache::CacheSize;
use tokio::time::sleep;

use crate::auth::{identified, remembered};
use crate::endpoints::landing;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::settings::Limits;

mod bucket;
mod caller_key;
mod cost;
mod large_answer;
mod places;

use bucket::Buckets;
pub(crate) use caller_key::CallerKey;
use cost::Cost;
use large_answer::{LargeAnswer, is_large};
pub(crate) use places::{Place, Places};

/// Answered without a limit: it costs less than to refuse it, and whoever watches a process behind a
/// proxy has the address of all its clients.
const ALIVE: &str = "/health/live";
/// When a caller may retry whose places for large answers are taken.
const PLACES_WAIT: Duration = Duration::from_secs(1);
/// The longest wait before a bucket is looked at again: another request may have taken from it.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// What callers have left, in this process.
pub struct RequestLimits {
    /// For requests.
    requests: Buckets,
    /// For checks of tokens that are not known yet, by address. They have buckets of their own, so that
    /// a flood without tokens keeps no valid token of the same network out.
    checks: Buckets,
    /// For the bytes of large answers. They have buckets of their own, so that a list which is read
    /// for minutes leaves its reader the other requests.
    bytes: Buckets,
    /// For large requests and answers at the same time.
    large: Places,
    trusts_proxy: bool,
}

impl RequestLimits {
    /// Everybody has the whole burst.
    pub fn new(limits: &Limits, clock: &store::Clock) -> Self {
        let buckets = || Buckets::new(limits, limits.memory / 3, clock);
        Self {
            requests: buckets(),
            checks: buckets(),
            bytes: buckets(),
            large: Places::new(limits.large_answers),
            trusts_proxy: limits.trusted_proxy,
        }
    }

    /// What is remembered of callers, which drops what is too old. None without limits.
    pub fn cache_size(&self) -> Option<CacheSize> {
        let buckets = [&self.requests, &self.checks, &self.bytes];
        let sizes = buckets.into_iter().flat_map(Buckets::cache_sizes);
        sizes.reduce(CacheSize::and)
    }

    /// Takes what a request costs from its sender's bucket. The error is how long the sender must wait.
    async fn admit(
        &self,
        req: &HttpRequest,
        registry: Option<&Registry>,
        tokens: u32,
    ) -> Result<CallerKey, Duration> {
        let address = CallerKey::of_address(req, self.trusts_proxy);
        let has_token = req.headers().contains_key(AUTHORIZATION);
        let Some(registry) = registry.filter(|_| has_token) else {
            return self.charge(address, tokens);
        };
        if let Some(caller) = remembered(req, registry) {
            return self.charge(CallerKey::of_caller(&caller), tokens);
        }
        // Paid before a signature is checked, so that forged tokens cost their sender.
        let address = counted(self.checks.take(&address, 1), address)?;
        match identified(req, registry).await {
            Some(caller) => self.charge(CallerKey::of_caller(&caller), tokens),
            None => self.charge(address, tokens),
        }
    }

    /// Takes what a line of a bulk costs from its sender's bucket, when there is enough in it.
    pub(crate) async fn pay_for_line(&self, who: &CallerKey, bytes: usize) {
        let tokens = cost::of_line(bytes);
        if tokens == 0 {
            return;
        }
        while let Err(wait) = self.requests.take(who, tokens) {
            sleep(wait.min(LONGEST_WAIT)).await;
        }
    }

    fn charge(&self, who: CallerKey, tokens: u32) -> Result<CallerKey, Duration> {
        counted(self.requests.take(&who, tokens), who)
    }

    /// A place for a large request or answer.
    fn place(&self, who: &CallerKey) -> Option<Place> {
        let place = self.large.take(who);
        if place.is_none() {
            metrics::counter!("raid_large_answers_refused_total", "who" => who.label())
                .increment(1);
        }
        place
    }
}

/// Counts a refusal; otherwise gives whom the request is counted for.
fn counted(taken: Result<(), Duration>, who: CallerKey) -> Result<CallerKey, Duration> {
    if taken.is_err() {
        metrics::counter!("raid_rate_limited_total", "who" => who.label()).increment(1);
    }
    taken.map(|()| who)
}

/// Middleware for `actix_web::middleware::from_fn`, in front of everything that a process serves: an
/// application needs [`RequestLimits`] in its data.
///
/// # Errors
/// Those of the wrapped service.
pub async fn limit_requests<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let limits = req.app_data::<web::Data<RequestLimits>>();
    let limits = limits.map(|limits| limits.clone().into_inner());
    let Some(limits) = limits.filter(|_| req.path() != ALIVE) else {
        return Ok(next.call(req).await?.map_into_left_body());
    };
    let registry = req.app_data::<web::Data<Registry>>();
    let registry = registry.map(|registry| registry.clone().into_inner());
    let cost = Cost::of(&req);
    let admitted = limits.admit(req.request(), registry.as_deref(), cost.tokens);
    let who = match admitted.await {
        Ok(who) => who,
        Err(wait) => {
            let refusal = too_fast(req.request(), wait);
            return Ok(req.into_response(refusal).map_into_right_body());
        }
    };
    let mut place = None;
    if cost.is_large {
        place = limits.place(&who);
        if place.is_none() {
            let refusal = too_many(req.request());
            return Ok(req.into_response(refusal).map_into_right_body());
        }
    }
    req.extensions_mut().insert(who.clone());
    let response = next.call(req).await?;
    if !is_large(response.response().body().size()) {
        return Ok(response.map_into_left_body());
    }
    place = place.or_else(|| limits.place(&who));
    // What was written must not be answered as if it were not.
    let is_read = [Method::GET, Method::HEAD].contains(response.request().method());
    if place.is_none() && is_read {
        let refusal = too_many(response.request());
        return Ok(response.into_response(refusal).map_into_right_body());
    }
    Ok(response.map_body(|_, body| {
        EitherBody::right(BoxBody::new(LargeAnswer::new(
            body.boxed(),
            limits,
            who,
            place,
        )))
    }))
}

/// Whom a request is counted for.
pub(crate) fn who(req: &HttpRequest) -> CallerKey {
    let counted = req.extensions().get::<CallerKey>().cloned();
    counted.unwrap_or_else(|| CallerKey::of_address(req, false))
}

fn too_fast(req: &HttpRequest, wait: Duration) -> HttpResponse {
    refusal(
        req,
        wait,
        "Too many requests",
        "Rate limit exceeded. Nothing was done. Retry later: the Retry-After header says when.",
    )
}

fn too_many(req: &HttpRequest) -> HttpResponse {
    refusal(
        req,
        PLACES_WAIT,
        "Too many large answers",
        "Too many large answers are on their way to you. Nothing was done. Read them, then retry.",
    )
}

fn refusal(
    req: &HttpRequest,
    wait: Duration,
    heading: &'static str,
    detail: &'static str,
) -> HttpResponse {
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let mut answer = if wants_page(req) {
        let text = "There were too many requests from your network. Nothing was done. Please wait \
                    a few seconds and reload this page.";
        landing::notice(StatusCode::TOO_MANY_REQUESTS, heading, text)
    } else {
        let problem = Problem::of_http(StatusCode::TOO_MANY_REQUESTS, detail, req.path());
        Refusal::from(problem).error_response()
    };
    answer
        .headers_mut()
        .insert(RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    answer
}

/// Whether a person's browser asks for a page.
fn wants_page(req: &HttpRequest) -> bool {
    let mut accepted = req.headers().get_all(ACCEPT);
    accepted.any(|value| value.to_str().is_ok_and(|it| it.contains("text/html")))
}
