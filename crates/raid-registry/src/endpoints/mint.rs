//! Minting a RAiD.

use std::collections::{BTreeSet, HashMap};

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use futures::future::join;
use raid_model::{OrcidId, Raid, RaidRequest};
use store::StoreError;
use store::permissions::Standing;
use store::tasks::Lane;

use crate::auth::Caller;
use crate::idempotency::{Answer, Key, Once};
use crate::minting::{self, Minting, standings};
use crate::openapi::Describe;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::status::Known;
use crate::{accept, body, etag, record, rights, trial, warning};

pub(crate) fn describe() -> Describe {
    let operation = Describe::new("mintRaid", "RAiDs", "Mint a RAiD")
        .text(
            "Mints into the service point of the token's group. The identifier block, the \
             metadata block and each contributor's status are the server's own: what the body \
             says there has no effect. Contributors with an ORCID iD are asked for permission, \
             once, before anything is written to their ORCID record.",
        )
        .secured()
        .idempotent()
        .body("RaidCreateRequest")
        .json_only()
        .stored()
        .json(201, "Minted", "RaidDto")
        .header(201, "Location", "The RAiD as a URL: `identifier.id`")
        .header(201, "ETag", "For `If-Match` of a change")
        .json(200, "With `dryRun=true`", "DryRun")
        .resolved(201);
    trial::described(operation)
}

pub(crate) async fn mint(
    caller: Caller,
    req: HttpRequest,
    payload: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    rights::may_mint(&caller)?;
    accept::json(&req)?;
    let is_trial = trial::is_wanted(&req)?;
    let key = Key::of(&req)?;
    let body = body::read(&req, payload, registry.settings.body_limit).await?;
    let request = minting::request(&body)?;
    let point = rights::mints_into(&registry, &caller).await?;
    let mint = Mint {
        registry: &registry,
        request: &request,
        minting: Minting {
            point: &point,
            caller: &caller,
            lane: Lane::Interactive,
        },
    };
    if is_trial {
        return mint.trial().await;
    }
    let answer = match key {
        None => mint.unkeyed().await?,
        Some(key) => {
            let once = key.request(&registry, &caller, point.id, None, &body);
            let minted = mint.keyed(&once);
            once.serve(&registry, req.path(), minted).await?
        }
    };
    let mut created = HttpResponse::Created();
    if let Some(warning) = &answer.warning {
        created.insert_header((warning::VALIDATION_WARNING, warning.as_str()));
    }
    Ok(created
        .insert_header((header::ETAG, etag::of(1, &answer.body)))
        .insert_header((header::LOCATION, answer.location))
        .content_type("application/json")
        .body(answer.body))
}

/// One request to mint.
struct Mint<'a> {
    registry: &'a Registry,
    request: &'a RaidRequest,
    minting: Minting<'a>,
}

impl Mint<'_> {
    async fn unkeyed(&self) -> Result<Answer, Refusal> {
        let warnings = minting::check(self.registry, self.minting.caller, self.request).await?;
        let now = self.registry.now();
        let nothing = |_: &Raid| Ok(None);
        let writing = self
            .minting
            .write(self.registry, self.request, now, nothing);
        // Neither needs the other, and together they take half the time.
        let (raid, people) = join(writing, standings(self.registry, self.request)).await;
        Ok(answer(self.registry, raid?, people, &warnings)?)
    }

    async fn trial(&self) -> Result<HttpResponse, Refusal> {
        let warnings = minting::check(self.registry, self.minting.caller, self.request).await?;
        let raid = self.minting.tried(self.registry, self.request)?;
        let caller = self.minting.caller;
        trial::answer(self.registry, caller, raid, BTreeSet::new(), &warnings).await
    }

    /// The answer is written along, so it is made first.
    async fn keyed(&self, once: &Once) -> Result<Answer, Refusal> {
        let warnings = minting::check(self.registry, self.minting.caller, self.request).await?;
        let people = standings(self.registry, self.request).await;
        let now = self.registry.now();
        let answer = |raid: &Raid| answer(self.registry, raid.clone(), people.clone(), &warnings);
        let keep = |raid: &Raid| Ok(Some(once.kept(&answer(raid)?, now)?));
        let writing = self.minting.write(self.registry, self.request, now, keep);
        let raid = writing.await?;
        Ok(answer(&raid)?)
    }
}

fn answer(
    registry: &Registry,
    raid: Raid,
    people: HashMap<OrcidId, Standing>,
    warnings: &BTreeSet<String>,
) -> Result<Answer, StoreError> {
    let known = Known {
        people,
        ..Known::default()
    };
    Ok(Answer {
        location: raid.identifier.id.to_string(),
        body: record::write(&record::show(raid, &known, &registry.settings.addresses))?,
        warning: warning::text(warnings),
    })
}
