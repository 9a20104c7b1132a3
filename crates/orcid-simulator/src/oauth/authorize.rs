//! What an authorize request asks for, and the answers sent back to the client.

use std::collections::BTreeMap;

use time::{Duration, OffsetDateTime};
use url::form_urlencoded;

use super::{redirect, scopes, with_query};
use crate::OrcidId;
use crate::app::App;
use crate::grants::{Code, Scopes, parse_scopes};
use crate::world::{RegisteredClient, World};

/// A request that may be shown to the researcher.
#[derive(Debug, Clone)]
pub(crate) struct AuthorizeRequest {
    pub(crate) client_id: String,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Scopes,
    pub(crate) state: Option<String>,
    /// The iD that prefills the sign-in form.
    pub(crate) orcid: Option<String>,
    /// Whether the researcher must sign in again.
    pub(crate) sign_in_again: bool,
    /// Whether no page may be shown.
    pub(crate) silent: bool,
}

/// Why a request is not shown to the researcher.
#[derive(Debug)]
pub(crate) enum Problem {
    /// Explained on ORCID's own page: the client cannot be trusted with a redirect.
    Page(String),
    /// Told to the client.
    Redirect(String),
}

impl AuthorizeRequest {
    /// Reads and checks the query of `/oauth/authorize`.
    pub(crate) fn read(world: &World, query: &str) -> Result<Self, Problem> {
        let query: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect();
        let get = |name: &str| {
            query
                .get(name)
                .map(String::as_str)
                .filter(|v| !v.is_empty())
        };
        let required = |name: &str| {
            get(name).ok_or_else(|| Problem::Page(format!("Missing parameter: {name}.")))
        };
        let client_id = required("client_id")?;
        let client = known_client(world, client_id)?;
        let redirect_uri = required("redirect_uri")?;
        if !redirect::registered(redirect_uri, &client.redirect_uris) {
            let text = "Redirect URI doesn't match your registered redirect URIs.";
            return Err(Problem::Page(text.to_owned()));
        }
        let response_type = required("response_type")?;
        let asked = parse_scopes(required("scope")?);
        let state = get("state");
        let refuse = |error: &str, description: &str| {
            Problem::Redirect(answer(
                redirect_uri,
                &[("error", error), ("error_description", description)],
                state,
            ))
        };
        if response_type != "code" {
            return Err(refuse(
                "unsupported_response_type",
                "Only the response type code is supported",
            ));
        }
        let Some(scopes) = scopes::to_grant(&asked) else {
            return Err(refuse("invalid_scope", "Invalid scope"));
        };
        Ok(Self {
            client_id: client_id.to_owned(),
            redirect_uri: redirect_uri.to_owned(),
            // `prompt` counts only together with OpenID Connect.
            sign_in_again: get("prompt") == Some("login") && scopes.contains("openid"),
            silent: get("prompt") == Some("none"),
            scopes,
            state: state.map(str::to_owned),
            orcid: get("orcid").map(str::to_owned),
        })
    }
}

fn known_client<'w>(world: &'w World, client_id: &str) -> Result<&'w RegisteredClient, Problem> {
    let client = world.clients.get(client_id).ok_or_else(|| {
        Problem::Page(format!(
            "Incorrect client_id. There is no client {client_id}."
        ))
    })?;
    if client.disabled {
        return Err(Problem::Page(format!(
            "Client ({client_id}) is deactivated."
        )));
    }
    Ok(client)
}

/// Whether consent is skipped: the same scopes are granted and live.
pub(crate) fn granted_already(
    world: &World,
    request: &AuthorizeRequest,
    orcid: &OrcidId,
    now: OffsetDateTime,
) -> bool {
    world
        .grants
        .has_live(&request.client_id, orcid, &request.scopes, now)
}

/// The researcher agrees: where to send the browser, with a fresh code.
pub(crate) fn allow(
    app: &App,
    world: &mut World,
    request: &AuthorizeRequest,
    orcid: &OrcidId,
    now: OffsetDateTime,
) -> String {
    let lifetime = Duration::try_from(app.code_lifetime()).unwrap_or(Duration::MINUTE);
    let code = world.grants.issue_code(Code {
        client_id: request.client_id.clone(),
        orcid: orcid.clone(),
        scopes: request.scopes.clone(),
        redirect_uri: request.redirect_uri.clone(),
        expires: now.saturating_add(lifetime),
        used: false,
    });
    answer(
        &request.redirect_uri,
        &[("code", &code)],
        request.state.as_deref(),
    )
}

/// The researcher does not agree: where to send the browser.
pub(crate) fn deny(request: &AuthorizeRequest) -> String {
    answer(
        &request.redirect_uri,
        &[
            ("error", "access_denied"),
            ("error_description", "User denied access"),
        ],
        request.state.as_deref(),
    )
}

fn answer(redirect_uri: &str, parameters: &[(&str, &str)], state: Option<&str>) -> String {
    let mut all = parameters.to_vec();
    all.extend(state.map(|s| ("state", s)));
    with_query(redirect_uri, &all)
}
