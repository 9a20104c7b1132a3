//! Reading, creating and changing service points.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::trust::Trust;
use raid_model::validate::{validate_service_point_create, validate_service_point_update};
use raid_model::{ErrorType, Failure, ServicePoint, ServicePointRequest, json, pasted};
use store::service_points::{self, ServicePointRow, Taken};

use crate::auth::{Caller, Role};
use crate::endpoints::release;
use crate::openapi::Describe;
use crate::paging::{Paging, link_next};
use crate::problem::Problem;
use crate::query::Query;
use crate::refusal::{Refusal, unless_valid};
use crate::registry::Registry;
use crate::{accept, body, path, rights};

/// The name that is with the cursors.
const LIST: &str = "service-points/1";
/// Service points of a page, where the request does not say.
const PAGE: i64 = 100;
const OWN_ONLY: &str =
    "Addresses and group are shown to the service point's users and to operators.";

pub(crate) fn describe_list() -> Describe {
    Describe::new("listServicePoints", "Service points", "List service points")
        .text(OWN_ONLY)
        .secured()
        .json_only()
        .stored()
        .json_list(200, "All service points, by their number", "ServicePoint")
        .paged()
}

pub(crate) fn describe_read() -> Describe {
    Describe::new("readServicePoint", "Service points", "Read a service point")
        .text(OWN_ONLY)
        .secured()
        .number("id", "The number of the service point")
        .json_only()
        .stored()
        .json(200, "The service point", "ServicePoint")
        .problem(400, "The id is no number")
        .empty(404, "No such service point")
}

pub(crate) async fn list(
    caller: Caller,
    req: HttpRequest,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    rights::may_see_service_points(&caller)?;
    accept::json(&req)?;
    let mut query = Query::of(&req);
    let paging: Paging<i64> = Paging::read(&mut query, &registry, LIST);
    query.finish()?;
    let mut rows = registry.store.read(service_points::all).await?;
    rows.retain(|row| !row.retired || caller.is(Role::Operator));
    let mut answer = HttpResponse::Ok();
    // They are few, and all of them are read at once in any case.
    if paging.is_asked() {
        let after = paging.after.unwrap_or(i64::MIN);
        rows.retain(|row| row.id > after);
        let limit = usize::try_from(paging.limit(PAGE)).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| has_more).map(|row| row.id);
        link_next(&mut answer, &req, &registry, LIST, next.as_ref())?;
    }
    let shown: Vec<_> = rows.into_iter().map(|row| show(row, &caller)).collect();
    Ok(answer.json(shown))
}

pub(crate) async fn read(
    caller: Caller,
    req: HttpRequest,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    rights::may_see_service_points(&caller)?;
    accept::json(&req)?;
    let id: i64 = path::number(&req, "id")?;
    let row = registry
        .store
        .read(move |c| service_points::find(c, id))
        .await?
        .ok_or(Refusal::NotFound)?;
    Ok(HttpResponse::Ok().json(show(row, &caller)))
}

pub(crate) fn describe_create() -> Describe {
    Describe::new(
        "createServicePoint",
        "Service points",
        "Create a service point",
    )
    .text(
        "The number is the server's own. What is left out: both switches are on, both addresses are \
             empty, `prefix` and `trust` are the agency's choice for new ones. A name (whatever its \
             case and spaces) or a group that another service point has is refused.",
    )
    .secured()
    .body("ServicePointCreateRequest")
    .json_only()
    .stored()
    .json(201, "Created", "ServicePoint")
    .header(201, "Location", "`/service-point/` and its number")
}

pub(crate) fn describe_change() -> Describe {
    Describe::new(
        "updateServicePoint",
        "Service points",
        "Change a service point",
    )
    .text(
        "The number stays, and what is left out of prefix, repository, switches, addresses and \
             `trust`. To change `trust` from `hold` releases what waits. RAiDs that were minted keep \
             their handle and owner. `retired: true` closes a service point for good: it is disabled, \
             and only operators find it in the list.",
    )
    .secured()
    .number("id", "The number of the service point, as in the body")
    .body("ServicePointUpdateRequest")
    .json_only()
    .stored()
    .json(200, "The service point as it is now", "ServicePoint")
    .problem(404, "No such service point")
}

pub(crate) async fn create(
    caller: Caller,
    req: HttpRequest,
    payload: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::Operator])?;
    accept::json(&req)?;
    let body = body::read(&req, payload, registry.settings.body_limit).await?;
    let request: ServicePointRequest = json::read(&body)?;
    unless_valid(validate_service_point_create(&request))?;
    let mut row = ServicePointRow {
        id: registry.settings.first_service_point,
        name: String::new(),
        identifier_owner: String::new(),
        repository_id: None,
        prefix: registry.settings.prefix.to_string(),
        group_id: String::new(),
        admin_email: None,
        tech_email: None,
        enabled: true,
        app_writes_enabled: true,
        created_at: registry.now(),
        trust: registry.settings.new_service_point_trust,
        retired: false,
    };
    apply(request, &mut row);
    check(&registry, &row).await?;
    let new = row.clone();
    let created = registry
        .store
        .write(move |c| service_points::create(c, &new))
        .await?;
    row.id = created.map_err(taken)?;
    Ok(HttpResponse::Created()
        .insert_header((header::LOCATION, format!("/service-point/{}", row.id)))
        .json(show(row, &caller)))
}

