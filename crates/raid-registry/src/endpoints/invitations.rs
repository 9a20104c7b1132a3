//! Invitations of collaborators whose ORCID iD is not known, by e-mail.
//!
//! The address goes into the store sealed, out by mail, and nowhere else: no answer, log line or
//! record shows it.

mod address;
mod invite;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
pub(crate) use invite::{describe_invite, invite};
use raid_model::vocabulary::Role as ContributorRole;
use raid_model::{Classification, Contributor, ContributorPosition};
use serde::Serialize;
use store::invitations::{self, InvitationRow, MAIL_PAUSE, MAX_MAILS, State};
use store::mail_quotas::{self, MailQuota};
use store::tasks::{self, Lane, NewTask, Work};
use store::{Conn, Id, StoreError, Timestamp, inviters, raids};
use time::Time;

use crate::auth::Caller;
use crate::endpoints::history::moment;
use crate::openapi::Describe;
use crate::paging::{Paging, link_next};
use crate::path::HandlePath;
use crate::problem::Problem;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, rights};

/// The name that is with the cursors.
const LIST: &str = "invitations/1";
/// Entries of a page, unless a request says how many.
const PAGE: i64 = 100;

const TAG: &str = "Invitations";
const NOT_FOUND: &str = "No such invitation to this RAiD; or no such RAiD (told to operators only)";

pub(crate) fn describe_list() -> Describe {
    Describe::new("listInvitations", TAG, "List the invitations to a RAiD")
        .text(
            "Newest first, in pages of 100 unless `limit` says otherwise. For those who may update \
             the RAiD. The addresses are never shown.",
        )
        .secured()
        .handle()
        .withdrawn()
        .json_only()
        .stored()
        .json_list(200, "The invitations", "Invitation")
        .paged()
        .problem(404, "No such RAiD (told to operators only)")
}

pub(crate) fn describe_resend() -> Describe {
    describe_one("resendInvitation", "Send an invitation again")
        .text(
            "The same link goes to the same address. At most 3 mails about a RAiD go to one \
             address while an invitation lasts, and at most one a minute (429).",
        )
        .json_only()
        .json(200, "The mail is on its way", "Invitation")
        .problem(
            409,
            "It has ended, its mail is still waiting to be sent, 3 mails were sent, or whoever sent \
             it may not invite any more",
        )
}

pub(crate) fn describe_cancel() -> Describe {
    describe_one("cancelInvitation", "Cancel an invitation")
        .text(
            "Its link says so from now on, and the address is forgotten. To cancel it again \
             changes nothing.",
        )
        .empty(204, "It is cancelled")
        .problem(409, "It was accepted: the person is a contributor")
}

fn describe_one(id: &'static str, summary: &'static str) -> Describe {
    Describe::new(id, TAG, summary)
        .secured()
        .handle()
        .name("id", "`id` of the invitation")
        .withdrawn()
        .stored()
        .problem(404, NOT_FOUND)
}

/// An invitation as it is answered: without the address.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invitation {
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted_by: Option<String>,
    contact: bool,
    created_at: String,
    expires_at: String,
    handle: String,
    id: String,
    leader: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    mailed_at: Option<String>,
    mails: i32,
    position: Vec<ContributorPosition>,
    role: Vec<Classification<ContributorRole>>,
    state: &'static str,
}

impl Invitation {
    fn of(row: &InvitationRow, now: Timestamp, orcid_prefix: &str) -> Result<Self, StoreError> {
        let contribution = contribution(row)?;
        let accepted_by = row.accepted_by.as_ref();
        Ok(Self {
            accepted_by: accepted_by.map(|orcid| orcid.get().url(orcid_prefix)),
            contact: contribution.contact == Some(true),
            created_at: moment(row.created_at)?,
            expires_at: moment(row.expires_at)?,
            handle: row.handle.as_str().to_owned(),
            id: row.id.to_string(),
            leader: contribution.leader == Some(true),
            mailed_at: row.mailed_at.map(moment).transpose()?,
            mails: row.mails,
            position: contribution.position.unwrap_or_default(),
            role: contribution.role.unwrap_or_default(),
            state: if row.is_expired(now) {
                "expired"
            } else {
                row.state.as_str()
            },
        })
    }
}

