//! The way of every call of the member API and the OAuth endpoints: counted, judged by the faults,
//! worked on under the lock, answered or dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::body::BodyStream;
use actix_web::web::Bytes;
use futures::stream;
use time::OffsetDateTime;

use crate::api_error::ApiError;
use crate::app::{App, State};
use crate::counters::CallKind;
use crate::faults::{Instead, LimitStatus, Met};
use crate::reply::{Format, Reply};

/// A call before it is worked on.
pub(crate) struct Arrival {
    pub(crate) kind: CallKind,
    /// The iD in the path, as it was spelled.
    pub(crate) orcid: Option<String>,
    pub(crate) path: String,
    /// The token that came with the call.
    pub(crate) bearer: Option<String>,
    pub(crate) body: Bytes,
}

/// An answer and what it tells the counters.
pub(crate) struct Outcome {
    pub(crate) reply: Reply,
    /// ORCID's error code.
    pub(crate) error: Option<u16>,
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Self {
        Self { reply, error: None }
    }
}

/// Leads a call through. `work` runs under the lock with the time of that moment. Once a call has
/// arrived it is worked on to its end, also when its client has gone away, as at ORCID.
pub(crate) async fn run(
    app: Arc<App>,
    arrival: Arrival,
    work: impl FnOnce(&App, &mut State, &Arrival, OffsetDateTime) -> Outcome + 'static,
) -> HttpResponse {
    let kind = arrival.kind;
    let verdict = {
        let mut state = app.lock();
        let state = &mut *state;
        state.counters.arrive(kind, arrival.orcid.as_deref());
        if !arrival.body.is_empty() && !kind.oauth() {
            state.keep_message(kind, &arrival.path, &arrival.body);
        }
        let grants = &state.world.grants;
        let by_researcher = || {
            let bearer = arrival.bearer.as_deref();
            let token = bearer.and_then(|bearer| grants.by_access(bearer));
            token.is_some_and(|token| token.orcid.is_some())
        };
        let call = Met {
            kind,
            orcid: arrival.orcid.as_deref(),
            by_researcher: &by_researcher,
        };
        state.faults.judge(&call, Instant::now())
    };
    let worker = actix_web::rt::spawn(async move {
        if verdict.wait > Duration::ZERO {
            tokio::time::sleep(verdict.wait).await;
        }
        let reply = match verdict.instead {
            Some(instead) => refused(&app, &arrival, instead),
            None => worked(&app, &arrival, verdict.drop_after, work),
        };
        app.lock().counters.leave(kind, arrival.orcid.as_deref());
        reply
    });
    match worker.await {
        Ok(reply) => reply.map_or_else(hang_up, Reply::into_http),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

/// The fault's answer; `None` hangs up.
fn refused(app: &App, arrival: &Arrival, instead: Instead) -> Option<Reply> {
    let reply = instead_of_work(instead, arrival);
    let mut state = app.lock();
    let counts = state.counters.kind(arrival.kind);
    match &reply {
        Some(reply) => *counts.by_status.entry(reply.status).or_default() += 1,
        None => counts.dropped_before += 1,
    }
    if matches!(instead, Instead::Refused(_)) {
        counts.refused += 1;
        state.counters.refused_by_limiter += 1;
    }
    reply
}

/// Does the work; `None` hangs up afterwards.
fn worked(
    app: &App,
    arrival: &Arrival,
    drop_after: bool,
    work: impl FnOnce(&App, &mut State, &Arrival, OffsetDateTime) -> Outcome,
) -> Option<Reply> {
    let mut state = app.lock();
    let now = app.now(&state.world);
    let Outcome { reply, error } = work(app, &mut state, arrival, now);
    let counts = state.counters.kind(arrival.kind);
    *counts.by_status.entry(reply.status).or_default() += 1;
    if let Some(error) = error {
        *counts.by_error_code.entry(error).or_default() += 1;
    }
    if drop_after {
        counts.dropped_after += 1;
    }
    drop(state);
    if arrival.kind.writes() || arrival.kind.oauth() {
        app.changed();
    }
    (!drop_after).then_some(reply)
}

fn instead_of_work(instead: Instead, arrival: &Arrival) -> Option<Reply> {
    let html = |status: u16, title: &str| {
        let page = format!(
            "<html>\r\n<head><title>{status} {title}</title></head>\r\n<body>\r\n<center><h1>{status} \
             {title}</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n"
        );
        Reply::new(status).body("text/html", page.into_bytes())
    };
    Some(match instead {
        Instead::Dropped => return None,
        Instead::Refused(LimitStatus::Unavailable) => html(503, "Service Temporarily Unavailable"),
        Instead::Html502 => html(502, "Bad Gateway"),
        Instead::Refused(LimitStatus::TooManyRequests) | Instead::TooManyRequests => {
            Reply::new(429).body(
                "text/plain",
                b"Too Many Requests. You have exceeded the quota for this API.".to_vec(),
            )
        }
        Instead::ServerError if arrival.kind.oauth() => {
            Reply::oauth_error(500, "server_error", "Unexpected error")
        }
        Instead::ServerError => ApiError::new(9008).reply(Format::default()),
        Instead::MissingScope => {
            ApiError::missing_scope("/activities/update").reply(Format::default())
        }
        Instead::Unauthorized if arrival.kind.oauth() => Reply::oauth_error(
            401,
            "invalid_client",
            "Unable to reach the authorization server",
        ),
        Instead::Unauthorized => invalid_token(arrival.bearer.as_deref().unwrap_or_default()),
    })
}

/// ORCID's answer to a token that it does not accept. The token is echoed.
pub(crate) fn invalid_token(token: &str) -> Reply {
    Reply::oauth_error(
        401,
        "invalid_token",
        &format!("Invalid access token: {token}"),
    )
}

/// Ends the connection without an answer: the body fails before anything was sent.
fn hang_up() -> HttpResponse {
    let gone = std::io::Error::new(std::io::ErrorKind::ConnectionAborted, "dropped on purpose");
    let body = BodyStream::new(stream::once(async { Err::<Bytes, _>(gone) }));
    let mut response = HttpResponse::Ok();
    response.force_close();
    response.message_body(body).map_or_else(
        |error| HttpResponse::InternalServerError().body(error.to_string()),
        HttpResponse::map_into_boxed_body,
    )
}
