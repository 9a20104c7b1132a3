//! Invitations by e-mail of people whose iD is not known.
//!
//! The address is sealed, and forgotten when the invitation was accepted, was cancelled, failed or
//! expired. A keyed hash tells whether an address was invited to a RAiD already. It stays until the
//! invitation was accepted, failed or expired, so that nobody is mailed more often by cancelling.

use crate::conn::Conn;
use crate::error::StoreError;
use crate::inviters::{Inviter, InviterRight, cancelled};
use crate::schema::{invitation, raid};
use crate::seal::KeyRing;
use crate::types::{AsText, Id, Json, Timestamp, text_enum};
use diesel::prelude::*;
use raid_model::{Handle, OrcidId};
use secrecy::{ExposeSecret as _, SecretString};
use time::Duration;

/// Most mails to one address about one RAiD, while an invitation to it lasts.
pub const MAX_MAILS: i32 = 3;
/// The shortest time between two mails of an invitation.
pub const MAIL_PAUSE: Duration = Duration::minutes(1);

text_enum! {
    /// The state of an invitation. That it has expired follows from `expires_at`.
    State {
        /// The mail is to be sent.
        Open = "open",
        /// The mail was handed over.
        Sent = "sent",
        /// A person accepted it.
        Accepted = "accepted",
        /// The mail could not be sent.
        Failed = "failed",
        /// Somebody who may change the RAiD cancelled it.
        Cancelled = "cancelled",
    }
}

/// An invitation.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = invitation)]
pub struct InvitationRow {
    /// Its id.
    pub id: Id,
    /// The RAiD it invites to.
    pub handle: AsText<Handle>,
    /// Its state.
    pub state: State,
    /// The sealed address, while it is needed.
    pub email: Option<Vec<u8>>,
    /// Position, roles and flags that the person will have.
    pub contribution: Json,
    /// The subject who invited.
    pub invited_by: String,
    /// Who accepted.
    pub accepted_by: Option<AsText<OrcidId>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it may be accepted.
    pub expires_at: Timestamp,
    /// How many mails were handed over.
    pub mails: i32,
    /// When the last one was. None for invitations from before this was counted.
    pub mailed_at: Option<Timestamp>,
    /// The issuer of the inviter's token.
    pub inviter_issuer: Option<String>,
    /// By which right they invited. None for invitations from before this was stored.
    pub inviter_right: Option<InviterRight>,
    /// The service point that owned the RAiD then. None for invitations from before this was stored.
    pub service_point_id: Option<i64>,
}

impl InvitationRow {
    /// The address, opened.
    ///
    /// # Errors
    /// When it is forgotten already, or cannot be opened.
    pub fn address(&self, keys: &KeyRing) -> Result<SecretString, StoreError> {
        let sealed = self.email.as_ref().ok_or(StoreError::NotFound)?;
        Ok(keys.open(&self.id.to_string(), sealed)?.into())
    }

    /// Whether it waits for an answer and its time is over.
    pub fn is_expired(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Open | State::Sent) && self.expires_at <= now
    }
}

/// An invitation to be made.
#[derive(Debug, Clone)]
pub struct NewInvitation {
    /// Its id.
    pub id: Id,
    /// The RAiD it invites to.
    pub handle: Handle,
    /// The address.
    pub email: SecretString,
    /// Position, roles and flags that the person will have.
    pub contribution: Json,
    /// Who invites.
    pub inviter: Inviter,
    /// When.
    pub created_at: Timestamp,
    /// Until when it may be accepted.
    pub expires_at: Timestamp,
}

