//! Why an operator does something: a body with a reason, which is kept.

use actix_web::{HttpRequest, web};
use raid_model::text::has_override;
use raid_model::{ErrorType, Failure, json, wire};
use serde::Deserialize;

use crate::body;
use crate::refusal::{Refusal, unless_valid};
use crate::registry::Registry;

/// Longest reason, in characters.
const MAX_REASON: usize = 1000;

#[derive(Default, Deserialize)]
#[serde(default)]
struct WithReason {
    #[serde(deserialize_with = "wire::text")]
    reason: Option<String>,
}

/// The reason in a request's body. It is refused unless it has one, of at most 1000 characters.
pub(crate) async fn read(
    req: &HttpRequest,
    payload: web::Payload,
    registry: &Registry,
) -> Result<String, Refusal> {
    let body = body::read(req, payload, registry.settings.body_limit).await?;
    let request: WithReason = json::read(&body)?;
    let reason = request.reason.unwrap_or_default().trim().to_owned();
    unless_valid(failures(&reason))?;
    Ok(reason)
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
