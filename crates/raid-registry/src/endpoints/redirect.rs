//! Collections without their slash: the caller is sent to the one with it, query kept.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};

use crate::auth::{Caller, Role, Visitor};
use crate::endpoints::list;
use crate::openapi::Describe;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::rights;

fn description(id: &'static str, tag: &'static str, to: &str) -> Describe {
    Describe::new(id, tag, "Redirect to the collection")
        .text(
            "After authorization. Clients that follow turn every method into GET, so that `POST` \
             must be sent to the address with the slash.",
        )
        .empty(302, "The collection is elsewhere")
        .header(302, "Location", to)
}

pub(crate) fn describe_list() -> Describe {
    description("redirectToRaids", "RAiDs", "`/raid/`").open()
}

pub(crate) fn describe_mint() -> Describe {
    description("redirectMint", "RAiDs", "`/raid/`").secured()
}

pub(crate) fn describe_service_points() -> Describe {
    let (id, tag) = ("redirectToServicePoints", "Service points");
    description(id, tag, "`/service-point/`").secured()
}

pub(crate) fn describe_create() -> Describe {
    let (id, tag) = ("redirectCreateServicePoint", "Service points");
    description(id, tag, "`/service-point/`").secured()
}

pub(crate) async fn list(
    Visitor(caller): Visitor,
    req: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    if list::is_filtered(&Query::of(&req)) {
        rights::may_find_by_pid(caller.as_ref())?;
    } else {
        rights::may_list(caller.as_ref())?;
    }
    Ok(to_slash(&req))
}

pub(crate) async fn mint(caller: Caller, req: HttpRequest) -> Result<HttpResponse, Refusal> {
    rights::may_mint(&caller)?;
    Ok(to_slash(&req))
}

pub(crate) async fn service_points(
    caller: Caller,
    req: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    rights::may_see_service_points(&caller)?;
    Ok(to_slash(&req))
}

pub(crate) async fn create_service_point(
    caller: Caller,
    req: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::Operator])?;
    Ok(to_slash(&req))
}

/// The same address with a slash.
pub(crate) fn to_slash(req: &HttpRequest) -> HttpResponse {
    let mut location = format!("{}/", req.path());
    if let Some(query) = req.uri().query() {
        location.push('?');
        location.push_str(query);
    }
    HttpResponse::Found()
        .insert_header((header::LOCATION, location))
        .finish()
}
