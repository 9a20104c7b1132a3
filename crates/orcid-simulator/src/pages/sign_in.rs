//! Signing in: pick a researcher.

use std::collections::BTreeMap;
use std::sync::Arc;

use actix_web::web::{Data, Form, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::{Shell, go, page, session};
use crate::OrcidId;
use crate::app::App;
use crate::world::World;

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage {
    shell: Shell,
    error: Option<String>,
    /// The client that the researcher comes from.
    client: Option<String>,
    researchers: Vec<Choice>,
    any_password: bool,
    next: String,
}

struct Choice {
    orcid: OrcidId,
    name: String,
    selected: bool,
    state: &'static str,
}

/// What the sign-in form is shown for.
pub(crate) struct Occasion<'a> {
    /// Where to go afterwards: a path on this host.
    pub(crate) next: &'a str,
    /// The iD to prefill.
    pub(crate) prefill: Option<&'a str>,
    /// The name of the client that waits for consent.
    pub(crate) client: Option<&'a str>,
    pub(crate) error: Option<&'a str>,
}

/// The sign-in form.
pub(crate) fn form(world: &World, status: u16, occasion: &Occasion<'_>) -> HttpResponse {
    let prefill = occasion.prefill.map(|p| p.rsplit('/').next().unwrap_or(p));
    let listed = world.listed(super::LISTED);
    let first = listed.first().map(|(orcid, _)| orcid.as_str());
    let known = |p: &&str| {
        p.parse()
            .is_ok_and(|id: OrcidId| world.records.contains_key(&id))
    };
    let selected = prefill.filter(known).or(first);
    let researchers = listed.iter().map(|(orcid, record)| Choice {
        orcid: (*orcid).clone(),
        name: record.display_name().to_owned(),
        selected: selected == Some(orcid.as_str()),
        state: super::state_name(&record.state),
    });
    let sign_in = SignInPage {
        shell: Shell::of(world, None),
        error: occasion.error.map(str::to_owned),
        client: occasion.client.map(str::to_owned),
        researchers: researchers.collect(),
        any_password: world.records.values().any(|r| r.password.is_some()),
        next: occasion.next.to_owned(),
    };
    page(status, &sign_in)
}

/// `GET /signin?next=…&orcid=…`
pub(crate) async fn show(
    app: Data<Arc<App>>,
    Query(query): Query<BTreeMap<String, String>>,
) -> HttpResponse {
    let next = query.get("next").map_or("/inbox", String::as_str);
    let prefill = query.get("orcid").map(String::as_str);
    form(
        &app.lock().world,
        200,
        &Occasion {
            next,
            prefill,
            client: None,
            error: None,
        },
    )
}

/// The sign-in form as it is sent.
#[derive(Deserialize)]
pub(crate) struct Submission {
    orcid: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    next: String,
}

/// `POST /signin`
pub(crate) async fn submit(app: Data<Arc<App>>, Form(sent): Form<Submission>) -> HttpResponse {
    let mut state = app.lock();
    let next = if is_local(&sent.next) {
        sent.next.as_str()
    } else {
        "/inbox"
    };
    let orcid = sent.orcid.parse::<OrcidId>().ok();
    let found = orcid
        .as_ref()
        .and_then(|id| Some((id, state.world.records.get(id)?)));
    let error = match found {
        None => Some("There is no ORCID record with this iD."),
        Some((_, r)) if !session::may_sign_in(&r.state) => {
            Some("This record is locked, deactivated, deprecated or not claimed.")
        }
        Some((_, r)) if r.password.as_ref().is_some_and(|p| *p != sent.password) => {
            Some("The iD and the password do not fit.")
        }
        Some(_) => None,
    };
    if let (Some(orcid), None) = (&orcid, error) {
        let cookie = session::start(&mut state.world, orcid);
        drop(state);
        app.changed();
        let mut response = go(next);
        return match response.add_cookie(&cookie) {
            Ok(()) => response,
            Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
        };
    }
    let prefill = Some(sent.orcid.as_str());
    form(
        &state.world,
        401,
        &Occasion {
            next,
            prefill,
            client: None,
            error,
        },
    )
}

/// `POST /signout`
pub(crate) async fn sign_out(request: HttpRequest, app: Data<Arc<App>>) -> HttpResponse {
    if let Some(id) = session::id(&request) {
        app.lock().world.sessions.end(&id);
        app.changed();
    }
    let mut response = go("/");
    match response.add_cookie(&session::ended()) {
        Ok(()) => response,
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

/// Whether an address stays on this host.
fn is_local(address: &str) -> bool {
    address.starts_with('/') && !address.starts_with("//") && !address.starts_with("/\\")
}
