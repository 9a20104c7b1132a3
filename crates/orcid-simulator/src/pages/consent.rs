//! `/oauth/authorize`: sign in, consent, deny.

use std::sync::Arc;

use actix_web::web::{Data, Form};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;
use url::form_urlencoded;

use super::sign_in::{self, Occasion};
use super::{Shell, go, message, page, session};
use crate::app::App;
use crate::oauth::{self, AuthorizeRequest, Problem, with_query};
use crate::world::World;

#[derive(Template)]
#[template(path = "consent.html")]
struct ConsentPage {
    shell: Shell,
    client: String,
    client_id: String,
    name: String,
    orcid: String,
    scopes: Vec<AskedScope>,
    /// The request's own query, for the form and the switch of account.
    query: String,
    switch: String,
}

struct AskedScope {
    scope: String,
    description: &'static str,
}

/// `GET /oauth/authorize`
pub(crate) async fn show(request: HttpRequest, app: Data<Arc<App>>) -> HttpResponse {
    let query = request.query_string();
    let mut state = app.lock();
    let now = app.now(&state.world);
    let asked = match AuthorizeRequest::read(&state.world, query) {
        Ok(asked) => asked,
        Err(problem) => return refuse(&request, &state.world, problem),
    };
    let signed_in = session::researcher(&request, &state.world);
    let Some(orcid) = signed_in.filter(|_| !asked.sign_in_again) else {
        if asked.silent {
            return go(&format!("{}#login_required", asked.redirect_uri));
        }
        return sign_in_first(&state.world, &asked, query);
    };
    if oauth::granted_already(&state.world, &asked, &orcid, now) {
        let address = oauth::allow(&app, &mut state.world, &asked, &orcid, now);
        drop(state);
        app.changed();
        return go(&address);
    }
    if asked.silent {
        return go(&format!("{}#interaction_required", asked.redirect_uri));
    }
    let world = &state.world;
    let client = world.source(&asked.client_id).name;
    let name = world
        .records
        .get(&orcid)
        .map(|r| r.display_name().to_owned());
    let scopes = asked.scopes.iter().map(|scope| AskedScope {
        scope: scope.clone(),
        description: oauth::scope_description(scope),
    });
    let consent = ConsentPage {
        shell: Shell::of(world, Some(&orcid)),
        client,
        client_id: asked.client_id.clone(),
        name: name.unwrap_or_default(),
        orcid: orcid.to_string(),
        scopes: scopes.collect(),
        query: query.to_owned(),
        switch: with_query("/signin", &[("next", &format!("/oauth/authorize?{query}"))]),
    };
    page(200, &consent)
}

/// The buttons of the consent page.
#[derive(Deserialize)]
pub(crate) struct Decision {
    decision: String,
}

/// `POST /oauth/authorize` with the request's query and `decision=authorize` or `decision=deny`
pub(crate) async fn decide(
    request: HttpRequest,
    app: Data<Arc<App>>,
    Form(sent): Form<Decision>,
) -> HttpResponse {
    let query = request.query_string();
    let mut state = app.lock();
    let now = app.now(&state.world);
    let asked = match AuthorizeRequest::read(&state.world, query) {
        Ok(asked) => asked,
        Err(problem) => return refuse(&request, &state.world, problem),
    };
    let Some(orcid) = session::researcher(&request, &state.world) else {
        return sign_in_first(&state.world, &asked, query);
    };
    match sent.decision.as_str() {
        "authorize" => {
            let address = oauth::allow(&app, &mut state.world, &asked, &orcid, now);
            drop(state);
            app.changed();
            go(&address)
        }
        "deny" => go(&oauth::deny(&asked)),
        _ => {
            let shell = Shell::of(&state.world, Some(&orcid));
            message(
                shell,
                400,
                "Please decide",
                "Press Authorize access or Deny access.",
            )
        }
    }
}

fn sign_in_first(world: &World, asked: &AuthorizeRequest, query: &str) -> HttpResponse {
    let client = world.source(&asked.client_id).name;
    // Asked again afterwards, the request must not ask for another sign-in.
    let pairs = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "prompt");
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish();
    let occasion = Occasion {
        next: &format!("/oauth/authorize?{query}"),
        prefill: asked.orcid.as_deref(),
        client: Some(&client),
        error: None,
    };
    sign_in::form(world, 200, &occasion)
}

fn refuse(request: &HttpRequest, world: &World, problem: Problem) -> HttpResponse {
    match problem {
        Problem::Redirect(address) => go(&address),
        Problem::Page(text) => {
            let signed_in = session::researcher(request, world);
            let shell = Shell::of(world, signed_in.as_ref());
            message(shell, 400, "This authorization link does not work", &text)
        }
    }
}
