//! Inviting a collaborator whose ORCID iD is not known, by e-mail.
//!
//! The address goes into the store sealed, out by mail, and nowhere else: no answer, log line or
//! record shows it.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::validate::validate_position_and_roles;
use raid_model::vocabulary::Role as ContributorRole;
use raid_model::{
    Classification, Contributor, ContributorPosition, ErrorType, Failure, json, wire,
};
use serde::{Deserialize, Serialize};
use store::invitations::{self, NewInvitation};
use store::tasks::{self, Lane, NewTask, Work};
use store::{Id, Json, StoreError};
use time::format_description::well_known::Rfc3339;

use crate::auth::Caller;
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::problem::Problem;
use crate::refusal::{Refusal, unless_valid};
use crate::registry::{Registry, saturating};
use crate::{accept, body, rights};

/// Longest address (RFC 5321 §4.5.3.1.3, less the angle brackets).
const MAX_ADDRESS: usize = 254;
/// Most invitations to one RAiD that can still be accepted, so that nobody mails the world from here.
const MAX_STANDING: i64 = 100;
/// Longest part before the `@` (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL_PART: usize = 64;

pub(crate) fn describe() -> Describe {
    Describe::new(
        "inviteContributor",
        "Invitations",
        "Invite a collaborator by e-mail",
    )
    .text(
        "For a person whose ORCID iD is not known. They get a mail with a link, sign in at \
             ORCID, and their authenticated iD joins the RAiD with this position and these roles, \
             in a new version. Who may update the RAiD may invite. The address is never shown.",
    )
    .secured()
    .handle()
    .withdrawn()
    .body("InvitationRequest")
    .json_only()
    .stored()
    .json(201, "Invited; the mail is on its way", "Invitation")
    .problem(404, "No such RAiD (told to operators only)")
    .problem(
        409,
        "So many invitations to this RAiD stand open that no more are sent",
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

/// An invitation as it is answered: without the address.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invitation {
    id: String,
    handle: String,
    state: &'static str,
    expires_at: String,
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
    let body = body::read(&req, payload, registry.settings.body_limit).await?;
    let request: InvitationRequest = json::read(&body)?;
    let now = registry.now();
    let (email, mut failures) = address(request.email.as_deref());
    failures.extend(validate_position_and_roles(
        "",
        request.position.as_deref(),
        request.role.as_deref(),
        &registry.context(now, Some(row.created_at)),
    ));
    unless_valid(failures)?;
    let contribution = Contributor {
        contact: request.contact,
        leader: request.leader,
        position: request.position,
        role: request.role,
        ..Contributor::default()
    };
    let contribution = serde_json::to_string(&contribution)
        .map_err(|e| StoreError::Corrupt(format!("an invitation: {e}")))?;
    let new = NewInvitation {
        id: Id::new(now),
        handle: row.handle.get().clone(),
        email: email.into(),
        contribution: Json(contribution),
        invited_by: caller.actor().subject,
        created_at: now,
        expires_at: now.saturating_add(saturating(registry.settings.invitation_lifetime)),
    };
    let answer = Invitation {
        id: new.id.to_string(),
        handle: new.handle.to_string(),
        state: invitations::State::Open.as_str(),
        expires_at: new
            .expires_at
            .assume_utc()
            .format(&Rfc3339)
            .map_err(|e| StoreError::Corrupt(format!("an invitation: {e}")))?,
    };
    if !store(&registry, new).await? {
        let detail = format!(
            "{MAX_STANDING} invitations to this RAiD stand open. More can be sent when some were \
             accepted, or when their time is over."
        );
        return Err(Problem::of_http(StatusCode::CONFLICT, detail, req.path()).into());
    }
    Ok(HttpResponse::Created().json(answer))
}

/// Keeps the invitation and sets the task that mails it, or neither, if too many stand open.
async fn store(registry: &Registry, new: NewInvitation) -> Result<bool, StoreError> {
    let keys = registry.store.keys().clone();
    let mail = NewTask {
        work: Work::Email(new.id),
        lane: Lane::Interactive,
        due_at: new.created_at,
        at: new.created_at,
    };
    registry
        .store
        .write(move |c| {
            if invitations::standing(c, &new.handle, new.created_at)? >= MAX_STANDING {
                return Ok(false);
            }
            invitations::make(c, &keys, &new)?;
            tasks::enqueue(c, std::slice::from_ref(&mail))?;
            Ok(true)
        })
        .await
}

/// An address that mail can be sent to; whether it reaches anybody, only sending tells.
fn address(email: Option<&str>) -> (String, Vec<Failure>) {
    let email = email.unwrap_or_default().trim();
    let (error_type, message) = if email.is_empty() {
        (ErrorType::NotSet, "field must be set")
    } else if is_address(email) {
        return (email.to_owned(), Vec::new());
    } else {
        let message = "has invalid/unsupported value - write an address such as name@example.org";
        (ErrorType::InvalidValue, message)
    };
    let failure = Failure {
        field_id: "email".to_owned(),
        error_type,
        message: message.to_owned(),
    };
    (String::new(), vec![failure])
}

fn is_address(text: &str) -> bool {
    // The forms that people have: no quotes, comments, or literal IP addresses.
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !"()<>[]:;@\\,\"".contains(c);
    let is_dotted = |part: &str| part.split('.').all(|atom| !atom.is_empty());
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    text.len() <= MAX_ADDRESS
        && local.len() <= MAX_LOCAL_PART
        && is_dotted(local)
        && local.chars().all(is_plain)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::is_address;

    #[test]
    fn addresses_that_mail_can_be_sent_to() {
        for good in [
            "name@example.org",
            "first.last+raid@sub.example.org",
            "o'neill@example.org",
            "jürgen@bücher.example",
        ] {
            assert!(is_address(good), "{good}");
        }
        let long = format!("{}@example.org", "x".repeat(65));
        for bad in [
            "name",
            "@example.org",
            "name@",
            "name@localhost",
            "na me@example.org",
            "a@b@example.org",
            "name@exa mple.org",
            "name@-example.org",
            "name@example..org",
            ".name@example.org",
            "name@example.org\r\nBcc: x@example.org",
            "Name <name@example.org>",
            long.as_str(),
        ] {
            assert!(!is_address(bad), "{bad:?}");
        }
    }
}
