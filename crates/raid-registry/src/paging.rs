//! Lists in pages: `limit`, `cursor`, and the `Link` to the next page.

use actix_web::{HttpRequest, HttpResponseBuilder};
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::StoreError;

use crate::cursor;
use crate::openapi::Describe;
use crate::query::Query;
use crate::registry::Registry;

/// Most items of a page.
pub(crate) const MAX_LIMIT: i64 = 500;
/// Bytes of documents after which a page ends early; the next one goes on. A RAiD has some thousand
/// bytes, so that this is far from pages of usual RAiDs, and a RAiD may have a million.
pub(crate) const PAGE_BYTES: usize = 8 << 20;
/// The same for what is read at once of a list that is sent as a whole.
pub(crate) const PIECE_BYTES: usize = 1 << 20;
/// The parameter that says how many items a page has.
pub(crate) const LIMIT: &str = "limit";
/// The parameter that says where a page begins.
pub(crate) const CURSOR: &str = "cursor";

/// Which page of a list is asked for.
#[derive(Debug, Clone)]
pub(crate) struct Paging<T> {
    /// How many items it has at most.
    pub(crate) limit: Option<i64>,
    /// Where the page before it ended.
    pub(crate) after: Option<T>,
}

impl<T: DeserializeOwned> Paging<T> {
    /// What a query says. The list's name is with its cursors.
    pub(crate) fn read(query: &mut Query, registry: &Registry, list: &str) -> Self {
        let limit = query.number(LIMIT, 1..=MAX_LIMIT);
        let after = query
            .one(CURSOR)
            .map(|text| cursor::read(registry.store.keys(), list, CURSOR, text));
        Self {
            limit,
            after: after.and_then(|read| query.noted(read)),
        }
    }

    /// Whether a page is asked for, and not the whole list.
    pub(crate) fn is_asked(&self) -> bool {
        self.limit.is_some() || self.after.is_some()
    }

    /// How many items the page has at most, where nothing else is asked for `usual`.
    pub(crate) fn limit(&self, usual: i64) -> i64 {
        self.limit.unwrap_or(usual).clamp(1, MAX_LIMIT)
    }
}

/// Tells where the next page is, if there is one.
pub(crate) fn link_next<T: Serialize>(
    answer: &mut HttpResponseBuilder,
    req: &HttpRequest,
    registry: &Registry,
    list: &str,
    next: Option<&T>,
) -> Result<(), StoreError> {
    if let Some(next) = next {
        let cursor = cursor::write(registry.store.keys(), list, next)?;
        answer.insert_header(cursor::link_next(
            &registry.settings.public_url,
            req,
            CURSOR,
            &cursor,
        ));
    }
    Ok(())
}

impl Describe {
    /// Is a list that comes in pages, if that is asked for.
    pub(crate) fn paged(self) -> Self {
        self.query(
            LIMIT,
            "Answer a page of at most this many: 1 to 500; fewer where they are large",
        )
        .query(
            CURSOR,
            "Answer the page that the `Link` with this cursor leads to",
        )
        .header(
            200,
            "Link",
            "Where pages were asked for and there is another: its address, with `rel=\"next\"`",
        )
        .problem(400, "A parameter cannot be read: `failures` names it")
    }
}
