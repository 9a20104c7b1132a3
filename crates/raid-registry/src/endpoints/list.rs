//! Listing RAiDs: all of them as one array that is streamed, or a page of them.

use std::sync::Arc;

use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use futures::Stream;
use raid_model::search::Term;
use serde::{Deserialize, Serialize};
use store::raids::{self, Access, After, Filter, PageSize, Sight};
use store::{Conn, StoreError, Timestamp};

use crate::auth::{Caller, Role, Visitor};
use crate::listed::{self, Fields};
use crate::openapi::Describe;
use crate::paging::{PAGE_BYTES, PIECE_BYTES, Paging, link_next};
use crate::query::Query;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, moment, rights, sight};

/// The name that is with the cursors.
const LIST: &str = "raids/1";
/// The same, where the list is in the order of changes.
const CHANGED: &str = "raids-by-change/1";
/// Leaves out what did not change after this moment.
const UPDATED_SINCE: &str = "updatedSince";
/// The filters of the RAiD API. The first one that is there is the one that counts.
const CONTRIBUTOR: &str = "contributor.id";
const ORGANISATION: &str = "organisation.id";

pub(crate) fn describe() -> Describe {
    Describe::new("listRaids", "RAiDs", "List RAiDs")
        .text(
            "The RAiDs of the own service point; operators get those of all, and everybody without \
             a token the open ones. Newest first, complete, and streamed, or in pages where `limit` \
             or `cursor` is given. `includeFields` names the members that are wanted, repeated or \
             separated by commas. With `contributor.id` or `organisation.id` the RAiDs of that person or \
             organisation at all service points, for `pid-searcher`, `operator` and \
             `contributor-writer`; embargoed ones only for those who may see them.",
        )
        .open()
        .includes_fields()
        .query(
            CONTRIBUTOR,
            "A person's ORCID iD or ISNI, bare or as a URL; then `organisation.id` does not count",
        )
        .query(ORGANISATION, "An organisation's ROR id")
        .json_only()
        .stored()
        .json_list(200, "The RAiDs", "RaidDto")
        .paged()
}

pub(crate) fn describe_public() -> Describe {
    Describe::new("listPublicRaids", "RAiDs", "List all open RAiDs")
        .text(
            "Of all service points. For `raid-dumper`, such as a site that shows all RAiDs, and for \
             everybody without a token.",
        )
        .open()
        .includes_fields()
        .query(UPDATED_SINCE, UPDATED_SINCE_SAYS)
        .json_only()
        .stored()
        .json_list(200, "The RAiDs", "RaidDto")
        .paged()
}

pub(crate) fn describe_embargoed() -> Describe {
    Describe::new("listEmbargoedRaids", "RAiDs", "List all embargoed RAiDs")
        .text("Of all service points. For `raid-access-handler`.")
        .secured()
        .query(UPDATED_SINCE, UPDATED_SINCE_SAYS)
        .json_only()
        .stored()
        .json_list(200, "The RAiDs", "RaidDto")
        .paged()
}

const UPDATED_SINCE_SAYS: &str = "Only RAiDs with a `metadata.updated` after this moment, the least \
    recently changed first. A date-time with its offset (ISO 8601), `+` written as `%2B`. \
    `metadata.updated` has whole seconds: go back one second, and leave out what you have";

/// Whether the RAiDs of a person or an organisation are asked for.
pub(crate) fn is_filtered(query: &Query) -> bool {
    query.has(CONTRIBUTOR) || query.has(ORGANISATION)
}

pub(crate) async fn list(
    Visitor(caller): Visitor,
    req: HttpRequest,
    registry: Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let mut query = Query::of(&req);
    let sight = sight::of(&registry, caller.as_ref()).await?;
    let filter = if is_filtered(&query) {
        rights::may_find_by_pid(caller.as_ref())?;
        Filter {
            connected_with: Some((sight.clone(), asked_for(&query).into_iter().collect())),
            ..Filter::default()
        }
    } else {
        rights::listed(&registry, caller.as_ref()).await?
    };
    let fields = Fields::read(&mut query);
    let wanted = Wanted {
        filter,
        fields,
        sight,
    };
    answer(req, registry, wanted, query).await
}

/// The person or the organisation that is asked for; none if nobody has that identifier.
fn asked_for(query: &Query) -> Option<Term> {
    if query.has(CONTRIBUTOR) {
        query.one(CONTRIBUTOR).and_then(Term::contributor)
    } else {
        query.one(ORGANISATION).and_then(Term::organisation)
    }
}

pub(crate) async fn public(
    Visitor(caller): Visitor,
    req: HttpRequest,
    registry: Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    if let Some(caller) = &caller {
        caller.must_be(&[Role::RaidDumper, Role::RaidUpgrader])?;
    }
    accept::json(&req)?;
    let mut query = Query::of(&req);
    let sight = sight::of(&registry, caller.as_ref()).await?;
    let mut wanted = all_with(Access::Open, sight, &mut query);
    wanted.fields = Fields::read(&mut query);
    answer(req, registry, wanted, query).await
}

