//! Withdrawing a RAiD: the identifier stays, and says that it was withdrawn.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, web};
use raid_model::text::has_override;
use raid_model::{ErrorType, Failure, Raid, json, wire};
use serde::{Deserialize, Serialize};
use store::raids;

use crate::auth::{Caller, Role};
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::refusal::{Refusal, unless_valid};
use crate::registry::Registry;
use crate::{accept, body, on_top, record, rights};

/// Longest reason, in characters.
const MAX_REASON: usize = 1000;

pub(crate) fn describe() -> Describe {
    Describe::new("withdrawRaid", "RAiDs", "Withdraw a RAiD")
        .text(
            "For operators, and for good. The identifier stays, and its page says that the RAiD \
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

/// Why.
#[derive(Default, Deserialize)]
#[serde(default)]
struct WithdrawalRequest {
    #[serde(deserialize_with = "wire::text")]
    reason: Option<String>,
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
    let body = body::read(req, payload, registry.settings.body_limit).await?;
    let request: WithdrawalRequest = json::read(&body)?;
    let reason = request.reason.unwrap_or_default().trim().to_owned();
    unless_valid(failures(&reason))?;
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

fn failures(reason: &str) -> Vec<Failure> {
    let failure = |error_type, message: String| Failure {
        field_id: "reason".to_owned(),
        error_type,
        message,
    };
    if reason.is_empty() {
        vec![failure(ErrorType::NotSet, "field must be set".to_owned())]
    } else if reason.chars().count() > MAX_REASON {
        let message = format!("has more than {MAX_REASON} characters");
        vec![failure(ErrorType::TooLong, message)]
    } else if has_override(reason) {
        let message = "must not have bidirectional overrides (U+202D, U+202E)";
        vec![failure(ErrorType::InvalidValue, message.to_owned())]
    } else {
        Vec::new()
    }
}
