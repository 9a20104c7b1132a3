//! The log of calls to ORCID, for operators.

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::{Handle, OrcidId, pasted};
use serde::{Deserialize, Serialize};
use store::calls::{self, CallRow, Filter};
use store::{Conn, Id, StoreError, Timestamp};

use crate::accept;
use crate::auth::{Caller, Role};
use crate::endpoints::history::moment;
use crate::moment;
use crate::openapi::Describe;
use crate::paging::{CURSOR, LIMIT, Paging, link_next};
use crate::query::Query;
use crate::refusal::Refusal;
use crate::registry::Registry;

/// The name that is with the cursors.
const LIST: &str = "orcid-calls/1";
/// Entries of a page, unless a request says how many.
const PAGE: i64 = 100;

const ORCID: &str = "orcid";
const HANDLE: &str = "handle";
const KIND: &str = "kind";
const OUTCOME: &str = "outcome";
const AFTER: &str = "after";
const BEFORE: &str = "before";

pub(crate) fn describe() -> Describe {
    Describe::new("listOrcidCalls", "ORCID", "Read the log of calls to ORCID")
        .text(
            "Every request that this agency sent to ORCID, newest first, in pages of 100 unless \
             `limit` says otherwise. For operators. Calls that write or remove an entry name the \
             RAiD; those that read a record or ask a person do not. Calls are kept for a set time, \
             failed ones longer.",
        )
        .secured()
        .query(
            ORCID,
            "On the record of this person: an ORCID iD, bare or as a URL",
        )
        .query(HANDLE, "About this RAiD: its handle, `prefix/suffix`")
        .query(KIND, "Of this kind, such as `create-membership`")
        .query(
            OUTCOME,
            "`done`, `refused`, `not-sent`, or `unknown` if it may have been carried out",
        )
        .query(
            AFTER,
            "Ended at this moment or later: a date, or a time such as `2026-06-22T10:00:00Z`",
        )
        .query(BEFORE, "Ended before this moment")
        .json_only()
        .stored()
        .json_list(200, "The calls", "OrcidCall")
        .paged()
}

/// A call as it is shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OrcidCall {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_code: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    handle: Option<String>,
    kind: String,
    millis: i32,
    node: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    orcid: Option<String>,
    outcome: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<i32>,
}

impl OrcidCall {
    fn of(row: CallRow) -> Result<Self, StoreError> {
        Ok(Self {
            at: moment(row.at)?,
            error_code: row.error_code,
            handle: row.handle.map(|handle| handle.as_str().to_owned()),
            kind: row.kind,
            millis: row.millis,
            node: row.node,
            orcid: row.orcid.map(|orcid| orcid.as_str().to_owned()),
            outcome: row.outcome,
            status: row.status,
        })
    }
}

/// Where a page ended, as a cursor holds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Place {
    #[serde(rename = "a", with = "moment::micros")]
    at: Timestamp,
    #[serde(rename = "i")]
    id: Id,
}

pub(crate) async fn list(
    caller: Caller,
    req: HttpRequest,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::Operator])?;
    accept::json(&req)?;
    let mut query = Query::of(&req);
    query.only(&[ORCID, HANDLE, KIND, OUTCOME, AFTER, BEFORE, LIMIT, CURSOR]);
    let filter = filter(&mut query);
    let paging: Paging<Place> = Paging::read(&mut query, &registry, LIST);
    query.finish()?;
    let limit = paging.limit(PAGE);
    let after = paging.after.map(|Place { at, id }| calls::Place { at, id });
    // One more than is wanted shows whether there is a next page.
    let load = move |c: &mut Conn| calls::page(c, &filter, after, limit + 1);
    let mut rows = registry.store.read(load).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = rows.len() > wanted;
    rows.truncate(wanted);
    let next = rows.last().filter(|_| has_more);
    let next = next.map(|row| Place {
        at: row.at,
        id: row.id,
    });
    let mut answer = HttpResponse::Ok();
    link_next(&mut answer, &req, &registry, LIST, next.as_ref())?;
    let shown: Result<Vec<_>, _> = rows.into_iter().map(OrcidCall::of).collect();
    Ok(answer.json(shown?))
}

fn filter(query: &mut Query) -> Filter {
    let outcome = query.one(OUTCOME).map(str::to_owned);
    let outcome = outcome.filter(|outcome| {
        let is_known = *outcome == calls::DONE || calls::FAILED.contains(&outcome.as_str());
        if !is_known {
            query.refuse(OUTCOME, "write done, refused, not-sent or unknown");
        }
        is_known
    });
    Filter {
        orcid: query.parsed(ORCID, "an ORCID iD", |text| {
            pasted::orcid(text, "")?.parse::<OrcidId>().ok()
        }),
        handle: query.parsed(HANDLE, "a handle, prefix/suffix", |text| {
            text.parse::<Handle>().ok()
        }),
        kind: query.one(KIND).map(str::to_owned),
        outcome,
        from: query.moment(AFTER),
        before: query.moment(BEFORE),
    }
}
