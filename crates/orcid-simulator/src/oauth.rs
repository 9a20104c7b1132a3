//! The OAuth endpoints: token (on both hosts), revoke, authorize, discovery.

mod authorize;
mod form;
mod redirect;
mod scopes;
mod token;

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;

pub(crate) use authorize::{AuthorizeRequest, Problem, allow, deny, granted_already};
pub(crate) use redirect::with_query;
pub(crate) use scopes::description as scope_description;

use crate::app::{App, State};
use crate::counters::CallKind;
use crate::grants::DisabledBecause;
use crate::pipeline::{self, Arrival};
use crate::reply::Reply;
use form::Form;

/// Which host the token endpoint was asked at; they differ in how they refuse odd requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Host {
    Web,
    Api,
}

/// `POST /oauth/token` at the web host.
pub(crate) async fn token_at_web_host(
    request: HttpRequest,
    body: Bytes,
    app: Data<Arc<App>>,
) -> HttpResponse {
    token(Host::Web, request, body, &app).await
}

/// `POST /oauth/token` at the member API host.
pub(crate) async fn token_at_api_host(
    request: HttpRequest,
    body: Bytes,
    app: Data<Arc<App>>,
) -> HttpResponse {
    token(Host::Api, request, body, &app).await
}

async fn token(host: Host, request: HttpRequest, body: Bytes, app: &Arc<App>) -> HttpResponse {
    let form = read_form(&request, &body);
    let kind = match form.get("grant_type") {
        Some("client_credentials") => CallKind::TokenClient,
        Some("authorization_code") => CallKind::TokenCode,
        Some("refresh_token") => CallKind::TokenRefresh,
        _ => CallKind::TokenOther,
    };
    let work = move |_: &App, state: &mut State, _: &Arrival, now| {
        token::answer(&mut state.world, host, &form, now)
            .unwrap_or_else(|refusal| refusal)
            .header("OAUTH_AUTHORIZATION_CODE_EXCHANGE", "ON")
            .header("cache-control", "no-store")
            .header("pragma", "no-cache")
            .into()
    };
    pipeline::run(Arc::clone(app), arrival(kind, &request, body), work).await
}

/// `POST /oauth/revoke`: disables the pair of an access or refresh token. An unknown token or one of
/// another client is answered alike.
pub(crate) async fn revoke(request: HttpRequest, body: Bytes, app: Data<Arc<App>>) -> HttpResponse {
    let form = read_form(&request, &body);
    let work = move |_: &App, state: &mut State, _: &Arrival, _| {
        let client_id = match token::client(&state.world, &form) {
            Ok(client_id) => client_id,
            Err(refusal) => return refusal.into(),
        };
        let token = form.get("token").unwrap_or_default();
        state
            .world
            .grants
            .disable(DisabledBecause::ClientRevoked, |t| {
                t.client_id == client_id && (t.access == token || t.refresh == token)
            });
        Reply::new(200)
            .header("OAUTH_TOKEN_VALIDATION", "ON")
            .into()
    };
    let arrival = arrival(CallKind::Revoke, &request, body);
    pipeline::run(Arc::clone(&app), arrival, work).await
}

/// `GET /.well-known/openid-configuration`
pub(crate) async fn discovery(app: Data<Arc<App>>) -> HttpResponse {
    let web = &app.web_url;
    HttpResponse::Ok().json(json!({
        "issuer": web,
        "authorization_endpoint": format!("{web}/oauth/authorize"),
        "token_endpoint": format!("{web}/oauth/token"),
        "revocation_endpoint": format!("{web}/oauth/revoke"),
        "scopes_supported": ["openid"],
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "claims_supported": ["family_name", "given_name", "name", "auth_time", "iss", "sub"],
    }))
}

fn read_form(request: &HttpRequest, body: &[u8]) -> Form {
    let header = |name| request.headers().get(name).and_then(|v| v.to_str().ok());
    Form::read(
        header(header::CONTENT_TYPE),
        header(header::AUTHORIZATION),
        body,
    )
}

fn arrival(kind: CallKind, request: &HttpRequest, body: Bytes) -> Arrival {
    Arrival {
        kind,
        orcid: None,
        path: request.path().to_owned(),
        bearer: None,
        body,
    }
}
