//! The way to ORCID and back: landing page, setting out, callback, result page.

use crate::exchange;
use crate::grant;
use crate::invitation;
use crate::landing::{self, Situation};
use crate::not_me;
use crate::pages::{ResultPage, page};
use crate::pressed;
use crate::request::page_url;
use crate::service_point;
use crate::settings::Settings;
use crate::signed::{Link, LinkError, Signer};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::{HttpRequest, HttpResponse, web};
use orcid_client::{AuthorizationCode, Client};
use raid_model::OrcidId;
use raid_model::membership::MembershipPolicy;
use serde::Deserialize;
use std::sync::Arc;
use store::namings::Objected;
use store::visits::{self, Purpose, State, Visit};
use store::{Id, Store, StoreError};

/// `Retry-After` while ORCID does not accept our client, in seconds.
const COME_BACK_AFTER: &str = "600";

/// What the pages need.
pub struct Inbox {
    pub(crate) store: Store,
    pub(crate) client: Arc<Client>,
    pub(crate) settings: Arc<Settings>,
    pub(crate) signer: Signer,
    /// `https://orcid.org/`: what makes a link of an iD.
    pub(crate) orcid_prefix: String,
}

impl Inbox {
    /// The pages' state.
    pub fn new(
        store: Store,
        client: Arc<Client>,
        settings: Arc<Settings>,
        signer: Signer,
        orcid_prefix: impl Into<String>,
    ) -> Self {
        // From the start, so that an alarm sees the first one.
        metrics::counter!("raid_objections_total").increment(0);
        metrics::counter!("raid_objection_alarms_total").increment(0);
        Self {
            store,
            client,
            settings,
            signer,
            orcid_prefix: orcid_prefix.into(),
        }
    }

    pub(crate) fn policy(&self) -> MembershipPolicy {
        self.settings.membership.clone()
    }

    /// Whose permission a link asks for.
    ///
    /// # Errors
    /// [`LinkError`] when it is no such link, or not good any more.
    pub(crate) fn asked_by(&self, link: &str) -> Result<OrcidId, LinkError> {
        match self.signer.verify(link, self.store.clock().now())? {
            Link::Permission { orcid } => orcid.parse().map_err(|_| LinkError::Invalid),
            _ => Err(LinkError::Invalid),
        }
    }

    /// The page for a link that is not good (any more).
    pub(crate) fn bad_link(&self, error: LinkError) -> HttpResponse {
        let texts: &[&str] = match error {
            LinkError::Invalid => &[
                "It may have been cut in two by a mail program, or lack its last part. Open it \
                 again from the message.",
            ],
            LinkError::Elsewhere => &[
                "Open the link in your ORCID inbox or your mail again, and press the button there.",
            ],
            LinkError::Expired => &["Ask whoever sent it for a new one, or the address below."],
        };
        page(
            StatusCode::BAD_REQUEST,
            &ResultPage::new(&self.settings, &error.to_string(), texts),
        )
    }

    /// The page for the time in which ORCID does not accept our client, if it is now: a sign-in could
    /// not end well.
    pub(crate) fn come_back_later(&self) -> Option<HttpResponse> {
        self.client.health().trouble()?;
        let texts = [
            "We cannot work with ORCID at the moment. This is our trouble, not yours: there is \
             nothing that you need to do at ORCID.",
            "Please open the link again in some hours. It stays valid.",
        ];
        let shown = ResultPage::new(&self.settings, "Please come back later", &texts);
        let mut answer = page(StatusCode::SERVICE_UNAVAILABLE, &shown);
        answer
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from_static(COME_BACK_AFTER));
        Some(answer)
    }

    /// A person objected to a service point, one of so many today: counted, and an alarm when it is the
    /// one that makes them too many.
    pub(crate) fn alarm(&self, objected: Objected) {
        let (service_point, objections) = (objected.service_point, objected.today);
        metrics::counter!("raid_objections_total").increment(1);
        if u32::try_from(objections).is_ok_and(|n| n == self.settings.objections_alarm) {
            metrics::counter!("raid_objection_alarms_total").increment(1);
            tracing::warn!(
                service_point,
                objections,
                "many people object today to what a service point says of them"
            );
        }
    }

    /// The page for trouble of our own. The cause goes to the log, not to the person.
    pub(crate) fn trouble(&self, error: &StoreError) -> HttpResponse {
        tracing::error!(%error, "a page cannot be served");
        let texts = ["Nothing was changed. Please try again in a few minutes."];
        let heading = "Something went wrong on our side";
        page(
            StatusCode::SERVICE_UNAVAILABLE,
            &ResultPage::new(&self.settings, heading, &texts),
        )
    }
}

