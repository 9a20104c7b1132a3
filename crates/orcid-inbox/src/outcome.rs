//! The result page: what a visit to ORCID led to, and what the person can do now.

use crate::invitation;
use crate::pages::{ResultPage, page};
use crate::pressed;
use crate::request::{Projects, projects};
use crate::signed::Link;
use crate::visit::Inbox;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use raid_model::OrcidId;
use raid_model::permission::PermissionState;
use store::permissions;
use store::visits::{Purpose, State, Visit};
use store::{StoreError, Timestamp};

/// What a grant covers.
const COVERS_LATER: &str =
    "This also covers later projects: they are added without another question.";

/// Whether the code of a visit is kept and may be exchanged again.
fn waits(inbox: &Inbox, visit: &Visit) -> bool {
    visit.state == State::Waiting && visit.expires_at > inbox.store.clock().now()
}

/// The page of a visit.
pub(crate) async fn page_of(inbox: &Inbox, visit: &Visit) -> Result<HttpResponse, StoreError> {
    let settings = &inbox.settings;
    let (heading, texts): (&str, &[&str]) = match (visit.state, visit.purpose) {
        (State::Granted, _) => (
            "Thank you: your projects go to your ORCID record",
            &[
                "The projects below appear on your record within moments, and follow later changes.",
                COVERS_LATER,
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
                "We write nothing to your ORCID record, and do not ask you again about these \
                 projects.",
                "If you change your mind, you can give permission here. The link that you came \
                 with stays good, too.",
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
        (State::Waiting, _) if waits(inbox, visit) => (
            "ORCID is busy",
            &[
                "Your permission is not lost, but ORCID could not confirm it yet. Nothing was \
                 written to your ORCID record so far.",
                "Please try again in a moment. You do not need to sign in again.",
            ],
        ),
        (State::Waiting | State::Failed, _) => (
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
    if let (State::Granted, Some(orcid)) = (visit.state, &visit.orcid) {
        let (orcid, policy, today) = (*orcid.get(), inbox.policy(), now.date());
        let found = inbox
            .store
            .read(move |c| projects(c, &orcid, &policy, today))
            .await?;
        shown.orcid_url = Some(orcid.url(&inbox.orcid_prefix));
        explain_what_waits(&mut shown, &found, orcid);
        shown = shown.with(&found, orcid);
    }
    if visit.purpose == Purpose::Invitation {
        shown = invitation::explain(inbox, visit, shown).await?;
    }
    let Some(link) = link_of_button(inbox, visit, now) else {
        return Ok(page(StatusCode::OK, &shown));
    };
    shown = if waits(inbox, visit) {
        shown.with_another_exchange(settings, link.clone())
    } else {
        shown.with_retry(settings, link.clone())
    };
    let answer = page(StatusCode::OK, &shown);
    Ok(pressed::leave_cookie(inbox, answer, &link))
}

/// Promises nothing within moments that depends on others: a project that names an iD that was merged
/// into the person's is written when it names theirs.
fn explain_what_waits(page: &mut ResultPage<'_>, found: &Projects, orcid: OrcidId) {
    const THANKS: &str = "Thank you: you gave permission";
    let waiting = found.listed.iter().filter(|p| p.named != orcid).count();
    let text = if found.listed.is_empty() {
        page.heading = THANKS;
        "There is no project that we would add to your ORCID record now. We keep your permission \
         while a project names you, and hand it back otherwise."
    } else if waiting == 0 {
        return;
    } else if waiting == found.listed.len() {
        page.heading = THANKS;
        "The projects below name an earlier iD of yours. Each appears on your record when the \
         project's owner puts your present iD in its place."
    } else {
        "The projects below appear on your record within moments, and follow later changes. Those \
         that name an earlier iD of yours appear when the project's owner puts your present iD in \
         its place."
    };
    page.texts = vec![text.to_owned(), COVERS_LATER.to_owned()];
}

/// The link that the page's button sends, if there is something left to do.
fn link_of_button(inbox: &Inbox, visit: &Visit, now: Timestamp) -> Option<String> {
    let subject = visit.subject.clone();
    let (link, expires_at) = match (visit.state, visit.purpose) {
        (State::Granted, _) | (State::OtherPerson, Purpose::Invitation) => return None,
        _ if waits(inbox, visit) => {
            let nonce = visit.nonce.clone();
            (Link::Visit { nonce }, visit.expires_at)
        }
        (_, purpose) => {
            let link = match purpose {
                Purpose::Permission => Link::Permission { orcid: subject },
                Purpose::Invitation => Link::Invitation { id: subject },
            };
            (link, now + inbox.settings.visit_lifetime)
        }
    };
    Some(inbox.signer.sign(link, expires_at))
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
