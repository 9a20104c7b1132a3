//! What a person's answer changes.

use orcid_client::Granted;
use raid_model::OrcidId;
use raid_model::permission::{PermissionChange, PermissionEvent, PermissionState};
use store::grants::{self, NewGrant};
use store::permissions::{self, Covers};
use store::{Conn, Id, StoreError, Timestamp};

/// The person granted: uses the pair, and wakes every project of theirs.
pub(crate) fn granted(
    c: &mut Conn,
    pair: Id,
    orcid: &OrcidId,
    covers: Covers<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    grants::activate(c, pair, orcid, now)?;
    permissions::granted(c, orcid, covers, now)
}

/// The person signed in and said no. A permission that stands already is not touched: ORCID does not
/// withdraw it either. The question that stands in their inbox is archived.
pub(crate) fn denied(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    answer(c, orcid, &PermissionEvent::Denied.into(), now)
}

/// Somebody came back with a no that nobody signed: the question is archived, and nobody reminds of
/// it.
pub(crate) fn closed(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    let reason = "somebody who has the link said no at ORCID, without a sign-in";
    let change = PermissionChange::because(PermissionEvent::RequestClosed, reason);
    answer(c, orcid, &change, now)
}

fn answer(
    c: &mut Conn,
    orcid: &OrcidId,
    change: &PermissionChange,
    now: Timestamp,
) -> Result<(), StoreError> {
    let known = permissions::locked(c, orcid, now)?;
    let means = match change.event {
        PermissionEvent::Denied => PermissionState::Denied,
        _ => PermissionState::Ignored,
    };
    if known.state.after(change.event)? == means {
        permissions::apply(c, &known, change, now)?;
        permissions::wake_permission(c, orcid, now)?;
    }
    Ok(())
}

/// What is kept of a pair.
pub(crate) fn pair(granted: &Granted, now: Timestamp) -> NewGrant {
    NewGrant {
        orcid: granted.orcid,
        access_token: granted.access_token.clone(),
        refresh_token: granted.refresh_token.clone(),
        scope: granted.scope.clone(),
        expires_at: now
            .checked_add(time::Duration::try_from(granted.expires_in).unwrap_or_default()),
    }
}
