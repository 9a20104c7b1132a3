//! The search index of RAiDs that were written by an older version of this program.

use super::{Access, read_document};
use crate::conn::Conn;
use crate::damage;
use crate::error::StoreError;
use crate::schema::raid;
use crate::terms::Readers;
use crate::types::{AsText, Json, LossyText};
use crate::words::Marks;
use crate::{terms, words};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use raid_model::Handle;
use raid_model::search::SearchDocument;
use std::collections::HashSet;
use time::Date;

/// A RAiD to be indexed: its handle, version and document, who may see it, its service point.
type Behind = (AsText<Handle>, i32, Json, Access, i64);

/// Indexes some RAiDs whose search index is not of their version, at most `limit`, and gives how
/// many there were: fewer than `limit` when none are left. Several nodes may do so at once. `today`
/// decides which titles are in force.
///
/// # Errors
/// When the database refuses.
pub fn index_some(c: &mut Conn, limit: i64, today: Date) -> Result<usize, StoreError> {
    // Word by word the condition of the index raid_unindexed, which then finds them.
    let is_behind = || sql::<Bool>("(indexed_version IS NULL OR indexed_version <> version)");
    let keys: Vec<LossyText> = raid::table
        .filter(is_behind())
        .order(raid::handle)
        .limit(limit)
        .select(raid::handle)
        .load(c)?;
    let keys: Vec<String> = keys.into_iter().map(String::from).collect();
    let behind: Vec<Behind> = damage::load_readable(&keys, |keys| {
        Ok(raid::table
            .filter(raid::handle.eq_any(keys))
            .filter(is_behind())
            .order(raid::handle)
            .select((
                raid::handle,
                raid::version,
                raid::document,
                raid::access,
                raid::service_point_id,
            ))
            .load(c)?)
    })?;
    for (handle, version, document, access, owner) in &behind {
        // A damaged one is found by nothing, and nobody waits for it.
        let read = damage::readable(handle, read_document(document))?;
        let search = read.map(|raid| SearchDocument::of(&raid, today));
        let row = raid::table
            .find(handle.as_str())
            .filter(raid::version.eq(version))
            .filter(is_behind());
        let is_mine = diesel::update(row)
            .set((
                raid::sort_title.eq(search.as_ref().map(|s| s.sort_title.as_str())),
                raid::starts_on.eq(search.as_ref().map(|s| s.starts_on)),
                raid::ends_on.eq(search.as_ref().and_then(|s| s.ends_on)),
                raid::indexed_version.eq(Some(version)),
            ))
            .execute(c)?;
        // Another node was faster, or a newer version came.
        let (1, Some(search)) = (is_mine, search) else {
            continue;
        };
        let readers = Readers::of_raid(*access, *owner);
        terms::replace(c, handle, &readers, &search.terms)?;
        words::replace(c, handle, &search, &Marks::of_raid(*access, *owner))?;
    }
    let read: HashSet<&str> = behind.iter().map(|row| row.0.as_str()).collect();
    let damaged = keys.iter().filter(|key| !read.contains(key.as_str()));
    let damaged = raid::table.filter(raid::handle.eq_any(damaged.collect::<Vec<_>>()));
    diesel::update(damaged.filter(is_behind()))
        .set(raid::indexed_version.eq(raid::version.nullable()))
        .execute(c)?;
    Ok(keys.len())
}
