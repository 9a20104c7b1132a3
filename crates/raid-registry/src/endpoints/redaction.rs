//! Redacting a former version: its content goes for good, and a stub says who redacted it, when and why.

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::{Handle, Raid};
use serde::Serialize;
use store::StoreError;
use store::raids::{self, Redaction};

use crate::auth::{Caller, Role};
use crate::endpoints::history::moment;
use crate::openapi::Describe;
use crate::path::{self, HandlePath};
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, on_top, reason, record, rights};

pub(crate) fn describe() -> Describe {
    Describe::new("redactVersion", "RAiDs", "Redact a former version of a RAiD")
        .text(
            "For operators, and for good: what a version says is deleted, for instance personal data \
             that were mistyped. Who did it, when and why stays. A new version, with the content that \
             stands, tells it to those who follow the feed of changes; of a withdrawn RAiD none is \
             written. Again it changes nothing, and tells who was the first.",
        )
        .secured()
        .handle()
        .number("version", "The version, from 1; not the current one")
        .body("WithdrawalRequest")
        .json_only()
        .stored()
        .json(200, "Redacted", "Redaction")
        .problem(400, "The version is no number, or there is no reason")
        .problem(404, "No such RAiD or version")
        .problem(409, "It is the current version: change the RAiD first")
}

/// Who redacted a version, when and why.
#[derive(Serialize)]
pub(crate) struct RedactionView {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    reason: String,
    subject: String,
}

impl RedactionView {
    /// None unless it was redacted.
    pub(crate) fn of(redaction: Redaction) -> Result<Option<Self>, StoreError> {
        let Some(at) = redaction.at else {
            return Ok(None);
        };
        Ok(Some(Self {
            at: moment(at)?,
            issuer: redaction.issuer,
            reason: redaction.reason.unwrap_or_default(),
            subject: redaction.by.unwrap_or_default(),
        }))
    }
}

pub(crate) async fn redact(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    payload: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::Operator])?;
    accept::json(&req)?;
    let version: i32 = path::number(&req, "version")?;
    let row = rights::looked_after(&registry, &caller, &path).await?;
    let reason = reason::read(&req, payload, &registry).await?;
    let handle = row.handle.into_inner();
    if version == row.version {
        return Err(Problem::current_version(version).into());
    }
    let kept = reason.clone();
    let written = on_top::write(
        &registry,
        &handle,
        caller.actor(),
        |raid: Raid, now| Some(raid.next_version(now.assume_utc())),
        move |c, next| raids::redact(c, next, version, &kept),
    );
    match written.await {
        Err(StoreError::NotFound) => {
            let again = redaction_of(&registry, &handle, version).await?;
            return again.map_or_else(
                || Err(Problem::no_version(&handle, version).into()),
                |redaction| Ok(HttpResponse::Ok().json(redaction)),
            );
        }
        written => written?,
    }
    record::load_anew(&registry, &handle).await?;
    let view = redaction_of(&registry, &handle, version).await?;
    Ok(HttpResponse::Ok().json(view))
}

/// Who redacted a version, when and why; none if nobody did.
async fn redaction_of(
    registry: &Registry,
    handle: &Handle,
    version: i32,
) -> Result<Option<RedactionView>, Refusal> {
    let read = handle.clone();
    let entry = registry
        .store
        .read(move |c| raids::authorship(c, &read, version.checked_add(1), 1));
    let redaction = entry.await?.pop().map(|entry| entry.redaction);
    Ok(redaction.map(RedactionView::of).transpose()?.flatten())
}
