//! Repairing a damaged RAiD.

use super::{Access, Actor, RaidWrite, amend, set_reason};
use crate::conn::Conn;
use crate::damage;
use crate::error::StoreError;
use crate::schema::{raid, raid_version};
use crate::tasks::Lane;
use crate::types::Timestamp;
use diesel::prelude::*;
use raid_model::{Handle, Raid};

/// What repaired a RAiD.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repaired {
    /// The version that was written.
    pub version: i32,
    /// The version whose document it has; none for a document that was given.
    pub from: Option<i32>,
}

/// Writes a RAiD again as its next version: from `document` if it is given, else from the newest version
/// that can be read. What else of the record cannot be read is replaced by what its versions say, or by
/// `now`. A withdrawn RAiD stays withdrawn.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such RAiD; [`StoreError::Corrupt`] when no version can be
/// read, or the document is of another RAiD.
pub fn repair(
    c: &mut Conn,
    handle: &Handle,
    document: Option<Raid>,
    actor: Actor,
    now: Timestamp,
) -> Result<Repaired, StoreError> {
    let key = handle.to_string();
    let row = || raid::table.find(&key);
    let current: i32 = row()
        .select(raid::version)
        .first(c)
        .optional()?
        .ok_or(StoreError::NotFound)?;
    let versions = damage::version_numbers(c, &key)?;
    let latest = versions.iter().copied().fold(current, i32::max);
    let (raid, from) = match document {
        Some(raid) => (raid, None),
        None => newest(c, &key, &versions)?,
    };
    if raid.handle() != handle {
        let of = raid.handle();
        return Err(StoreError::Corrupt(format!("the document is of {of}")));
    }
    let withdrawn_at: Option<Timestamp> =
        or_else_now(row().select(raid::withdrawn_at).first(c), Some(now))?;
    let first = raid_version::table
        .find((&key, 1))
        .select(raid_version::created_at);
    let first = or_else_now(first.first(c), now).unwrap_or(now);
    let created_at = or_else_now(row().select(raid::created_at).first(c), first)?;
    // What is not replaced by the next version has to be readable before it is written.
    diesel::update(row())
        .set((
            raid::version.eq(latest),
            raid::access.eq(Access::Embargoed),
            raid::created_at.eq(created_at),
            raid::withdrawn_at.eq(None::<Timestamp>),
        ))
        .execute(c)?;
    let mut next = raid;
    next.identifier.version = u32::try_from(latest).unwrap_or_default();
    let next = next.next_version(now.assume_utc());
    let write = RaidWrite::of(&next, actor, now, now, Lane::Bulk)?;
    amend(c, &write)?;
    set_reason(c, &write, "Repaired")?;
    diesel::update(row())
        .set(raid::withdrawn_at.eq(withdrawn_at))
        .execute(c)?;
    Ok(Repaired {
        version: write.version,
        from,
    })
}

/// The newest version that can be read.
fn newest(c: &mut Conn, key: &str, versions: &[i32]) -> Result<(Raid, Option<i32>), StoreError> {
    for version in versions.iter().rev() {
        match damage::read_version(c, key, *version) {
            Ok(Some(raid)) => return Ok((raid, Some(*version))),
            Ok(None) => {}
            Err(error) if error.is_damage() => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Corrupt(format!(
        "no version of {key} can be read: repair it from a document"
    )))
}

/// What was read, or something else where it is damaged.
fn or_else_now<T>(read: QueryResult<T>, other: T) -> Result<T, StoreError> {
    match read.map_err(StoreError::from) {
        Err(error) if error.is_damage() => Ok(other),
        read => read,
    }
}
