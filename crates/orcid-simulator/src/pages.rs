//! The web host's pages: home, sign-in, consent, inbox, record, trusted organisations.

mod consent;
mod inbox;
mod record;
mod session;
mod sign_in;
mod trusted;

pub(crate) use trusted::revoke_as_user;

use std::sync::Arc;

use actix_web::http::header;
use actix_web::web::{self, Data};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use crate::OrcidId;
use crate::app::App;
use crate::oauth;
use crate::operator;
use crate::world::{RecordState, World};

const ID: &str = r"{orcid:\d{4}-\d{4}-\d{4}-\d{3}[\dX]}";

/// So many researchers are listed.
const LISTED: usize = 200;

/// Registers the host's services.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    let get = |path: &str| web::resource(path.to_owned());
    config
        .service(get("/").route(web::get().to(home)))
        .service(
            web::resource("/oauth/authorize")
                .route(web::get().to(consent::show))
                .route(web::post().to(consent::decide)),
        )
        .service(get("/oauth/token").route(web::post().to(oauth::token_at_web_host)))
        .service(get("/oauth/revoke").route(web::post().to(oauth::revoke)))
        .service(get("/.well-known/openid-configuration").route(web::get().to(oauth::discovery)))
        .service(
            web::resource("/signin")
                .route(web::get().to(sign_in::show))
                .route(web::post().to(sign_in::submit)),
        )
        .service(get("/signout").route(web::post().to(sign_in::sign_out)))
        .service(get("/inbox").route(web::get().to(inbox::show)))
        .service(get("/inbox/encrypted/{id}/action").route(web::get().to(inbox::email_action)))
        .service(get("/inbox/{id}").route(web::get().to(inbox::open)))
        .service(get("/inbox/{id}/read").route(web::post().to(inbox::read)))
        .service(get("/inbox/{id}/archive").route(web::post().to(inbox::archive)))
        .service(get("/trusted-parties").route(web::get().to(trusted::show)))
        .service(get("/trusted-parties/revoke").route(web::post().to(trusted::revoke)))
        .service(get(&format!("/researchers/{ID}/inbox")).route(web::get().to(inbox::show_as)))
        .service(
            get(&format!("/researchers/{ID}/trusted-parties"))
                .route(web::get().to(trusted::show_as)),
        )
        .configure(operator::configure)
        .service(get(&format!("/{ID}")).route(web::get().to(record::show)))
        .service(
            get(&format!("/{ID}/memberships/{{put_code}}/delete"))
                .route(web::post().to(record::delete)),
        )
        .default_service(web::to(not_found));
}

/// What every page shows around its content.
pub(crate) struct Shell {
    signed_in: Option<SignedIn>,
}

struct SignedIn {
    orcid: OrcidId,
    name: String,
    unread: usize,
}

impl Shell {
    /// The frame for this browser.
    pub(crate) fn of(world: &World, orcid: Option<&OrcidId>) -> Self {
        let signed_in = orcid.and_then(|orcid| {
            let record = world.records.get(orcid)?;
            let unread = record
                .inbox
                .iter()
                .filter(|n| n.read.is_none() && n.archived.is_none())
                .count();
            Some(SignedIn {
                orcid: orcid.clone(),
                name: record.display_name().to_owned(),
                unread,
            })
        });
        Self { signed_in }
    }
}

/// Renders a page.
pub(crate) fn page(status: u16, template: &impl Template) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
    match template.render() {
        Ok(html) => HttpResponse::build(status)
            .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .body(html),
        Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
    }
}

/// Sends the browser on.
pub(crate) fn go(address: &str) -> HttpResponse {
    HttpResponse::Found()
        .insert_header((header::LOCATION, address))
        .finish()
}

/// A page with a heading and a sentence.
#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage {
    shell: Shell,
    heading: String,
    text: String,
}

/// Says something to the researcher.
pub(crate) fn message(shell: Shell, status: u16, heading: &str, text: &str) -> HttpResponse {
    page(
        status,
        &MessagePage {
            shell,
            heading: heading.to_owned(),
            text: text.to_owned(),
        },
    )
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    shell: Shell,
    api_url: String,
    researchers: Vec<HomeResearcher>,
    clients: Vec<HomeClient>,
}

struct HomeResearcher {
    orcid: OrcidId,
    name: String,
    public: bool,
    unread: usize,
    memberships: usize,
    state: &'static str,
}

struct HomeClient {
    id: String,
    name: String,
    disabled: bool,
}

async fn home(request: HttpRequest, app: Data<Arc<App>>) -> HttpResponse {
    let state = app.lock();
    let signed_in = session::researcher(&request, &state.world);
    let researchers = state
        .world
        .listed(LISTED)
        .into_iter()
        .map(|(orcid, record)| HomeResearcher {
            orcid: orcid.clone(),
            name: record.display_name().to_owned(),
            public: record.name.is_some(),
            unread: record
                .inbox
                .iter()
                .filter(|n| n.read.is_none() && n.archived.is_none())
                .count(),
            memberships: record.memberships.len(),
            state: state_name(&record.state),
        });
    let clients = state.world.clients.iter().map(|(id, client)| HomeClient {
        id: id.clone(),
        name: client.name.clone(),
        disabled: client.disabled,
    });
    let home = HomePage {
        shell: Shell::of(&state.world, signed_in.as_ref()),
        api_url: app.api_url.clone(),
        researchers: researchers.collect(),
        clients: clients.collect(),
    };
    page(200, &home)
}

/// A record's state for pages; empty when it is as usual.
pub(crate) fn state_name(state: &RecordState) -> &'static str {
    match state {
        RecordState::Active => "",
        RecordState::Unclaimed => "unclaimed",
        RecordState::Locked => "locked",
        RecordState::Deactivated => "deactivated",
        RecordState::Deprecated { .. } => "deprecated",
    }
}

/// Calls that mistake this host for the API get ORCID's HTML page, everything else a 404.
async fn not_found(request: HttpRequest, app: Data<Arc<App>>) -> HttpResponse {
    let state = app.lock();
    let signed_in = session::researcher(&request, &state.world);
    let shell = Shell::of(&state.world, signed_in.as_ref());
    if request.path().starts_with("/v3.0/") {
        let text = "The member API listens at another address.";
        return message(shell, 403, "Oops an error happened!", text);
    }
    message(
        shell,
        404,
        "Page not found",
        "There is nothing at this address.",
    )
}
