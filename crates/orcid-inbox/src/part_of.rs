//! The button by which a person takes back that they are not part of a project.
//!
//! Whoever held the link of their question may have said so for them, so the person signs in to take it
//! back, whatever their permission.

use crate::not_me::{NotMe, not_theirs, parse_subject, wake};
use crate::pages::ResultPage;
use crate::request::people_of;
use crate::set_out;
use crate::visit::Inbox;
use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::{Handle, OrcidId};
use store::visits::{Purpose, State};
use store::{Conn, StoreError, Timestamp, contributions, disclaimers, raids};

/// Projects that a page names.
const MOST_NAMED: usize = 10;

/// `POST /orcid/part-of`.
pub(crate) async fn part_of(
    inbox: web::Data<Inbox>,
    request: HttpRequest,
    form: web::Form<NotMe>,
) -> HttpResponse {
    let (orcid, handle) = match form.read(&inbox, &request) {
        Ok(read) => read,
        Err(rejected) => return rejected.page(&inbox),
    };
    let found = inbox.store.read(move |c| disclaimed(c, &orcid)).await;
    match found {
        Ok(found) if found.contains(&handle) => {
            set_out::begin(&inbox, Purpose::PartOf, format!("{orcid} {handle}")).await
        }
        Ok(_) => not_theirs(&inbox),
        Err(e) => inbox.trouble(&e),
    }
}

/// The projects that name a person, or somebody merged into them, who said or is said not to be part of
/// them; the first ones.
pub(crate) fn disclaimed(c: &mut Conn, orcid: &OrcidId) -> Result<Vec<Handle>, StoreError> {
    let mut found = Vec::new();
    for person in people_of(c, orcid)? {
        for handle in disclaimers::of_person(c, &person)? {
            let names_them = contributions::of_raid(c, &handle)?.contains(&person);
            if names_them && raids::find_standing(c, &handle)?.is_some() {
                found.push(handle);
            }
            if found.len() == MOST_NAMED {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

/// Somebody signed in to take it back: it counts if it is the person themselves.
pub(crate) fn confirm(
    c: &mut Conn,
    subject: &str,
    signed_in: &OrcidId,
    now: Timestamp,
) -> Result<State, StoreError> {
    let Some((orcid, handle)) = parse_subject(subject).filter(|(orcid, _)| orcid == signed_in)
    else {
        return Ok(State::OtherPerson);
    };
    let people = people_of(c, &orcid)?;
    for person in &people {
        disclaimers::take_back(c, person, &handle)?;
    }
    wake(c, &orcid, &people, &handle, now)?;
    Ok(State::Confirmed)
}

/// The page that says that it is taken back.
pub(crate) fn noted<'a>(inbox: &'a Inbox, handle: &Handle) -> ResultPage<'a> {
    let part = format!("You are part of RAiD {handle}.");
    let texts = [
        part.as_str(),
        "If you gave permission, it appears on your ORCID record within moments. If not, open the link \
         that you came with again: nothing is written before you give it.",
    ];
    ResultPage::new(&inbox.settings, "Thank you: it is taken back", &texts)
}