/// Registers the pages.
pub fn configure(cfg: &mut web::ServiceConfig, inbox: web::Data<Inbox>) {
    cfg.app_data(inbox)
        .service(web::resource("/orcid/landing").route(web::get().to(landing::landing)))
        .service(web::resource("/orcid/service-point").route(web::get().to(service_point::about)))
        .service(
            web::resource("/orcid/service-point/stop").route(web::post().to(service_point::stop)),
        )
        .service(
            web::resource("/orcid/service-point/allow").route(web::post().to(service_point::allow)),
        )
        .service(web::resource("/orcid/not-me").route(web::post().to(not_me::not_me)))
        .service(web::resource("/orcid/authorize").route(web::post().to(set_out)))
        .service(web::resource("/orcid/callback").route(web::get().to(callback)))
        .service(web::resource("/orcid/retry").route(web::post().to(exchange::retry)))
        .service(web::resource("/orcid/result/{nonce}").route(web::get().to(result)))
        .service(web::resource("/invitation").route(web::get().to(invitation::landing)));
}

/// A signed link in a query or a form. ORCID adds `orcid` to links in its mails; it is ignored.
#[derive(Deserialize)]
pub(crate) struct Signed {
    /// Empty when it was cut off, which is answered as any other link that is not valid.
    #[serde(default)]
    pub i: String,
}

/// Somebody presses the button: a visit begins, tied to this browser by a cookie. Only this POST
/// changes anything, so a scanner that fetches links does not.
async fn set_out(
    inbox: web::Data<Inbox>,
    request: HttpRequest,
    form: web::Form<Signed>,
) -> HttpResponse {
    let now = inbox.store.clock().now();
    if !pressed::on_our_page(&inbox, &request, &form.i) {
        return inbox.bad_link(LinkError::Elsewhere);
    }
    let (purpose, subject, hint) = match inbox.signer.verify(&form.i, now) {
        Ok(Link::Permission { orcid }) => {
            let Ok(hint) = orcid.parse::<OrcidId>() else {
                return inbox.bad_link(LinkError::Invalid);
            };
            (Purpose::Permission, orcid, Some(hint))
        }
        Ok(Link::Invitation { id }) => (Purpose::Invitation, id, None),
        Ok(Link::Visit { .. } | Link::ServicePoint { .. }) => {
            return inbox.bad_link(LinkError::Invalid);
        }
        Err(e) => return inbox.bad_link(e),
    };
    if let Some(answer) = inbox.come_back_later() {
        return answer;
    }
    if let Some(orcid) = hint {
        match Situation::load(&inbox, orcid).await {
            // A standing permission is not taken for nothing.
            Ok(found) if found.projects.listed.is_empty() => {
                return landing::nothing_to_ask(&inbox, &found);
            }
            Ok(_) => {}
            Err(e) => return inbox.trouble(&e),
        }
    }
    let nonce = Id::new(now).to_string();
    let visit = Visit {
        nonce: nonce.clone(),
        purpose,
        subject,
        state: State::Open,
        orcid: None,
        created_at: now,
        expires_at: now + inbox.settings.visit_lifetime,
    };
    let expires_at = visit.expires_at;
    if let Err(e) = inbox.store.write(move |c| visits::set_out(c, &visit)).await {
        return inbox.trouble(&e);
    }
    let state = inbox.signer.sign(
        Link::Visit {
            nonce: nonce.clone(),
        },
        expires_at,
    );
    HttpResponse::SeeOther()
        .cookie(cookie(&inbox, &nonce))
        .insert_header((
            "Location",
            inbox.client.authorize_url(&state, hint).as_str(),
        ))
        .insert_header(("Cache-Control", "no-store"))
        .finish()
}

fn cookie(inbox: &Inbox, nonce: &str) -> Cookie<'static> {
    let settings = &inbox.settings;
    let path = page_url(settings, "orcid").path().to_owned();
    let lifetime = i64::try_from(settings.visit_lifetime.as_secs()).unwrap_or(i64::MAX);
    Cookie::build(cookie_name(nonce), inbox.signer.cookie(nonce))
        .path(path)
        .http_only(true)
        .secure(settings.public_url.scheme() == "https")
        // Lax: ORCID sends the browser back by a top-level navigation.
        .same_site(SameSite::Lax)
        .max_age(actix_web::cookie::time::Duration::seconds(lifetime))
        .finish()
}

fn cookie_name(nonce: &str) -> String {
    format!("raid_visit_{nonce}")
}

pub(crate) fn is_same_browser(inbox: &Inbox, request: &HttpRequest, nonce: &str) -> bool {
    request
        .cookie(&cookie_name(nonce))
        .is_some_and(|cookie| inbox.signer.is_cookie_of(cookie.value(), nonce))
}

