//! Listing RAiDs: all of them, as one array that is streamed page by page.

use std::collections::BTreeSet;
use std::sync::Arc;

use actix_web::web::{self, Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures::Stream;
use raid_model::{ErrorType, Failure, Handle, Raid};
use serde_json::Value;
use store::StoreError;
use store::raids::{self, Access, After, Filter, RaidRow};

use crate::auth::{Caller, Role, Visitor};
use crate::openapi::Describe;
use crate::problem::Problem;
use crate::refusal::{Refusal, unless_valid};
use crate::registry::Registry;
use crate::status::Known;
use crate::{accept, record, rights};

/// Filters of the RAiD API that would need an index of their own.
const UNSUPPORTED_FILTERS: &[&str] = &["contributor.id", "organisation.id"];

/// The members of a RAiD.
const MEMBERS: &[&str] = &[
    "access",
    "alternateIdentifier",
    "alternateUrl",
    "contributor",
    "date",
    "description",
    "identifier",
    "metadata",
    "organisation",
    "relatedObject",
    "relatedRaid",
    "spatialCoverage",
    "subject",
    "title",
];

pub(crate) fn describe() -> Describe {
    Describe::new("listRaids", "RAiDs", "List RAiDs")
        .text(
            "The RAiDs of the own service point; operators get those of all. Newest first, \
             complete, and streamed. `includeFields` names the members that are wanted, repeated \
             or separated by commas; `title` and `contributor` are always there, empty if they are \
             not wanted.",
        )
        .open()
        .query(
            "includeFields",
            "Members of a RAiD, such as `identifier,title`",
        )
        .json_only()
        .stored()
        .json_list(200, "The RAiDs", "RaidDto")
        .problem(
            400,
            "A filter that is not offered, or a member that no RAiD has",
        )
}

pub(crate) fn describe_public() -> Describe {
    Describe::new("listPublicRaids", "RAiDs", "List all open RAiDs")
        .text("Of all service points. For `raid-dumper`, such as a site that shows all RAiDs.")
        .secured()
        .json_only()
        .stored()
        .json_list(200, "The RAiDs", "RaidDto")
}

pub(crate) fn describe_embargoed() -> Describe {
    Describe::new("listEmbargoedRaids", "RAiDs", "List all embargoed RAiDs")
        .text("Of all service points. For `raid-access-handler`.")
        .secured()
        .json_only()
        .stored()
        .json_list(200, "The RAiDs", "RaidDto")
}

pub(crate) async fn list(
    Visitor(caller): Visitor,
    req: HttpRequest,
    registry: Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let filter = Arc::new(rights::listed(&registry, caller.as_ref()).await?);
    let query = query(&req);
    refuse_filters(&query)?;
    let fields = included_fields(&query)?;
    answer(registry, filter, fields).await
}

pub(crate) async fn public(
    caller: Caller,
    req: HttpRequest,
    registry: Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::RaidDumper, Role::RaidUpgrader])?;
    accept::json(&req)?;
    answer(registry, with_access(Access::Open), None).await
}

pub(crate) async fn embargoed(
    caller: Caller,
    req: HttpRequest,
    registry: Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::RaidAccessHandler])?;
    accept::json(&req)?;
    answer(registry, with_access(Access::Embargoed), None).await
}

fn with_access(access: Access) -> Arc<Filter> {
    Arc::new(Filter {
        access: Some(access),
        ..Filter::default()
    })
}

/// The members that are wanted; none for all.
type Fields = Option<Arc<BTreeSet<String>>>;

async fn answer(
    registry: Data<Registry>,
    filter: Arc<Filter>,
    fields: Fields,
) -> Result<HttpResponse, Refusal> {
    // The first page is read before the answer begins, so that trouble still has a status.
    let first = page(&registry, filter.clone(), fields.clone(), None).await?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .streaming(stream(registry, filter, fields, first)))
}

