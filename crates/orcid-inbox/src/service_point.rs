//! The page about a service point that is new to a person: what it added, and the button that stops it.
//!
//! Opening the page changes nothing. The buttons count only from our own page (see [`pressed`]).

use crate::pages::{Project, ResultPage, ServicePoint, page};
use crate::pressed;
use crate::request::{page_url, people_of, projects};
use crate::set_out;
use crate::signed::{Link, LinkError};
use crate::visit::{Inbox, Signed};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::OrcidId;
use store::namings::Objected;
use store::service_points::{self, ServicePointRow};
use store::visits::{Purpose, State, Visit};
use store::{Conn, StoreError, Timestamp, namings};

/// What the page shows.
struct Situation {
    point: ServicePointRow,
    is_stopped: bool,
    projects: Vec<Project>,
}

/// `GET /orcid/service-point`.
pub(crate) async fn about(inbox: web::Data<Inbox>, query: web::Query<Signed>) -> HttpResponse {
    let (orcid, id) = match named(&inbox, &query.i) {
        Ok(named) => named,
        Err(e) => return inbox.bad_link(e),
    };
    let found = match load(&inbox, orcid, id).await {
        Ok(Some(found)) => found,
        Ok(None) => return inbox.bad_link(LinkError::Invalid),
        Err(e) => return inbox.trouble(&e),
    };
    let settings = &inbox.settings;
    let action = |path| page_url(settings, path).path().to_owned();
    let shown = ServicePoint {
        agency: &settings.agency_name,
        contact: &settings.contact,
        trusted: settings.trusted_parties_url.as_str(),
        orcid_url: orcid.url(&inbox.orcid_prefix),
        name: found.point.name,
        is_stopped: found.is_stopped,
        projects: found.projects,
        stop: action("orcid/service-point/stop"),
        allow: action("orcid/service-point/allow"),
        link: &query.i,
    };
    pressed::leave_cookie(&inbox, page(StatusCode::OK, &shown), &query.i)
}

/// Who was informed of which service point.
fn named(inbox: &Inbox, link: &str) -> Result<(OrcidId, i64), LinkError> {
    match inbox.signer.verify(link, inbox.store.clock().now())? {
        Link::ServicePoint { orcid, id } => {
            Ok((orcid.parse().map_err(|_| LinkError::Invalid)?, id))
        }
        _ => Err(LinkError::Invalid),
    }
}

async fn load(inbox: &Inbox, orcid: OrcidId, id: i64) -> Result<Option<Situation>, StoreError> {
    let (policy, today) = (inbox.policy(), inbox.store.clock().now().date());
    let load = move |c: &mut Conn| {
        let Some(point) = service_points::find(c, id)? else {
            return Ok(None);
        };
        let mut found = projects(c, &orcid, &policy, today)?;
        let people = people_of(c, &orcid)?;
        let theirs = namings::projects_at(c, &people, id)?;
        found.listed.retain(|p| theirs.contains(&p.entry.handle));
        Ok(Some(Situation {
            point,
            is_stopped: namings::is_stopped(c, &orcid, id)?,
            projects: Project::all(&found, orcid),
        }))
    };
    inbox.store.read(load).await
}

/// `POST /orcid/service-point/stop`. Whoever has the link can press the button, and it removes entries,
/// so the person has to sign in.
pub(crate) async fn stop(
    inbox: web::Data<Inbox>,
    request: HttpRequest,
    form: web::Form<Signed>,
) -> HttpResponse {
    confirm(&inbox, &request, &form.i, Purpose::StopServicePoint).await
}

/// `POST /orcid/service-point/allow`.
pub(crate) async fn allow(
    inbox: web::Data<Inbox>,
    request: HttpRequest,
    form: web::Form<Signed>,
) -> HttpResponse {
    confirm(&inbox, &request, &form.i, Purpose::AllowServicePoint).await
}

async fn confirm(
    inbox: &Inbox,
    request: &HttpRequest,
    link: &str,
    purpose: Purpose,
) -> HttpResponse {
    if !pressed::on_our_page(inbox, request, link) {
        return inbox.bad_link(LinkError::Elsewhere);
    }
    match named(inbox, link) {
        Ok((orcid, id)) => set_out::begin(inbox, purpose, format!("{orcid} {id}")).await,
        Err(e) => inbox.bad_link(e),
    }
}

/// The person and the service point that a visit is about which stops or allows it.
pub(crate) fn parse_subject(subject: &str) -> Option<(OrcidId, i64)> {
    let (orcid, id) = subject.split_once(' ')?;
    Some((orcid.parse().ok()?, id.parse().ok()?))
}

/// Somebody signed in to stop a service point: it counts if it is the person themselves, for them and
/// the iDs merged into theirs. Gives how the visit ended, and the objection; none if the service point
/// was stopped before.
pub(crate) fn stop_for(
    c: &mut Conn,
    subject: &str,
    signed_in: &OrcidId,
    now: Timestamp,
) -> Result<(State, Option<Objected>), StoreError> {
    let Some((_, id)) = parse_subject(subject).filter(|(orcid, _)| orcid == signed_in) else {
        return Ok((State::OtherPerson, None));
    };
    let mut objected = None;
    for person in people_of(c, signed_in)? {
        objected = namings::stop(c, &person, id, now)?.or(objected);
    }
    Ok((State::Confirmed, objected))
}

/// Somebody signed in to allow a service point again. Gives how the visit ended.
pub(crate) fn allow_for(
    c: &mut Conn,
    subject: &str,
    signed_in: &OrcidId,
    now: Timestamp,
) -> Result<State, StoreError> {
    let Some((_, id)) = parse_subject(subject).filter(|(orcid, _)| orcid == signed_in) else {
        return Ok(State::OtherPerson);
    };
    for person in people_of(c, signed_in)? {
        namings::allow(c, &person, id, now)?;
    }
    Ok(State::Confirmed)
}

/// The result page of a visit that stopped or allowed a service point.
pub(crate) async fn confirmed_page<'a>(
    inbox: &'a Inbox,
    visit: &Visit,
) -> Result<ResultPage<'a>, StoreError> {
    let id = parse_subject(&visit.subject).map_or(0, |(_, id)| id);
    let point = inbox.store.read(move |c| service_points::find(c, id));
    let name = point.await?.map(|point| point.name).unwrap_or_default();
    let settings = &inbox.settings;
    if visit.purpose == Purpose::AllowServicePoint {
        let heading = format!("{name} may add projects again");
        let texts = ["Its projects that name you appear on your ORCID record within moments."];
        return Ok(ResultPage::new(settings, &heading, &texts));
    }
    let heading = format!("Thank you: {name} is stopped");
    let texts = [
        "The entries that it added are removed from your ORCID record within moments. Nothing more of \
         it is added, and you are not asked about its projects, until you say otherwise.",
        "The service point sees that you do not want entries from it. Nobody else does, except the \
         agency.",
        "Your other projects, now and later, are not concerned. To allow it again, open the link that \
         you came with.",
    ];
    Ok(ResultPage::new(settings, &heading, &texts))
}
