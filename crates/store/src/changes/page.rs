//! Reading the feed of changes.

use crate::conn::Conn;
use crate::damage;
use crate::error::StoreError;
use crate::raids::{Access, Sight, held_by};
use crate::schema::{change, raid};
use crate::types::{AsText, Timestamp};
use diesel::dsl::max;
use diesel::prelude::*;
use raid_model::Handle;
use std::collections::{HashMap, HashSet};

/// One version of a RAiD in the feed, as somebody sees it now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its place in the feed.
    pub position: i64,
    /// The RAiD.
    pub handle: Handle,
    /// The version.
    pub version: i32,
    /// When it was written.
    pub at: Timestamp,
    /// What the reader may know.
    pub shown: Shown,
}

/// What a reader may know of a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// They see the RAiD, and this is the version that stands.
    Current,
    /// They see the RAiD, and a later version follows in the feed.
    Superseded,
    /// They could see the RAiD until this version, and may not now. Of what follows they are not told.
    Hidden,
    /// They could see the RAiD once, and it was withdrawn by this version.
    Withdrawn,
}

/// A stretch of the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// What the reader may know of, in the order of the feed.
    pub changes: Vec<Change>,
    /// The last position that was looked at, whoever may see it. None at the end of the feed.
    pub last: Option<i64>,
}

#[derive(Queryable)]
struct Row {
    position: i64,
    handle: AsText<Handle>,
    version: i32,
    at: Timestamp,
    current: i32,
    is_withdrawn: bool,
}

/// The next `limit` positions behind `after`, as far as the reader may know of them.
///
/// # Errors
/// When the database refuses.
pub fn page(c: &mut Conn, sight: &Sight, after: i64, limit: i64) -> Result<Page, StoreError> {
    let positions: Vec<i64> = change::table
        .inner_join(raid::table.on(raid::handle.eq(change::handle)))
        .filter(change::position.gt(after))
        .order(change::position)
        .limit(limit)
        .select(change::position)
        .load(c)?;
    let rows: Vec<Row> = damage::load_readable(&positions, |positions| {
        Ok(change::table
            .inner_join(raid::table.on(raid::handle.eq(change::handle)))
            .filter(change::position.eq_any(positions))
            .order(change::position)
            .select((
                change::position,
                change::handle,
                change::version,
                change::at,
                raid::version,
                raid::withdrawn_at.is_not_null(),
            ))
            .load(c)?)
    })?;
    let last = positions.last().copied();
    let visible = visible(c, sight, rows.iter())?;
    let is_visible = |row: &Row| visible.contains(row.handle.as_str());
    let known = known(c, sight, rows.iter().filter(|row| !is_visible(row)))?;
    let shown = |row: &Row| {
        if is_visible(row) {
            let is_current = row.version == row.current;
            let shown = if is_current {
                Shown::Current
            } else {
                Shown::Superseded
            };
            return Some((row.version, shown));
        }
        // One entry says that it is closed, at the first version that they do not see: how often and
        // when it is changed after that is not theirs to know.
        let seen = *known.get(row.handle.as_str())?;
        let closed = row.current.min(seen.saturating_add(1));
        match row.is_withdrawn {
            true if row.version == row.current => Some((closed, Shown::Withdrawn)),
            false if row.version == closed => Some((closed, Shown::Hidden)),
            _ => None,
        }
    };
    let changes = rows.into_iter().filter_map(|row| {
        let (version, shown) = shown(&row)?;
        Some(Change {
            shown,
            position: row.position,
            version,
            at: row.at,
            handle: row.handle.into_inner(),
        })
    });
    Ok(Page {
        changes: changes.collect(),
        last,
    })
}

fn handles<'a>(rows: impl Iterator<Item = &'a Row>) -> HashSet<&'a str> {
    rows.map(|row| row.handle.as_str()).collect()
}

/// The RAiDs that the reader sees now.
fn visible<'a>(
    c: &mut Conn,
    sight: &Sight,
    rows: impl Iterator<Item = &'a Row>,
) -> Result<HashSet<String>, StoreError> {
    let handles = handles(rows);
    if handles.is_empty() {
        return Ok(HashSet::new());
    }
    let visible = raid::table
        .filter(raid::handle.eq_any(handles))
        .filter(sight.condition())
        .select(raid::handle)
        .load(c)?;
    Ok(visible.into_iter().collect())
}

/// Of RAiDs that the reader does not see now, the last version that they could see: of others they
/// are not told.
fn known<'a>(
    c: &mut Conn,
    sight: &Sight,
    rows: impl Iterator<Item = &'a Row>,
) -> Result<HashMap<String, i32>, StoreError> {
    let handles = handles(rows);
    if handles.is_empty() {
        return Ok(HashMap::new());
    }
    let mut seen = change::table
        .filter(change::handle.eq_any(&handles))
        .group_by(change::handle)
        .select((change::handle, max(change::version)))
        .into_boxed();
    let was_open = change::access.eq(Access::Open);
    if let Some(id) = sight.service_point {
        seen = seen.filter(was_open.or(change::service_point_id.eq(id)));
    } else if !sight.embargoed {
        seen = seen.filter(was_open);
    }
    let seen: Vec<(String, Option<i32>)> = seen.load(c)?;
    let last = |(handle, version): (String, Option<i32>)| Some((handle, version?));
    let mut known: HashMap<String, i32> = seen.into_iter().filter_map(last).collect();
    if let Some(holder) = &sight.holder {
        // Whoever holds a RAiD sees all but that it was withdrawn.
        let held: Vec<(String, i32)> = raid::table
            .filter(raid::handle.eq_any(&handles))
            .filter(held_by(holder))
            .select((raid::handle, raid::version - 1))
            .load(c)?;
        known.extend(held);
    }
    Ok(known)
}
