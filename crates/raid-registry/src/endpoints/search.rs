//! Searching RAiDs: by words, by what they are connected with, by dates; with counts.

use std::collections::BTreeMap;

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use raid_model::{Addresses, vocabulary};
use serde::Serialize;
use store::raids::{self, Facet, FacetValue, PageSize, Place, Search};
use store::service_points::{self, ServicePointRow};
use store::{Conn, KeyRing, StoreError};

use crate::auth::Visitor;
use crate::listed;
use crate::openapi::Describe;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, cursor, paging, sight};

mod asked;

use asked::{Asked, At, LIST};

/// Values that are counted of one facet.
const FACET_VALUES: i64 = 20;

pub(crate) fn describe() -> Describe {
    let description = Describe::new("searchRaids", "RAiDs", "Search RAiDs")
        .text(
            "Everybody finds open RAiDs; a token shows embargoed ones, too, to those who may see \
             them. All conditions must hold, and `contributor`, `organisation`, `subject`, \
             `relatedObject` and `relatedRaid` may be repeated. The first page tells how many RAiDs \
             there are and, where `facets` asks for it, how many have what, the 20 most frequent \
             values of each. `next` is the cursor of the next page, and `Link` its address.",
        )
        .open_to_all();
    asked::PARAMETERS
        .iter()
        .fold(description, |description, (name, text)| {
            description.query(name, text)
        })
        .includes_fields()
        .json_only()
        .stored()
        .json(200, "The RAiDs that were found", "RaidSearchResult")
        .paged()
}

pub(crate) async fn search(
    Visitor(caller): Visitor,
    req: HttpRequest,
    registry: Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let eyes = sight::of(&registry, caller.as_ref()).await?;
    let asked = Asked::read(&req, &registry, eyes)?;
    let limit = asked.paging.limit(registry.settings.page_size);
    let addresses = registry.settings.addresses.clone();
    let keys = registry.store.keys().clone();
    let found = registry
        .store
        .read_long(move |c| Found::load(c, &keys, &asked, limit, &addresses))
        .await?;
    let mut answer = HttpResponse::Ok();
    if let Some(next) = &found.next {
        answer.insert_header(cursor::link_next(
            &registry.settings.public_url,
            &req,
            paging::CURSOR,
            next,
        ));
    }
    Ok(answer.content_type("application/json").body(found.body))
}

/// The answer but for the RAiDs, which are written already.
#[derive(Serialize)]
struct Summary<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    facets: Option<BTreeMap<&'static str, Vec<Counted>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<i64>,
}

/// How many of the RAiDs that were found have something.
#[derive(Serialize)]
struct Counted {
    count: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    value: String,
}

struct Found {
    body: Vec<u8>,
    next: Option<String>,
}

impl Found {
    fn load(
        c: &mut Conn,
        keys: &KeyRing,
        asked: &Asked,
        rows: i64,
        addresses: &Addresses,
    ) -> Result<Self, StoreError> {
        let after = asked.paging.after.as_ref().and_then(At::place);
        let size = PageSize {
            rows,
            bytes: paging::PAGE_BYTES,
        };
        let page = raids::search(c, &asked.search, asked.order, after.as_ref(), size)?;
        let items = listed::items(c, &page.rows, &asked.fields, &asked.search.sight, addresses)?;
        let write = |place: &Place| cursor::write(keys, LIST, &At::of(&asked.sorted_by, place));
        let next = page.next.as_ref().map(write).transpose()?;
        // What costs more than a page is told with the first one only.
        let is_first = asked.paging.after.is_none();
        let summary = Summary {
            facets: match &asked.facets[..] {
                wanted @ [_, ..] if is_first => Some(facets(c, &asked.search, wanted)?),
                _ => None,
            },
            next: next.as_deref(),
            total: if is_first {
                Some(raids::total(c, &asked.search)?)
            } else {
                None
            },
        };
        let summary = serde_json::to_vec(&summary);
        let summary = summary.map_err(|e| StoreError::Corrupt(format!("a search: {e}")))?;
        let mut body = b"{\"items\":".to_vec();
        body.extend(listed::array(&items));
        if summary.len() > "{}".len() {
            body.push(b',');
        }
        body.extend_from_slice(&summary[1..]);
        Ok(Self { body, next })
    }
}

fn facets(
    c: &mut Conn,
    search: &Search,
    wanted: &[(&'static str, Facet)],
) -> Result<BTreeMap<&'static str, Vec<Counted>>, StoreError> {
    let points = if wanted
        .iter()
        .any(|(_, facet)| *facet == Facet::ServicePoint)
    {
        service_points::all(c)?
    } else {
        Vec::new()
    };
    let mut counted = BTreeMap::new();
    for (name, facet) in wanted {
        let values = raids::facet(c, search, *facet, FACET_VALUES)?;
        let label = |FacetValue { value, count }| Counted {
            count,
            label: label(*facet, &value, &points),
            value,
        };
        counted.insert(*name, values.into_iter().map(label).collect());
    }
    Ok(counted)
}

/// The English name of a value, where this registry knows it.
fn label(facet: Facet, value: &str, points: &[ServicePointRow]) -> Option<String> {
    match facet {
        Facet::ServicePoint => {
            let point = points.iter().find(|point| point.id.to_string() == value);
            point.map(|point| point.name.clone())
        }
        Facet::Connection(_) => {
            let (vocabulary, code) = value.rsplit_once('/')?;
            let name = if vocabulary.contains("anzsrc-for") {
                vocabulary::field_of_research(code)
            } else {
                vocabulary::socio_economic_objective(code)
            };
            name.map(str::to_owned)
        }
        Facet::Status | Facet::Access => None,
    }
}
