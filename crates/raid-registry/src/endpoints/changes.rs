//! The feed of changes, which partner systems follow.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use raid_model::{Addresses, Handle, Raid};
use serde::Serialize;
use store::changes::{self, Change, Reach, Shown};
use store::raids::{self, Sight};
use store::{Conn, KeyRing, StoreError, damage};
use tokio::time::Instant;

use crate::auth::Visitor;
use crate::endpoints::history::moment;
use crate::openapi::Describe;
use crate::paging::PAGE_BYTES;
use crate::query::Query;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::status::Known;
use crate::{accept, cursor, limits, record, sight};

/// The name of the feed in its cursors.
const FEED: &str = "changes/1";
/// Entries of an answer, unless a request says how many.
const LIMIT: i64 = 100;
/// Most entries of an answer.
const MOST: i64 = 1000;
/// Most entries of an answer with the records.
const MOST_WITH_RAIDS: i64 = 100;
/// Records that are read at once, whatever their size.
const PIECE: usize = 16;
/// Fewest positions that are looked at together: most may be hidden from the reader.
const CHUNK: i64 = 100;
/// Most positions that a request looks at, whoever may see them.
const MOST_LOOKED_AT: i64 = 1000;
/// Longest wait for a change, in seconds.
const LONGEST_WAIT: i64 = 30;

pub(crate) fn describe() -> Describe {
    Describe::new("readChanges", "Changes", "Read what changed")
        .text(
            "Every version of every RAiD that the caller may see, in the order of commits: no gap, \
             no repeat. A RAiD that they could see once is `hidden`, once, when it comes under \
             embargo, and `withdrawn` when it was withdrawn; of others nothing is told. `redacted` names \
             the versions whose content was deleted: delete it from copies, too. Begin without `after`, \
             keep `next`, and send it as `after` of the next request. An answer may be empty and \
             yet have `more`: hidden changes were passed.",
        )
        .open_to_all()
        .query(
            "after",
            "`next` of the answer before; `now` for what changes from now on; left out for all",
        )
        .query(
            "limit",
            "Most entries, up to 1000 (100 with the records); 100 if left out",
        )
        .query(
            "wait",
            "Seconds, up to 30, to wait for a change if there is none yet; a caller with several \
             waits already is answered at once",
        )
        .query(
            "include",
            "`raid`: with the record in the entry of its current version",
        )
        .json_only()
        .stored()
        .json(200, "The next changes", "Changes")
        .header(200, "Link", "The next request: `rel=\"next\"`")
        .problem(
            400,
            "A parameter cannot be read, or `after` is no cursor of this feed",
        )
}

/// Where a reader goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Position(i64),
    Now,
}

/// What a request asks for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    after: After,
    limit: i64,
    wait: Duration,
    with_raids: bool,
}

impl Asked {
    fn read(req: &HttpRequest, keys: &KeyRing) -> Result<Self, Refusal> {
        let mut query = Query::of(req);
        let after = match query.one("after") {
            None => Some(After::Position(0)),
            Some("now") => Some(After::Now),
            Some(text) => {
                let position = cursor::read(keys, FEED, "after", text);
                query.noted(position).map(After::Position)
            }
        };
        let with_raids = match query.one("include") {
            None => false,
            Some("raid") => true,
            Some(_) => {
                query.refuse("include", "write raid, or leave it out");
                false
            }
        };
        let most = if with_raids { MOST_WITH_RAIDS } else { MOST };
        let limit = query.number("limit", 1..=most).unwrap_or(LIMIT);
        let wait = query.number("wait", 0..=LONGEST_WAIT).unwrap_or(0);
        query.finish()?;
        Ok(Self {
            after: after.unwrap_or(After::Now),
            limit,
            wait: Duration::from_secs(wait.unsigned_abs()),
            with_raids,
        })
    }
}

/// One entry. Of what the reader may not see, nothing but that.
#[derive(Serialize)]
struct Entry {
    at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<bool>,
    handle: String,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    raid: Option<Raid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    redacted: Vec<i32>,
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    version: i32,
}

#[derive(Serialize)]
struct Answer {
    changes: Vec<Entry>,
    more: bool,
    next: String,
}

