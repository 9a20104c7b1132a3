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
        /// To confirm by a sign-in that they do not want to be asked; the subject is their iD.
        Refusal = "refusal",
        /// To confirm by a sign-in that they are not part of a project; the subject is their iD and
        /// the RAiD's handle, with a space between them.
        NotMe = "not_me",
        /// To take that back by a sign-in; the subject is the same.
        PartOf = "part_of",
        /// To stop a service point for themselves; the subject is their iD and its number.
        StopServicePoint = "stop_service_point",
        /// To allow a service point again that they stopped; the subject is their iD and its number.
        AllowServicePoint = "allow_service_point",
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
        /// The person signed in: what they wanted to say counts.
        Confirmed = "confirmed",
        /// Somebody came back with a no. Nobody signed it.
        Denied = "denied",
        /// Somebody else than the person asked signed in.
        OtherPerson = "other_person",
        /// They granted, and we could not use it: it is handed back.
        HandedBack = "handed_back",
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
        .filter(visit::exchanging_at.is_null())
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

/// Moves a visit on that has no code; says whether it was in `from`.
pub fn change(c: &mut Conn, nonce: &str, from: State, to: State) -> Result<bool, StoreError> {
    let row = visit::table.find(nonce).filter(visit::state.eq(from));
    let changed = diesel::update(row).set(visit::state.eq(to)).execute(c)?;
    Ok(changed == 1)
}

/// Begins the exchange of a code, once for each visit. The sealed code is kept until the exchange is
/// settled, so that [`claim_unsettled`] finds it after a crash.
pub fn begin_exchange(
    c: &mut Conn,
    nonce: &str,
    sealed: &[u8],
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = visit::table
        .find(nonce)
        .filter(visit::state.eq(State::Open));
    let changed = diesel::update(row)
        .set((
            visit::state.eq(State::Exchanging),
            visit::code.eq(sealed),
            visit::exchanging_at.eq(now),
        ))
        .execute(c)?;
    Ok(changed == 1)
}

/// The exchange did not reach ORCID: the code may be exchanged again.
pub fn wait(c: &mut Conn, nonce: &str) -> Result<(), StoreError> {
    let row = visit::table
        .find(nonce)
        .filter(visit::state.eq(State::Exchanging));
    diesel::update(row)
        .set((
            visit::state.eq(State::Waiting),
            visit::exchanging_at.eq(None::<Timestamp>),
        ))
        .execute(c)?;
    Ok(())
}

/// Begins another exchange of a kept code, and gives it. None when there is none, because another
/// request was first or the visit has expired.
pub fn resume_exchange(
    c: &mut Conn,
    nonce: &str,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
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
            visit::exchanging_at.eq(now),
        ))
        .execute(c)?;
    Ok((taken == 1).then_some(sealed))
}

/// Ends an exchange and forgets its code. Says whether it was going on.
pub fn settle(
    c: &mut Conn,
    nonce: &str,
    to: State,
    orcid: Option<&OrcidId>,
) -> Result<bool, StoreError> {
    let row = visit::table
        .find(nonce)
        .filter(visit::state.eq(State::Exchanging));
    let changed = diesel::update(row)
        .set((
            visit::state.eq(to),
            visit::orcid.eq(orcid.map(ToString::to_string)),
            visit::code.eq(None::<Vec<u8>>),
            visit::exchanging_at.eq(None::<Timestamp>),
        ))
        .execute(c)?;
    Ok(changed == 1)
}

/// Ends an exchange whose outcome is unknown. The person may start again; the code is kept, since
/// ORCID may have given a pair for it.
pub fn fail_in_doubt(c: &mut Conn, nonce: &str) -> Result<(), StoreError> {
    let row = visit::table
        .find(nonce)
        .filter(visit::state.eq(State::Exchanging));
    diesel::update(row)
        .set(visit::state.eq(State::Failed))
        .execute(c)?;
    Ok(())
}

/// An exchange that nobody settled.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Unsettled {
    /// The visit.
    pub nonce: String,
    /// The sealed code. None if the visit is from a program that did not keep it.
    pub code: Option<Vec<u8>>,
    /// Until when the person could come back.
    pub expires_at: Timestamp,
}

/// Takes an exchange that began before `before` and was not settled: its process died, or its outcome
/// is unknown. It counts as failed from then on, and nobody else takes it until as long after `now`.
pub fn claim_unsettled(
    c: &mut Conn,
    before: Timestamp,
    now: Timestamp,
) -> Result<Option<Unsettled>, StoreError> {
    let found: Option<(Unsettled, Option<Timestamp>)> = visit::table
        .filter(visit::exchanging_at.le(before))
        .order(visit::exchanging_at)
        .select((
            (visit::nonce, visit::code, visit::expires_at),
            visit::exchanging_at,
        ))
        .first(c)
        .optional()?;
    let Some((unsettled, since)) = found else {
        return Ok(None);
    };
    let row = visit::table
        .find(&unsettled.nonce)
        .filter(visit::exchanging_at.eq(since));
    let taken = diesel::update(row)
        .set((visit::state.eq(State::Failed), visit::exchanging_at.eq(now)))
        .execute(c)?;
    Ok((taken == 1).then_some(unsettled))
}

/// An exchange that was taken by [`claim_unsettled`] is over: what ORCID gave for its code is dealt
/// with.
pub fn settle_claimed(c: &mut Conn, nonce: &str, to: State) -> Result<(), StoreError> {
    let row = visit::table
        .find(nonce)
        .filter(visit::state.eq(State::Failed));
    diesel::update(row)
        .set((
            visit::state.eq(to),
            visit::code.eq(None::<Vec<u8>>),
            visit::exchanging_at.eq(None::<Timestamp>),
        ))
        .execute(c)?;
    Ok(())
}

/// Forgets the codes of visits that have expired without another exchange.
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
