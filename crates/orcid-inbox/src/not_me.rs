//! The button by which a person says that they are not part of a project.
//!
//! It counts only from our own page (see [`pressed`]), and only for a RAiD that names them.

use crate::pages::{ResultPage, page};
use crate::pressed;
use crate::request::{page_url, people_of};
use crate::signed::LinkError;
use crate::visit::Inbox;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::{Handle, OrcidId};
use serde::Deserialize;
use store::namings::Objected;
use store::tasks::{self, Lane, NewTask, Work};
use store::{Conn, StoreError, Timestamp, contributions, disclaimers, permissions};

/// What the button sends.
#[derive(Deserialize)]
pub(crate) struct NotMe {
    /// The page's link.
    #[serde(default)]
    i: String,
    /// The project.
    #[serde(default)]
    handle: String,
}

/// `POST /orcid/not-me`.
pub(crate) async fn not_me(
    inbox: web::Data<Inbox>,
    request: HttpRequest,
    form: web::Form<NotMe>,
) -> HttpResponse {
    if !pressed::on_our_page(&inbox, &request, &form.i) {
        return inbox.bad_link(LinkError::Elsewhere);
    }
    let orcid = match inbox.asked_by(&form.i) {
        Ok(orcid) => orcid,
        Err(e) => return inbox.bad_link(e),
    };
    let Ok(handle) = form.handle.parse::<Handle>() else {
        return not_theirs(&inbox);
    };
    let (clock, named) = (inbox.store.clock().clone(), handle.clone());
    let noted = inbox
        .store
        .write(move |c| disclaim(c, &orcid, &named, clock.now()))
        .await;
    match noted {
        Ok(Some(Disclaimed { objected })) => {
            if let Some(objected) = objected {
                inbox.alarm(objected);
            }
            noted_page(&inbox, &handle, &form.i)
        }
        Ok(None) => not_theirs(&inbox),
        Err(e) => inbox.trouble(&e),
    }
}

/// What was recorded.
struct Disclaimed {
    /// The objection to the project's service point, unless they said so before.
    objected: Option<Objected>,
}

/// Records it, and wakes what follows from it: the question may go or change, and an entry that
/// stands has to go. None if the RAiD does not name the person.
fn disclaim(
    c: &mut Conn,
    orcid: &OrcidId,
    handle: &Handle,
    now: Timestamp,
) -> Result<Option<Disclaimed>, StoreError> {
    let named = contributions::of_raid(c, handle)?;
    let mut theirs = people_of(c, orcid)?;
    theirs.retain(|person| named.contains(person));
    if theirs.is_empty() {
        return Ok(None);
    }
    let (mut due, mut objected) = (Vec::new(), None);
    for person in theirs {
        objected = disclaimers::disclaim(c, &person, handle, now)?.or(objected);
        due.push(NewTask {
            work: Work::Membership(person, handle.clone()),
            lane: Lane::Interactive,
            due_at: now,
            at: now,
        });
    }
    tasks::enqueue(c, &due)?;
    permissions::wake_permission(c, orcid, now)?;
    Ok(Some(Disclaimed { objected }))
}

fn noted_page(inbox: &Inbox, handle: &Handle, link: &str) -> HttpResponse {
    let agency = &inbox.settings.agency_name;
    let texts = [
        format!("You said that you are not part of RAiD {handle}."),
        "We write nothing about it to your ORCID record. If you gave us permission before and an \
         entry of ours is there, we remove it within moments."
            .to_owned(),
        format!(
            "{agency} and the project's owner see what you said, and can correct the project. \
             Until they do, it still names you."
        ),
        "This is about this project only. Your other projects, now and later, are not concerned."
            .to_owned(),
    ];
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let heading = "Thank you: you are not part of this project";
    let mut shown = ResultPage::new(&inbox.settings, heading, &texts);
    let mut back = page_url(&inbox.settings, "orcid/landing");
    back.query_pairs_mut().append_pair("i", link);
    shown.back = Some(back.into());
    page(StatusCode::OK, &shown)
}

fn not_theirs(inbox: &Inbox) -> HttpResponse {
    let texts = ["Nothing was changed. The project was corrected, or the address is not complete."];
    let heading = "This project does not name you";
    page(
        StatusCode::NOT_FOUND,
        &ResultPage::new(&inbox.settings, heading, &texts),
    )
}
