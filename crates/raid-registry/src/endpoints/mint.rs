//! Minting a RAiD.

use std::collections::HashMap;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use futures::future::join;
use raid_model::validate::{external_ids, validate_mint};
use raid_model::{Contributor, Handle, OrcidId, Prefix, Raid, RaidRequest, ServerOwned, Suffix};
use rand::RngExt as _;
use store::permissions::{self, Standing};
use store::raids::{Actor, RaidWrite};
use store::service_points::ServicePointRow;
use store::tasks::Lane;
use store::{StoreError, Timestamp};

use crate::auth::{Caller, Role};
use crate::openapi::Describe;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::status::Known;
use crate::{accept, body, etag, existence, record, rights, warning};

/// Suffixes that are drawn before giving up. With 65 random bits one is enough.
const MAX_DRAWS: usize = 5;

pub(crate) fn describe() -> Describe {
    Describe::new("mintRaid", "RAiDs", "Mint a RAiD")
        .text(
            "Mints into the service point of the token's group. The identifier block, the \
             metadata block and each contributor's status are the server's own: what the body \
             says there has no effect. Contributors with an ORCID iD are asked for permission, \
             once, before anything is written to their ORCID record.",
        )
        .secured()
        .body("RaidCreateRequest")
        .json_only()
        .stored()
        .json(201, "Minted", "RaidDto")
        .header(201, "Location", "The RAiD as a URL: `identifier.id`")
        .header(201, "ETag", "For `If-Match` of a change")
        .resolved(201)
}

pub(crate) async fn mint(
    caller: Caller,
    req: HttpRequest,
    payload: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    rights::may_mint(&caller)?;
    accept::json(&req)?;
    let body = body::read(&req, payload, registry.settings.body_limit).await?;
    let request = RaidRequest::from_json(&body)?;
    let point = rights::mints_into(&registry, &caller).await?;
    let warnings = existence::check(
        &registry,
        registry.context(registry.now(), None),
        |context| external_ids(&request, context),
        |context| validate_mint(&request, context),
    )
    .await?;
    let now = registry.now();
    let held = caller.is(Role::RaidAdmin);
    let minting = write(&registry, &request, &point, (caller.actor(), held), now);
    // Neither needs the other, and together they take half the time.
    let (raid, people) = join(minting, standings(&registry, &request)).await;
    let raid = raid?;
    let location = raid.identifier.id.to_string();
    let known = Known {
        people,
        ..Known::default()
    };
    let answer = record::write(&record::show(raid, &known))?;
    let mut created = HttpResponse::Created();
    if let Some(header) = warning::header(&warnings) {
        created.insert_header(header);
    }
    let etag = etag::of(1, &answer);
    Ok(created
        .insert_header((header::ETAG, etag))
        .insert_header((header::LOCATION, location))
        .content_type("application/json")
        .body(answer))
}

async fn write(
    registry: &Registry,
    request: &RaidRequest,
    point: &ServicePointRow,
    (actor, held): (Actor, bool),
    now: Timestamp,
) -> Result<Raid, StoreError> {
    let damaged = |what| StoreError::Corrupt(format!("{what} of service point {}", point.id));
    let prefix: Prefix = point.prefix.parse().map_err(|_| damaged("the prefix"))?;
    let owner = point
        .identifier_owner
        .parse()
        .map_err(|_| damaged("the owner"))?;
    let settings = &registry.settings;
    for _ in 0..MAX_DRAWS {
        let suffix = Suffix::from_random(rand::rng().random());
        let handle = Handle::new(prefix.clone(), suffix);
        let server = ServerOwned {
            agency_url: Some(handle.url(&settings.landing_prefix)),
            handle,
            owner,
            service_point: point.id,
            agency: settings.agency,
            licence: settings.licence.clone(),
            id_prefix: settings.id_prefix.clone(),
            now: now.assume_utc(),
        };
        let raid = Raid::mint(request.clone(), server);
        let due = registry.settled(now);
        let mut write = RaidWrite::of(&raid, actor.clone(), now, due, Lane::Interactive)?;
        write.held_by_actor = held;
        match registry.store.mint(write).await {
            Err(StoreError::HandleTaken) => {}
            minted => return minted.map(|()| raid),
        }
    }
    Err(StoreError::HandleTaken)
}

/// Where the contributors stand. A RAiD is minted also when this cannot be read now: everybody
/// shows as not asked yet then, rather than that the client is told to mint again.
async fn standings(registry: &Registry, request: &RaidRequest) -> HashMap<OrcidId, Standing> {
    let contributors = request.contributor.iter().flatten();
    let people: Vec<OrcidId> = contributors.filter_map(Contributor::orcid).collect();
    let read = registry
        .store
        .read(move |c| permissions::of_people(c, &people));
    read.await.unwrap_or_else(|error| {
        tracing::warn!(%error, "the statuses of a new RAiD's contributors cannot be read");
        HashMap::new()
    })
}
