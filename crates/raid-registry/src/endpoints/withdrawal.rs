//! Withdrawing a RAiD: the identifier stays, and says that it was withdrawn. And undoing it.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, web};
use raid_model::Raid;
use serde::Serialize;
use store::{StoreError, raids};

use crate::auth::{Caller, Role};
use crate::endpoints::changed;
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::{Registry, saturating};
use crate::{accept, on_top, reason, record, rights};

pub(crate) fn describe() -> Describe {
    Describe::new("withdrawRaid", "RAiDs", "Withdraw a RAiD")
        .text(
            "For operators. It can be undone for some time (`reinstatement`). The identifier stays, and its page says that the RAiD \
             was withdrawn, and why. Its content is shown to nobody any more, and nobody changes \
             it; all versions are kept. The entries on the contributors' ORCID records are \
             removed.",
        )
        .secured()
        .handle()
        .body("WithdrawalRequest")
        .json_only()
        .stored()
        .json(200, "Withdrawn", "Withdrawal")
        .problem(404, "No such RAiD")
        .withdrawn()
}

pub(crate) fn describe_undoing() -> Describe {
    Describe::new("reinstateRaid", "RAiDs", "Undo the withdrawal of a RAiD")
        .text(
            "For operators, with a reason, for as long after the withdrawal as the agency's settings \
             say. A new version has the content from before, and the entries on the contributors' ORCID \
             records come back. In the feed of changes the RAiD is `updated`.",
        )
        .secured()
        .handle()
        .body("WithdrawalRequest")
        .json_only()
        .stored()
        .json(200, "The RAiD as it stands now", "RaidDto")
        .header(200, "ETag", "For `If-Match` of a further change")
        .problem(404, "No such RAiD")
        .problem(409, "It was not withdrawn, or too long ago")
}

/// What was withdrawn.
#[derive(Serialize)]
struct Withdrawal<'a> {
    handle: String,
    reason: &'a str,
}

pub(crate) async fn withdraw(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    payload: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::Operator])?;
    accept::json(&req)?;
    let withdrawn = write(&caller, &req, &path, payload, &registry).await;
    let is_withdrawn = match &withdrawn {
        Ok(_) => true,
        // Perhaps a moment ago, by somebody else or by another try of this request.
        Err(refusal) => refusal.status_code() == StatusCode::GONE,
    };
    if is_withdrawn {
        registry.closed_everywhere().await;
    }
    withdrawn
}

async fn write(
    caller: &Caller,
    req: &HttpRequest,
    path: &HandlePath,
    payload: web::Payload,
    registry: &Registry,
) -> Result<HttpResponse, Refusal> {
    let row = rights::writable(registry, caller, path).await?;
    let reason = reason::read(req, payload, registry).await?;
    let handle = row.handle.into_inner();
    let kept = reason.clone();
    on_top::write(
        registry,
        &handle,
        caller.actor(),
        |raid: Raid, now| Some(raid.next_version(now.assume_utc())),
        move |c, last| raids::withdraw(c, last, &kept),
    )
    .await?;
    // A reader who was slow must not bring back what is withdrawn.
    record::load_anew(registry, &handle).await?;
    Ok(HttpResponse::Ok().json(Withdrawal {
        handle: handle.to_string(),
        reason: &reason,
    }))
}

pub(crate) async fn reinstate(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    payload: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::Operator])?;
    accept::json(&req)?;
    let row = rights::looked_after(&registry, &caller, &path).await?;
    let reason = reason::read(&req, payload, &registry).await?;
    let grace = saturating(registry.settings.withdrawal_grace);
    let since = registry.now().saturating_sub(grace);
    let handle = row.handle.into_inner();
    match row.withdrawn_at {
        None => return Err(Problem::not_withdrawn(&handle).into()),
        Some(at) if at < since => return Err(Problem::withdrawn_too_long_ago(&handle).into()),
        Some(_) => {}
    }
    let written = on_top::write(
        &registry,
        &handle,
        caller.actor(),
        |raid: Raid, now| Some(raid.next_version(now.assume_utc())),
        move |c, next| raids::reinstate(c, next, &reason, since),
    );
    match written.await {
        Err(StoreError::NotFound) => return Err(Problem::not_withdrawn(&handle).into()),
        written => written?,
    }
    Ok(changed::answer(&registry, &handle, &BTreeSet::new()).await?)
}
