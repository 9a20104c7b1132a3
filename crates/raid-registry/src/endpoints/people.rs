//! The contributors of a RAiD one by one: what they answered, asking them again, and accepting that
//! ORCID merged a record.

use std::collections::BTreeSet;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::permission::{PermissionChange, PermissionEvent, PermissionState};
use raid_model::{OrcidId, Raid, joining, pasted};
use store::contributor_states::{self, ContributorState};
use store::{Conn, StoreError, Timestamp, permissions, raids};

use crate::asking::Asking;
use crate::auth::{Caller, Role};
use crate::contributor_view::ContributorView;
use crate::endpoints::changed;
use crate::endpoints::history::moment;
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, on_top, rights};

const TAG: &str = "Contributors";
const NOT_FOUND: &str =
    "Nobody with this iD contributes to the RAiD; or no such RAiD (told to operators only)";

pub(crate) fn describe_list() -> Describe {
    Describe::new("listContributors", TAG, "How do the contributors stand?")
        .text(
            "Everybody with an ORCID iD in the RAiD, and those who left it while an entry of ours \
             stands on their record: what they answered, what stands on their ORCID record, what \
             is due, and what can be done. For users of the service point that owns it, its \
             `raid-admin`s, and operators.",
        )
        .secured()
        .handle()
        .json_only()
        .stored()
        .json_list(200, "By iD", "ContributorState")
        .problem(404, "No such RAiD (told to operators only)")
}

pub(crate) fn describe_ask() -> Describe {
    described("askContributor", "Ask a contributor again")
        .text(
            "Puts a question into the ORCID inbox of somebody who did not answer, who withdrew \
             their permission at ORCID, or who could not be reached. Not of those who said no, \
             and not more often than the agency asks anybody. For those who may update the RAiD.",
        )
        .json(
            200,
            "A question stands already, or is on its way",
            "ContributorState",
        )
        .json(202, "They are asked", "ContributorState")
        .problem(
            409,
            "They cannot be asked; `detail` says why, or from when on they can",
        )
}

pub(crate) fn describe_accept() -> Describe {
    described("acceptMergedRecord", "Accept that ORCID merged a record")
        .text(
            "ORCID merged the contributor's record into another one. A new version of the RAiD \
             names the other iD instead. If the RAiD names both, they become one contributor with \
             the positions and roles of both. Nothing of the RAiD is altered before. For those who \
             may update it.",
        )
        .json(200, "The RAiD as it stands now", "RaidDto")
        .header(200, "ETag", "For `If-Match` of a further change")
        .problem(
            409,
            "Their record was not merged into another one, as far as is known",
        )
}

fn described(id: &'static str, summary: &'static str) -> Describe {
    Describe::new(id, TAG, summary)
        .secured()
        .handle()
        .name("orcid", "The contributor's ORCID iD, bare")
        .withdrawn()
        .json_only()
        .stored()
        .problem(404, NOT_FOUND)
}

pub(crate) async fn list(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let row = rights::looked_after(&registry, &caller, &path).await?;
    let handle = row.handle.into_inner();
    let load = move |c: &mut Conn| contributor_states::of_raid(c, &handle);
    let known = registry.store.read(load).await?.into_iter();
    let sees_all = caller.is(Role::Operator);
    let known = known.map(|known| if sees_all { known } else { known.as_met() });
    let (budget, now) = (registry.settings.contact_budget(), registry.now());
    let shown: Result<Vec<_>, _> = known
        .map(|known| ContributorView::of(&known, budget, now))
        .collect();
    Ok(HttpResponse::Ok().json(shown?))
}

/// What became of a wish to ask somebody again, and how they stand now.
type Asked = Option<(Asking, ContributorState)>;

