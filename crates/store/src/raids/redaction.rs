//! Redacting former versions: the document goes, and who redacted it, when and why stays.

use super::{Actor, RaidWrite, amend, set_reason};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::schema::raid_version;
use crate::types::{Json, Timestamp};
use diesel::prelude::*;
use raid_model::Handle;
use std::collections::HashMap;

/// What stands in the place of a redacted document.
const NOTHING: &str = "{}";

/// Who redacted a version, when, and why.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = raid_version)]
pub struct Redaction {
    /// When.
    #[diesel(column_name = redacted_at)]
    pub at: Option<Timestamp>,
    /// The subject of the token.
    #[diesel(column_name = redacted_by)]
    pub by: Option<String>,
    /// The issuer of the token.
    #[diesel(column_name = redacted_by_issuer)]
    pub issuer: Option<String>,
    /// Why.
    #[diesel(column_name = redaction_reason)]
    pub reason: Option<String>,
}

/// Redacts a former version for good, and writes `next`, so that the feed of changes tells it to those
/// who keep copies. Of a withdrawn RAiD, which they do not show any more, no version is written.
///
/// # Errors
/// [`StoreError::NotFound`] when there is no such version before `next`, or it was redacted already;
/// else as [`amend`].
pub fn redact(
    c: &mut Conn,
    next: &RaidWrite,
    version: i32,
    reason: &str,
) -> Result<(), StoreError> {
    match amend(c, next) {
        Ok(()) => set_reason(
            c,
            next,
            &format!("Version {version} was redacted: {reason}"),
        )?,
        Err(StoreError::Withdrawn) => {}
        Err(error) => return Err(error),
    }
    let Actor {
        issuer, subject, ..
    } = &next.actor;
    let former = raid_version::table
        .find((next.handle.as_str(), version))
        // The version before `next` has the same content, so it is not a former one.
        .filter(raid_version::version.lt(next.version - 1))
        .filter(raid_version::redacted_at.is_null());
    let changed = diesel::update(former)
        .set((
            raid_version::document.eq(Json(NOTHING.to_owned())),
            raid_version::redacted_at.eq(Some(next.at)),
            raid_version::redacted_by.eq(Some(subject)),
            raid_version::redacted_by_issuer.eq(issuer.as_ref()),
            raid_version::redaction_reason.eq(Some(reason)),
        ))
        .execute(c)?;
    if changed == 0 {
        return Err(StoreError::NotFound);
    }
    Ok(())
}

/// The redacted versions of some RAiDs, in their order.
pub fn redacted_versions(
    c: &mut Conn,
    handles: &[&Handle],
) -> Result<HashMap<String, Vec<i32>>, StoreError> {
    let handles: Vec<String> = handles.iter().map(ToString::to_string).collect();
    let rows: Vec<(String, i32)> = raid_version::table
        .filter(raid_version::handle.eq_any(handles))
        .filter(raid_version::redacted_at.is_not_null())
        .order((raid_version::handle, raid_version::version))
        .select((raid_version::handle, raid_version::version))
        .load(c)?;
    let mut redacted: HashMap<String, Vec<i32>> = HashMap::new();
    for (handle, version) in rows {
        redacted.entry(handle).or_default().push(version);
    }
    Ok(redacted)
}
