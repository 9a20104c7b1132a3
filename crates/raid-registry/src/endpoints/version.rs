//! Reading an earlier version of a RAiD.

use actix_web::{HttpRequest, HttpResponse, web};
use store::raids;

use crate::auth::Visitor;
use crate::openapi::Describe;
use crate::path::{self, HandlePath};
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, sight};

pub(crate) fn describe() -> Describe {
    Describe::new("readRaidVersion", "RAiDs", "Read one version of a RAiD")
        .text("As it was written, so without the contributors' status, which is of today.")
        .open()
        .handle()
        .of_raid()
        .number("version", "The version, from 1")
        .json_only()
        .stored()
        .json(200, "The RAiD at that version", "RaidDto")
        .problem(400, "The version is no number")
        .empty(
            404,
            "No such version, or no such RAiD (told to operators only)",
        )
}

pub(crate) async fn read(
    Visitor(caller): Visitor,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let version: i32 = path::number(&req, "version")?;
    // Today's access decides, also about versions that had another.
    sight::readable(&registry, caller.as_ref(), path.handle.as_ref()).await?;
    let Some(handle) = path.handle else {
        return Err(Refusal::NotFound);
    };
    let document = registry
        .store
        .read(move |c| raids::version(c, &handle, version))
        .await?
        .ok_or(Refusal::NotFound)?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .body(document.0))
}
