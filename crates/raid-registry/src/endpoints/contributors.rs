//! Changing the contributors of a RAiD alone, and saying their statuses.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::validate::{
    limits_of_contributors, new_external_ids_of_contributors, validate_contributor_patch,
};
use raid_model::{Contributor, ContributorPatch, ContributorStatus};
use store::raids::{self, RaidRow, RaidWrite};
use store::tasks::Lane;
use store::{StoreError, statuses};

use crate::auth::{Caller, Role};
use crate::endpoints::changed;
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, body, etag, existence, record, rights};

/// Tries to write the next version while others write too.
const MAX_TRIES: usize = 5;

pub(crate) fn describe() -> Describe {
    Describe::new("patchRaid", "RAiDs", "Replace the contributors of a RAiD")
        .text(
            "The list replaces all contributors, in a new version on top of the current one; the \
             same people make no version. For a \
             service that knows how far contributors have confirmed (`contributor-writer`): the \
             statuses that it sends are shown until a person gives this registry another answer. \
             Users of the owning service point may send the list too; statuses are not theirs to \
             say.",
        )
        .secured()
        .handle()
        .withdrawn()
        .body("RaidPatchRequest")
        .json_only()
        .stored()
        .json(200, "The RAiD as it stands now", "RaidDto")
        .resolved(200)
        .problem(404, "No such RAiD (told to contributor writers only)")
        .precondition()
}

pub(crate) async fn patch(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    payload: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let row = rights::patchable(&registry, &caller, &path).await?;
    let demanded = etag::demanded(&req, row.version)?.then_some(row.version);
    let body = body::read(&req, payload, registry.settings.body_limit).await?;
    let current = record::parse(&row.document)?;
    let request = ContributorPatch::from_json(&body)?.with_canonical_ids(&current);
    let context = registry.context(registry.now(), Some(row.created_at));
    let (refused, tolerated) = limits_of_contributors(&request, &current, &context);
    let mut warnings = existence::check(
        &registry,
        &caller,
        context,
        |context| new_external_ids_of_contributors(&request, &current, context),
        |context| {
            let mut failures = validate_contributor_patch(&request, context);
            failures.extend(refused);
            failures
        },
    )
    .await?;
    warnings.extend(tolerated.into_iter().map(|failure| failure.field_id));
    let said = if caller.is(Role::ContributorWriter) {
        said(&request)
    } else {
        Vec::new()
    };
    let people = request.contributor.unwrap_or_default();
    match write(&registry, &row, people, said, &caller, demanded).await {
        Err(StoreError::StaleVersion { current }) if demanded.is_some() => {
            return Err(etag::failed(&req, current));
        }
        written => written?,
    }
    Ok(changed::answer(&registry, row.handle.get(), &warnings).await?)
}

/// The statuses in a request that was found valid.
fn said(request: &ContributorPatch) -> Vec<(String, ContributorStatus)> {
    let people = request.contributor.iter().flatten();
    people
        .zip(&request.status)
        .filter_map(|(person, status)| Some((person.id.clone()?, status.as_deref()?.parse().ok()?)))
        .collect()
}

/// A request names no version in its body, so it goes on top of whichever stands, unless its header
/// demands one.
async fn write(
    registry: &Registry,
    row: &RaidRow,
    people: Vec<Contributor>,
    said: Vec<(String, ContributorStatus)>,
    caller: &Caller,
    demanded: Option<i32>,
) -> Result<(), StoreError> {
    let (handle, actor) = (row.handle.get().clone(), caller.actor());
    let (people, said) = (Arc::new(people), Arc::new(said));
    let mut tries = 1;
    loop {
        let now = registry.now();
        let due = registry.settled(now);
        let (handle, actor) = (handle.clone(), actor.clone());
        let (people, said) = (people.clone(), said.clone());
        let written = registry.store.write(move |c| {
            let row = raids::find(c, &handle)?.ok_or(StoreError::NotFound)?;
            if demanded.is_some_and(|version| version != row.version) {
                return Err(StoreError::StaleVersion {
                    current: row.version,
                });
            }
            let current = record::parse(&row.document)?;
            if !current.has_contributors(&people) {
                let next = current.with_contributors(people.to_vec(), now.assume_utc());
                let write = RaidWrite::of(&next, actor.clone(), now, due, Lane::Interactive)?;
                raids::amend(c, &write)?;
            }
            statuses::say(c, &handle, &said, now)
        });
        match written.await {
            Err(StoreError::StaleVersion { .. }) if tries < MAX_TRIES && demanded.is_none() => {
                tries += 1;
            }
            written => return written,
        }
    }
}
