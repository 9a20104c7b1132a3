//! The result page: what a visit to ORCID led to, and what the person can do now.

use crate::invitation;
use crate::not_me;
use crate::pages::{ResultPage, page};
use crate::part_of;
use crate::request::{Projects, page_url, projects};
use crate::service_point;
use crate::visit::Inbox;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use raid_model::OrcidId;
use raid_model::permission::PermissionState;
use store::permissions;
use store::visits::{Purpose, State, Visit};
use store::{Conn, StoreError};

/// What a grant covers.
const COVERS_LATER: &str =
    "This also covers later projects: they are added without another question.";

/// Sends the browser on to the page that says how the visit went.
pub(crate) fn sent_back(inbox: &Inbox, nonce: &str) -> HttpResponse {
    let path = page_url(&inbox.settings, &format!("orcid/result/{nonce}"));
    HttpResponse::SeeOther()
        .insert_header(("Location", path.as_str()))
        .insert_header(("Cache-Control", "no-store"))
        .finish()
}

/// Whether the code of a visit is kept and may be exchanged again.
fn waits(inbox: &Inbox, visit: &Visit) -> bool {
    visit.state == State::Waiting && visit.expires_at > inbox.store.clock().now()
}

/// The page of a visit.
pub(crate) async fn page_of(inbox: &Inbox, visit: &Visit) -> Result<HttpResponse, StoreError> {
    let settings = &inbox.settings;
    let no = matches!(visit.state, State::Denied | State::Confirmed)
        && matches!(visit.purpose, Purpose::Permission | Purpose::Refusal);
    let stands = no && granted_before(inbox, visit).await?;
    let (heading, texts) = if stands {
        STANDS
    } else if waits(inbox, visit) {
        BUSY
    } else {
        what_happened(visit)
    };
    let mut shown = ResultPage::new(settings, heading, texts);
    if let (State::Granted, Some(orcid)) = (visit.state, &visit.orcid) {
        let now = inbox.store.clock().now();
        let (orcid, policy, today) = (*orcid.get(), inbox.policy(), now.date());
        let load = move |c: &mut Conn| {
            let found = projects(c, &orcid, &policy, today)?;
            Ok((found, part_of::disclaimed(c, &orcid)?))
        };
        let (found, disclaimed) = inbox.store.read(load).await?;
        shown.orcid_url = Some(orcid.url(&inbox.orcid_prefix));
        explain_what_waits(&mut shown, &found, orcid);
        shown = shown.with(&found, orcid);
        shown.texts.extend(disclaimed.iter().map(|handle| {
            format!(
                "It was said in your name that you are not part of RAiD {handle}, so it is not added. If \
                 that is wrong, open the link that you came with again, and say that you are."
            )
        }));
    }
    if visit.purpose == Purpose::Invitation {
        shown = invitation::explain(inbox, visit, shown).await?;
    }
    let about = not_me::parse_subject(&visit.subject);
    match (visit.purpose, visit.state, about) {
        (Purpose::NotMe, State::Confirmed, Some((_, handle))) => {
            shown = not_me::noted(inbox, &handle, true);
        }
        (Purpose::PartOf, State::Confirmed, Some((_, handle))) => {
            shown = part_of::noted(inbox, &handle);
        }
        _ => {}
    }
    if let (Purpose::StopServicePoint | Purpose::AllowServicePoint, State::Confirmed) =
        (visit.purpose, visit.state)
    {
        shown = service_point::confirmed_page(inbox, visit).await?;
    }
    shown = match (visit.state, visit.purpose) {
        (State::Granted | State::Confirmed, _)
        | (State::OtherPerson | State::HandedBack, Purpose::Invitation) => shown,
        _ if waits(inbox, visit) => shown.with_retry(settings, &visit.nonce, "Try again"),
        _ => shown.with_retry(settings, &visit.nonce, "Continue to ORCID"),
    };
    if (visit.state, visit.purpose, stands) == (State::Denied, Purpose::Permission, false) {
        shown = shown.with_refusal(settings, &visit.nonce);
    }
    Ok(page(StatusCode::OK, &shown))
}

