//! What the caller may do with a RAiD.

use actix_web::{HttpRequest, HttpResponse, web};

use crate::auth::Caller;
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, rights, sight};

pub(crate) fn describe() -> Describe {
    Describe::new("readRaidPermissions", "RAiDs", "What may I do with a RAiD?")
        .text("Who may not read the RAiD is refused (403) rather than told `read: false`.")
        .handle()
        .of_raid()
        // Without a token the answer is empty, whether the RAiD is closed or not.
        .secured()
        .json_only()
        .stored()
        .json(200, "What the caller may do", "RaidPermissions")
        .empty(404, "No such RAiD (told to operators only)")
}

pub(crate) async fn read(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let record = sight::readable(&registry, Some(&caller), path.handle.as_ref()).await?;
    let permissions = rights::permissions(&registry, &caller, &path, &record).await?;
    Ok(HttpResponse::Ok().json(permissions))
}
