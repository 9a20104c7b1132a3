//! The token endpoint's grants.

use serde_json::json;
use time::OffsetDateTime;

use super::Host;
use super::form::Form;
use super::scopes::{NotForClient, for_client};
use crate::grants::{DisabledBecause, TOKEN_LIFETIME, Token, join_scopes, parse_scopes};
use crate::reply::Reply;
use crate::world::{RecordState, World};

/// Both sides are answers.
type Answer = Result<Reply, Reply>;

/// Answers a token request.
pub(crate) fn answer(world: &mut World, host: Host, form: &Form, now: OffsetDateTime) -> Answer {
    match (host, form.blank()) {
        // The web host passes requests on and answers 401 whenever that fails.
        (Host::Web, Some(name)) => {
            let description = format!("Parameter {name} must not be blank");
            return Err(Reply::oauth_error(401, "invalid_request", &description));
        }
        (Host::Api, _) => within_api_limits(form)?,
        (Host::Web, None) => {}
    }
    match form.get("grant_type") {
        None | Some("") => Err(unsupported("grant_type is missing")),
        Some("client_credentials") => client_credentials(world, form, now),
        Some("authorization_code") => authorization_code(world, form, now),
        Some("refresh_token") => refresh(world, form, now),
        Some(other) => Err(unsupported(&format!("Unsupported grant type: {other}"))),
    }
}

fn unsupported(description: &str) -> Reply {
    Reply::oauth_error(400, "unsupported_grant_type", description)
}

fn bad(error: &str, description: &str) -> Reply {
    Reply::oauth_error(400, error, description)
}

fn within_api_limits(form: &Form) -> Result<(), Reply> {
    for (name, most) in [("client_id", 50), ("client_secret", 100)] {
        if form.get(name).is_some_and(|v| v.chars().count() > most) {
            return Err(bad("invalid_request", &format!("{name} is too long")));
        }
    }
    Ok(())
}

/// The client that the credentials belong to.
pub(crate) fn client(world: &World, form: &Form) -> Result<String, Reply> {
    let refuse = |text: &str| Reply::oauth_error(401, "invalid_client", text);
    let id = form
        .get("client_id")
        .ok_or_else(|| refuse("Bad client credentials"))?;
    let client = world
        .clients
        .get(id)
        .ok_or_else(|| refuse(&format!("Client not found: {id}")))?;
    if form.get("client_secret") != Some(client.secret.as_str()) {
        return Err(refuse("Bad client credentials"));
    }
    if client.disabled {
        return Err(refuse(&format!("Client ({id}) is deactivated")));
    }
    Ok(id.to_owned())
}

fn client_credentials(world: &mut World, form: &Form, now: OffsetDateTime) -> Answer {
    let client_id = client(world, form)?;
    let asked = form.get("scope").map(parse_scopes).unwrap_or_default();
    if asked.is_empty() {
        return Err(bad("invalid_scope", "Invalid scope: a scope is required"));
    }
    let premium = world.clients.get(&client_id).is_some_and(|c| c.premium);
    let scopes = for_client(&asked, premium).map_err(|why| match why {
        NotForClient::Unknown(scope) => Reply::oauth_error(
            401,
            "invalid_scope",
            &format!("401 Unauthorized: The scope {scope} is not a valid scope."),
        ),
        NotForClient::NotEnabled(scope) => bad("invalid_scope", &format!("Invalid scope: {scope}")),
    })?;
    let token = world.grants.issue(&client_id, None, scopes, None, now);
    Ok(pair(world, &token))
}

fn authorization_code(world: &mut World, form: &Form, now: OffsetDateTime) -> Answer {
    let client_id = client(world, form)?;
    let text = form
        .get("code")
        .ok_or_else(|| bad("invalid_request", "An authorization code must be supplied."))?
        .to_owned();
    let invalid = || {
        bad(
            "invalid_grant",
            &format!("Invalid authorization code: {text}"),
        )
    };
    let code = world.grants.code(&text).ok_or_else(invalid)?;
    if code.client_id != client_id {
        return Err(invalid());
    }
    if code.used {
        world.grants.disable(DisabledBecause::AuthCodeReused, |t| {
            t.code.as_deref() == Some(text.as_str()) && t.client_id == client_id
        });
        return Err(bad(
            "invalid_grant",
            &format!("Reused authorization code: {text}"),
        ));
    }
    if now >= code.expires {
        return Err(bad("invalid_request", "Authorization code has expired"));
    }
    if form.get("redirect_uri") != Some(code.redirect_uri.as_str()) {
        return Err(bad("invalid_grant", "Redirect URI mismatch."));
    }
    code.used = true;
    let (orcid, scopes) = (code.orcid.clone(), code.scopes.clone());
    let active = world
        .records
        .get(&orcid)
        .is_some_and(|r| r.state == RecordState::Active);
    if !active {
        return Err(bad(
            "unauthorized_client",
            "The record is locked, deactivated or deprecated",
        ));
    }
    let token = world
        .grants
        .issue(&client_id, Some(orcid), scopes, Some(text), now);
    Ok(pair(world, &token))
}

fn refresh(world: &mut World, form: &Form, now: OffsetDateTime) -> Answer {
    let client_id = client(world, form)?;
    let text = form.get("refresh_token").unwrap_or_default();
    let parent = world
        .grants
        .by_refresh(text)
        .filter(|t| t.client_id == client_id)
        .cloned();
    let Some(parent) = parent else {
        return Err(bad("invalid_grant", "Invalid refresh token"));
    };
    if !parent.live(now) {
        return Err(bad("unauthorized_client", "Parent token is disabled"));
    }
    let scopes = match form.get("scope") {
        Some(text) => parse_scopes(text),
        None => parent.scopes.clone(),
    };
    if let Some(wider) = scopes.iter().find(|s| !parent.scopes.contains(*s)) {
        let text = format!("The given scope '{wider}' is not allowed for the parent token");
        return Err(bad("invalid_scope", &text));
    }
    world
        .grants
        .disable(DisabledBecause::Refreshed, |t| t.refresh == parent.refresh);
    let token = world
        .grants
        .issue(&client_id, parent.orcid, scopes, None, now);
    Ok(pair(world, &token))
}

/// The answer that carries a token pair. The name is `null` when it is not public.
fn pair(world: &World, token: &Token) -> Reply {
    let mut answer = json!({
        "access_token": token.access,
        "token_type": "bearer",
        "refresh_token": token.refresh,
        "expires_in": TOKEN_LIFETIME,
        "scope": join_scopes(&token.scopes),
        "orcid": token.orcid,
    });
    if let Some(orcid) = &token.orcid {
        answer["name"] = json!(world.records.get(orcid).and_then(|r| r.name.as_ref()));
    }
    Reply::json(200, &answer)
}
