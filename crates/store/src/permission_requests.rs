//! The permission notifications posted to ORCID inboxes, one row each: they are what the contact
//! budget counts, and what an unknown outcome is looked up by.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::permission_request;
use crate::types::{AsText, Id, Timestamp, text_enum};
use diesel::prelude::*;
use raid_model::OrcidId;

text_enum! {
    /// Where a request stands.
    State {
        /// About to be posted, or posted with an answer that never came.
        Posting = "posting",
        /// In the person's inbox.
        Open = "open",
        /// About to be archived by us, or archived with an answer that never came.
        Withdrawing = "withdrawing",
        /// Answered, archived, withdrawn or gone.
        Closed = "closed",
    }
}

/// One notification.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = permission_request)]
pub struct PermissionRequestRow {
    /// Its id, which its landing URL carries.
    pub id: Id,
    /// Who was asked.
    pub orcid: AsText<OrcidId>,
    /// Where it stands.
    pub state: State,
    /// ORCID's put-code, once known.
    pub put_code: Option<i64>,
    /// When it was asked.
    pub asked_at: Timestamp,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
}

/// Records the intent to post a notification, before it is posted; also once more, when it turned
/// out not to stand.
///
/// # Errors
/// When the database refuses.
pub fn intend(c: &mut Conn, id: Id, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    let row = (
        permission_request::id.eq(id),
        permission_request::orcid.eq(orcid.to_string()),
        permission_request::state.eq(State::Posting),
        permission_request::asked_at.eq(now),
    );
    per_backend!(c, |c| diesel::insert_into(permission_request::table)
        .values(row)
        .on_conflict(permission_request::id)
        .do_update()
        .set(permission_request::asked_at.eq(now))
        .execute(c))?;
    Ok(())
}

/// Records the intent to archive an open notification, before it is archived.
///
/// # Errors
/// When the database refuses.
pub fn withdrawing(c: &mut Conn, id: Id) -> Result<(), StoreError> {
    let row = permission_request::table
        .find(id)
        .filter(permission_request::state.eq(State::Open));
    diesel::update(row)
        .set(permission_request::state.eq(State::Withdrawing))
        .execute(c)?;
    Ok(())
}

/// The request that is open or in doubt, the newest if there are several.
///
/// # Errors
/// When the database refuses.
pub fn current(c: &mut Conn, orcid: &OrcidId) -> Result<Option<PermissionRequestRow>, StoreError> {
    Ok(permission_request::table
        .filter(permission_request::orcid.eq(orcid.to_string()))
        .filter(permission_request::state.ne(State::Closed))
        .order((
            permission_request::asked_at.desc(),
            permission_request::id.desc(),
        ))
        .select(PermissionRequestRow::as_select())
        .first(c)
        .optional()?)
}

/// Records ORCID's put-code: the notification stands in the inbox.
///
/// # Errors
/// When the database refuses.
pub fn opened(c: &mut Conn, id: Id, put_code: i64) -> Result<(), StoreError> {
    diesel::update(permission_request::table.find(id))
        .set((
            permission_request::state.eq(State::Open),
            permission_request::put_code.eq(put_code),
        ))
        .execute(c)?;
    Ok(())
}

/// Takes an intent back that was certainly not carried out, so that it does not count.
///
/// # Errors
/// When the database refuses.
pub fn withdraw(c: &mut Conn, id: Id) -> Result<(), StoreError> {
    let row = permission_request::table
        .find(id)
        .filter(permission_request::state.eq(State::Posting));
    diesel::delete(row).execute(c)?;
    Ok(())
}

/// Closes a request.
///
/// # Errors
/// When the database refuses.
pub fn close(c: &mut Conn, id: Id, now: Timestamp) -> Result<(), StoreError> {
    diesel::update(permission_request::table.find(id))
        .set((
            permission_request::state.eq(State::Closed),
            permission_request::closed_at.eq(now),
        ))
        .execute(c)?;
    Ok(())
}

/// How often the person was asked since `since`.
///
/// # Errors
/// When the database refuses.
pub fn count_since(c: &mut Conn, orcid: &OrcidId, since: Timestamp) -> Result<i64, StoreError> {
    Ok(permission_request::table
        .filter(permission_request::orcid.eq(orcid.to_string()))
        .filter(permission_request::asked_at.ge(since))
        .count()
        .get_result(c)?)
}
