//! Listing RAiDs: all of them, as one array that is streamed page by page.

use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures::Stream;
use raid_model::{ErrorType, Failure, Handle};
use store::raids::{self, Access, After, RaidRow};
use store::{StoreError, permissions};

use crate::auth::Caller;
use crate::openapi::Describe;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::rights::{self, Scope};
use crate::{accept, record};

/// Filters of the RAiD API that would need an index of their own.
const UNSUPPORTED_FILTERS: &[&str] = &["contributor.id", "organisation.id"];

pub(crate) fn describe() -> Describe {
    Describe::new("listRaids", "RAiDs", "List RAiDs")
        .text(
            "The RAiDs of the own service point; operators get those of all. Newest first, \
             complete, and streamed.",
        )
        .secured()
        .json_only()
        .stored()
        .json_list(200, "The RAiDs", "RaidDto")
        .problem(400, "A filter that is not offered was asked for")
}

pub(crate) async fn list(
    caller: Caller,
    req: HttpRequest,
    registry: Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let scope = rights::listed(&registry, &caller).await?;
    refuse_filters(&req)?;
    // The first page is read before the answer begins, so that trouble still has a status.
    let first = page(&registry, scope, None).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .streaming(stream(registry, scope, first)))
}

/// To leave out a filter would answer another question than was asked.
fn refuse_filters(req: &HttpRequest) -> Result<(), Refusal> {
    let query = web::Query::<Vec<(String, String)>>::from_query(req.query_string())
        .map(web::Query::into_inner)
        .unwrap_or_default();
    let failures: Vec<_> = query
        .iter()
        .filter(|(name, _)| UNSUPPORTED_FILTERS.contains(&name.as_str()))
        .map(|(name, _)| Failure {
            field_id: name.clone(),
            error_type: ErrorType::InvalidValue,
            message: "this filter is not offered".to_owned(),
        })
        .collect();
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Problem::validation(failures).into())
    }
}

/// Some RAiDs, ready to be sent, and where the next ones begin.
struct Page {
    items: Vec<Vec<u8>>,
    next: Option<After>,
}

async fn page(registry: &Registry, scope: Scope, after: Option<After>) -> Result<Page, StoreError> {
    let limit = registry.settings.page_size.max(1);
    registry
        .store
        .read(move |c| {
            let rows = raids::page(c, scope.service_point, after.as_ref(), limit)?;
            let is_full = i64::try_from(rows.len()).is_ok_and(|count| count >= limit);
            let next = rows.last().filter(|_| is_full).map(after_row);
            let shown: Vec<_> = rows
                .iter()
                .filter(|row| !scope.only_open || row.access == Access::Open)
                .collect();
            let handles: Vec<&Handle> = shown.iter().map(|row| row.handle.get()).collect();
            let states = permissions::of_raids(c, &handles)?;
            let items = shown
                .iter()
                .map(|row| record::write(&record::show(record::parse(&row.document)?, &states)))
                .collect::<Result<_, _>>()?;
            Ok(Page { items, next })
        })
        .await
}

fn after_row(row: &RaidRow) -> After {
    After {
        created_at: row.created_at,
        handle: row.handle.get().clone(),
    }
}

/// The array, a page at a time: memory is bounded by the page, not by the list. Trouble on the way
/// breaks the connection off, so that a list is never cut silently.
fn stream(
    registry: Data<Registry>,
    scope: Scope,
    first: Page,
) -> impl Stream<Item = Result<Bytes, actix_web::Error>> {
    futures::stream::try_unfold(Some((first, "[")), move |state| {
        let registry = registry.clone();
        async move {
            let Some((page_now, mut separator)) = state else {
                return Ok(None);
            };
            let mut chunk = Vec::new();
            if separator == "[" {
                chunk.push(b'[');
                separator = "";
            }
            for item in &page_now.items {
                chunk.extend_from_slice(separator.as_bytes());
                chunk.extend_from_slice(item);
                separator = ",";
            }
            let next = if let Some(after) = page_now.next {
                let following = page(&registry, scope, Some(after)).await;
                Some((following.map_err(Refusal::from)?, separator))
            } else {
                chunk.push(b']');
                None
            };
            Ok(Some((Bytes::from(chunk), next)))
        }
    })
}
