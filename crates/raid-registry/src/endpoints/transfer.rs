//! Giving a RAiD to another service point.

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::{ErrorType, Failure, Raid, json, wire};
use serde::Deserialize;
use store::raids::RaidWrite;
use store::service_points::{self, ServicePointRow};
use store::{Conn, StoreError, holders, inviters, raids};

use std::collections::BTreeSet;

use crate::auth::{Caller, Role};
use crate::endpoints::changed;
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
    let owner = to
        .identifier_owner
        .parse()
        .map_err(|_| StoreError::Corrupt(format!("the owner of service point {}", to.id)))?;
    let handle = row.handle.into_inner();
    let keeps_holders = request.keep_holders == Some(true);
    let keep = move |c: &mut Conn, write: &RaidWrite| {
        raids::amend(c, write)?;
        inviters::cancel_of_raid(c, write.handle.get())?;
        if keeps_holders {
            return Ok(());
        }
        holders::take_from_all(c, write.handle.get())
    };
    on_top::write(
        &registry,
        &handle,
        caller.actor(),
        move |raid: Raid, now| {
            let stays = raid.identifier.owner.service_point == to.id;
            (!stays).then(|| raid.with_owner(owner, to.id, now.assume_utc()))
        },
        keep,
    )
    .await?;
    let answer = changed::answer(&registry, &handle, &BTreeSet::new()).await?;
    registry.closed_everywhere().await;
    Ok(answer)
}

/// The service point that a request names.
async fn receiver(registry: &Registry, id: Option<i64>) -> Result<ServicePointRow, Refusal> {
    let refused = |error_type, message: &str| {
        Problem::validation(vec![Failure {
            field_id: "servicePoint".to_owned(),
            error_type,
            message: message.to_owned(),
        }])
    };
    let id = id.ok_or_else(|| refused(ErrorType::NotSet, "field must be set"))?;
    let found = registry.store.read(move |c| service_points::find(c, id));
    let found = found.await?;
    Ok(found.ok_or_else(|| refused(ErrorType::InvalidValue, "there is no such service point"))?)
}
