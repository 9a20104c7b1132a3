//! How a RAiD changed, version by version.

use std::sync::Arc;

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::Stream;
use raid_model::{Handle, Raid, history};
use serde::Serialize;
use store::raids::{self, VersionRow};
use store::{StoreError, Timestamp};
use time::format_description::well_known::Rfc3339;

use crate::auth::Visitor;
use crate::openapi::Describe;
use crate::path::HandlePath;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, record, sight};

/// Versions that are read at once: they are whole documents.
const PAGE: i64 = 50;

pub(crate) fn describe() -> Describe {
    Describe::new("readRaidHistory", "RAiDs", "Read how a RAiD changed")
        .text(
            "One entry for each version, the first one first. `diff` is a JSON Patch (RFC 6902) in \
             Base64: the first one starts from an empty object, each later one from the version \
             before. Contributors' status is of today and in no version.",
        )
        .open()
        .handle()
        .of_raid()
        .json_only()
        .stored()
        .json_list(
            200,
            "The changes; empty if there is no such RAiD",
            "RaidChange",
        )
}

/// One entry of a history.
#[derive(Serialize)]
struct RaidChange<'a> {
    handle: &'a str,
    version: i32,
    diff: String,
    timestamp: String,
}

pub(crate) async fn list(
    Visitor(caller): Visitor,
    req: HttpRequest,
    path: HandlePath,
    registry: Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    match sight::readable(&registry, caller.as_ref(), path.handle.as_ref()).await {
        // Who may know that there is no such RAiD is told so by an empty history.
        Ok(_) | Err(Refusal::NotFound) => {}
        Err(refusal) => return Err(refusal),
    }
    let Some(handle) = path.handle else {
        return Ok(HttpResponse::Ok().json([(); 0]));
    };
    let handle = Arc::new(handle);
    // The first entries are read before the answer begins, so that trouble still has a status.
    let first = entries(&registry, &handle, None).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .streaming(stream(registry, handle, first)))
}

/// Some entries, written and separated by commas, and the version after which more may follow.
struct Entries {
    text: String,
    last: Option<(i32, Raid)>,
}

async fn entries(
    registry: &Registry,
    handle: &Arc<Handle>,
    before: Option<(i32, Raid)>,
) -> Result<Entries, StoreError> {
    let handle = handle.clone();
    registry
        .store
        .read(move |c| {
            let after = before.as_ref().map_or(0, |(version, _)| *version);
            let rows = raids::versions_after(c, &handle, after, PAGE)?;
            let is_full = i64::try_from(rows.len()).is_ok_and(|count| count >= PAGE);
            let mut last = before;
            let mut written = Vec::new();
            for row in &rows {
                let raid = record::parse(&row.document)?;
                written.push(entry(
                    &handle,
                    row,
                    last.as_ref().map(|(_, raid)| raid),
                    &raid,
                )?);
                last = Some((row.version, raid));
            }
            Ok(Entries {
                text: written.join(","),
                last: last.filter(|_| is_full),
            })
        })
        .await
}

fn entry(
    handle: &Handle,
    row: &VersionRow,
    before: Option<&Raid>,
    after: &Raid,
) -> Result<String, StoreError> {
    let unfit = |e: &dyn std::fmt::Display| StoreError::Corrupt(format!("a history: {e}"));
    let patch = history::patch_between(before, after).map_err(|e| unfit(&e))?;
    let patch = serde_json::to_string(&patch).map_err(|e| unfit(&e))?;
    let change = RaidChange {
        handle: &handle.to_string(),
        version: row.version,
        diff: STANDARD.encode(patch),
        timestamp: moment(row.created_at)?,
    };
    serde_json::to_string(&change).map_err(|e| unfit(&e))
}

/// A moment as the API writes it.
pub(crate) fn moment(at: Timestamp) -> Result<String, StoreError> {
    let text = at.assume_utc().format(&Rfc3339);
    text.map_err(|e| StoreError::Corrupt(format!("a time: {e}")))
}

/// The array, some entries at a time: memory does not grow with the number of versions.
fn stream(
    registry: Data<Registry>,
    handle: Arc<Handle>,
    first: Entries,
) -> impl Stream<Item = Result<Bytes, actix_web::Error>> {
    futures::stream::try_unfold(Some((first, "[")), move |state| {
        let (registry, handle) = (registry.clone(), handle.clone());
        async move {
            let Some((now, opening)) = state else {
                return Ok(None);
            };
            let mut chunk = if now.text.is_empty() && opening == "," {
                String::new()
            } else {
                format!("{opening}{}", now.text)
            };
            let next = if let Some(last) = now.last {
                let following = entries(&registry, &handle, Some(last)).await;
                Some((following.map_err(Refusal::from)?, ","))
            } else {
                chunk.push(']');
                None
            };
            Ok(Some((Bytes::from(chunk), next)))
        }
    })
}
