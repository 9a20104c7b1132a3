//! Reading one RAiD.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::auth::Caller;
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, rights};

pub(crate) fn describe() -> Describe {
    Describe::new("readRaid", "RAiDs", "Read a RAiD")
        .text(
            "The current version. Users of a service point read its RAiDs; to others it makes no \
             difference whether a RAiD is foreign, embargoed or unknown (403).",
        )
        .secured()
        .handle()
        .json_only()
        .stored()
        .json(200, "The RAiD", "RaidDto")
        .empty(404, "No such RAiD (told to operators only)")
}

pub(crate) async fn read(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let record = rights::readable(&registry, &caller, path.handle.as_ref()).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .body(record.body.clone()))
}
