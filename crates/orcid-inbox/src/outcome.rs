//! The result page: what a visit to ORCID led to, and what the person can do now.

use crate::pages::{ResultPage, page};
use crate::request::projects;
use crate::signed::Link;
use crate::visit::Inbox;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use store::StoreError;
use store::visits::{Purpose, State, Visit};

/// The page of a visit.
pub(crate) async fn page_of(inbox: &Inbox, visit: &Visit) -> Result<HttpResponse, StoreError> {
    let settings = &inbox.settings;
    let (heading, texts): (&str, &[&str]) = match (visit.state, visit.purpose) {
        (State::Granted, _) => (
            "Thank you: your projects go to your ORCID record",
            &[
                "The projects below appear on your record within moments, and follow later changes.",
                "This also covers later projects: you are not asked again.",
            ],
        ),
        (State::Denied, _) => (
            "You did not give permission",
            &[
                "Nothing is written to your ORCID record, and you are not asked again.",
                "If you change your mind, you can give permission here or from your ORCID inbox.",
            ],
        ),
        (State::OtherPerson, Purpose::Permission) => (
            "This was another ORCID account",
            &[
                "The account you signed in with is not the one that was asked. Nothing was written \
                 to either record, and the permission just given is handed back.",
                "Sign out at ORCID, or switch the account there, and try again.",
            ],
        ),
        (State::OtherPerson, Purpose::Invitation) => (
            "This invitation cannot be used any more",
            &[
                "It was accepted already, or its time is over. The permission just given is handed \
                 back. Ask whoever invited you for a new one.",
            ],
        ),
        (State::Failed, _) => (
            "ORCID did not confirm your permission",
            &["Nothing was written to your ORCID record. Please try again."],
        ),
        (State::Open | State::Exchanging, _) => (
            "Not finished yet",
            &["We do not know how it ended. Reload this page in a moment, or start again."],
        ),
    };
    let mut shown = ResultPage::new(settings, heading, texts);
    let now = inbox.store.clock().now();
    if visit.state == State::Granted {
        if let Some(orcid) = visit.orcid.as_ref().map(|o| *o.get()) {
            let (policy, today) = (inbox.policy(), now.date());
            let found = inbox
                .store
                .read(move |c| projects(c, &orcid, policy, today))
                .await?;
            shown.orcid_url = Some(orcid.url(&inbox.orcid_prefix));
            shown = shown.with(&found);
        }
    } else if !(visit.state == State::OtherPerson && visit.purpose == Purpose::Invitation) {
        let link = match visit.purpose {
            Purpose::Permission => Link::Permission {
                orcid: visit.subject.clone(),
            },
            Purpose::Invitation => Link::Invitation {
                id: visit.subject.clone(),
            },
        };
        let again = inbox.signer.sign(link, now + settings.visit_lifetime);
        shown = shown.with_retry(settings, again);
    }
    Ok(page(StatusCode::OK, &shown))
}
