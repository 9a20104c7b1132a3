//! Work that cannot heal by itself: listing it, trying it again, and dropping it, one by one.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::{OrcidId, pasted};
use serde::{Deserialize, Serialize};
use store::tasks::Kind;
use store::tasks::dead_letters::{self, Filter, Place};
use store::{Conn, Timestamp};

use crate::auth::{Caller, Role};
use crate::dead_letter_view::{DeadLetterView, letter_id, letter_of};
use crate::openapi::Describe;
use crate::paging::{CURSOR, LIMIT, Paging, link_next};
use crate::problem::Problem;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::{accept, moment};

const TAG: &str = "Operations";
/// The name that is with the cursors.
const LIST: &str = "dead-letters/1";
/// Entries of a page, unless a request says how many.
const PAGE: i64 = 100;
const KIND: &str = "kind";
const ORCID: &str = "orcid";
const NOT_FOUND: &str = "No such dead letter: perhaps it is due again, or was dropped";

pub(crate) fn describe_list() -> Describe {
    Describe::new(
        "listDeadLetters",
        TAG,
        "List the work that cannot heal by itself",
    )
    .text(
        "For operators: what was given up, oldest first, in pages of 100 unless `limit` says \
         otherwise. Each says what it is about and why it was given up.",
    )
    .secured()
    .query(KIND, "Of this kind, such as `membership` or `email`")
    .query(ORCID, "About this person: an ORCID iD, bare or as a URL")
    .json_only()
    .stored()
    .json_list(200, "The dead letters", "DeadLetter")
    .paged()
}

pub(crate) fn describe_redrive() -> Describe {
    described("redriveDeadLetter", "Try a dead letter again")
        .text("For operators. It is due at once. If it fails again it comes back.")
        .empty(204, "It is due")
}

pub(crate) fn describe_drop() -> Describe {
    described("dropDeadLetter", "Drop a dead letter")
        .text(
            "For operators. Nothing is done for it. What still differs from a RAiD is found by the \
             sweep, or by the next version of the RAiD, and tried again then.",
        )
        .empty(204, "It is dropped")
}

fn described(id: &'static str, summary: &'static str) -> Describe {
    Describe::new(id, TAG, summary)
        .secured()
        .name("id", "`id` of the dead letter")
        .stored()
        .problem(404, NOT_FOUND)
}

/// Where a page ended, as a cursor holds it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct End {
    #[serde(rename = "s", with = "moment::micros")]
    since: Timestamp,
    /// Of the last one: its kind and key.
    #[serde(rename = "i")]
    id: String,
}

impl End {
    fn place(self) -> Option<Place> {
        let (kind, key) = letter_of(&self.id)?;
        Some(Place {
            since: self.since,
            kind,
            key,
        })
    }
}

pub(crate) async fn list(
    caller: Caller,
    req: HttpRequest,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    caller.must_be(&[Role::Operator])?;
    accept::json(&req)?;
    let mut query = Query::of(&req);
    query.only(&[KIND, ORCID, LIMIT, CURSOR]);
    let filter = filter(&mut query);
    let paging: Paging<End> = Paging::read(&mut query, &registry, LIST);
    query.finish()?;
    let limit = paging.limit(PAGE);
    let after = paging.after.and_then(End::place);
    // One more than is wanted shows whether there is a next page.
    let load = move |c: &mut Conn| dead_letters::page(c, &filter, after.as_ref(), limit + 1);
    let mut letters = registry.store.read(load).await?;
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let has_more = letters.len() > wanted;
    letters.truncate(wanted);
    let next = letters.last().filter(|_| has_more).map(|letter| End {
        since: letter.since,
        id: letter_id(letter.kind, &letter.key),
    });
    let mut answer = HttpResponse::Ok();
    link_next(&mut answer, &req, &registry, LIST, next.as_ref())?;
    let shown: Result<Vec<_>, _> = letters.iter().map(DeadLetterView::of).collect();
    Ok(answer.json(shown?))
}

fn filter(query: &mut Query) -> Filter {
    let kind = query.one(KIND).map(|text| {
        let kind = Kind::ALL.iter().find(|kind| kind.as_str() == text);
        kind.copied()
    });
    if kind == Some(None) {
        let kinds: Vec<_> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        query.refuse(KIND, &format!("write one of {}", kinds.join(", ")));
    }
    Filter {
        kind: kind.flatten(),
        orcid: query.parsed(ORCID, "an ORCID iD", |text| {
            pasted::orcid(text, "")?.parse::<OrcidId>().ok()
        }),
    }
}

pub(crate) async fn redrive(
    caller: Caller,
    req: HttpRequest,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    let (kind, key) = named(&caller, &req, &registry).await?;
    let now = registry.now();
    let redriven = registry
        .store
        .write(move |c| dead_letters::redrive(c, kind, &key, now));
    answered(redriven.await?, &req)
}

pub(crate) async fn discard(
    caller: Caller,
    req: HttpRequest,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    let (kind, key) = named(&caller, &req, &registry).await?;
    let dropped = registry
        .store
        .write(move |c| dead_letters::drop_one(c, kind, &key));
    answered(dropped.await?, &req)
}

/// The dead letter that a path names, for operators. It is looked up before the write waits for its
/// turn, which looks again.
async fn named(
    caller: &Caller,
    req: &HttpRequest,
    registry: &Registry,
) -> Result<(Kind, String), Refusal> {
    caller.must_be(&[Role::Operator])?;
    let (kind, key) = letter_of(req.match_info().query("id")).ok_or_else(|| missing(req))?;
    let wanted = key.clone();
    let is_dead = registry
        .store
        .read(move |c| dead_letters::is_dead(c, kind, &wanted));
    if is_dead.await? {
        Ok((kind, key))
    } else {
        Err(missing(req))
    }
}

fn answered(found: bool, req: &HttpRequest) -> Result<HttpResponse, Refusal> {
    if found {
        Ok(HttpResponse::NoContent().finish())
    } else {
        Err(missing(req))
    }
}

fn missing(req: &HttpRequest) -> Refusal {
    Problem::of_http(StatusCode::NOT_FOUND, NOT_FOUND, req.path()).into()
}
