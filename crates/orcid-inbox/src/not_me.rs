//! The button by which a person says that they are not part of a project.
//!
//! It counts only from our own page (see [`pressed`]), and only for a RAiD that names them.

use crate::pages::{ResultPage, page};
use crate::pressed;
use crate::request::people_of;
use crate::set_out;
use crate::signed::LinkError;
use crate::visit::Inbox;
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::{Handle, OrcidId};
use serde::Deserialize;
use store::namings::Objected;
use store::tasks::{self, Lane, NewTask, Work};
use store::visits::{Purpose, State};
use store::{Conn, StoreError, Timestamp, contributions, disclaimers, permissions, raids};

/// What the button sends, and the one that takes it back.
#[derive(Deserialize)]
pub(crate) struct NotMe {
    /// The page's link.
    #[serde(default)]
    i: String,
    /// The project.
    #[serde(default)]
    handle: String,
}

impl NotMe {
    /// The person whose page the button was pressed on, and the project.
    pub(crate) fn read(
        &self,
        inbox: &Inbox,
        request: &HttpRequest,
    ) -> Result<(OrcidId, Handle), Rejected> {
        if !pressed::on_our_page(inbox, request, &self.i) {
            return Err(Rejected::Link(LinkError::Elsewhere));
        }
        let orcid = inbox.asked_by(&self.i).map_err(Rejected::Link)?;
        let handle = self.handle.parse().map_err(|_| Rejected::NotTheirs)?;
        Ok((orcid, handle))
    }
}

/// Why the button does not count.
pub(crate) enum Rejected {
    /// The link of the page.
    Link(LinkError),
    /// It names no project.
    NotTheirs,
}

impl Rejected {
    /// The page that says so.
    pub(crate) fn page(self, inbox: &Inbox) -> HttpResponse {
        match self {
            Self::Link(error) => inbox.bad_link(error),
            Self::NotTheirs => not_theirs(inbox),
        }
    }
}

/// `POST /orcid/not-me`.
pub(crate) async fn not_me(
    inbox: web::Data<Inbox>,
    request: HttpRequest,
    form: web::Form<NotMe>,
) -> HttpResponse {
    let (orcid, handle) = match form.read(&inbox, &request) {
        Ok(read) => read,
        Err(rejected) => return rejected.page(&inbox),
    };
    let (clock, named) = (inbox.store.clock().clone(), handle.clone());
    let with_embargoed = inbox.policy().write_embargoed;
    let said = inbox
        .store
        .write(move |c| say(c, &orcid, &named, with_embargoed, clock.now()))
        .await;
    match said {
        Ok(Said::Noted(objected)) => {
            if let Some(objected) = objected {
                inbox.alarm(objected);
            }
            let shown = noted(&inbox, &handle, false);
            page(
                StatusCode::OK,
                &shown.with_way_back(&inbox.settings, &form.i),
            )
        }
        Ok(Said::ToBeConfirmed) => {
            let subject = format!("{orcid} {handle}");
            set_out::begin(&inbox, Purpose::NotMe, subject).await
        }
        Ok(Said::NotTheirs) => not_theirs(&inbox),
        Err(e) => inbox.trouble(&e),
    }
}

/// The person and the project that a visit is about which confirms this.
pub(crate) fn parse_subject(subject: &str) -> Option<(OrcidId, Handle)> {
    let (orcid, handle) = subject.split_once(' ')?;
    Some((orcid.parse().ok()?, handle.parse().ok()?))
}

/// What comes of pressing the button.
enum Said {
    /// It is recorded, unconfirmed, with the objection to the project's service point.
    Noted(Option<Objected>),
    /// The person has to sign in first.
    ToBeConfirmed,
    /// The page does not show the RAiD: it does not name them, was withdrawn, or is nobody's to see.
    NotTheirs,
}

