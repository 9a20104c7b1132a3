//! Giving a RAiD to another service point.

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::{ErrorType, Failure, Raid, json, wire};
use serde::Deserialize;
use store::Conn;
use store::raids::RaidWrite;

use std::collections::BTreeSet;

use crate::auth::{Caller, Role};
use crate::endpoints::changed;
use crate::new_owner::{self, NewOwner};
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, body, on_top, rights};

pub(crate) fn describe() -> Describe {
    Describe::new(
        "transferRaid",
        "RAiDs",
        "Give a RAiD to another service point",
    )
    .text(
        "For operators. A new version names the service point and its organisation as the \
             owner; the handle stays. Rights that the former owner gave end: open invitations are \
             cancelled, and nobody holds the RAiD any more, unless `keepHolders` is true. Who owns \
             it already is no change, and makes no version.",
    )
    .secured()
    .handle()
    .body("TransferRequest")
    .json_only()
    .stored()
    .json(200, "The RAiD as it stands now", "RaidDto")
    .header(200, "ETag", "For `If-Match` of a further change")
    .problem(404, "No such RAiD")
    .withdrawn()
}

/// To whom.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct TransferRequest {
    #[serde(deserialize_with = "wire::integer")]
    service_point: Option<i64>,
    #[serde(deserialize_with = "wire::flag")]
    keep_holders: Option<bool>,
}

pub(crate) async fn transfer(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    payload: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::Operator])?;
    accept::json(&req)?;
    let row = rights::writable(&registry, &caller, &path).await?;
    let body = body::read(&req, payload, registry.settings.body_limit).await?;
    let request: TransferRequest = json::read(&body)?;
    let to = receiver(&registry, request.service_point).await?;
    let handle = row.handle.into_inner();
    let keeps_holders = request.keep_holders == Some(true);
    let keep = move |c: &mut Conn, write: &RaidWrite| new_owner::write(c, write, keeps_holders);
    on_top::write(
        &registry,
        &handle,
        caller.actor(),
        move |raid: Raid, now| (!to.owns(&raid)).then(|| to.receives(raid, now)),
        keep,
    )
    .await?;
    let answer = changed::answer(&registry, &handle, &BTreeSet::new()).await?;
    registry.closed_everywhere().await;
    Ok(answer)
}

/// The service point that a request names.
async fn receiver(registry: &Registry, id: Option<i64>) -> Result<NewOwner, Refusal> {
    const FIELD: &str = "servicePoint";
    let Some(id) = id else {
        let not_set = Failure {
            field_id: FIELD.to_owned(),
            error_type: ErrorType::NotSet,
            message: "field must be set".to_owned(),
        };
        return Err(Problem::validation(vec![not_set]).into());
    };
    let found = NewOwner::find(registry, id, FIELD).await?;
    found.map_err(|failure| Problem::validation(vec![failure]).into())
}