pub(crate) async fn list(
    Visitor(caller): Visitor,
    req: HttpRequest,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Refusal> {
    accept::json(&req)?;
    let asked = Asked::read(&req, registry.store.keys())?;
    let sight = Arc::new(sight::of(&registry, caller.as_ref()).await?);
    let until = Instant::now() + asked.wait;
    let reach = match asked.after {
        After::Now => registry.store.changes_reach_all().await?,
        After::Position(_) => registry.store.changes_reach().await?,
    };
    let after = position(asked.after, reach)?;
    let mut found = stretch(&registry, &sight, asked, after, reach).await?;
    // Without a place the answer is that of a wait in vain, at once.
    if found.changes.is_empty()
        && !found.more
        && !asked.wait.is_zero()
        && let Some(_place) = registry.feed.place(&limits::who(&req))
    {
        while found.changes.is_empty()
            && registry
                .feed
                .passes(&registry.store, found.next, until)
                .await?
        {
            let reach = registry.store.changes_reach().await?;
            found = stretch(&registry, &sight, asked, found.next, reach).await?;
        }
    }
    let next = cursor::write(registry.store.keys(), FEED, &found.next)?;
    let link = cursor::link_next(&registry.settings.public_url, &req, "after", &next);
    Ok(HttpResponse::Ok().insert_header(link).json(Answer {
        changes: found.changes,
        more: found.more,
        next,
    }))
}

/// The position that a reader has reached.
fn position(after: After, reach: Reach) -> Result<i64, Refusal> {
    match after {
        After::Now => Ok(reach.end),
        After::Position(position) if position <= reach.end => Ok(position),
        After::Position(_) => {
            let mut query = Query::default();
            let advice = "the feed does not reach so far: it was restored from a backup. Read it \
                          from the beginning";
            query.refuse("after", advice);
            query.finish().map(|()| reach.end)
        }
    }
}

/// Some entries, and where the feed goes on.
struct Stretch {
    changes: Vec<Entry>,
    next: i64,
    more: bool,
}

async fn stretch(
    registry: &Registry,
    sight: &Arc<Sight>,
    asked: Asked,
    after: i64,
    reach: Reach,
) -> Result<Stretch, StoreError> {
    let (sight, addresses) = (sight.clone(), registry.settings.addresses.clone());
    registry
        .store
        .read(move |c| {
            let (mut told, mut next) = told(c, &sight, after, asked.limit)?;
            let mut raids = HashMap::new();
            if asked.with_raids {
                let shown = records(c, &sight, &told, &addresses, &mut raids)?;
                if shown < told.len() {
                    told.truncate(shown);
                    next = told.last().map_or(after, |change| change.position);
                }
            }
            let current = told.iter().filter(|it| it.shown == Shown::Current);
            let current: Vec<&Handle> = current.map(|it| &it.handle).collect();
            let mut redacted = raids::redacted_versions(c, &current)?;
            let mut changes = Vec::with_capacity(told.len());
            for change in told {
                let (handle, is_current) = (change.handle.clone(), change.shown == Shown::Current);
                let entry = entry(change, &addresses, &mut raids);
                let Some(mut entry) = damage::readable(&handle, entry)? else {
                    continue;
                };
                if is_current {
                    entry.redacted = redacted.remove(&entry.handle).unwrap_or_default();
                }
                changes.push(entry);
            }
            Ok(Stretch {
                changes,
                next,
                more: next < reach.end || reach.more,
            })
        })
        .await
}

/// The next changes that the reader is told of, and the position that they lead to.
fn told(
    c: &mut Conn,
    sight: &Sight,
    after: i64,
    limit: i64,
) -> Result<(Vec<Change>, i64), StoreError> {
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let (mut told, mut next, mut looked_at) = (Vec::new(), after, 0);
    while told.len() < wanted && looked_at < MOST_LOOKED_AT {
        let chunk = limit.max(CHUNK);
        let page = changes::page(c, sight, next, chunk)?;
        let Some(last) = page.last else { break };
        told.extend(page.changes);
        next = last;
        looked_at += chunk;
    }
    if told.len() > wanted {
        told.truncate(wanted);
        next = told.last().map_or(next, |change| change.position);
    }
    Ok((told, next))
}

/// Adds the RAiDs whose current versions are among these, as the reader sees them at this moment. Gives
/// for how many of the changes that was done: it ends early where the RAiDs are large.
fn records(
    c: &mut Conn,
    sight: &Sight,
    told: &[Change],
    addresses: &Addresses,
    found: &mut HashMap<(Handle, i32), Raid>,
) -> Result<usize, StoreError> {
    let (mut done, mut bytes) = (0, 0);
    for piece in told.chunks(PIECE) {
        if bytes >= PAGE_BYTES {
            break;
        }
        let current = piece.iter().filter(|change| change.shown == Shown::Current);
        let handles: Vec<&Handle> = current.map(|change| &change.handle).collect();
        let rows = raids::find_seen(c, sight, &handles)?;
        let known = Known::seen_with(c, &rows, sight)?;
        for row in rows {
            bytes += row.document.0.len();
            if let Some(raid) = damage::readable(&row.handle, record::parse(&row.document))? {
                let raid = record::show(raid, &known, addresses);
                found.insert((row.handle.into_inner(), row.version), raid);
            }
        }
        done += piece.len();
    }
    Ok(done)
}

fn entry(
    change: Change,
    addresses: &Addresses,
    raids: &mut HashMap<(Handle, i32), Raid>,
) -> Result<Entry, StoreError> {
    let kind = match change.shown {
        Shown::Hidden => "hidden",
        Shown::Withdrawn => "withdrawn",
        Shown::Current | Shown::Superseded if change.version == 1 => "created",
        Shown::Current | Shown::Superseded => "updated",
    };
    let is_seen = matches!(change.shown, Shown::Current | Shown::Superseded);
    let handle = change.handle.to_string();
    Ok(Entry {
        at: moment(change.at)?,
        current: is_seen.then_some(change.shown == Shown::Current),
        id: addresses.raid_url(&change.handle),
        url: is_seen.then(|| format!("/raid/{handle}")),
        handle,
        raid: raids.remove(&(change.handle, change.version)),
        redacted: Vec::new(),
        kind,
        version: change.version,
    })
}
