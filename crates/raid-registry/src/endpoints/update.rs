//! Updating a RAiD.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::validate::{
    new_external_ids, tolerated, validate_handle, validate_identifier, validate_update,
};
use raid_model::{Failure, Raid, RaidRequest};
use store::raids::{self, Access, Actor, RaidRow, RaidWrite};
use store::tasks::Lane;
use store::{StoreError, Timestamp};

use crate::auth::{Caller, Role};
use crate::endpoints::changed;
use crate::new_owner::{self, NewOwner};
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, body, etag, existence, record, rights, trial};

pub(crate) fn describe() -> Describe {
    let operation = Describe::new("updateRaid", "RAiDs", "Update a RAiD")
        .text(
            "The body is the whole RAiD; a block that is left out is removed, and named in \
             `Validation-Warning`. \
             `identifier.version` is the version that the change builds on. A body that changes \
             nothing makes no new version. The ORCID records of contributors who gave permission \
             follow. An operator who names another service point in \
             `identifier.owner.servicePoint` moves the RAiD to it, as a transfer does; from all \
             others that member is ignored.",
        )
        .secured()
        .handle()
        .withdrawn()
        .body("RaidUpdateRequest")
        .json_only()
        .stored()
        .json_either(
            200,
            "The RAiD as it stands now; with `dryRun=true` what would come of it",
            ["RaidDto", "DryRun"],
        )
        .resolved(200)
        .problem(404, "No such RAiD (told to operators only)")
        .problem(
            409,
            "`identifier.version` is not the current version, which `currentVersion` tells: read \
             the RAiD, and put the change on top of it",
        )
        .precondition();
    trial::described(operation)
}

pub(crate) async fn update(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    payload: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let is_trial = trial::is_wanted(&req)?;
    let row = rights::writable(&registry, &caller, &path).await?;
    etag::demanded(&req, row.version)?;
    let body = body::read(&req, payload, registry.settings.body_limit).await?;
    let current = record::parse(&row.document)?;
    let request = RaidRequest::from_json(&body)?.with_canonical_ids(Some(&current));
    let before = current.orcids().collect();
    let to = moves_to(&registry, &caller, &current, &request).await?;
    let next = if to.is_none() && changes_nothing(&current, &request) {
        Next {
            raid: current,
            at: None,
            is_moved: false,
            warnings: request.lookalikes.into_iter().collect(),
        }
    } else {
        check(&registry, &caller, &row, &current, request, to).await?
    };
    if is_trial {
        return trial::answer(&registry, &caller, next.raid, before, &next.warnings).await;
    }
    if let Some(at) = next.at {
        write(&registry, &next, caller.actor(), at).await?;
    }
    let answer = changed::answer(&registry, row.handle.get(), &next.warnings).await?;
    if next.is_moved || closes(&registry, &row, &next) {
        registry.closed_everywhere().await;
    }
    Ok(answer)
}

/// The service point that an operator gives the RAiD to by naming it in the body, or what is wrong with
/// the one they name; none if it stays.
async fn moves_to(
    registry: &Registry,
    caller: &Caller,
    current: &Raid,
    request: &RaidRequest,
) -> Result<Option<Result<NewOwner, Failure>>, StoreError> {
    let owner = request.identifier.as_ref().and_then(|it| it.owner.as_ref());
    let named = owner.and_then(|owner| owner.service_point);
    match named.filter(|id| *id != current.identifier.owner.service_point) {
        Some(id) if caller.is(Role::Operator) => {
            let field = "identifier.owner.servicePoint";
            NewOwner::find(registry, id, field).await.map(Some)
        }
        _ => Ok(None),
    }
}

/// Whether the RAiD is embargoed by this request, or by one a moment ago of which this may be another
/// try.
fn closes(registry: &Registry, row: &RaidRow, next: &Next) -> bool {
    const ANOTHER_TRY: time::Duration = time::Duration::minutes(1);
    let is_again = next.at.is_none() && row.updated_at + ANOTHER_TRY > registry.now();
    next.raid.access.is_embargoed() && (row.access == Access::Open || is_again)
}

/// The RAiD as it will stand.
struct Next {
    raid: Raid,
    /// When it is written; none if it stands so already.
    at: Option<Timestamp>,
    /// Whether another service point owns it from then on.
    is_moved: bool,
    /// The members that were accepted with a warning.
    warnings: BTreeSet<String>,
}

/// Whether a request names the RAiD and says of it what stands already. Such a request is not a
/// conflict, whichever version it builds on; but its identifier block must be complete.
fn changes_nothing(current: &Raid, request: &RaidRequest) -> bool {
    let id = request.identifier.as_ref().and_then(|i| i.id.as_deref());
    validate_identifier(request).is_empty()
        && validate_handle(current.handle(), id).is_empty()
        && current.same_content(request)
}

/// The next version, if it may be written.
async fn check(
    registry: &Registry,
    caller: &Caller,
    row: &RaidRow,
    current: &Raid,
    request: RaidRequest,
    to: Option<Result<NewOwner, Failure>>,
) -> Result<Next, Refusal> {
    let context = registry.context(registry.now(), Some(row.created_at));
    let tolerated = tolerated(&request, Some(current), &context);
    let mut warnings = existence::check(
        registry,
        caller,
        context,
        |context| new_external_ids(&request, current, context),
        |context| {
            let mut failures = validate_update(&request, current, context);
            if let Some(Err(unknown)) = &to {
                failures.add(|| unknown.clone());
            }
            failures
        },
    )
    .await?;
    let now = registry.now();
    let submitted = request.submitted_version().unwrap_or_default();
    if submitted != i64::from(row.version) {
        return Err(Problem::stale_version(submitted, row.version).into());
    }
    warnings.extend(tolerated.into_iter().map(|failure| failure.field_id));
    warnings.extend(request.lookalikes.iter().cloned());
    let left_out = current.blocks_left_out(&request).into_iter();
    warnings.extend(left_out.map(str::to_owned));
    let amended = Raid::amend(current, request, now.assume_utc());
    let to = to.and_then(Result::ok);
    Ok(Next {
        is_moved: to.is_some(),
        raid: match to {
            Some(owner) => owner.put_into(amended),
            None => amended,
        },
        at: Some(now),
        warnings,
    })
}

async fn write(
    registry: &Registry,
    next: &Next,
    actor: Actor,
    now: Timestamp,
) -> Result<(), Refusal> {
    let due = registry.settled(now);
    let (next, is_moved) = (&next.raid, next.is_moved);
    let write = RaidWrite::of(next, actor, now, due, Lane::Interactive)?;
    let written = registry.store.write(move |c| {
        if is_moved {
            new_owner::write(c, &write, false)
        } else {
            raids::amend(c, &write)
        }
    });
    match written.await {
        Err(StoreError::StaleVersion { current }) => {
            let built_on = i64::from(next.version()) - 1;
            Err(Problem::stale_version(built_on, current).into())
        }
        written => Ok(written?),
    }
}
