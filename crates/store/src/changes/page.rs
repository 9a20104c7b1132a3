//! Reading the feed of changes.

use crate::conn::Conn;
use crate::error::StoreError;
use crate::raids::{Access, Sight, held_by};
use crate::schema::{change, raid};
use crate::types::{AsText, Timestamp};
use diesel::prelude::*;
use raid_model::Handle;
use std::collections::HashSet;

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
    /// They could see the RAiD once, and may not now.
    Hidden,
    /// They could see the RAiD once, and it was withdrawn.
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
    let rows: Vec<Row> = change::table
        .inner_join(raid::table.on(raid::handle.eq(change::handle)))
        .filter(change::position.gt(after))
        .order(change::position)
        .limit(limit)
        .select((
            change::position,
            change::handle,
            change::version,
            change::at,
            raid::version,
            raid::withdrawn_at.is_not_null(),
        ))
        .load(c)?;
    let last = rows.last().map(|row| row.position);
    let visible = visible(c, sight, rows.iter())?;
    let is_visible = |row: &Row| visible.contains(row.handle.as_str());
    let known = known(c, sight, rows.iter().filter(|row| !is_visible(row)))?;
    let shown = |row: &Row| {
        if is_visible(row) && row.version == row.current {
            Some(Shown::Current)
        } else if is_visible(row) {
            Some(Shown::Superseded)
        } else if !known.contains(row.handle.as_str()) {
            None
        } else if row.is_withdrawn {
            Some(Shown::Withdrawn)
        } else {
            Some(Shown::Hidden)
        }
    };
    let changes = rows.into_iter().filter_map(|row| {
        Some(Change {
            shown: shown(&row)?,
            position: row.position,
            version: row.version,
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

/// Of RAiDs that the reader does not see now, those that they could see at one of the versions in
/// the feed: others are not told of.
fn known<'a>(
    c: &mut Conn,
    sight: &Sight,
    rows: impl Iterator<Item = &'a Row>,
) -> Result<HashSet<String>, StoreError> {
    let handles = handles(rows);
    if handles.is_empty() || sight.embargoed {
        return Ok(handles.into_iter().map(str::to_owned).collect());
    }
    let was_open = change::table
        .filter(change::handle.eq_any(handles.clone()))
        .select(change::handle)
        .distinct();
    let open: Vec<String> = match sight.service_point {
        Some(id) => was_open
            .filter(
                change::access
                    .eq(Access::Open)
                    .or(change::service_point_id.eq(id)),
            )
            .load(c)?,
        None => was_open.filter(change::access.eq(Access::Open)).load(c)?,
    };
    let mut known: HashSet<String> = open.into_iter().collect();
    if let Some(holder) = &sight.holder {
        let held: Vec<String> = raid::table
            .filter(raid::handle.eq_any(handles))
            .filter(held_by(holder))
            .select(raid::handle)
            .load(c)?;
        known.extend(held);
    }
    Ok(known)
}
