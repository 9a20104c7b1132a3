//! The result page: what a visit to ORCID led to, and what the person can do now.

use crate::invitation;
use crate::pages::{ResultPage, page};
use crate::pressed;
use crate::request::projects;
use crate::signed::Link;
use crate::visit::Inbox;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use raid_model::OrcidId;
use raid_model::permission::PermissionState;
use store::StoreError;
use store::permissions;
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
        (State::Denied, Purpose::Permission) if granted_before(inbox, visit).await? => (
            "Your earlier permission still stands",
            &[
                "You said no this time, but the permission that you gave before is not withdrawn \
                 by that: your projects stay on your ORCID record and follow later changes.",
                "To withdraw it, remove us in your ORCID account under trusted parties.",
            ],
        ),
        (State::Denied, Purpose::Permission) => (
            "You did not give permission",
            &[
                "Nothing is written to your ORCID record, and you are not asked again.",
                "If you change your mind, you can give permission here or from your ORCID inbox.",
            ],
        ),
        (State::Denied, Purpose::Invitation) => (
            "You did not give permission",
            &[
                "You did not join the project, and nothing is written to your ORCID record.",
                "If you change your mind, you can accept here or from the mail.",
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
    if visit.purpose == Purpose::Invitation {
        shown = invitation::explain(inbox, visit, shown).await?;
    }
    let now = inbox.store.clock().now();
    let mut link_of_retry = None;
    if visit.state == State::Granted {
        if let Some(orcid) = visit.orcid.as_ref().map(|o| *o.get()) {
            let (policy, today) = (inbox.policy(), now.date());
            let found = inbox
                .store
                .read(move |c| projects(c, &orcid, &policy, today))
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
        link_of_retry = Some(again.clone());
        shown = shown.with_retry(settings, again);
    }
    let answer = page(StatusCode::OK, &shown);
    Ok(match link_of_retry {
        Some(link) => pressed::leave_cookie(inbox, answer, &link),
        None => answer,
    })
}

/// Whether a person who said no this time has a permission that stands.
async fn granted_before(inbox: &Inbox, visit: &Visit) -> Result<bool, StoreError> {
    let Ok(orcid) = visit.subject.parse::<OrcidId>() else {
        return Ok(false);
    };
    let found = inbox
        .store
        .read(move |c| permissions::find(c, &orcid))
        .await?;
    Ok(found
        .is_some_and(|p| matches!(p.state, PermissionState::Granted | PermissionState::Suspect)))
}