fn query(req: &HttpRequest) -> Vec<(String, String)> {
    web::Query::from_query(req.query_string())
        .map(web::Query::into_inner)
        .unwrap_or_default()
}

/// The members named by `includeFields`, which may be repeated and hold several.
fn included_fields(query: &[(String, String)]) -> Result<Fields, Refusal> {
    let fields: BTreeSet<String> = query
        .iter()
        .filter(|(name, _)| name == "includeFields")
        .flat_map(|(_, names)| names.split(','))
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    if let Some(unknown) = fields.iter().find(|f| !MEMBERS.contains(&f.as_str())) {
        let failure = Failure {
            field_id: "includeFields".to_owned(),
            error_type: ErrorType::InvalidValue,
            message: format!(
                "has invalid/unsupported value - no RAiD has a member {unknown}; write some of {}",
                MEMBERS.join(", ")
            ),
        };
        return Err(Problem::validation(vec![failure]).into());
    }
    Ok((!fields.is_empty()).then(|| Arc::new(fields)))
}

/// To leave out a filter would answer another question than was asked.
fn refuse_filters(query: &[(String, String)]) -> Result<(), Refusal> {
    let failures: Vec<_> = query
        .iter()
        .filter(|(name, _)| UNSUPPORTED_FILTERS.contains(&name.as_str()))
        .map(|(name, _)| Failure {
            field_id: name.clone(),
            error_type: ErrorType::InvalidValue,
            message: "this filter is not offered".to_owned(),
        })
        .collect();
    unless_valid(failures)
}

/// Some RAiDs, ready to be sent, and where the next ones begin.
struct Page {
    items: Vec<Vec<u8>>,
    next: Option<After>,
}

async fn page(
    registry: &Registry,
    filter: Arc<Filter>,
    fields: Fields,
    after: Option<After>,
) -> Result<Page, StoreError> {
    let limit = registry.settings.page_size.max(1);
    registry
        .store
        .read(move |c| {
            let rows = raids::page(c, &filter, after.as_ref(), limit)?;
            let is_full = i64::try_from(rows.len()).is_ok_and(|count| count >= limit);
            let next = rows.last().filter(|_| is_full).map(after_row);
            let handles: Vec<&Handle> = rows.iter().map(|row| row.handle.get()).collect();
            let known = Known::load(c, &handles)?;
            let items = rows
                .iter()
                .map(|row| {
                    item(
                        &record::show(record::parse(&row.document)?, &known),
                        &fields,
                    )
                })
                .collect::<Result<_, _>>()?;
            Ok(Page { items, next })
        })
        .await
}

/// A RAiD with the members that are wanted. Existing clients read `title` and `contributor` in any
/// case.
fn item(raid: &Raid, fields: &Fields) -> Result<Vec<u8>, StoreError> {
    let Some(fields) = fields else {
        return record::write(raid);
    };
    let unfit = |e| StoreError::Corrupt(format!("a RAiD: {e}"));
    let Value::Object(all) = serde_json::to_value(raid).map_err(unfit)? else {
        return Ok(Vec::new());
    };
    let mut wanted: serde_json::Map<String, Value> = all
        .into_iter()
        .filter(|(name, _)| fields.contains(name))
        .collect();
    for name in ["contributor", "title"] {
        wanted
            .entry(name)
            .or_insert_with(|| Value::Array(Vec::new()));
    }
    serde_json::to_vec(&wanted).map_err(unfit)
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
    filter: Arc<Filter>,
    fields: Fields,
    first: Page,
) -> impl Stream<Item = Result<Bytes, actix_web::Error>> {
    futures::stream::try_unfold(Some((first, "[")), move |state| {
        let (registry, filter, fields) = (registry.clone(), filter.clone(), fields.clone());
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
                let following = page(&registry, filter, fields, Some(after)).await;
                Some((following.map_err(Refusal::from)?, separator))
            } else {
                chunk.push(b']');
                None
            };
            Ok(Some((Bytes::from(chunk), next)))
        }
    })
}
