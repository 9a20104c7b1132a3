//! The member API host: `/v3.0/…` and the token endpoint.
//!
//! Order of checks, as at ORCID: token, version, path and method, media types, body and schema,
//! record state, token's owner, scope, put-code, item, source, rules, duplicates.

mod gate;
mod memberships;
mod notifications;
mod reading;
mod route;

use std::sync::Arc;

use actix_web::http::{Method, header};
use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use time::OffsetDateTime;

use crate::api_error::ApiError;
use crate::app::{App, State};
use crate::grants::Token;
use crate::oauth;
use crate::pipeline::{self, Arrival, Outcome};
use crate::reply::{Format, Reply};
use gate::Refusal;
use route::{Operation, Route};

/// Longer bodies are refused with 413.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// Registers the host's services.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    config
        .app_data(web::PayloadConfig::new(MAX_BODY))
        .service(web::resource("/oauth/token").route(web::post().to(oauth::token_at_api_host)))
        .default_service(web::to(call));
}

/// A call that passed the gate.
pub(crate) struct Call<'a> {
    pub(crate) app: &'a App,
    pub(crate) token: Token,
    /// The iD in the path, as it was spelled.
    pub(crate) orcid: &'a str,
    pub(crate) body: &'a [u8],
    /// Base address as the client wrote it, for `Location`.
    pub(crate) base: &'a str,
    pub(crate) now: OffsetDateTime,
    pub(crate) format: Format,
    /// Whether it is a GET; a deprecated record answers it differently.
    pub(crate) reading: bool,
}

/// What a handler answers.
pub(crate) type Answer = Result<Reply, ApiError>;

async fn call(request: HttpRequest, body: Bytes, app: Data<Arc<App>>) -> HttpResponse {
    let headers = request.headers();
    let text = |name| {
        headers
            .get(name)
            .and_then(|v| v.to_str().ok())
            .map(str::to_owned)
    };
    let route = Route::of(request.method(), request.path());
    let accept = text(header::ACCEPT);
    let content_type = text(header::CONTENT_TYPE);
    let (kind, orcid) = (route.kind(), route.orcid());
    let bearer = text(header::AUTHORIZATION).and_then(|a| gate::bearer(&a));
    let arrival = Arrival {
        kind,
        orcid,
        path: request.path().to_owned(),
        bearer,
        body,
    };
    let base = {
        let info = request.connection_info();
        format!("{}://{}", info.scheme(), info.host())
    };
    let method = request.method().clone();
    pipeline::run(
        Arc::clone(&app),
        arrival,
        move |app, state, arrival, now| {
            let headers = Headers {
                accept,
                content_type,
            };
            answer(app, state, arrival, &route, &method, &headers, &base, now)
        },
    )
    .await
}

/// The headers that decide about formats.
struct Headers {
    accept: Option<String>,
    content_type: Option<String>,
}

#[expect(
    clippy::too_many_arguments,
    reason = "the one place where all parts of a call meet"
)]
fn answer(
    app: &App,
    state: &mut State,
    arrival: &Arrival,
    route: &Route,
    method: &Method,
    headers: &Headers,
    base: &str,
    now: OffsetDateTime,
) -> Outcome {
    let (accept, content_type) = (headers.accept.as_deref(), headers.content_type.as_deref());
    let format = Format::of_answer(accept, content_type);
    let shown = format.unwrap_or_default();
    if let Route::Status = route {
        return status(shown).into();
    }
    let bearer = arrival.bearer.as_deref();
    let token = match gate::token(&state.world, bearer, method == Method::DELETE, now) {
        Ok(token) => token,
        Err(Refusal::OAuth(reply)) => return reply.into(),
        Err(Refusal::Api(error)) => return failed(&error, shown),
    };
    let (orcid, operation) = match route {
        Route::Known { orcid, operation } => (orcid, operation),
        Route::Status => return status(shown).into(),
        Route::Refused(error) => return failed(error, shown),
    };
    if operation.has_body() && !matches!(Format::of_body(content_type), Some(Format::Xml(_))) {
        let what = "HTTP 415 Unsupported Media Type: the simulator reads XML only";
        return failed(&ApiError::transport(415, what), shown);
    }
    let Some(format) = format else {
        return failed(&ApiError::transport(406, "HTTP 406 Not Acceptable"), shown);
    };
    let call = Call {
        app,
        token,
        orcid,
        body: &arrival.body,
        base,
        now,
        format,
        reading: method == Method::GET,
    };
    match perform(state, &call, operation) {
        Ok(reply) => reply.into(),
        Err(error) => failed(&error, format),
    }
}

fn perform(state: &mut State, call: &Call<'_>, operation: &Operation) -> Answer {
    match operation {
        Operation::NotificationCreate => notifications::create(state, call),
        Operation::NotificationList => notifications::list(state, call),
        Operation::NotificationRead(id) => notifications::read(state, call, id),
        Operation::NotificationArchive(id) => notifications::archive(state, call, id),
        Operation::MembershipCreate => memberships::create(state, call),
        Operation::MembershipRead(put_code) => reading::membership(state, call, put_code, false),
        Operation::MembershipSummary(put_code) => reading::membership(state, call, put_code, true),
        Operation::MembershipUpdate(put_code) => memberships::update(state, call, put_code),
        Operation::MembershipDelete(put_code) => memberships::delete(state, call, put_code),
        Operation::MembershipList => reading::memberships(state, call),
        Operation::Activities => reading::activities(state, call),
        Operation::Record => reading::record(state, call),
        Operation::Person => reading::person(state, call),
    }
}

fn failed(error: &ApiError, format: Format) -> Outcome {
    Outcome {
        reply: error.reply(format),
        error: Some(error.code),
    }
}

fn status(_: Format) -> Reply {
    Reply::json(
        200,
        &serde_json::json!({
            "tomcatUp": true, "dbConnectionOk": true, "readOnlyDbConnectionOk": true, "overallOk": true
        }),
    )
}