/// The position, roles and flags that an invitation is for.
fn contribution(row: &InvitationRow) -> Result<Contributor, StoreError> {
    serde_json::from_str(&row.contribution.0)
        .map_err(|e| StoreError::Corrupt(format!("invitation {}: {e}", row.id)))
}

pub(crate) async fn list(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let raid = rights::writable(&registry, &caller, &path).await?;
    let mut query = Query::of(&req);
    let paging: Paging<Id> = Paging::read(&mut query, &registry, LIST);
    query.finish()?;
    let limit = paging.limit(PAGE);
    let handle = raid.handle.into_inner();
    // One more than is wanted shows whether there is a next page.
    let load = move |c: &mut Conn| invitations::page(c, &handle, paging.after, limit + 1);
    let mut rows = registry.store.read(load).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > wanted;
    rows.truncate(wanted);
    let next = rows.last().filter(|_| has_more).map(|row| row.id);
    let (now, prefix) = (registry.now(), registry.settings.orcid_prefix.as_str());
    let shown: Result<Vec<_>, _> = rows
        .iter()
        .map(|row| Invitation::of(row, now, prefix))
        .collect();
    let mut answer = HttpResponse::Ok();
    link_next(&mut answer, &req, &registry, LIST, next.as_ref())?;
    Ok(answer.json(shown?))
}

/// What became of a wish to send an invitation again.
enum Resent {
    Queued(Box<InvitationRow>),
    Missing,
    /// Why it is not sent.
    Refused(&'static str),
    /// Seconds until it may be sent.
    TooSoon(u64),
    OverQuota(MailQuota),
}

pub(crate) async fn resend(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let raid = rights::writable(&registry, &caller, &path).await?;
    let (service_point, quotas) = (raid.service_point_id, registry.settings.quotas);
    let (handle, now) = (raid.handle.into_inner(), registry.now());
    let (id, keys) = (id_of(&req), registry.store.keys().clone());
    let resent = registry.store.write(move |c| {
        let row = match id {
            Some(id) => invitations::find(c, id)?.filter(|row| *row.handle.get() == handle),
            None => None,
        };
        let Some(mut row) = row else {
            return Ok(Resent::Missing);
        };
        if let Some(why) = no_mail(&row, now) {
            return Ok(Resent::Refused(why));
        }
        if !still_counts(c, &row)? {
            return Ok(Resent::Refused(INVITER_GONE));
        }
        let email = row.address(&keys)?;
        if invitations::addressed(c, &keys, &handle, &email, now)?.mails >= MAX_MAILS {
            return Ok(Resent::Refused(ENOUGH_MAILS));
        }
        let wait = row
            .mailed_at
            .map_or(time::Duration::ZERO, |at| at + MAIL_PAUSE - now);
        if wait.is_positive() {
            let seconds = wait.whole_seconds().unsigned_abs() + 1;
            return Ok(Resent::TooSoon(seconds));
        }
        let taken = mail_quotas::take(c, &keys, service_point, &email, &quotas, now)?;
        if let Some(quota) = taken {
            return Ok(Resent::OverQuota(quota));
        }
        if !invitations::reopen(c, row.id)? {
            return Ok(Resent::Refused(WAITING));
        }
        tasks::enqueue(c, &[mail(row.id, now)])?;
        row.state = State::Open;
        Ok(Resent::Queued(Box::new(row)))
    });
    match resent.await? {
        Resent::Queued(row) => {
            let prefix = &registry.settings.orcid_prefix;
            Ok(HttpResponse::Ok().json(Invitation::of(&row, now, prefix)?))
        }
        Resent::Missing => Err(missing(&req).into()),
        Resent::Refused(why) => Err(conflict(&req, why).into()),
        Resent::OverQuota(quota) => Err(over_quota(&req, quota, now).into()),
        Resent::TooSoon(seconds) => {
            let detail = format!(
                "The last mail was sent less than a minute ago. Retry after {seconds} seconds."
            );
            let status = StatusCode::TOO_MANY_REQUESTS;
            let problem = Problem::of_http(status, detail, req.path());
            Err(problem.retry_in(seconds).into())
        }
    }
}

/// The answer where a quota of mails is used up: until the next day begins (UTC).
fn over_quota(req: &HttpRequest, quota: MailQuota, now: Timestamp) -> Problem {
    let detail = match quota {
        MailQuota::ServicePoint => {
            "The service point has sent as many invitations as this agency lets it send in a day. \
             Retry tomorrow (UTC), or ask the agency."
        }
        MailQuota::Address => {
            "This address was sent as many invitations today as this agency sends anybody in a day, \
             about all RAiDs. Retry tomorrow (UTC)."
        }
    };
    let tomorrow = now.date().next_day().unwrap_or(now.date());
    let wait = Timestamp::new(tomorrow, Time::MIDNIGHT) - now;
    let problem = Problem::of_http(StatusCode::TOO_MANY_REQUESTS, detail, req.path());
    problem.retry_in(wait.whole_seconds().unsigned_abs() + 1)
}

const WAITING: &str = "The mail is still waiting to be sent.";
const INVITER_GONE: &str = "Whoever sent this invitation may not invite to this RAiD any more. \
                            Cancel it and invite the person again.";
const ENOUGH_MAILS: &str = "This address was sent 3 mails about this RAiD, which is the most while \
                            an invitation lasts. No more are sent.";

/// Whether who sent an invitation may still invite to the RAiD.
fn still_counts(c: &mut Conn, row: &InvitationRow) -> Result<bool, StoreError> {
    match raids::find_standing(c, row.handle.get())? {
        Some(raid) => inviters::may_still_invite(c, row, &raid),
        None => Ok(false),
    }
}

/// Why there is nothing to send again, if so.
fn no_mail(row: &InvitationRow, now: Timestamp) -> Option<&'static str> {
    match row.state {
        _ if row.is_expired(now) => Some("The invitation has expired. Invite the person again."),
        State::Open => Some(WAITING),
        State::Accepted => Some("The invitation was accepted."),
        State::Cancelled => Some("The invitation was cancelled. Invite the person again."),
        State::Failed => Some(
            "The mail could not be sent, and the address was forgotten. Invite the person again.",
        ),
        State::Sent if row.email.is_none() => {
            Some("The address is not stored any more. Cancel this invitation and send a new one.")
        }
        State::Sent => None,
    }
}

