//! Updating a RAiD.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::validate::{new_external_ids, tolerated, validate_handle, validate_update};
use raid_model::{Raid, RaidRequest};
use store::raids::{self, Actor, RaidRow, RaidWrite};
use store::tasks::Lane;
use store::{StoreError, Timestamp};

use crate::auth::Caller;
use crate::endpoints::changed;
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, body, etag, existence, record, rights};

pub(crate) fn describe() -> Describe {
    Describe::new("updateRaid", "RAiDs", "Update a RAiD")
        .text(
            "The body is the whole RAiD; a block that is left out is removed. \
             `identifier.version` is the version that the change builds on. A body that changes \
             nothing makes no new version. The ORCID records of contributors who gave permission \
             follow.",
        )
        .secured()
        .handle()
        .withdrawn()
        .body("RaidUpdateRequest")
        .json_only()
        .stored()
        .json(200, "The RAiD as it stands now", "RaidDto")
        .resolved(200)
        .problem(404, "No such RAiD (told to operators only)")
        .problem(
            409,
            "`identifier.version` is not the current version, which `currentVersion` tells: read \
             the RAiD, and put the change on top of it",
        )
        .precondition()
}

pub(crate) async fn update(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    payload: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let row = rights::writable(&registry, &caller, &path).await?;
    etag::demanded(&req, row.version)?;
    let body = body::read(&req, payload, registry.settings.body_limit).await?;
    let request = RaidRequest::from_json(&body)?;
    let current = record::parse(&row.document)?;
    let mut warnings = BTreeSet::new();
    if !changes_nothing(&current, &request) {
        warnings = write(&registry, &row, &current, request, caller.actor()).await?;
    }
    Ok(changed::answer(&registry, row.handle.get(), &warnings).await?)
}

/// Whether a request names the RAiD and says of it what stands already. Such a request is not a
/// conflict, whichever version it builds on.
fn changes_nothing(current: &Raid, request: &RaidRequest) -> bool {
    let id = request.identifier.as_ref().and_then(|i| i.id.as_deref());
    validate_handle(current.handle(), id).is_empty() && current.same_content(request)
}

/// Gives the members that were accepted with a warning.
async fn write(
    registry: &Registry,
    row: &RaidRow,
    current: &Raid,
    request: RaidRequest,
    actor: Actor,
) -> Result<BTreeSet<String>, Refusal> {
    let mut warnings = existence::check(
        registry,
        registry.context(registry.now(), Some(row.created_at)),
        |context| new_external_ids(&request, current, context),
        |context| validate_update(&request, current, context),
    )
    .await?;
    let now = registry.now();
    let submitted = request.submitted_version().unwrap_or_default();
    if submitted != i64::from(row.version) {
        return Err(Problem::stale_version(submitted, row.version).into());
    }
    for failure in tolerated(&request, current) {
        tracing::warn!(
            handle = %current.handle(),
            field = failure.field_id,
            "beyond a documented limit since before this update"
        );
        warnings.insert(failure.field_id);
    }
    let next = Raid::amend(current, request, now.assume_utc());
    match amend(registry, &next, actor, now).await {
        Err(StoreError::StaleVersion { current }) => {
            Err(Problem::stale_version(submitted, current).into())
        }
        written => Ok(written.map(|()| warnings)?),
    }
}

async fn amend(
    registry: &Registry,
    next: &Raid,
    actor: Actor,
    now: Timestamp,
) -> Result<(), StoreError> {
    let due = registry.settled(now);
    let write = RaidWrite::of(next, actor, now, due, Lane::Interactive)?;
    registry.store.write(move |c| raids::amend(c, &write)).await
}