/// What ORCID sends the browser back with.
#[derive(Deserialize)]
struct Answer {
    state: Option<String>,
    code: Option<String>,
    error: Option<String>,
}

async fn callback(
    inbox: web::Data<Inbox>,
    request: HttpRequest,
    query: web::Query<Answer>,
) -> HttpResponse {
    let Answer { state, code, error } = query.into_inner();
    let now = inbox.store.clock().now();
    let nonce = match inbox
        .signer
        .verify(state.as_deref().unwrap_or_default(), now)
    {
        Ok(Link::Visit { nonce }) => nonce,
        Ok(_) => return inbox.bad_link(LinkError::Invalid),
        Err(e) => return inbox.bad_link(e),
    };
    if !is_same_browser(&inbox, &request, &nonce) {
        let texts =
            ["Open the link in your ORCID inbox or your mail again, and stay in one browser."];
        let heading = "You came back in another browser";
        return page(
            StatusCode::BAD_REQUEST,
            &ResultPage::new(&inbox.settings, heading, &texts),
        );
    }
    let visit = match load(&inbox, &nonce).await {
        Ok(Some(visit)) => visit,
        Ok(None) => return inbox.bad_link(LinkError::Expired),
        Err(e) => return inbox.trouble(&e),
    };
    let answered = match (code, error) {
        // A reload, or a scanner: what came first counts.
        _ if visit.state != State::Open => Ok(()),
        (Some(code), None) => exchange::first(&inbox, &visit, AuthorizationCode::new(code)).await,
        (_, Some(error)) if error == "access_denied" => deny(&inbox, &visit).await,
        (_, error) => {
            tracing::warn!(
                error = error.as_deref().map(known_error),
                "ORCID sent no code"
            );
            fail(&inbox, &visit, State::Open).await
        }
    };
    if let Err(e) = answered {
        return inbox.trouble(&e);
    }
    // On to a page of its own: a code must not stay in the address bar.
    to_result(&inbox, &nonce)
}

/// Sends the browser on to the page that says how the visit went.
pub(crate) fn to_result(inbox: &Inbox, nonce: &str) -> HttpResponse {
    let path = page_url(&inbox.settings, &format!("orcid/result/{nonce}"));
    HttpResponse::SeeOther()
        .insert_header(("Location", path.as_str()))
        .insert_header(("Cache-Control", "no-store"))
        .finish()
}

/// Only errors that OAuth defines are logged; anybody can put any text into a URL.
fn known_error(error: &str) -> &'static str {
    const KNOWN: [&str; 7] = [
        "invalid_scope",
        "invalid_request",
        "unauthorized_client",
        "unsupported_response_type",
        "server_error",
        "temporarily_unavailable",
        "login_required",
    ];
    KNOWN
        .into_iter()
        .find(|k| *k == error)
        .unwrap_or("another error")
}

pub(crate) async fn load(inbox: &Inbox, nonce: &str) -> Result<Option<Visit>, StoreError> {
    let nonce = nonce.to_owned();
    inbox.store.read(move |c| visits::find(c, &nonce)).await
}

pub(crate) async fn fail(inbox: &Inbox, visit: &Visit, from: State) -> Result<(), StoreError> {
    let nonce = visit.nonce.clone();
    inbox
        .store
        .write(move |c| visits::change(c, &nonce, from, State::Failed, None).map(drop))
        .await
}

async fn deny(inbox: &Inbox, visit: &Visit) -> Result<(), StoreError> {
    let (visit, clock) = (visit.clone(), inbox.store.clock().clone());
    inbox
        .store
        .write(move |c| {
            if !visits::change(c, &visit.nonce, State::Open, State::Denied, None)? {
                return Ok(());
            }
            match (visit.purpose, visit.subject.parse::<OrcidId>()) {
                (Purpose::Permission, Ok(orcid)) => grant::denied(c, &orcid, clock.now()),
                // An invitation stays open: declining it is closing the page.
                _ => Ok(()),
            }
        })
        .await
}

/// How the visit went. Can be reloaded and bookmarked in the same browser.
async fn result(
    inbox: web::Data<Inbox>,
    request: HttpRequest,
    nonce: web::Path<String>,
) -> HttpResponse {
    if !is_same_browser(&inbox, &request, &nonce) {
        return inbox.bad_link(LinkError::Expired);
    }
    let visit = match load(&inbox, &nonce).await {
        Ok(Some(visit)) => visit,
        Ok(None) => return inbox.bad_link(LinkError::Expired),
        Err(e) => return inbox.trouble(&e),
    };
    match crate::outcome::page_of(&inbox, &visit).await {
        Ok(answer) => answer,
        Err(e) => inbox.trouble(&e),
    }
}
