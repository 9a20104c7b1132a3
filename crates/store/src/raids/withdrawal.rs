//! Withdrawing a RAiD, and undoing it.

use super::{RaidWrite, amend, set_reason};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::schema::raid;
use crate::types::Timestamp;
use diesel::prelude::*;

/// Withdraws a RAiD: writes its last version, after which nothing changes it, and wakes the tasks
/// of its contributors, whose records lose it.
/// Fails as [`amend`] does.
pub fn withdraw(c: &mut Conn, last: &RaidWrite, reason: &str) -> Result<(), StoreError> {
    amend(c, last)?;
    diesel::update(raid::table.find(last.handle.as_str()))
        .set((
            raid::withdrawn_at.eq(Some(last.at)),
            raid::withdrawal_reason.eq(Some(reason)),
        ))
        .execute(c)?;
    set_reason(c, last, reason)
}

/// Undoes the withdrawal of a RAiD: writes its next version, and wakes the tasks of its contributors,
/// whose records get it back. The reason of the withdrawal stays with the version that withdrew it.
///
/// # Errors
/// [`StoreError::NotFound`] unless the RAiD was withdrawn at `since` or later; else as [`amend`].
pub fn reinstate(
    c: &mut Conn,
    next: &RaidWrite,
    reason: &str,
    since: Timestamp,
) -> Result<(), StoreError> {
    let withdrawn = raid::table
        .find(next.handle.as_str())
        .filter(raid::withdrawn_at.ge(since));
    let changed = diesel::update(withdrawn)
        .set((
            raid::withdrawn_at.eq(None::<Timestamp>),
            raid::withdrawal_reason.eq(None::<String>),
        ))
        .execute(c)?;
    if changed == 0 {
        return Err(StoreError::NotFound);
    }
    amend(c, next)?;
    set_reason(c, next, reason)
}
