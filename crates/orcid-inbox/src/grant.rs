//! What a person's answer changes.

use orcid_client::Granted;
use raid_model::OrcidId;
use raid_model::permission::PermissionEvent;
use store::grants::{self, NewGrant};
use store::permissions::{self, Covers};
use store::{Conn, KeyRing, StoreError, Timestamp};

/// The person granted: keeps the token, and wakes every project of theirs.
pub(crate) fn granted(
    c: &mut Conn,
    keys: &KeyRing,
    granted: &Granted,
    covers: Covers<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    grants::keep(c, keys, &pair(granted, now), grants::State::Active, now)?;
    permissions::granted(c, &granted.orcid, covers, now)
}

/// Somebody else granted than the person asked: their pair is kept only to be revoked.
pub(crate) fn granted_by_another(
    c: &mut Conn,
    keys: &KeyRing,
    granted: &Granted,
    now: Timestamp,
) -> Result<(), StoreError> {
    grants::keep(c, keys, &pair(granted, now), grants::State::Foreign, now)?;
    permissions::wake_permission(c, &granted.orcid, now)
}

/// The person said no. A permission that stands already is not touched: ORCID does not withdraw
/// it either. The question that stands in their inbox is archived.
pub(crate) fn denied(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    let known = permissions::locked(c, orcid, now)?;
    if known.state.after(PermissionEvent::Denied)? == known.state {
        return Ok(());
    }
    permissions::apply(c, &known, &PermissionEvent::Denied.into(), now)?;
    permissions::wake_permission(c, orcid, now)
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
