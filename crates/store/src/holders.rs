//! Who holds single RAiDs, beside the service point that owns them.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::inviters;
use crate::schema::raid_holder;
use crate::types::{AsText, Timestamp, text_enum};
use diesel::prelude::*;
use raid_model::Handle;
use std::collections::BTreeSet;

text_enum! {
    /// What somebody may do with a RAiD that they hold, if their token has the role of this name.
    HolderRole {
        /// Reads and changes it, and says who else holds it.
        RaidAdmin = "raid-admin",
        /// Reads and changes it.
        RaidUser = "raid-user",
    }
}

/// The person or system that a token names, with those of its roles that count for single RAiDs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The token's issuer: another issuer's token with the same subject is another person's.
    pub issuer: String,
    /// The token's subject.
    pub subject: String,
    /// The roles, of those that a holder can have.
    pub roles: Vec<HolderRole>,
}

impl Holder {
    /// Whether their token has a role that counts for single RAiDs.
    pub fn has_roles(&self) -> bool {
        !self.roles.is_empty()
    }
}

/// Somebody holds a RAiD.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = raid_holder, treat_none_as_default_value = false)]
pub struct HolderRow {
    /// The RAiD.
    pub handle: AsText<Handle>,
    /// The issuer of the holder's tokens.
    pub issuer: String,
    /// The subject of the holder's tokens.
    pub subject: String,
    /// What they may do.
    pub role: HolderRole,
    /// The issuer of the tokens of who gave it to them.
    pub given_by_issuer: String,
    /// The subject who gave it to them.
    pub given_by: String,
    /// When.
    pub given_at: Timestamp,
}

/// Most holders of one RAiD.
pub const MAX_HOLDERS: i64 = 200;

pub(crate) fn insert(c: &mut Conn, rows: &[HolderRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    per_backend!(c, |c| diesel::insert_into(raid_holder::table)
        .values(rows)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Lets somebody hold a RAiD; who holds it in this role already goes on as before. Says false, and
/// changes nothing, if [`MAX_HOLDERS`] hold it.
pub fn give(c: &mut Conn, row: &HolderRow) -> Result<bool, StoreError> {
    let held = of_raid(c, row.handle.get())?;
    let is_new = !held
        .iter()
        .any(|h| h.issuer == row.issuer && h.subject == row.subject && h.role == row.role);
    if is_new && i64::try_from(held.len()).is_ok_and(|count| count >= MAX_HOLDERS) {
        return Ok(false);
    }
    insert(c, std::slice::from_ref(row))?;
    Ok(true)
}

/// Takes a role with a RAiD from a holder; says whether they had it. When it was their last one,
/// the invitations end that they sent as a holder.
pub fn take(
    c: &mut Conn,
    handle: &Handle,
    issuer: &str,
    subject: &str,
    role: HolderRole,
) -> Result<bool, StoreError> {
    let row = raid_holder::table.find((handle.to_string(), issuer, subject, role));
    let taken = diesel::delete(row).execute(c)? > 0;
    if taken && !is_held_by(c, handle, issuer, subject)? {
        inviters::cancel_of_holder(c, handle, issuer, subject)?;
    }
    Ok(taken)
}

/// Takes a RAiD from everybody who holds it.
pub fn take_from_all(c: &mut Conn, handle: &Handle) -> Result<(), StoreError> {
    let rows = raid_holder::table.filter(raid_holder::handle.eq(handle.to_string()));
    diesel::delete(rows).execute(c)?;
    Ok(())
}

/// Everybody who holds a RAiD, by subject.
pub fn of_raid(c: &mut Conn, handle: &Handle) -> Result<Vec<HolderRow>, StoreError> {
    Ok(raid_holder::table
        .filter(raid_holder::handle.eq(handle.to_string()))
        .order((raid_holder::subject, raid_holder::issuer, raid_holder::role))
        .limit(MAX_HOLDERS)
        .select(HolderRow::as_select())
        .load(c)?)
}

/// Whether somebody holds a RAiD, in whichever role.
pub(crate) fn is_held_by(
    c: &mut Conn,
    handle: &Handle,
    issuer: &str,
    subject: &str,
) -> Result<bool, StoreError> {
    let held: i64 = raid_holder::table
        .filter(raid_holder::handle.eq(handle.to_string()))
        .filter(raid_holder::issuer.eq(issuer))
        .filter(raid_holder::subject.eq(subject))
        .count()
        .get_result(c)?;
    Ok(held > 0)
}

/// The roles in which somebody holds a RAiD, of those that their token has.
pub fn roles(
    c: &mut Conn,
    handle: &Handle,
    holder: &Holder,
) -> Result<Vec<HolderRole>, StoreError> {
    if holder.roles.is_empty() {
        return Ok(Vec::new());
    }
    Ok(raid_holder::table
        .filter(raid_holder::handle.eq(handle.to_string()))
        .filter(raid_holder::issuer.eq(&holder.issuer))
        .filter(raid_holder::subject.eq(&holder.subject))
        .filter(raid_holder::role.eq_any(&holder.roles))
        .order(raid_holder::role)
        .select(raid_holder::role)
        .load(c)?)
}

/// Those of some RAiDs that somebody holds, in a role that their token has.
pub fn held_among(
    c: &mut Conn,
    handles: &BTreeSet<Handle>,
    holder: &Holder,
) -> Result<Vec<Handle>, StoreError> {
    let handles: Vec<String> = handles.iter().map(ToString::to_string).collect();
    let found: Vec<AsText<Handle>> = raid_holder::table
        .filter(raid_holder::handle.eq_any(handles))
        .filter(raid_holder::issuer.eq(&holder.issuer))
        .filter(raid_holder::subject.eq(&holder.subject))
        .filter(raid_holder::role.eq_any(&holder.roles))
        .select(raid_holder::handle)
        .distinct()
        .load(c)?;
    Ok(found.into_iter().map(AsText::into_inner).collect())
}