pub(crate) async fn cancel(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    let raid = rights::writable(&registry, &caller, &path).await?;
    let handle = raid.handle.into_inner();
    let id = id_of(&req).ok_or_else(|| missing(&req))?;
    let cancelled = registry.store.write(move |c| {
        let row = invitations::find(c, id)?;
        match row.filter(|row| *row.handle.get() == handle) {
            Some(row) => invitations::cancel(c, row.id).map(Some),
            None => Ok(None),
        }
    });
    match cancelled.await? {
        Some(true) => Ok(HttpResponse::NoContent().finish()),
        Some(false) => {
            let detail = "The invitation was accepted. To remove the person, update the RAiD.";
            Err(conflict(&req, detail).into())
        }
        None => Err(missing(&req).into()),
    }
}

/// The invitation that a path names.
fn id_of(req: &HttpRequest) -> Option<Id> {
    req.match_info().query("id").parse().ok()
}

/// The task that sends an invitation's mail.
fn mail(id: Id, now: Timestamp) -> NewTask {
    NewTask {
        work: Work::Email(id),
        lane: Lane::Interactive,
        due_at: now,
        at: now,
    }
}

fn missing(req: &HttpRequest) -> Problem {
    let detail = "There is no such invitation to this RAiD";
    Problem::of_http(StatusCode::NOT_FOUND, detail, req.path())
}

fn conflict(req: &HttpRequest, detail: impl Into<String>) -> Problem {
    Problem::of_http(StatusCode::CONFLICT, detail, req.path())
}
