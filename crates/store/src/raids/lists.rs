//! Lists and counts of RAiDs.

use super::page_size::{PageSize, Passed};
use super::search::{Handles, handles_of};
use super::sight::{Condition, Sight, held_by};
use super::{Access, RaidRow};
use crate::conn::Conn;
use crate::damage;
use crate::error::StoreError;
use crate::holders::Holder;
use crate::schema::raid;
use crate::terms::connected_with;
use crate::types::Timestamp;
use diesel::dsl::count_star;
use diesel::prelude::*;
use raid_model::Handle;
use raid_model::search::Term;

/// Which RAiDs a list holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of this service point only.
    pub service_point: Option<i64>,
    /// Those with this access only.
    pub access: Option<Access>,
    /// Those that somebody holds, too, whatever else is asked for.
    pub holder: Option<Holder>,
    /// Those only that these eyes see and that are connected with one of these, which are of one kind.
    pub connected_with: Option<(Sight, Vec<Term>)>,
    /// Those only whose current version was written at this moment or later. Then the list begins with
    /// the version that was written first.
    pub updated_from: Option<Timestamp>,
}

impl Filter {
    fn condition(&self) -> Condition {
        let mut wanted: Condition = Box::new(raid::withdrawn_at.is_null());
        if let Some(id) = self.service_point {
            wanted = Box::new(wanted.and(raid::service_point_id.eq(id)));
        }
        if let Some(access) = self.access {
            wanted = Box::new(wanted.and(raid::access.eq(access)));
        }
        if let Some(holder) = &self.holder {
            let held = raid::withdrawn_at.is_null().and(held_by(holder));
            wanted = Box::new(wanted.or(held));
        }
        if let Some((sight, terms)) = &self.connected_with {
            wanted = Box::new(wanted.and(connected_with(terms, sight)));
            wanted = Box::new(wanted.and(sight.condition()));
        }
        if let Some(from) = self.updated_from {
            wanted = Box::new(wanted.and(raid::updated_at.ge(from)));
        }
        wanted
    }
}

/// Where a page of a list ended.
#[derive(Debug, Clone)]
pub struct After {
    /// When the last RAiD of the page was minted; with [`Filter::updated_from`] when its current version
    /// was written.
    pub at: Timestamp,
    /// Its handle.
    pub handle: Handle,
}

/// Some RAiDs of a list, and where the next ones begin, if there are any.
#[derive(Debug)]
pub struct RaidPage {
    /// The RAiDs, in the order of the list.
    pub rows: Vec<RaidRow>,
    /// Where this page ended.
    pub next: Option<After>,
}

/// A page of RAiDs, newest first. With [`Filter::updated_from`] the least recently changed come first, and
/// the page must be read in a snapshot: a RAiD that changes moves.
pub fn page(
    c: &mut Conn,
    filter: &Filter,
    after: Option<&After>,
    size: impl Into<PageSize>,
) -> Result<RaidPage, StoreError> {
    let size = size.into();
    let mut passed = Passed::default();
    loop {
        // Where many are found and have to be sorted, no document is read for it.
        let found = handles(filter, after, passed.limit(size)).load(c)?;
        let (found, has_more) = size.cut(passed.others(found));
        let (rows, is_whole) = size.load(
            &found,
            |row| row,
            |piece| {
                damage::load_readable(piece, |piece| {
                    // A RAiD may have been closed since its handle was found.
                    let of_piece = raid::table
                        .filter(raid::handle.eq_any(piece))
                        .filter(filter.condition());
                    Ok(of_piece.select(RaidRow::as_select()).load(c)?)
                })
            },
        )?;
        if rows.is_empty() && has_more {
            // All of them are gone or damaged.
            passed.add(found);
            continue;
        }
        let next = rows.last().filter(|_| has_more || !is_whole);
        let next = next.map(|row| After {
            at: match filter.updated_from {
                Some(_) => row.updated_at,
                None => row.created_at,
            },
            handle: row.handle.get().clone(),
        });
        return Ok(RaidPage { rows, next });
    }
}

/// Their handles alone.
pub(super) fn handles(filter: &Filter, after: Option<&After>, limit: i64) -> Handles {
    let all = handles_of(vec![filter.condition()]);
    let sorted = if filter.updated_from.is_some() {
        by_change(all, after)
    } else {
        by_creation(all, after)
    };
    sorted.limit(limit)
}

fn by_creation(mut handles: Handles, after: Option<&After>) -> Handles {
    if let Some(After { at, handle }) = after {
        let same_moment = raid::created_at
            .eq(*at)
            .and(raid::handle.lt(handle.to_string()));
        handles = handles
            .filter(raid::created_at.le(*at))
            .filter(raid::created_at.lt(*at).or(same_moment));
    }
    handles.order((raid::created_at.desc(), raid::handle.desc()))
}

fn by_change(mut handles: Handles, after: Option<&After>) -> Handles {
    if let Some(After { at, handle }) = after {
        let same_moment = raid::updated_at
            .eq(*at)
            .and(raid::handle.gt(handle.to_string()));
        handles = handles
            .filter(raid::updated_at.ge(*at))
            .filter(raid::updated_at.gt(*at).or(same_moment));
    }
    handles.order((raid::updated_at.asc(), raid::handle.asc()))
}

/// Which RAiDs are counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CountFilter {
    /// Those that are not embargoed, or that these eyes see.
    pub sight: Sight,
    /// Those of this service point only.
    pub service_point: Option<i64>,
    /// Those minted at this moment or later.
    pub from: Option<Timestamp>,
    /// Those minted before this moment.
    pub before: Option<Timestamp>,
}

/// The number of RAiDs of each service point that has any, by its number.
///
/// # Errors
/// When the database refuses.
pub fn count_by_service_point(
    c: &mut Conn,
    filter: &CountFilter,
) -> Result<Vec<(i64, i64)>, StoreError> {
    let mut query = raid::table
        .group_by(raid::service_point_id)
        .select((raid::service_point_id, count_star()))
        .into_boxed();
    if let Some(seen) = filter.sight.limits() {
        query = query.filter(seen);
    }
    if let Some(id) = filter.service_point {
        query = query.filter(raid::service_point_id.eq(id));
    }
    if let Some(from) = filter.from {
        query = query.filter(raid::created_at.ge(from));
    }
    if let Some(before) = filter.before {
        query = query.filter(raid::created_at.lt(before));
    }
    Ok(query.order(raid::service_point_id).load(c)?)
}
