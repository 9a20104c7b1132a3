//! Reading service points.

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::ServicePoint;
use store::service_points::{self, ServicePointRow};

use crate::auth::Caller;
use crate::openapi::Describe;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, path, rights};

pub(crate) fn describe_list() -> Describe {
    Describe::new("listServicePoints", "Service points", "List service points")
        .secured()
        .json_only()
        .stored()
        .json_list(200, "All service points, by their number", "ServicePoint")
}

pub(crate) fn describe_read() -> Describe {
    Describe::new("readServicePoint", "Service points", "Read a service point")
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
    let rows = registry.store.read(service_points::all).await?;
    let shown: Vec<_> = rows.into_iter().map(show).collect();
    Ok(HttpResponse::Ok().json(shown))
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
    Ok(HttpResponse::Ok().json(show(row)))
}

fn show(row: ServicePointRow) -> ServicePoint {
    ServicePoint {
        admin_email: row.admin_email.unwrap_or_default(),
        app_writes_enabled: Some(row.app_writes_enabled),
        enabled: row.enabled,
        group_id: Some(row.group_id),
        id: row.id,
        identifier_owner: row.identifier_owner,
        name: row.name,
        prefix: Some(row.prefix),
        repository_id: row.repository_id,
        tech_email: row.tech_email.unwrap_or_default(),
    }
}