pub(crate) async fn ask(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let row = rights::writable(&registry, &caller, &path).await?;
    let orcid = orcid_of(&req)?;
    let (handle, now) = (row.handle.into_inner(), registry.now());
    let budget = registry.settings.contact_budget().copied();
    let sees_all = caller.is(Role::Operator);
    let asked = registry.store.write(move |c| {
        if contributor_states::of_contributor(c, &handle, &orcid)?.is_none() {
            return Ok(None);
        }
        // Their answer stands still from here on.
        permissions::locked(c, &orcid, now)?;
        let Some(known) = contributor_states::of_contributor(c, &handle, &orcid)? else {
            return Ok(None);
        };
        let known = if sees_all { known } else { known.as_met() };
        let asking = Asking::of(&known, budget.as_ref(), now);
        if asking != Asking::Possible {
            return Ok(Some((asking, known)));
        }
        ask_again(c, &known, now)?;
        let after = contributor_states::of_contributor(c, &handle, &orcid)?;
        Ok(after.map(|after| (asking, after)))
    });
    let asked: Asked = asked.await?;
    let Some((asking, known)) = asked else {
        return Err(nobody(&req).into());
    };
    let mut answer = match asking {
        Asking::Possible => HttpResponse::Accepted(),
        Asking::UnderWay(_) => HttpResponse::Ok(),
        Asking::Refused(why) => return Err(conflict(&req, why).into()),
        Asking::NotBefore(from) => {
            let detail = format!(
                "They were asked as often as this agency asks anybody. They can be asked again \
                 from {} on.",
                moment(from)?
            );
            return Err(conflict(&req, detail).into());
        }
    };
    let budget = registry.settings.contact_budget();
    Ok(answer.json(ContributorView::of(&known, budget, now)?))
}

/// Asks somebody whose row is locked.
fn ask_again(c: &mut Conn, known: &ContributorState, now: Timestamp) -> Result<(), StoreError> {
    let Some(permission) = &known.permission else {
        return Ok(());
    };
    let change = PermissionChange::because(PermissionEvent::AskAgain, "asked for by the owner");
    permissions::apply(c, permission, &change, now)?;
    permissions::wake_permission(c, &known.orcid, now)
}

pub(crate) async fn accept_merge(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let row = rights::writable(&registry, &caller, &path).await?;
    let orcid = orcid_of(&req)?;
    let handle = row.handle.into_inner();
    let wanted = handle.clone();
    let known = registry
        .store
        .read(move |c| contributor_states::of_contributor(c, &wanted, &orcid))
        .await?
        .filter(|known| known.contributes)
        .map(ContributorState::as_met)
        .ok_or_else(|| nobody(&req))?;
    let permission = known
        .permission
        .filter(|permission| permission.state == PermissionState::Deprecated);
    let primary = permission.and_then(|permission| permission.primary_orcid);
    let Some(primary) = primary.map(store::AsText::into_inner) else {
        let detail = "As far as is known, ORCID did not merge their record into another one.";
        return Err(conflict(&req, detail).into());
    };
    let url = primary.url(&registry.settings.orcid_prefix);
    let next = move |raid: Raid, now: Timestamp| {
        let people = joining::merged(&raid.contributor, &orcid, &primary, &url)?;
        Some(raid.with_contributors(people, now.assume_utc()))
    };
    on_top::write(&registry, &handle, caller.actor(), next, raids::amend).await?;
    Ok(changed::answer(&registry, &handle, &BTreeSet::new()).await?)
}

/// The person that a path names.
fn orcid_of(req: &HttpRequest) -> Result<OrcidId, Refusal> {
    let text = req.match_info().query("orcid");
    let id = pasted::orcid(text, "").and_then(|id| id.parse().ok());
    id.ok_or_else(|| nobody(req).into())
}

fn nobody(req: &HttpRequest) -> Problem {
    let detail = "Nobody with this ORCID iD contributes to this RAiD";
    Problem::of_http(StatusCode::NOT_FOUND, detail, req.path())
}

fn conflict(req: &HttpRequest, detail: impl Into<String>) -> Problem {
    Problem::of_http(StatusCode::CONFLICT, detail, req.path())
}
