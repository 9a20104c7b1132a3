//! One row for each time somebody sets out for ORCID's consent page: the callback is answered
//! once per visit, whatever browsers reload and link scanners fetch.

use crate::conn::Conn;
use crate::error::StoreError;
use crate::schema::visit;
use crate::types::{AsText, Timestamp, text_enum};
use diesel::prelude::*;
use raid_model::OrcidId;

text_enum! {
    /// Why somebody goes to ORCID.
    Purpose {
        /// To grant the permission they were asked for; the subject is their iD.
        Permission = "permission",
        /// To accept an invitation by e-mail; the subject is the invitation's id.
        Invitation = "invitation",
    }
}

text_enum! {
    /// How the visit went.
    State {
        /// On their way.
        Open = "open",
        /// Back with a code, which is being exchanged.
        Exchanging = "exchanging",
        /// Back with a code that ORCID has not used yet; it is kept and can be exchanged again.
        Waiting = "waiting",
        /// Granted.
        Granted = "granted",
        /// Denied.
        Denied = "denied",
        /// Somebody else than the person asked granted.
        OtherPerson = "other_person",
        /// The exchange failed; they may start again.
        Failed = "failed",
    }
}

/// A visit.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = visit, treat_none_as_default_value = false)]
pub struct Visit {
    /// Random, part of the signed state.
    pub nonce: String,
    /// Why.
    pub purpose: Purpose,
    /// For whom or what.
    pub subject: String,
    /// How it went.
    pub state: State,
    /// Who came back.
    pub orcid: Option<AsText<OrcidId>>,
    /// When they set out.
    pub created_at: Timestamp,
    /// Until when they may come back.
    pub expires_at: Timestamp,
}

/// Records that somebody sets out, and forgets a few visits long over.
///
/// # Errors
/// When the database refuses.
pub fn set_out(c: &mut Conn, new: &Visit) -> Result<(), StoreError> {
    let over: Vec<String> = visit::table
        .filter(visit::expires_at.lt(new.created_at - time::Duration::days(1)))
        .order(visit::expires_at)
        .limit(10)
        .select(visit::nonce)
        .load(c)?;
    if !over.is_empty() {
        diesel::delete(visit::table.filter(visit::nonce.eq_any(over))).execute(c)?;
    }
    diesel::insert_into(visit::table).values(new).execute(c)?;
    Ok(())
}

/// A visit.
///
/// # Errors
/// When the database refuses.
pub fn find(c: &mut Conn, nonce: &str) -> Result<Option<Visit>, StoreError> {
    Ok(visit::table
        .find(nonce)
        .select(Visit::as_select())
        .first(c)
        .optional()?)
}

/// Moves a visit on; says whether it was in `from`.
///
/// # Errors
/// When the database refuses.
pub fn change(
    c: &mut Conn,
    nonce: &str,
    from: State,
    to: State,
    orcid: Option<&OrcidId>,
) -> Result<bool, StoreError> {
    let row = visit::table.find(nonce).filter(visit::state.eq(from));
    let changed = diesel::update(row)
        .set((
            visit::state.eq(to),
            visit::orcid.eq(orcid.map(ToString::to_string)),
        ))
        .execute(c)?;
    Ok(changed == 1)
}

/// Keeps the sealed code of a visit whose exchange did not reach ORCID, for another exchange.
pub fn keep_code(c: &mut Conn, nonce: &str, sealed: &[u8]) -> Result<(), StoreError> {
    let row = visit::table
        .find(nonce)
        .filter(visit::state.eq(State::Exchanging));
    diesel::update(row)
        .set((visit::state.eq(State::Waiting), visit::code.eq(sealed)))
        .execute(c)?;
    Ok(())
}

/// Begins another exchange: gives the kept code and forgets it. None when there is none, because
/// another request was first or the visit has expired.
pub fn take_code(c: &mut Conn, nonce: &str, now: Timestamp) -> Result<Option<Vec<u8>>, StoreError> {
    let kept: Option<Option<Vec<u8>>> = visit::table
        .find(nonce)
        .filter(visit::state.eq(State::Waiting))
        .filter(visit::expires_at.gt(now))
        .select(visit::code)
        .first(c)
        .optional()?;
    let Some(sealed) = kept.flatten() else {
        return Ok(None);
    };
    let row = visit::table
        .find(nonce)
        .filter(visit::state.eq(State::Waiting));
    let taken = diesel::update(row)
        .set((
            visit::state.eq(State::Exchanging),
            visit::code.eq(None::<Vec<u8>>),
        ))
        .execute(c)?;
    Ok((taken == 1).then_some(sealed))
}

/// Forgets the codes of visits that have expired.
pub fn forget_codes(c: &mut Conn, now: Timestamp) -> Result<usize, StoreError> {
    let expired = visit::table
        .filter(visit::expires_at.le(now))
        .filter(visit::state.eq(State::Waiting));
    Ok(diesel::update(expired)
        .set((
            visit::state.eq(State::Failed),
            visit::code.eq(None::<Vec<u8>>),
        ))
        .execute(c)?)
}
