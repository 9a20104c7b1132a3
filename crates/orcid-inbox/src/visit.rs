//! The way to ORCID and back: the pages' state and addresses, callback, result page.

use crate::exchange;
use crate::grant;
use crate::invitation;
use crate::landing;
use crate::not_me;
use crate::outcome::sent_back;
use crate::pages::{ResultPage, page};
use crate::part_of;
use crate::pressed::refuse_other_sites;
use crate::service_point;
use crate::set_out::{self, is_same_browser};
use crate::settings::Settings;
use crate::signed::{Link, LinkError, Signer};
use actix_web::http::header::{HeaderValue, RETRY_AFTER};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::from_fn;
use actix_web::{HttpRequest, HttpResponse, Resource, Route, web};
use orcid_client::{AuthorizationCode, Client};
use raid_model::OrcidId;
use raid_model::membership::MembershipPolicy;
use serde::Deserialize;
use std::sync::Arc;
use store::namings::Objected;
use store::visits::{self, Purpose, State, Visit};
use store::{Store, StoreError};

/// `Retry-After` while ORCID does not accept our client, in seconds.
const COME_BACK_AFTER: &str = "600";
/// The same in trouble of our own, such as a full disk.
const TRY_AGAIN_AFTER: &str = "60";

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
            LinkError::Expired => &[
                "Open the link that you came with again. If that says the same, ask whoever sent it for \
                 a new one, or the address below.",
            ],
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

    /// Counts an objection to a service point. The one that reaches the day's threshold
    /// (`quotas.objections_alarm`) is logged as a warning.
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
        let mut answer = page(
            StatusCode::SERVICE_UNAVAILABLE,
            &ResultPage::new(&self.settings, heading, &texts),
        );
        let seconds = HeaderValue::from_static(TRY_AGAIN_AFTER);
        answer.headers_mut().insert(RETRY_AFTER, seconds);
        answer
    }
}

/// Makes the resource at a path that serves these methods, and answers all others.
pub type MakeResource = fn(&str, Vec<(Method, Route)>) -> Resource;

/// Registers the pages.
pub fn configure(cfg: &mut web::ServiceConfig, inbox: web::Data<Inbox>, resource: MakeResource) {
    let page = |path, route| resource(path, vec![(Method::GET, route)]);
    let button =
        |path, route| resource(path, vec![(Method::POST, route)]).wrap(from_fn(refuse_other_sites));
    cfg.app_data(inbox)
        .service(page("/orcid/landing", web::to(landing::landing)))
        .service(page("/orcid/service-point", web::to(service_point::about)))
        .service(button(
            "/orcid/service-point/stop",
            web::to(service_point::stop),
        ))
        .service(button(
            "/orcid/service-point/allow",
            web::to(service_point::allow),
        ))
        .service(button("/orcid/not-me", web::to(not_me::not_me)))
        .service(button("/orcid/part-of", web::to(part_of::part_of)))
        .service(button("/orcid/authorize", web::to(set_out::authorize)))
        .service(page("/orcid/callback", web::to(callback)))
        .service(button("/orcid/retry", web::to(exchange::retry)))
        .service(button("/orcid/refuse", web::to(set_out::refuse)))
        .service(page("/orcid/result/{nonce}", web::to(result)))
        .service(page("/invitation", web::to(invitation::landing)));
}

/// A signed link in a query or a form. ORCID adds `orcid` to links in its mails; it is ignored.
#[derive(Deserialize)]
pub(crate) struct Signed {
    /// Empty when it was cut off, which is answered as any other link that is not valid.
    #[serde(default)]
    pub i: String,
}

/// The visit whose result page shows a button.
#[derive(Deserialize)]
pub(crate) struct OfVisit {
    #[serde(default)]
    pub visit: String,
}

/// The visit that a button is about, if it was pressed in the browser that the visit began in; else
/// the page that says so.
pub(crate) async fn of_same_browser(
    inbox: &Inbox,
    request: &HttpRequest,
    nonce: &str,
) -> Result<Visit, HttpResponse> {
    if !is_same_browser(inbox, request, nonce) {
        return Err(inbox.bad_link(LinkError::Elsewhere));
    }
    find(inbox, nonce).await
}

/// A visit; else the page that says that there is none.
async fn find(inbox: &Inbox, nonce: &str) -> Result<Visit, HttpResponse> {
    let nonce = nonce.to_owned();
    match inbox.store.read(move |c| visits::find(c, &nonce)).await {
        Ok(Some(visit)) => Ok(visit),
        Ok(None) => Err(inbox.bad_link(LinkError::Expired)),
        Err(e) => Err(inbox.trouble(&e)),
    }
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
    let visit = match find(&inbox, &nonce).await {
        Ok(visit) => visit,
        Err(answer) => return answer,
    };
    let answered = match (code, error) {
        // A reload, or a scanner: what came first counts.
        _ if visit.state != State::Open => Ok(()),
        (Some(code), None) => exchange::first(&inbox, &visit, AuthorizationCode::new(code)).await,
        (_, Some(error)) if error == "access_denied" => close(&inbox, &visit).await,
        (_, error) => {
            tracing::warn!(
                error = error.as_deref().map(known_error),
                "ORCID sent no code"
            );
            fail(&inbox, &visit).await
        }
    };
    if let Err(e) = answered {
        return inbox.trouble(&e);
    }
    // On to a page of its own: a code must not stay in the address bar.
    sent_back(&inbox, &nonce)
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

async fn fail(inbox: &Inbox, visit: &Visit) -> Result<(), StoreError> {
    let nonce = visit.nonce.clone();
    inbox
        .store
        .write(move |c| visits::change(c, &nonce, State::Open, State::Failed).map(drop))
        .await
}

/// Somebody came back with a no. ORCID does not sign it: it closes the question, and says nothing
/// about the person.
async fn close(inbox: &Inbox, visit: &Visit) -> Result<(), StoreError> {
    let (visit, clock) = (visit.clone(), inbox.store.clock().clone());
    inbox
        .store
        .write(move |c| {
            if !visits::change(c, &visit.nonce, State::Open, State::Denied)? {
                return Ok(());
            }
            match (visit.purpose, visit.subject.parse::<OrcidId>()) {
                (Purpose::Permission, Ok(orcid)) => grant::closed(c, &orcid, clock.now()),
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
    let visit = match find(&inbox, &nonce).await {
        Ok(visit) => visit,
        Err(answer) => return answer,
    };
    match crate::outcome::page_of(&inbox, &visit).await {
        Ok(answer) => answer,
        Err(e) => inbox.trouble(&e),
    }
}
