//! What of a RAiD depends on the day, and the moments at which it changes.

use crate::conn::Conn;
use crate::damage;
use crate::error::StoreError;
use crate::schema::raid;
use crate::types::{LossyText, Timestamp};
use diesel::prelude::*;
use raid_model::search::SearchDocument;
use raid_model::{Handle, Raid};
use time::Date;

/// When the RAiD's embargo ends, if it is embargoed and anything ends it.
pub fn embargo_end(raid: &Raid) -> Option<Timestamp> {
    let expiry = raid.access.embargo_expiry;
    expiry
        .filter(|_| raid.access.is_embargoed())
        .map(Date::midnight)
}

/// When something that is derived from the date changes next, after `today`. None for the end of an
/// embargo, which writes a version of its own.
pub fn boundary(raid: &Raid, today: Date) -> Option<Timestamp> {
    let next = raid.next_boundary(today)?.midnight();
    Some(next).filter(|at| Some(*at) != embargo_end(raid))
}

/// Makes the search index say what the version that was read says `today`; says whether it said
/// something else. Another version brought its own index.
pub fn follow_day(
    c: &mut Conn,
    handle: &Handle,
    version: i32,
    read: &Raid,
    today: Date,
) -> Result<bool, StoreError> {
    let sort_title = SearchDocument::sort_title(read, today);
    let behind = raid::table
        .find(handle.to_string())
        .filter(raid::indexed_version.eq(version))
        .filter(raid::version.eq(version))
        .filter(raid::sort_title.ne(&sort_title));
    let changed = diesel::update(behind)
        .set(raid::sort_title.eq(Some(&sort_title)))
        .execute(c)?;
    Ok(changed == 1)
}

/// The RAiDs that were not withdrawn, each with the title that it is sorted by if it is indexed, in the
/// order of their handles, at most `limit`, after `after`. Damaged ones are left out.
pub fn sorted_as(
    c: &mut Conn,
    after: Option<&Handle>,
    limit: i64,
) -> Result<Vec<(Handle, Option<String>)>, StoreError> {
    let mut query = raid::table
        .filter(raid::withdrawn_at.is_null())
        .select((raid::handle, raid::sort_title))
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(raid::handle.gt(after.to_string()));
    }
    let found: Vec<(LossyText, Option<LossyText>)> =
        query.order(raid::handle).limit(limit).load(c)?;
    let read = |(key, title): (LossyText, Option<LossyText>)| {
        let handle = key.as_str().parse::<Handle>();
        let handle =
            handle.map_err(|e| damage::left_out(&key, &StoreError::Corrupt(e.to_string())));
        Some((handle.ok()?, title.map(String::from)))
    };
    Ok(found.into_iter().filter_map(read).collect())
}
