//! Trusted organisations: who has permission, and taking it back.

use std::sync::Arc;

use actix_web::web::{Data, Form, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use time::OffsetDateTime;

use super::sign_in::{self, Occasion};
use super::{Shell, go, message, page, session};
use crate::OrcidId;
use crate::app::App;
use crate::grants::{DisabledBecause, Scopes, Token};
use crate::oauth::scope_description;
use crate::timestamp::page_time;
use crate::world::World;

#[derive(Template)]
#[template(path = "trusted.html")]
struct TrustedPage {
    shell: Shell,
    organizations: Vec<Organization>,
}

struct Organization {
    client_id: String,
    name: String,
    since: String,
    permissions: Vec<&'static str>,
}

/// `GET /trusted-parties`
pub(crate) async fn show(request: HttpRequest, app: Data<Arc<App>>) -> HttpResponse {
    let state = app.lock();
    let now = app.now(&state.world);
    match session::researcher(&request, &state.world) {
        Some(orcid) => list(&state.world, &orcid, now),
        None => sign_in_first(&state.world),
    }
}

/// `GET /researchers/{orcid}/trusted-parties`: signs in as that researcher first.
pub(crate) async fn show_as(path: Path<String>, app: Data<Arc<App>>) -> HttpResponse {
    let mut state = app.lock();
    let now = app.now(&state.world);
    let orcid = path
        .parse()
        .ok()
        .filter(|id: &OrcidId| state.world.records.contains_key(id));
    let Some(orcid) = orcid else {
        let shell = Shell::of(&state.world, None);
        return message(
            shell,
            404,
            "Unknown iD",
            "There is no ORCID record with this iD.",
        );
    };
    let cookie = session::start(&mut state.world, &orcid);
    let mut response = list(&state.world, &orcid, now);
    drop(state);
    app.changed();
    match response.add_cookie(&cookie) {
        Ok(()) => response,
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

/// The revoke button.
#[derive(Deserialize)]
pub(crate) struct Revocation {
    client_id: String,
}

/// `POST /trusted-parties/revoke`: disables every token of the client for this researcher.
pub(crate) async fn revoke(
    request: HttpRequest,
    app: Data<Arc<App>>,
    Form(sent): Form<Revocation>,
) -> HttpResponse {
    let mut state = app.lock();
    let Some(orcid) = session::researcher(&request, &state.world) else {
        return sign_in_first(&state.world);
    };
    revoke_as_user(&mut state.world, &orcid, &sent.client_id);
    drop(state);
    app.changed();
    go("/trusted-parties")
}

/// Disables every token of the client for this researcher. Gives their number.
pub(crate) fn revoke_as_user(world: &mut World, orcid: &OrcidId, client_id: &str) -> usize {
    world.grants.disable(DisabledBecause::UserRevoked, |t| {
        t.client_id == client_id && t.orcid.as_ref() == Some(orcid)
    })
}

fn sign_in_first(world: &World) -> HttpResponse {
    let next = "/trusted-parties";
    sign_in::form(
        world,
        200,
        &Occasion {
            next,
            prefill: None,
            client: None,
            error: None,
        },
    )
}

fn list(world: &World, orcid: &OrcidId, now: OffsetDateTime) -> HttpResponse {
    let live: Vec<&Token> = world
        .grants
        .all()
        .filter(|t| t.orcid.as_ref() == Some(orcid) && t.live(now))
        .collect();
    let organizations = world.clients.iter().filter_map(|(client_id, client)| {
        let own: Vec<_> = live.iter().filter(|t| t.client_id == *client_id).collect();
        let since = own.iter().map(|t| t.issued).min()?;
        let scopes: Scopes = own.iter().flat_map(|t| t.scopes.iter().cloned()).collect();
        Some(Organization {
            client_id: client_id.clone(),
            name: client.name.clone(),
            since: page_time(since),
            permissions: scopes.iter().map(|s| scope_description(s)).collect(),
        })
    });
    let organizations = organizations.collect();
    page(
        200,
        &TrustedPage {
            shell: Shell::of(world, Some(orcid)),
            organizations,
        },
    )
}
