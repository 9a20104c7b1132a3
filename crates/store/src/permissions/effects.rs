//! What follows from a transition, in the same transaction: which tokens are of no use any more,
//! what is known of the record, whose tasks are woken.

use super::{Permission, ensure};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::tasks::{self, Lane, NewTask, Work};
use crate::types::Timestamp;
use crate::{contributions, grants, memberships, permission_requests};
use raid_model::permission::{PermissionChange, PermissionEvent, PermissionState, RecordEvent};
use raid_model::{Handle, OrcidId};
use time::Duration;

/// RAiDs whose tasks are woken by one statement.
const WAKE_BATCH: i64 = 500;
/// Projects that are kept with a no. Whoever has more said no to all that may come.
const MOST_ANSWERED_FOR: i64 = 200;

/// Which projects a grant names, so that it covers them although the person removed their entries.
#[derive(Debug, Clone, Copy)]
pub enum Covers<'a> {
    /// All that the person has.
    All,
    /// The one that they were invited to.
    One(&'a Handle),
}

/// What follows from a transition that was applied.
pub(super) fn follow(
    c: &mut Conn,
    known: &Permission,
    to: PermissionState,
    change: &PermissionChange,
    now: Timestamp,
) -> Result<(), StoreError> {
    let orcid = known.orcid.get();
    let given_up = change.event == PermissionEvent::TokenGivenUp;
    if given_up || !to.keeps_token() {
        grants::supersede(c, orcid)?;
    }
    match change.event {
        PermissionEvent::TokenAccepted if known.state != PermissionState::Granted => {
            wake_memberships(c, orcid, Lane::Bulk, now)?;
        }
        // What has to go is tried once.
        PermissionEvent::WithdrawalConfirmed => wake_memberships(c, orcid, Lane::Bulk, now)?,
        PermissionEvent::Record(
            RecordEvent::Deactivated | RecordEvent::Deprecated | RecordEvent::Emptied,
        ) => {
            // Everything on such a record is gone, also what we wrote, and so is its inbox.
            memberships::mark_all_deleted(c, orcid, now)?;
            permission_requests::close_all(c, orcid, now)?;
        }
        _ => {}
    }
    if let Some(primary) = &change.primary {
        ensure(c, primary, now)?;
        wake_permission(c, primary, now)?;
    }
    Ok(())
}

/// The projects that a no is about; none when there are too many to keep.
pub(super) fn projects_answered_for(
    c: &mut Conn,
    orcid: &OrcidId,
) -> Result<Option<String>, StoreError> {
    let handles = contributions::of_person(c, orcid, None, MOST_ANSWERED_FOR + 1)?;
    let few = i64::try_from(handles.len()).is_ok_and(|n| n <= MOST_ANSWERED_FOR);
    let json = serde_json::to_string(&handles).map_err(|e| StoreError::Corrupt(e.to_string()))?;
    Ok(Some(json).filter(|_| few))
}

/// After a grant the record is looked at before anything is written where what we know may be
/// wrong: nobody told us what happened to our entries while we had no permission. Entries that the
/// person removed are written again as far as the grant covers them.
pub(super) fn forget_what_stands(
    c: &mut Conn,
    before: &Permission,
    covers: Covers<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let orcid = before.orcid.get();
    let stood = matches!(
        before.state,
        PermissionState::Granted | PermissionState::Suspect
    );
    if !stood {
        memberships::doubt_all(c, orcid, now)?;
    }
    let one = match covers {
        Covers::All => None,
        Covers::One(handle) => Some(handle),
    };
    memberships::allow_again(c, orcid, one, now)
}

/// A page of a person's projects, after a handle.
type Page = fn(&mut Conn, &OrcidId, Option<&Handle>, i64) -> Result<Vec<Handle>, StoreError>;

/// Wakes the tasks of every project of a person, also of those that they left while nothing could
/// be written: these have to go from their record.
pub fn wake_memberships(
    c: &mut Conn,
    orcid: &OrcidId,
    lane: Lane,
    now: Timestamp,
) -> Result<(), StoreError> {
    wake(c, orcid, contributions::of_person, lane, now)?;
    wake(c, orcid, memberships::of_person, lane, now)
}

fn wake(
    c: &mut Conn,
    orcid: &OrcidId,
    page: Page,
    lane: Lane,
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut after = None;
    loop {
        let handles = page(c, orcid, after.as_ref(), WAKE_BATCH)?;
        let Some(last) = handles.last().cloned() else {
            return Ok(());
        };
        let due: Vec<_> = handles
            .into_iter()
            .map(|handle| NewTask {
                work: Work::Membership(*orcid, handle),
                lane,
                due_at: now,
                at: now,
            })
            .collect();
        tasks::enqueue(c, &due)?;
        after = Some(last);
    }
}

/// Wakes the person's permission task, for somebody who waits.
pub fn wake_permission(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    wake_permission_after(c, orcid, Duration::ZERO, now)
}

/// Wakes the person's permission task a little later.
pub(super) fn wake_permission_after(
    c: &mut Conn,
    orcid: &OrcidId,
    wait: Duration,
    now: Timestamp,
) -> Result<(), StoreError> {
    let work = Work::Permission(*orcid);
    tasks::enqueue(
        c,
        &[NewTask {
            work,
            lane: Lane::Interactive,
            due_at: now + wait,
            at: now,
        }],
    )
}
