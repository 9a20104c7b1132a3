//! What a person's answer changes.

use orcid_client::Granted;
use raid_model::{Handle, OrcidId};
use store::grants::{self, NewGrant};
use store::permissions::{self, Change, State};
use store::tasks::{self, Lane, NewTask, Work};
use store::{
    Conn, KeyRing, StoreError, Timestamp, contributions, memberships,
    permission_requests as requests,
};

/// RAiDs whose tasks are woken by one statement.
const WAKE_BATCH: i64 = 500;

/// The person granted: keeps the token, and wakes every project of theirs.
pub(crate) fn granted(
    c: &mut Conn,
    keys: &KeyRing,
    granted: &Granted,
    now: Timestamp,
) -> Result<(), StoreError> {
    let orcid = granted.orcid;
    grants::keep(c, keys, &pair(granted, now), grants::State::Active, now)?;
    permissions::ensure(c, &orcid, now)?;
    let from: Vec<State> = State::ALL
        .iter()
        .copied()
        .filter(|s| *s != State::Granted)
        .collect();
    permissions::change(c, &orcid, &from, &Change::to(State::Granted), now)?;
    if let Some(request) = requests::current(c, &orcid)? {
        requests::close(c, request.id, now)?;
    }
    wake_memberships(c, &orcid, now)?;
    wake_permission(c, &orcid, now)
}

/// Somebody else granted than the person asked: their pair is kept only to be revoked.
pub(crate) fn granted_by_another(
    c: &mut Conn,
    keys: &KeyRing,
    granted: &Granted,
    now: Timestamp,
) -> Result<(), StoreError> {
    grants::keep(c, keys, &pair(granted, now), grants::State::Foreign, now)?;
    wake_permission(c, &granted.orcid, now)
}

/// The person said no. A permission that stands already is not touched: ORCID does not withdraw
/// it either.
pub(crate) fn denied(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    permissions::ensure(c, orcid, now)?;
    let kept = [State::Granted, State::Suspect, State::Denied];
    let from: Vec<State> = State::ALL
        .iter()
        .copied()
        .filter(|s| !kept.contains(s))
        .collect();
    if permissions::change(c, orcid, &from, &Change::to(State::Denied), now)?
        && let Some(request) = requests::current(c, orcid)?
    {
        requests::close(c, request.id, now)?;
    }
    Ok(())
}

fn pair(granted: &Granted, now: Timestamp) -> NewGrant {
    NewGrant {
        orcid: granted.orcid,
        access_token: granted.access_token.clone(),
        refresh_token: granted.refresh_token.clone(),
        scope: granted.scope.clone(),
        expires_at: now
            .checked_add(time::Duration::try_from(granted.expires_in).unwrap_or_default()),
    }
}

/// A page of a person's projects, after a handle.
type Page = fn(&mut Conn, &OrcidId, Option<&Handle>, i64) -> Result<Vec<Handle>, StoreError>;

/// Wakes the tasks of every project of a person, also of those that they left while nothing could
/// be written: these have to go from their record.
pub(crate) fn wake_memberships(
    c: &mut Conn,
    orcid: &OrcidId,
    now: Timestamp,
) -> Result<(), StoreError> {
    wake(c, orcid, contributions::of_person, now)?;
    wake(c, orcid, memberships::of_person, now)
}

fn wake(c: &mut Conn, orcid: &OrcidId, page: Page, now: Timestamp) -> Result<(), StoreError> {
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
                lane: Lane::Interactive,
                due_at: now,
                at: now,
            })
            .collect();
        tasks::enqueue(c, &due)?;
        after = Some(last);
    }
}

fn wake_permission(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    let work = Work::Permission(*orcid);
    tasks::enqueue(
        c,
        &[NewTask {
            work,
            lane: Lane::Interactive,
            due_at: now,
            at: now,
        }],
    )
}