/// Makes an invitation.
///
/// # Errors
/// When the address cannot be sealed or the database refuses.
pub fn make(c: &mut Conn, keys: &KeyRing, new: &NewInvitation) -> Result<(), StoreError> {
    let sealed = keys.seal(&new.id.to_string(), new.email.expose_secret())?;
    let hash = hashes(keys, &new.handle, &new.email).into_iter().next();
    diesel::insert_into(invitation::table)
        .values((
            invitation::id.eq(new.id),
            invitation::handle.eq(new.handle.to_string()),
            invitation::state.eq(State::Open),
            invitation::email.eq(sealed),
            invitation::contribution.eq(&new.contribution),
            invitation::invited_by.eq(&new.inviter.subject),
            invitation::inviter_issuer.eq(Some(&new.inviter.issuer)),
            invitation::inviter_right.eq(Some(new.inviter.right)),
            invitation::service_point_id.eq(Some(new.inviter.service_point_id)),
            invitation::created_at.eq(new.created_at),
            invitation::expires_at.eq(new.expires_at),
            invitation::address_hash.eq(hash),
            invitation::mails.eq(0),
        ))
        .execute(c)?;
    Ok(())
}

/// Recognises an address by the current key from now on.
pub(crate) fn rehash(
    c: &mut Conn,
    keys: &KeyRing,
    id: Id,
    email: &SecretString,
) -> Result<(), StoreError> {
    let row = invitation::table.find(id);
    let handle: AsText<Handle> = row.select(invitation::handle).first(c)?;
    let hash = hashes(keys, handle.get(), email).into_iter().next();
    diesel::update(row)
        .set(invitation::address_hash.eq(hash))
        .execute(c)?;
    Ok(())
}

/// Hashes of an address for one RAiD, so that rows of two RAiDs cannot be compared. In the domain
/// capital and small letters are the same (RFC 5321 §2.3.5); before it they may differ.
fn hashes(keys: &KeyRing, handle: &Handle, email: &SecretString) -> Vec<String> {
    let email = email.expose_secret();
    let address = email.rsplit_once('@').map_or_else(
        || email.to_owned(),
        |(local, domain)| format!("{local}@{}", domain.to_lowercase()),
    );
    keys.hashes(&format!("invitation {handle}"), &address)
}

/// Makes others who invite to this RAiD wait until this transaction ends, so that no two invite
/// the same address. On SQLite only one transaction writes at a time anyway.
pub fn lock(c: &mut Conn, handle: &Handle) -> Result<(), StoreError> {
    if let Conn::Postgres(c) = c {
        raid::table
            .find(handle.to_string())
            .select(raid::handle)
            .for_no_key_update()
            .first::<String>(c)
            .optional()?;
    }
    Ok(())
}

/// An invitation.
///
/// # Errors
/// When the database refuses.
pub fn find(c: &mut Conn, id: Id) -> Result<Option<InvitationRow>, StoreError> {
    Ok(invitation::table
        .find(id)
        .select(InvitationRow::as_select())
        .first(c)
        .optional()?)
}

/// A page of the invitations to a RAiD, newest first, after the one with the id `after`.
pub fn page(
    c: &mut Conn,
    handle: &Handle,
    after: Option<Id>,
    limit: i64,
) -> Result<Vec<InvitationRow>, StoreError> {
    // Ids begin with the time at which they were made.
    let mut query = invitation::table
        .filter(invitation::handle.eq(handle.to_string()))
        .select(InvitationRow::as_select())
        .into_boxed();
    if let Some(after) = after {
        query = query.filter(invitation::id.lt(after));
    }
    Ok(query.order(invitation::id.desc()).limit(limit).load(c)?)
}

/// How many invitations to a RAiD can still be accepted.
///
/// # Errors
/// When the database refuses.
pub fn standing(c: &mut Conn, handle: &Handle, now: Timestamp) -> Result<i64, StoreError> {
    Ok(invitation::table
        .filter(invitation::handle.eq(handle.to_string()))
        .filter(invitation::state.eq_any([State::Open, State::Sent]))
        .filter(invitation::expires_at.gt(now))
        .count()
        .get_result(c)?)
}

/// What an address was sent about a RAiD.
#[derive(Debug, Clone)]
pub struct Addressed {
    /// The invitation that can still be accepted.
    pub standing: Option<InvitationRow>,
    /// Mails that were handed over, of cancelled invitations too, until these would have expired.
    pub mails: i32,
}

