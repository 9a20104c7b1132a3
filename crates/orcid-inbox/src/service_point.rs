//! The page about a service point that is new to a person: what it added, and the button that stops it.
//!
//! Opening the page changes nothing. The buttons count only from our own page (see [`pressed`]).

use crate::pages::{Project, ResultPage, ServicePoint, page};
use crate::pressed;
use crate::request::{page_url, people_of, projects};
use crate::signed::{Link, LinkError};
use crate::visit::{Inbox, Signed};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::OrcidId;
use store::namings::Objected;
use store::service_points::{self, ServicePointRow};
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

/// `POST /orcid/service-point/stop`.
pub(crate) async fn stop(
    inbox: web::Data<Inbox>,
    request: HttpRequest,
    form: web::Form<Signed>,
) -> HttpResponse {
    let (orcid, id) = match pressed_by(&inbox, &request, &form.i) {
        Ok(named) => named,
        Err(e) => return inbox.bad_link(e),
    };
    let clock = inbox.store.clock().clone();
    let stopped = inbox
        .store
        .write(move |c| stop_for(c, &orcid, id, clock.now()))
        .await;
    match stopped {
        Ok(objected) => {
            if let Some(objected) = objected {
                inbox.alarm(objected);
            }
            stopped_page(&inbox, id, &form.i).await
        }
        Err(e) => inbox.trouble(&e),
    }
}

/// Stops a service point for a person who was confirmed, and for the iDs merged into theirs. Gives the
/// objection; none if it was stopped before.
pub(crate) fn stop_for(
    c: &mut Conn,
    confirmed: &OrcidId,
    service_point: i64,
    now: Timestamp,
) -> Result<Option<Objected>, StoreError> {
    let mut objected = None;
    for person in people_of(c, confirmed)? {
        objected = namings::stop(c, &person, service_point, now)?.or(objected);
    }
    Ok(objected)
}

/// `POST /orcid/service-point/allow`.
pub(crate) async fn allow(
    inbox: web::Data<Inbox>,
    request: HttpRequest,
    form: web::Form<Signed>,
) -> HttpResponse {
    let (orcid, id) = match pressed_by(&inbox, &request, &form.i) {
        Ok(named) => named,
        Err(e) => return inbox.bad_link(e),
    };
    let clock = inbox.store.clock().clone();
    let allow = move |c: &mut Conn| {
        for person in people_of(c, &orcid)? {
            namings::allow(c, &person, id, clock.now())?;
        }
        service_points::find(c, id)
    };
    match inbox.store.write(allow).await {
        Ok(point) => {
            let name = point.map(|point| point.name).unwrap_or_default();
            let heading = format!("{name} may add projects again");
            let texts = ["Its projects that name you appear on your ORCID record within moments."];
            shown(&inbox, &heading, &texts, &form.i)
        }
        Err(e) => inbox.trouble(&e),
    }
}

fn pressed_by(
    inbox: &Inbox,
    request: &HttpRequest,
    link: &str,
) -> Result<(OrcidId, i64), LinkError> {
    if !pressed::on_our_page(inbox, request, link) {
        return Err(LinkError::Elsewhere);
    }
    named(inbox, link)
}

async fn stopped_page(inbox: &Inbox, id: i64, link: &str) -> HttpResponse {
    let point = inbox.store.read(move |c| service_points::find(c, id)).await;
    let name = match point {
        Ok(point) => point.map(|point| point.name).unwrap_or_default(),
        Err(e) => return inbox.trouble(&e),
    };
    let heading = format!("Thank you: {name} is stopped");
    let texts = [
        "The entries that it added are removed from your ORCID record within moments. Nothing more of \
         it is added, and you are not asked about its projects, until you say otherwise.",
        "The service point sees that you do not want entries from it. Nobody else does, except the \
         agency.",
        "Your other projects, now and later, are not concerned.",
    ];
    shown(inbox, &heading, &texts, link)
}

fn shown(inbox: &Inbox, heading: &str, texts: &[&str], link: &str) -> HttpResponse {
    let mut shown = ResultPage::new(&inbox.settings, heading, texts);
    let mut back = page_url(&inbox.settings, "orcid/service-point");
    back.query_pairs_mut().append_pair("i", link);
    shown.back = Some(back.into());
    page(StatusCode::OK, &shown)
}