pub(crate) async fn embargoed(
    caller: Caller,
    req: HttpRequest,
    registry: Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::RaidAccessHandler])?;
    accept::json(&req)?;
    let mut query = Query::of(&req);
    let sight = sight::of(&registry, Some(&caller)).await?;
    let wanted = all_with(Access::Embargoed, sight, &mut query);
    answer(req, registry, wanted, query).await
}

/// What a list holds, and what of each RAiD.
struct Wanted {
    filter: Filter,
    fields: Fields,
    /// Of whose contributors the reader sees the real statuses.
    sight: Sight,
}

impl Wanted {
    /// The name that is with the cursors.
    fn list(&self) -> &'static str {
        match self.filter.updated_from {
            Some(_) => CHANGED,
            None => LIST,
        }
    }
}

/// All RAiDs of all service points with an access, as far as the query does not leave some out.
fn all_with(access: Access, sight: Sight, query: &mut Query) -> Wanted {
    // A record says in whole seconds when it was changed.
    let next_second = |at: Timestamp| {
        let whole = at.replace_time(at.time().truncate_to_second());
        whole.saturating_add(time::Duration::SECOND)
    };
    Wanted {
        filter: Filter {
            access: Some(access),
            updated_from: query.date_time(UPDATED_SINCE).map(next_second),
            ..Filter::default()
        },
        fields: Fields::ALL,
        sight,
    }
}

/// Where a page ended, as a cursor holds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place {
    /// When the last RAiD of the page was minted, or changed where the list is in that order.
    #[serde(rename = "c", with = "moment::micros")]
    at: Timestamp,
    #[serde(rename = "h")]
    handle: String,
}

async fn answer(
    req: HttpRequest,
    registry: Data<Registry>,
    wanted: Wanted,
    mut query: Query,
) -> Result<HttpResponse, Refusal> {
    let list = wanted.list();
    let paging: Paging<Place> = Paging::read(&mut query, &registry, list);
    query.finish()?;
    let wanted = Arc::new(wanted);
    let usual = registry.settings.page_size.max(1);
    if !paging.is_asked() {
        let piece = PageSize {
            rows: usual,
            bytes: PIECE_BYTES,
        };
        // The first page is read before the answer begins, so that trouble still has a status.
        let first = page(&registry, wanted.clone(), None, piece).await?;
        return Ok(HttpResponse::Ok()
            .content_type("application/json")
            .streaming(stream(registry, wanted, first, piece)));
    }
    let size = PageSize {
        rows: paging.limit(usual),
        bytes: PAGE_BYTES,
    };
    let after = paging.after.and_then(|place| {
        let handle = place.handle.parse().ok()?;
        Some(After {
            at: place.at,
            handle,
        })
    });
    let page = page(&registry, wanted, after, size).await?;
    let next = page.next.map(|after| Place {
        at: after.at,
        handle: after.handle.to_string(),
    });
    let mut answer = HttpResponse::Ok();
    link_next(&mut answer, &req, &registry, list, next.as_ref())?;
    Ok(answer
        .content_type("application/json")
        .body(listed::array(&page.items)))
}

/// Some RAiDs, ready to be sent, and where the next ones begin.
struct Page {
    items: Vec<Vec<u8>>,
    next: Option<After>,
}

async fn page(
    registry: &Registry,
    wanted: Arc<Wanted>,
    after: Option<After>,
    size: PageSize,
) -> Result<Page, StoreError> {
    let addresses = registry.settings.addresses.clone();
    let is_searched = wanted.filter.connected_with.is_some();
    let is_by_change = wanted.filter.updated_from.is_some();
    let load = move |c: &mut Conn| {
        let page = raids::page(c, &wanted.filter, after.as_ref(), size)?;
        let items = listed::items(c, &page.rows, &wanted.fields, &wanted.sight, &addresses)?;
        Ok(Page {
            items,
            next: page.next,
        })
    };
    if is_searched {
        registry.store.read_long(load).await
    } else if is_by_change {
        registry.store.snapshot(load).await
    } else {
        registry.store.read(load).await
    }
}

/// The array, a piece at a time: memory is bounded by the piece, not by the list, and nothing is read
/// further ahead of the reader. Trouble on the way breaks the connection off, so that a list is never
/// cut silently.
fn stream(
    registry: Data<Registry>,
    wanted: Arc<Wanted>,
    first: Page,
    size: PageSize,
) -> impl Stream<Item = Result<Bytes, actix_web::Error>> {
    futures::stream::try_unfold(Some((first, "[")), move |state| {
        let (registry, wanted) = (registry.clone(), wanted.clone());
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
                let following = page(&registry, wanted, Some(after), size).await;
                Some((following.map_err(Refusal::from)?, separator))
            } else {
                chunk.push(b']');
                None
            };
            Ok(Some((Bytes::from(chunk), next)))
        }
    })
}
