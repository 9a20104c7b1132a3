//! What no configured key opens is given up: people are asked again for the permission whose token is
//! lost, and invitations cannot be sent again.

use super::rows::{self, Place, SealedValue};
use super::{Cursor, PAGE, Page};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::permissions;
use crate::schema::{invitation, orcid_grant, visit};
use crate::seal::KeyRing;
use crate::types::{AsText, Id, Timestamp};
use crate::visits;
use diesel::prelude::*;
use raid_model::OrcidId;
use raid_model::permission::{PermissionChange, PermissionEvent, PermissionState};

/// Forgets the values of one page that cannot be opened with the keys configured, unless it is a dry
/// run.
pub fn give_up_page(
    c: &mut Conn,
    keys: &KeyRing,
    from: Cursor,
    is_dry_run: bool,
    now: Timestamp,
) -> Result<Page, StoreError> {
    let (values, next) = rows::page(c, from, PAGE)?;
    let mut page = Page::of(&values, next);
    for value in values {
        if keys.open(&value.owner, &value.bytes).is_ok() {
            continue;
        }
        page.unopenable += 1;
        if !is_dry_run {
            give_up(c, &value, now)?;
            page.changed += 1;
        }
    }
    Ok(page)
}

fn give_up(c: &mut Conn, value: &SealedValue, now: Timestamp) -> Result<(), StoreError> {
    match &value.place {
        Place::AccessToken(id) => return give_up_pair(c, *id, now),
        // It is needed only to revoke the pair, which the access token does as well.
        Place::RefreshToken(id) => diesel::update(orcid_grant::table.find(id))
            .set(orcid_grant::refresh_token.eq(None::<Vec<u8>>))
            .execute(c)?,
        Place::Code(nonce) => diesel::update(visit::table.find(nonce))
            .set((
                visit::state.eq(visits::State::Failed),
                visit::code.eq(None::<Vec<u8>>),
                visit::exchanging_at.eq(None::<Timestamp>),
            ))
            .execute(c)?,
        Place::Address(id) => diesel::update(invitation::table.find(id))
            .set(invitation::email.eq(None::<Vec<u8>>))
            .execute(c)?,
    };
    Ok(())
}

/// The pair stays valid at ORCID: only the person can revoke it there.
fn give_up_pair(c: &mut Conn, id: Id, now: Timestamp) -> Result<(), StoreError> {
    let of_whom: Option<AsText<OrcidId>> = orcid_grant::table
        .find(id)
        .select(orcid_grant::orcid)
        .first(c)
        .optional()?;
    diesel::delete(orcid_grant::table.find(id)).execute(c)?;
    let Some(orcid) = of_whom.map(AsText::into_inner) else {
        return Ok(());
    };
    let known = permissions::locked(c, &orcid, now)?;
    let relies_on_it = matches!(
        known.state,
        PermissionState::Granted | PermissionState::Suspect
    );
    if relies_on_it && !crate::grants::held(c, &orcid)?.0 {
        let lost = "the key that sealed the token was lost".to_owned();
        let change = PermissionChange::because(PermissionEvent::ScopeMissing, lost);
        permissions::apply(c, &known, &change, now)?;
    }
    permissions::wake_permission(c, &orcid, now)
}