/// What an address was sent about a RAiD.
pub fn addressed(
    c: &mut Conn,
    keys: &KeyRing,
    handle: &Handle,
    email: &SecretString,
    now: Timestamp,
) -> Result<Addressed, StoreError> {
    let rows: Vec<InvitationRow> = invitation::table
        .filter(invitation::handle.eq(handle.to_string()))
        .filter(invitation::address_hash.eq_any(hashes(keys, handle, email)))
        .filter(invitation::expires_at.gt(now))
        .order(invitation::id)
        .select(InvitationRow::as_select())
        .load(c)?;
    let mails = rows.iter().map(|row| row.mails).sum();
    let standing = rows
        .into_iter()
        .find(|row| matches!(row.state, State::Open | State::Sent));
    Ok(Addressed { standing, mails })
}

/// Sets the mail of an invitation to be sent again, if it was sent before. Says whether it was.
pub fn reopen(c: &mut Conn, id: Id) -> Result<bool, StoreError> {
    let row = invitation::table
        .find(id)
        .filter(invitation::state.eq(State::Sent));
    let changed = diesel::update(row)
        .set(invitation::state.eq(State::Open))
        .execute(c)?;
    Ok(changed == 1)
}

/// Cancels an invitation and forgets the address. Says no if it was accepted.
pub fn cancel(c: &mut Conn, id: Id) -> Result<bool, StoreError> {
    let row = invitation::table
        .find(id)
        .filter(invitation::accepted_by.is_null());
    let changed = diesel::update(row).set(cancelled()).execute(c)?;
    Ok(changed == 1)
}

/// The mail was handed over.
pub fn mailed(c: &mut Conn, id: Id, at: Timestamp) -> Result<(), StoreError> {
    let row = invitation::table
        .find(id)
        .filter(invitation::state.eq(State::Open));
    diesel::update(row)
        .set((
            invitation::state.eq(State::Sent),
            invitation::mails.eq(invitation::mails + 1),
            invitation::mailed_at.eq(Some(at)),
        ))
        .execute(c)?;
    Ok(())
}

/// The mail cannot be sent: the address is forgotten.
pub fn failed(c: &mut Conn, id: Id) -> Result<(), StoreError> {
    let row = invitation::table
        .find(id)
        .filter(invitation::state.eq(State::Open));
    diesel::update(row)
        .set((
            invitation::state.eq(State::Failed),
            invitation::email.eq(None::<Vec<u8>>),
            invitation::address_hash.eq(None::<String>),
        ))
        .execute(c)?;
    Ok(())
}

/// A person accepts; says whether they were the first, and it was not cancelled.
///
/// # Errors
/// When the database refuses.
pub fn accept(c: &mut Conn, id: Id, orcid: &OrcidId) -> Result<bool, StoreError> {
    let row = invitation::table
        .find(id)
        .filter(invitation::accepted_by.is_null())
        .filter(invitation::state.ne(State::Cancelled));
    let changed = diesel::update(row)
        .set((
            invitation::state.eq(State::Accepted),
            invitation::email.eq(None::<Vec<u8>>),
            invitation::address_hash.eq(None::<String>),
            invitation::accepted_by.eq(orcid.to_string()),
        ))
        .execute(c)?;
    Ok(changed == 1)
}

/// Forgets the addresses of at most `limit` invitations that have expired. Gives how many.
pub fn forget_expired(c: &mut Conn, now: Timestamp, limit: i64) -> Result<usize, StoreError> {
    let is_known = invitation::email
        .is_not_null()
        .or(invitation::address_hash.is_not_null());
    let expired: Vec<Id> = invitation::table
        .filter(invitation::expires_at.le(now))
        .filter(is_known)
        .order(invitation::expires_at)
        .limit(limit)
        .select(invitation::id)
        .load(c)?;
    let rows = invitation::table.filter(invitation::id.eq_any(expired));
    Ok(diesel::update(rows)
        .set((
            invitation::email.eq(None::<Vec<u8>>),
            invitation::address_hash.eq(None::<String>),
        ))
        .execute(c)?)
}
