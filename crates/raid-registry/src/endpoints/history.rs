//! How a RAiD changed, version by version.

use std::sync::Arc;

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures::Stream;
use raid_model::{Handle, Raid, history};
use serde::Serialize;
use store::raids::{self, PageSize, VersionRow};
use store::{Conn, StoreError, Timestamp, damage};
use time::format_description::well_known::Rfc3339;

use crate::auth::Visitor;
use crate::openapi::Describe;
use crate::paging::{PAGE_BYTES, PIECE_BYTES, Paging, link_next};
use crate::path::HandlePath;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, record, sight};

/// Versions of a page, unless a request says how many, and of a piece of a whole history.
const PAGE: i64 = 50;
/// Versions that are read at once, whatever their size: they are whole documents.
const PIECE: i64 = 8;
/// What is read at once of a whole history.
const AT_ONCE: PageSize = PageSize {
    rows: PAGE,
    bytes: PIECE_BYTES,
};
/// The patch of a version that was redacted.
const NO_CHANGE: &str = "[]";
/// The name that is with the cursors.
const LIST: &str = "history/1";

pub(crate) fn describe() -> Describe {
    Describe::new("readRaidHistory", "RAiDs", "Read how a RAiD changed")
        .text(
            "One entry for each version, the first one first. `diff` is a JSON Patch (RFC 6902) in \
             Base64: the first one starts from an empty object, each later one from the version \
             before. Contributors' status is of today and in no patch. For those who look after the \
             RAiD, unless the agency opens former versions to everybody. A version that was redacted \
             changes nothing. Complete and streamed, or in pages where `limit` or `cursor` is given.",
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
        .paged()
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
    let mut query = Query::of(&req);
    let paging: Paging<i32> = Paging::read(&mut query, &registry, LIST);
    query.finish()?;
    match sight::readable(&registry, caller.as_ref(), path.handle.as_ref()).await {
        Ok(record) => {
            if let Some(handle) = &path.handle {
                sight::may_read_former(&registry, caller.as_ref(), &record, handle).await?;
            }
        }
        // Who may know that there is no such RAiD is told so by an empty history.
        Err(Refusal::NotFound)
            if caller.is_some() || registry.settings.former_versions_are_open => {}
        // As for a RAiD that is there.
        Err(Refusal::NotFound) => return Err(Refusal::NoToken),
        Err(refusal) => return Err(refusal),
    }
    let Some(handle) = path.handle else {
        return Ok(HttpResponse::Ok().json([(); 0]));
    };
    let handle = Arc::new(handle);
    if paging.is_asked() {
        let size = PageSize {
            rows: paging.limit(PAGE),
            bytes: PAGE_BYTES,
        };
        let before = Before::Version(paging.after.unwrap_or(0));
        let page = entries(&registry, &handle, before, size).await?;
        let next = page.last.map(|(version, _)| version);
        let mut answer = HttpResponse::Ok();
        link_next(&mut answer, &req, &registry, LIST, next.as_ref())?;
        return Ok(answer
            .content_type("application/json")
            .body(format!("[{}]", page.text)));
    }
    // The first entries are read before the answer begins, so that trouble still has a status.
    let first = entries(&registry, &handle, Before::Version(0), AT_ONCE).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .streaming(stream(registry, handle, first)))
}

/// Some entries, written and separated by commas, and the version after which more may follow, with the
/// last document that could be read.
struct Entries {
    text: String,
    last: Option<(i32, Option<Raid>)>,
}

/// After what some entries come.
enum Before {
    /// After this version, 0 for the first one.
    Version(i32),
    /// After this version; the last document up to it is here.
    Read(i32, Box<Option<Raid>>),
}

async fn entries(
    registry: &Registry,
    handle: &Arc<Handle>,
    before: Before,
    size: PageSize,
) -> Result<Entries, StoreError> {
    let handle = handle.clone();
    registry
        .store
        .read(move |c| {
            let (after, mut raid) = match before {
                Before::Read(version, raid) => (version, *raid),
                Before::Version(version) => (version, last_readable(c, &handle, version)?),
            };
            let (mut last, mut left) = (after, size.rows);
            let mut text = String::new();
            while left > 0 && text.len() < size.bytes {
                let (rows, end) = raids::versions_after(c, &handle, last, left.min(PIECE))?;
                let Some(end) = end else {
                    return Ok(Entries { text, last: None });
                };
                for row in &rows {
                    let next = document(&handle, row)?;
                    if next.is_none() && row.redacted_at.is_none() {
                        continue;
                    }
                    if !text.is_empty() {
                        text.push(',');
                    }
                    text.push_str(&entry(&handle, row, raid.as_ref(), next.as_ref())?);
                    raid = next.or(raid);
                    left -= 1;
                }
                last = end;
            }
            let has_more = raids::versions_after(c, &handle, last, 1)?.1.is_some();
            Ok(Entries {
                text,
                last: has_more.then_some((last, raid)),
            })
        })
        .await
}

/// The document of a version; none where it was redacted or is damaged.
fn document(handle: &Handle, row: &VersionRow) -> Result<Option<Raid>, StoreError> {
    if row.redacted_at.is_some() {
        return Ok(None);
    }
    damage::readable((handle, row.version), record::parse(&row.document))
}

/// The last document up to a version that can be read.
fn last_readable(c: &mut Conn, handle: &Handle, version: i32) -> Result<Option<Raid>, StoreError> {
    for version in (1..=version).rev() {
        let row = raids::version(c, handle, version);
        let Some(row) = damage::readable((handle, version), row)?.flatten() else {
            continue;
        };
        if let Some(raid) = document(handle, &row)? {
            return Ok(Some(raid));
        }
    }
    Ok(None)
}

/// One entry. Without a document after it, which was redacted, it changes nothing.
fn entry(
    handle: &Handle,
    row: &VersionRow,
    before: Option<&Raid>,
    after: Option<&Raid>,
) -> Result<String, StoreError> {
    let unfit = |e: &dyn std::fmt::Display| StoreError::Corrupt(format!("a history: {e}"));
    let patch = match after {
        Some(after) => {
            let patch = history::patch_between(before, after).map_err(|e| unfit(&e))?;
            serde_json::to_string(&patch).map_err(|e| unfit(&e))?
        }
        None => NO_CHANGE.to_owned(),
    };
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
    futures::stream::try_unfold(Some((first, String::from("["), "")), move |state| {
        let (registry, handle) = (registry.clone(), handle.clone());
        async move {
            let Some((now, mut chunk, mut separator)) = state else {
                return Ok(None);
            };
            // A piece may have no entry: its versions are damaged.
            if !now.text.is_empty() {
                chunk.push_str(separator);
                chunk.push_str(&now.text);
                separator = ",";
            }
            let next = if let Some((version, raid)) = now.last {
                let before = Before::Read(version, Box::new(raid));
                let following = entries(&registry, &handle, before, AT_ONCE).await;
                Some((following.map_err(Refusal::from)?, String::new(), separator))
            } else {
                chunk.push(']');
                None
            };
            Ok(Some((Bytes::from(chunk), next)))
        }
    })
}
