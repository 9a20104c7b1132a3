//! Making an invitation. The same address is invited to a RAiD once, however often that is asked.

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::validate::{FailureList, validate_position_and_roles};
use raid_model::vocabulary::Role as ContributorRole;
use raid_model::{Classification, Contributor, ContributorPosition, json, wire};
use serde::Deserialize;
use store::invitations::{self, InvitationRow, MAX_MAILS, NewInvitation};
use store::mail_quotas::{self, MailQuota};
use store::{Id, Json, StoreError, tasks};

use super::address::address;
use super::{
    ENOUGH_MAILS, Invitation, TAG, conflict, contribution, mail, over_quota, still_counts,
};
use crate::auth::Caller;
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::refusal::{Refusal, unless_valid};
use crate::registry::{Registry, saturating};
use crate::{accept, body, rights};

/// Most invitations to one RAiD that can still be accepted, so that nobody mails the world from here.
const MAX_STANDING: i64 = 100;

/// Longest body of a request, in bytes, so that a list of a thousand invitations is bounded.
const BODY_LIMIT: usize = 16 * 1024;

pub(crate) fn describe_invite() -> Describe {
    Describe::new("inviteContributor", TAG, "Invite a collaborator by e-mail")
        .text(
            "For a person whose ORCID iD is not known. They get a mail with a link, sign in at \
             ORCID, and their authenticated iD joins the RAiD with this position and these roles, \
             in a new version. Who is a contributor already gets them as well: where positions \
             overlap, the one that begins later holds. Who may update the RAiD may invite. The \
             address is never shown. While an invitation of an address lasts, the same request is \
             answered with it (200), and no other mail is sent.",
        )
        .secured()
        .handle()
        .withdrawn()
        .body("InvitationRequest")
        .json_only()
        .stored()
        .json(200, "The address was invited before", "Invitation")
        .json(201, "Invited; the mail is on its way", "Invitation")
        .problem(404, "No such RAiD (told to operators only)")
        .problem(
            409,
            "The address was invited to another position, or was sent 3 mails; or 100 invitations \
             to this RAiD stand open",
        )
}

/// Whom to invite, and as what.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct InvitationRequest {
    #[serde(deserialize_with = "wire::text")]
    email: Option<String>,
    #[serde(default = "wire::empty_list", deserialize_with = "wire::list")]
    position: Option<Vec<ContributorPosition>>,
    #[serde(deserialize_with = "wire::list")]
    role: Option<Vec<Classification<ContributorRole>>>,
    #[serde(deserialize_with = "wire::flag")]
    leader: Option<bool>,
    #[serde(deserialize_with = "wire::flag")]
    contact: Option<bool>,
}

pub(crate) async fn invite(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    payload: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let row = rights::writable(&registry, &caller, &path).await?;
    let body = body::read(&req, payload, registry.settings.body_limit.min(BODY_LIMIT)).await?;
    let request: InvitationRequest = json::read(&body)?;
    let now = registry.now();
    let (email, failures) = address(request.email.as_deref());
    let mut failures = FailureList::from(failures);
    failures.extend(validate_position_and_roles(
        "",
        request.position.as_deref(),
        request.role.as_deref(),
        &registry.context(now, Some(row.created_at)),
    ));
    unless_valid(failures)?;
    let wanted = Contributor {
        contact: request.contact,
        leader: request.leader,
        position: request.position,
        role: request.role,
        ..Contributor::default()
    };
    let written = serde_json::to_string(&wanted)
        .map_err(|e| StoreError::Corrupt(format!("an invitation: {e}")))?;
    let inviter = rights::inviter(&registry, &caller, &row).await?;
    let new = NewInvitation {
        id: Id::new(now),
        handle: row.handle.get().clone(),
        email: email.into(),
        contribution: Json(written),
        inviter,
        created_at: now,
        expires_at: now.saturating_add(saturating(registry.settings.invitation_lifetime)),
    };
    let shown = |row: &InvitationRow| Invitation::of(row, now, &registry.settings.orcid_prefix);
    match store(&registry, new, row.service_point_id).await? {
        Invited::Now(row) => Ok(HttpResponse::Created().json(shown(&row)?)),
        Invited::Before(row) if is_same(&contribution(&row)?, &wanted) => {
            Ok(HttpResponse::Ok().json(shown(&row)?))
        }
        Invited::Before(row) => {
            let detail = format!(
                "Invitation {} already invites this address to this RAiD, with another position, \
                 role or flag. Cancel it first, or send it again.",
                row.id
            );
            Err(conflict(&req, detail).into())
        }
        Invited::MailedEnough => Err(conflict(&req, ENOUGH_MAILS).into()),
        Invited::OverQuota(quota) => Err(over_quota(&req, quota, now).into()),
        Invited::TooMany => {
            let detail = format!(
                "{MAX_STANDING} invitations to this RAiD stand open. More can be sent when some \
                 were accepted or cancelled, or have expired."
            );
            Err(conflict(&req, detail).into())
        }
    }
}

/// What became of a wish to invite an address.
enum Invited {
    Now(InvitationRow),
    /// An invitation of this address can still be accepted.
    Before(InvitationRow),
    MailedEnough,
    TooMany,
    OverQuota(MailQuota),
}

/// Keeps the invitation and sets the task that mails it, or neither.
async fn store(
    registry: &Registry,
    new: NewInvitation,
    service_point: i64,
) -> Result<Invited, StoreError> {
    let (keys, quotas) = (registry.store.keys().clone(), registry.settings.quotas);
    registry
        .store
        .write(move |c| {
            let (handle, now) = (&new.handle, new.created_at);
            invitations::lock(c, handle)?;
            let known = invitations::addressed(c, &keys, handle, &new.email, now)?;
            if let Some(standing) = known.standing {
                if still_counts(c, &standing)? {
                    return Ok(Invited::Before(standing));
                }
                invitations::cancel(c, standing.id)?;
            }
            if known.mails >= MAX_MAILS {
                return Ok(Invited::MailedEnough);
            }
            if invitations::standing(c, handle, now)? >= MAX_STANDING {
                return Ok(Invited::TooMany);
            }
            let taken = mail_quotas::take(c, &keys, service_point, &new.email, &quotas, now)?;
            if let Some(quota) = taken {
                return Ok(Invited::OverQuota(quota));
            }
            invitations::make(c, &keys, &new)?;
            tasks::enqueue(c, &[mail(new.id, now)])?;
            let made = invitations::find(c, new.id)?.ok_or(StoreError::NotFound)?;
            Ok(Invited::Now(made))
        })
        .await
}

/// Whether two invitations are to the same. A flag that is not set is off.
fn is_same(a: &Contributor, b: &Contributor) -> bool {
    let flags = |person: &Contributor| (person.leader == Some(true), person.contact == Some(true));
    a.positions() == b.positions() && a.roles() == b.roles() && flags(a) == flags(b)
}
