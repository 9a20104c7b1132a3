//! The issuer of the tokens from before issuers were stored. A subject means nothing without its
//! issuer, so the rows from before belong to one, which is recorded once.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::installation::dsl::{installation, name, value};
use crate::schema::{invitation, raid, raid_holder};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;

/// The name of the record. Its value is empty for a database that has no rows from before.
const FORMER: &str = "former_issuer";

/// What the configuration says of the issuer of former tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Configured<'a> {
    /// Named by a setting of its own.
    pub former: Option<&'a str>,
    /// The only one whose tokens are accepted now.
    pub only: Option<&'a str>,
}

/// The issuer that rows without one belong to, recorded at the first call; none for a database
/// that was new then and whose configuration leaves it open.
///
/// # Errors
/// [`StoreError::FormerIssuerUnknown`] when it is not recorded and the configuration does not
/// tell, [`StoreError::OtherFormerIssuer`] when another one is recorded than the setting names.
pub fn claim(c: &mut Conn, configured: Configured<'_>) -> Result<Option<String>, StoreError> {
    if former(c)?.is_none() {
        let wanted = match configured.former.or(configured.only) {
            Some(issuer) => issuer,
            None if is_new(c)? => "",
            None => return Err(StoreError::FormerIssuerUnknown),
        };
        // Nodes that start at the same time all get here; the first one's row stands.
        let row = (name.eq(FORMER), value.eq(wanted));
        per_backend!(c, |c| diesel::insert_into(installation)
            .values(row)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    let found = former(c)?.filter(|found| !found.is_empty());
    if let (Some(found), Some(wanted)) = (&found, configured.former)
        && found != wanted
    {
        return Err(StoreError::OtherFormerIssuer {
            found: found.clone(),
            wanted: wanted.to_owned(),
        });
    }
    if let Some(issuer) = &found {
        let rows = invitation::table.filter(invitation::inviter_issuer.is_null());
        diesel::update(rows)
            .set(invitation::inviter_issuer.eq(Some(issuer)))
            .execute(c)?;
    }
    Ok(found)
}

/// Gives the recorded issuer to at most `limit` holders' RAiDs that have none: from before, or of a
/// node that is not upgraded yet. Says how many rows it was.
pub fn claim_holders(c: &mut Conn, limit: i64) -> Result<usize, StoreError> {
    // As in the index of such rows. With a parameter SQLite would not use it.
    let is_unclaimed = || sql::<Bool>("issuer = ''");
    let handles: Vec<String> = raid_holder::table
        .filter(is_unclaimed())
        .order(raid_holder::handle)
        .limit(limit)
        .select(raid_holder::handle)
        .load(c)?;
    if handles.is_empty() {
        return Ok(0);
    }
    let Some(issuer) = former(c)?.filter(|found| !found.is_empty()) else {
        return Ok(0);
    };
    let rows = raid_holder::table
        .filter(raid_holder::handle.eq_any(handles))
        .filter(is_unclaimed());
    Ok(diesel::update(rows)
        .set((
            raid_holder::issuer.eq(&issuer),
            raid_holder::given_by_issuer.eq(&issuer),
        ))
        .execute(c)?)
}

/// What is recorded.
fn former(c: &mut Conn) -> Result<Option<String>, StoreError> {
    Ok(installation
        .filter(name.eq(FORMER))
        .select(value)
        .first(c)
        .optional()?)
}

/// Whether nothing was minted yet, so that no row names a subject.
fn is_new(c: &mut Conn) -> Result<bool, StoreError> {
    let some: Option<String> = raid::table.select(raid::handle).first(c).optional()?;
    Ok(some.is_none())
}
