//! Setting out for ORCID: a visit begins, tied to this browser by a cookie. Only posts begin one, so a
//! scanner that fetches links does not.

use crate::cookies;
use crate::invitation;
use crate::landing::{self, Situation};
use crate::not_me;
use crate::outcome::sent_back;
use crate::pressed;
use crate::service_point;
use crate::signed::{Link, LinkError};
use crate::visit::{Inbox, OfVisit, Signed, of_same_browser};
use actix_web::cookie::{Cookie, SameSite};
use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::OrcidId;
use store::Id;
use store::visits::{self, Purpose, State, Visit};

/// `POST /orcid/authorize`: the button of a landing page.
pub(crate) async fn authorize(
    inbox: web::Data<Inbox>,
    request: HttpRequest,
    form: web::Form<Signed>,
) -> HttpResponse {
    if !pressed::on_our_page(&inbox, &request, &form.i) {
        return inbox.bad_link(LinkError::Elsewhere);
    }
    match inbox.signer.verify(&form.i, inbox.store.clock().now()) {
        Ok(Link::Permission { orcid }) => begin(&inbox, Purpose::Permission, orcid).await,
        Ok(Link::Invitation { id }) => match invitation::offered(&inbox, &id).await {
            Ok(_) => begin(&inbox, Purpose::Invitation, id).await,
            Err(answer) => answer,
        },
        Ok(Link::Visit { .. } | Link::ServicePoint { .. }) => inbox.bad_link(LinkError::Invalid),
        Err(e) => inbox.bad_link(e),
    }
}

/// `POST /orcid/refuse`: after a no that nobody signed, the person signs in so that it counts for
/// good.
pub(crate) async fn refuse(
    inbox: web::Data<Inbox>,
    request: HttpRequest,
    form: web::Form<OfVisit>,
) -> HttpResponse {
    let visit = match of_same_browser(&inbox, &request, &form.visit).await {
        Ok(visit) => visit,
        Err(answer) => return answer,
    };
    if (visit.purpose, visit.state) != (Purpose::Permission, State::Denied) {
        return sent_back(&inbox, &visit.nonce);
    }
    begin(&inbox, Purpose::Refusal, visit.subject).await
}

/// Begins a visit and sends the browser to ORCID.
pub(crate) async fn begin(inbox: &Inbox, purpose: Purpose, subject: String) -> HttpResponse {
    if let Some(answer) = inbox.come_back_later() {
        return answer;
    }
    let now = inbox.store.clock().now();
    let hint = match purpose {
        Purpose::Permission | Purpose::Refusal => subject.parse::<OrcidId>().ok(),
        Purpose::NotMe | Purpose::PartOf => not_me::parse_subject(&subject).map(|(orcid, _)| orcid),
        Purpose::StopServicePoint | Purpose::AllowServicePoint => {
            service_point::parse_subject(&subject).map(|(orcid, _)| orcid)
        }
        Purpose::Invitation => None,
    };
    if let (Purpose::Permission, Some(orcid)) = (purpose, hint) {
        match Situation::load(inbox, orcid).await {
            // A standing permission is not taken for nothing.
            Ok(found) if found.projects.listed.is_empty() => {
                return landing::nothing_to_ask(inbox, &found, None);
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
    let link = Link::Visit {
        nonce: nonce.clone(),
    };
    let state = inbox.signer.sign(link, expires_at);
    let to = match purpose {
        Purpose::Permission | Purpose::Invitation => inbox.client.authorize_url(&state, hint),
        Purpose::Refusal
        | Purpose::NotMe
        | Purpose::PartOf
        | Purpose::StopServicePoint
        | Purpose::AllowServicePoint => inbox.client.sign_in_url(&state, hint),
    };
    HttpResponse::SeeOther()
        .cookie(cookie(inbox, &nonce))
        .insert_header(("Location", to.as_str()))
        .insert_header(("Cache-Control", "no-store"))
        .finish()
}

fn cookie(inbox: &Inbox, nonce: &str) -> Cookie<'static> {
    let value = inbox.signer.cookie(nonce);
    // Lax: ORCID sends the browser back by a top-level navigation.
    cookies::make(&inbox.settings, &cookie_name(nonce), value, SameSite::Lax)
}

fn cookie_name(nonce: &str) -> String {
    format!("raid_visit_{nonce}")
}

/// Whether a visit began in the browser that sends this request.
pub(crate) fn is_same_browser(inbox: &Inbox, request: &HttpRequest, nonce: &str) -> bool {
    request
        .cookie(&cookies::name(&inbox.settings, &cookie_name(nonce)))
        .is_some_and(|cookie| inbox.signer.is_cookie_of(cookie.value(), nonce))
}