/// A heading and texts.
type Texts = (&'static str, &'static [&'static str]);

const STANDS: Texts = (
    "Your earlier permission still stands",
    &[
        "You said no this time, but the permission that you gave before is not withdrawn by that: \
         your projects stay on your ORCID record and follow later changes.",
        "To withdraw it, remove us in your ORCID account under trusted parties.",
    ],
);

const BUSY: Texts = (
    "ORCID is busy",
    &[
        "Nothing is lost, but ORCID could not confirm your sign-in yet. Nothing was written to your \
         ORCID record so far.",
        "Please try again in a moment. You do not need to sign in again.",
    ],
);

fn what_happened(visit: &Visit) -> Texts {
    match (visit.state, visit.purpose) {
        (State::Granted, _) => (
            "Thank you: your projects go to your ORCID record",
            &[
                "The projects below appear on your record within moments, and follow later changes.",
                COVERS_LATER,
            ],
        ),
        (State::Confirmed, _) => (
            "We do not ask you again",
            &[
                "You said no. We write nothing to your ORCID record, and ask you about no project, now \
                 or later.",
                "If you change your mind, open the link that you came with again.",
            ],
        ),
        (State::Denied, Purpose::Permission) => (
            "You did not give permission",
            &[
                "You said no. We write nothing to your ORCID record, and do not ask you again about \
                 these projects.",
                "When another project names you, we may ask you about that. If you do not want us to, \
                 press “Do not ask me again”: you sign in at ORCID, so that we know that it is you.",
                "If you change your mind, you can give permission here. The link that you came with \
                 stays good, too.",
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
                "The account you signed in with is not the one that was asked. Nothing was written to \
                 either record, and the permission just given is handed back.",
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
        (State::OtherPerson, _) => (
            "This was another ORCID account",
            &[
                "The account you signed in with is not the one that this is about. Nothing was \
                 changed.",
                "Sign out at ORCID, or switch the account there, and try again.",
            ],
        ),
        (State::HandedBack, _) => (
            "Something went wrong on our side",
            &[
                "Nothing was written to your ORCID record, and the permission just given is handed \
                 back.",
                "Please try again in a few minutes.",
            ],
        ),
        (State::Waiting | State::Failed, Purpose::Permission | Purpose::Invitation) => (
            "ORCID did not confirm your permission",
            &["Nothing was written to your ORCID record. Please try again."],
        ),
        (State::Denied | State::Waiting | State::Failed, _) => (
            "ORCID did not confirm that it is you",
            &["Nothing was changed. Only you can decide this, so you need to sign in at ORCID."],
        ),
        (State::Open | State::Exchanging, _) => (
            "Not finished yet",
            &["We do not know how it ended. Reload this page in a moment, or start again."],
        ),
    }
}

/// Promises nothing within moments that depends on others: a project that names an iD that was merged
/// into the person's is written when it names theirs.
fn explain_what_waits(page: &mut ResultPage<'_>, found: &Projects, orcid: OrcidId) {
    const THANKS: &str = "Thank you: you gave permission";
    let waiting = found.listed.iter().filter(|p| p.named != orcid).count();
    let text = if found.listed.is_empty() {
        page.heading = String::from(THANKS);
        "There is no project that we would add to your ORCID record now. We keep your permission \
         while a project names you, and hand it back otherwise."
    } else if waiting == 0 {
        return;
    } else if waiting == found.listed.len() {
        page.heading = String::from(THANKS);
        "The projects below name an earlier iD of yours. Each appears on your record when the \
         project's owner puts your present iD in its place."
    } else {
        "The projects below appear on your record within moments, and follow later changes. Those \
         that name an earlier iD of yours appear when the project's owner puts your present iD in \
         its place."
    };
    page.texts = vec![text.to_owned(), COVERS_LATER.to_owned()];
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
