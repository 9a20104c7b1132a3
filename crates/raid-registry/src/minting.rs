//! Minting, as one request asks for it, or one line of many.

use std::collections::{BTreeSet, HashMap};

use raid_model::validate::{external_ids, tolerated, validate_mint};
use raid_model::{Contributor, Handle, OrcidId, Prefix, Raid, RaidRequest, ServerOwned, Suffix};
use rand::RngExt as _;
use store::answers::KeptAnswer;
use store::permissions::{self, Standing};
use store::raids::RaidWrite;
use store::service_points::ServicePointRow;
use store::tasks::Lane;
use store::{StoreError, Timestamp};

use crate::auth::{Caller, Role};
use crate::existence;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;

/// Suffixes that are drawn before giving up. With 65 random bits one is enough.
const MAX_DRAWS: usize = 5;

/// In place of the suffix, which is drawn when a RAiD is minted. No suffix that is drawn has a
/// hyphen.
const TRIAL_SUFFIX: &str = "dry-run";

/// Refuses requests that break rules. Gives the members that were accepted with a warning.
pub(crate) async fn check(
    registry: &Registry,
    caller: &Caller,
    request: &RaidRequest,
) -> Result<BTreeSet<String>, Refusal> {
    let context = registry.context(registry.now(), None);
    let tolerated = tolerated(request, None, &context);
    let mut warnings = existence::check(
        registry,
        caller,
        context,
        |context| external_ids(request, context),
        |context| validate_mint(request, context),
    )
    .await?;
    warnings.extend(tolerated.into_iter().map(|failure| failure.field_id));
    warnings.extend(request.lookalikes.iter().cloned());
    Ok(warnings)
}

/// Reads the body of a request to mint.
pub(crate) fn request(body: &[u8]) -> Result<RaidRequest, Refusal> {
    Ok(RaidRequest::from_json(body)?.with_canonical_ids(None))
}

/// For whom a RAiD is minted.
pub(crate) struct Minting<'a> {
    pub(crate) point: &'a ServicePointRow,
    pub(crate) caller: &'a Caller,
    pub(crate) lane: Lane,
}

impl Minting<'_> {
    /// The RAiD that a request asks for, under a handle.
    pub(crate) fn raid(
        &self,
        registry: &Registry,
        request: &RaidRequest,
        suffix: Suffix,
        now: Timestamp,
    ) -> Result<Raid, StoreError> {
        let point = self.point;
        let damaged = |what| StoreError::Corrupt(format!("{what} of service point {}", point.id));
        let prefix: Prefix = point.prefix.parse().map_err(|_| damaged("the prefix"))?;
        let owner = point
            .identifier_owner
            .parse()
            .map_err(|_| damaged("the owner"))?;
        let settings = &registry.settings;
        let handle = Handle::new(prefix, suffix);
        let server = ServerOwned {
            agency_url: Some(settings.addresses.landing_page(&handle)),
            handle,
            owner,
            service_point: point.id,
            agency: settings.agency,
            licence: settings.licence.clone(),
            id_prefix: settings.addresses.id_prefix.clone(),
            now: now.assume_utc(),
        };
        Ok(Raid::mint(request.clone(), server))
    }

    /// The RAiD that a request would become, when it is tried only.
    pub(crate) fn tried(
        &self,
        registry: &Registry,
        request: &RaidRequest,
    ) -> Result<Raid, Refusal> {
        let suffix = TRIAL_SUFFIX.parse().map_err(|_| Problem::internal())?;
        Ok(self.raid(registry, request, suffix, registry.now())?)
    }

    /// Writes a request that was found valid, at `now`, under a handle that nobody has. `keep` makes the
    /// answer that is kept along, where the request has an idempotency key.
    pub(crate) async fn write(
        &self,
        registry: &Registry,
        request: &RaidRequest,
        now: Timestamp,
        keep: impl Fn(&Raid) -> Result<Option<Box<KeptAnswer>>, StoreError>,
    ) -> Result<Raid, StoreError> {
        let due = registry.settled(now);
        for _ in 0..MAX_DRAWS {
            let suffix = Suffix::from_random(rand::rng().random());
            let raid = self.raid(registry, request, suffix, now)?;
            let write = RaidWrite {
                held_by_actor: self.caller.is(Role::RaidAdmin),
                answer: keep(&raid)?,
                ..RaidWrite::of(&raid, self.caller.actor(), now, due, self.lane)?
            };
            match registry.store.mint(write).await {
                Err(StoreError::HandleTaken) => {}
                minted => return minted.map(|()| raid),
            }
        }
        Err(StoreError::HandleTaken)
    }
}

/// Where the contributors stand. A RAiD is minted also when this cannot be read now: everybody
/// shows as not asked yet then, rather than that the client is told to mint again.
pub(crate) async fn standings(
    registry: &Registry,
    request: &RaidRequest,
) -> HashMap<OrcidId, Standing> {
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