/// Anybody who has the link can press the button. While we hold a permission an entry would be
/// removed, so the person has to sign in; else it only ends the question about that project.
fn say(
    c: &mut Conn,
    orcid: &OrcidId,
    handle: &Handle,
    with_embargoed: bool,
    now: Timestamp,
) -> Result<Said, StoreError> {
    let theirs = named(c, orcid, handle)?;
    let mut is_shown = false;
    for person in &theirs {
        is_shown |= raids::is_writable_for(c, person, handle, with_embargoed)?
            // It was shown before it was said.
            || disclaimers::is_disclaimed(c, person, handle)?;
    }
    if !is_shown {
        return Ok(Said::NotTheirs);
    }
    if permissions::locked(c, orcid, now)?.state.keeps_token() {
        return Ok(Said::ToBeConfirmed);
    }
    disclaim(c, orcid, &theirs, handle, false, now).map(Said::Noted)
}

/// Somebody signed in to confirm it: it counts if it is the person themselves. Gives how the visit
/// ended, and the objection to the project's service point.
pub(crate) fn confirm(
    c: &mut Conn,
    subject: &str,
    signed_in: &OrcidId,
    now: Timestamp,
) -> Result<(State, Option<Objected>), StoreError> {
    match parse_subject(subject) {
        Some((orcid, handle)) if orcid == *signed_in => {
            let theirs = named(c, &orcid, &handle)?;
            let objected = disclaim(c, &orcid, &theirs, &handle, true, now)?;
            Ok((State::Confirmed, objected))
        }
        _ => Ok((State::OtherPerson, None)),
    }
}

/// Under which of a person's iDs the RAiD names them.
fn named(c: &mut Conn, orcid: &OrcidId, handle: &Handle) -> Result<Vec<OrcidId>, StoreError> {
    let named = contributions::of_raid(c, handle)?;
    let mut theirs = people_of(c, orcid)?;
    theirs.retain(|person| named.contains(person));
    Ok(theirs)
}

/// Records it, and wakes what follows from it: the question may go or change, and an entry that
/// stands has to go. Gives the objection to the project's service point, unless it was said before.
fn disclaim(
    c: &mut Conn,
    orcid: &OrcidId,
    theirs: &[OrcidId],
    handle: &Handle,
    confirmed: bool,
    now: Timestamp,
) -> Result<Option<Objected>, StoreError> {
    let mut objected = None;
    for person in theirs {
        objected = disclaimers::disclaim(c, person, handle, confirmed, now)?.or(objected);
    }
    wake(c, orcid, theirs, handle, now)?;
    Ok(objected)
}

/// Wakes the entries of a project, and the question to a person, as what they said of it has changed.
pub(crate) fn wake(
    c: &mut Conn,
    orcid: &OrcidId,
    people: &[OrcidId],
    handle: &Handle,
    now: Timestamp,
) -> Result<(), StoreError> {
    let task = |person: &OrcidId| NewTask {
        work: Work::Membership(*person, handle.clone()),
        lane: Lane::Interactive,
        due_at: now,
        at: now,
    };
    tasks::enqueue(c, &people.iter().map(task).collect::<Vec<_>>())?;
    permissions::wake_permission(c, orcid, now)
}

/// The page that says that it is recorded.
pub(crate) fn noted<'a>(inbox: &'a Inbox, handle: &Handle, confirmed: bool) -> ResultPage<'a> {
    let agency = &inbox.settings.agency_name;
    let mut texts = vec![format!(
        "You said that you are not part of RAiD {handle}. We write nothing about it to your ORCID \
         record, and do not ask you about it."
    )];
    if confirmed {
        let text =
            "If an entry of ours about it is on your ORCID record, we remove it within moments.";
        texts.push(text.to_owned());
    }
    let unsigned = if confirmed {
        ""
    } else {
        ", and that nobody signed in to say it"
    };
    texts.push(format!(
        "{agency} and the project's owner see what you said{unsigned}. They can correct the project. \
         Until they do, it still names you."
    ));
    let text =
        "This is about this project only. Your other projects, now and later, are not concerned.";
    texts.push(text.to_owned());
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let heading = "Thank you: you are not part of this project";
    ResultPage::new(&inbox.settings, heading, &texts)
}

pub(crate) fn not_theirs(inbox: &Inbox) -> HttpResponse {
    let texts = ["Nothing was changed. The project was corrected, or the address is not complete."];
    let heading = "This project does not name you";
    page(
        StatusCode::NOT_FOUND,
        &ResultPage::new(&inbox.settings, heading, &texts),
    )
}
