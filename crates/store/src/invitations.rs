//! Invitations by e-mail of people whose iD is not known. The address is sealed, and forgotten
//! when the mail is sent.

use crate::conn::Conn;
use crate::error::StoreError;
use crate::schema::invitation;
use crate::seal::KeyRing;
use crate::types::{AsText, Id, Json, Timestamp, text_enum};
use diesel::prelude::*;
use raid_model::{Handle, OrcidId};
use secrecy::{ExposeSecret as _, SecretString};

text_enum! {
    /// Where an invitation stands.
    State {
        /// The mail is to be sent.
        Open = "open",
        /// The mail was handed over.
        Sent = "sent",
        /// A person accepted it.
        Accepted = "accepted",
        /// The mail could not be sent.
        Failed = "failed",
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
    /// Where it stands.
    pub state: State,
    /// The sealed address, while it is needed.
    pub email: Option<Vec<u8>>,
    /// Position, roles and flags that the person will have.
    pub contribution: Json,
    /// Who invited.
    pub invited_by: String,
    /// Who accepted.
    pub accepted_by: Option<AsText<OrcidId>>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it may be accepted.
    pub expires_at: Timestamp,
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
    pub invited_by: String,
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
    diesel::insert_into(invitation::table)
        .values((
            invitation::id.eq(new.id),
            invitation::handle.eq(new.handle.to_string()),
            invitation::state.eq(State::Open),
            invitation::email.eq(sealed),
            invitation::contribution.eq(&new.contribution),
            invitation::invited_by.eq(&new.invited_by),
            invitation::created_at.eq(new.created_at),
            invitation::expires_at.eq(new.expires_at),
        ))
        .execute(c)?;
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

/// The mail was handed over (or, with [`State::Failed`], cannot be): the address is forgotten.
///
/// # Errors
/// When the database refuses.
pub fn mailed(c: &mut Conn, id: Id, to: State) -> Result<(), StoreError> {
    let row = invitation::table
        .find(id)
        .filter(invitation::state.eq(State::Open));
    diesel::update(row)
        .set((
            invitation::state.eq(to),
            invitation::email.eq(None::<Vec<u8>>),
        ))
        .execute(c)?;
    Ok(())
}

/// A person accepts; says whether they were the first.
///
/// # Errors
/// When the database refuses.
pub fn accept(c: &mut Conn, id: Id, orcid: &OrcidId) -> Result<bool, StoreError> {
    let row = invitation::table
        .find(id)
        .filter(invitation::accepted_by.is_null());
    let changed = diesel::update(row)
        .set((
            invitation::state.eq(State::Accepted),
            invitation::email.eq(None::<Vec<u8>>),
            invitation::accepted_by.eq(orcid.to_string()),
        ))
        .execute(c)?;
    Ok(changed == 1)
}