pub(crate) async fn change(
    caller: Caller,
    req: HttpRequest,
    payload: web::Payload,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::Operator])?;
    accept::json(&req)?;
    let id: i64 = path::number(&req, "id")?;
    let body = body::read(&req, payload, registry.settings.body_limit).await?;
    let request: ServicePointRequest = json::read(&body)?;
    let found = registry.store.read(move |c| service_points::find(c, id));
    let found = found.await?;
    let name = found.as_ref().map(|row| row.name.as_str());
    unless_valid(validate_service_point_update(&request, name))?;
    if request.id != Some(id) {
        let message = format!("has invalid/unsupported value - the address names {id}");
        unless_valid(vec![failure("id", ErrorType::InvalidValue, message)])?;
    }
    let mut row = found.ok_or_else(|| Problem::no_service_point_with(id))?;
    if row.retired && request.retired != Some(false) && request.enabled == Some(true) {
        let message = "has invalid/unsupported value - it is retired: send retired: false with it";
        unless_valid(vec![failure("enabled", ErrorType::InvalidValue, message)])?;
    }
    let was_held = row.trust == Trust::Hold;
    let group = row.group_id.clone();
    apply(request, &mut row);
    let closes = !(row.enabled && row.app_writes_enabled) || row.group_id != group;
    let changed = row.clone();
    let changed = registry
        .store
        .write(move |c| service_points::change(c, &changed))
        .await?;
    if let Some(what) = changed {
        return Err(taken(what));
    }
    registry.forget_service_points();
    if closes {
        registry.closed_everywhere().await;
    }
    if was_held && row.trust != Trust::Hold {
        release::release(&registry, id, true).await?;
    }
    Ok(HttpResponse::Ok().json(show(row, &caller)))
}

/// Refuses what is taken before the write waits for its turn, which looks again.
async fn check(registry: &Registry, row: &ServicePointRow) -> Result<(), Refusal> {
    let row = row.clone();
    let found = registry.store.read(move |c| service_points::taken(c, &row));
    found.await?.map_or(Ok(()), |what| Err(taken(what)))
}

/// What a request says, over what is there.
fn apply(request: ServicePointRequest, row: &mut ServicePointRow) {
    // Valid, or the request is refused.
    let prefix = request.prefix().map(str::to_owned);
    row.prefix = prefix.unwrap_or_else(|| std::mem::take(&mut row.prefix));
    row.trust = request
        .trust()
        .and_then(|text| text.parse().ok())
        .unwrap_or(row.trust);
    let name = request.name.unwrap_or_default();
    name.trim().clone_into(&mut row.name);
    let owner = request.identifier_owner.unwrap_or_default();
    row.identifier_owner = pasted::ror(&owner).unwrap_or(owner);
    row.repository_id = request.repository_id.or(row.repository_id.take());
    row.group_id = request.group_id.unwrap_or_default();
    row.admin_email = request.admin_email.or(row.admin_email.take());
    row.tech_email = request.tech_email.or(row.tech_email.take());
    row.enabled = request.enabled.unwrap_or(row.enabled);
    row.app_writes_enabled = request.app_writes_enabled.unwrap_or(row.app_writes_enabled);
    row.retired = request.retired.unwrap_or(row.retired);
    row.enabled &= !row.retired;
}

fn failure(field: &str, error_type: ErrorType, message: impl Into<String>) -> Failure {
    Failure {
        field_id: field.to_owned(),
        error_type,
        message: message.into(),
    }
}

fn taken(taken: Taken) -> Refusal {
    let field = match taken {
        Taken::Name => "name",
        Taken::Group => "groupId",
    };
    let message = "another service point has it";
    Problem::validation(vec![failure(field, ErrorType::DuplicateValue, message)]).into()
}

/// A service point as the caller sees it. Whom to write to and which group acts for it is shown to
/// its own users and to operators, its trust to operators.
fn show(row: ServicePointRow, caller: &Caller) -> ServicePoint {
    let is_operator = caller.is(Role::Operator);
    let is_own = caller.is(Role::ServicePointUser) && caller.group() == Some(&row.group_id);
    let is_shown = is_operator || is_own;
    let address = |address: Option<String>| address.filter(|_| is_shown).unwrap_or_default();
    ServicePoint {
        admin_email: address(row.admin_email),
        app_writes_enabled: Some(row.app_writes_enabled),
        enabled: row.enabled,
        group_id: Some(row.group_id).filter(|_| is_shown),
        id: row.id,
        identifier_owner: row.identifier_owner,
        name: row.name,
        prefix: Some(row.prefix),
        repository_id: row.repository_id,
        tech_email: address(row.tech_email),
        trust: is_operator.then_some(row.trust),
        retired: row.retired && is_operator,
    }
}
