//! Who wrote the versions of a RAiD.

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use store::StoreError;
use store::raids::{self, Authorship};

use crate::auth::Caller;
use crate::endpoints::history::moment;
use crate::endpoints::redaction::RedactionView;
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, cursor, rights};

/// The name of the list in its cursors.
const LIST: &str = "versions/1";
/// Entries of a page, unless a request says how many.
const LIMIT: i64 = 100;
/// Most entries of a page.
const MOST: i64 = 1000;

pub(crate) fn describe() -> Describe {
    Describe::new("listVersions", "RAiDs", "Who wrote the versions of a RAiD?")
        .text(
            "For users of the service point that owns it, its `raid-admin`s, and operators; of a \
             withdrawn RAiD, too. The newest first.",
        )
        .secured()
        .handle()
        .query("limit", "Most entries, up to 1000; 100 if left out")
        .query("cursor", "From the `Link` of the page before")
        .json_only()
        .stored()
        .json_list(200, "The versions", "VersionAuthor")
        .header(
            200,
            "Link",
            "The next page, if there is one: `rel=\"next\"`",
        )
        .problem(400, "A parameter cannot be read")
        .problem(404, "No such RAiD (told to operators only)")
}

/// One version as it is listed.
#[derive(Serialize)]
struct VersionAuthor {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    issuer: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    redaction: Option<RedactionView>,
    subject: String,
    version: i32,
}

impl VersionAuthor {
    fn of(row: Authorship) -> Result<Self, StoreError> {
        Ok(Self {
            at: moment(row.created_at)?,
            client: row.client,
            issuer: row.issuer,
            reason: row.reason,
            redaction: RedactionView::of(row.redaction)?,
            subject: row.actor,
            version: row.version,
        })
    }
}

pub(crate) async fn list(
    caller: Caller,
    req: HttpRequest,
    path: HandlePath,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let raid = rights::looked_after(&registry, &caller, &path).await?;
    let mut query = Query::of(&req);
    let before = query
        .one("cursor")
        .map(|text| cursor::read(registry.store.keys(), LIST, "cursor", text));
    let before = before.and_then(|read| query.noted(read));
    let limit = query.number("limit", 1..=MOST).unwrap_or(LIMIT);
    query.finish()?;
    let handle = raid.handle.into_inner();
    let rows = registry
        .store
        .read(move |c| raids::authorship(c, &handle, before, limit))
        .await?;
    let mut answer = HttpResponse::Ok();
    // Version 1 is always there, so a page that does not end with it has a next one.
    if let Some(last) = rows.last().filter(|last| last.version > 1) {
        let next = cursor::write(registry.store.keys(), LIST, &last.version)?;
        answer.insert_header(cursor::link_next(
            &registry.settings.public_url,
            &req,
            "cursor",
            &next,
        ));
    }
    let listed: Result<Vec<_>, _> = rows.into_iter().map(VersionAuthor::of).collect();
    Ok(answer.json(listed?))
}
