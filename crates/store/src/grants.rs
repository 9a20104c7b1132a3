//! Tokens that people gave us, sealed. Every pair is kept until it is revoked at ORCID: we leave
//! a person's trusted organisations only when all of them are gone.

use crate::conn::Conn;
use crate::error::StoreError;
use crate::permissions;
use crate::schema::orcid_grant;
use crate::seal::KeyRing;
use crate::types::{AsText, Id, Timestamp, text_enum};
use diesel::prelude::*;
use raid_model::OrcidId;
use secrecy::{ExposeSecret as _, SecretString};

text_enum! {
    /// What a token pair is good for.
    State {
        /// In use.
        Active = "active",
        /// Replaced by a newer one; to be revoked.
        Superseded = "superseded",
        /// Not ours to use: given by somebody else than the person asked, for a sign-in alone, or not
        /// decided on yet; to be revoked unused.
        Foreign = "foreign",
    }
}

/// A token pair, opened.
#[derive(Debug, Clone)]
pub struct Grant {
    /// The row.
    pub id: Id,
    /// Who gave it.
    pub orcid: OrcidId,
    /// Space-separated scopes.
    pub scope: String,
    /// For calls on their record.
    pub access_token: SecretString,
}

/// A token pair to be kept.
#[derive(Debug, Clone)]
pub struct NewGrant {
    /// Who gave it.
    pub orcid: OrcidId,
    /// For calls on their record.
    pub access_token: SecretString,
    /// Kept so that the pair can be revoked.
    pub refresh_token: Option<SecretString>,
    /// Space-separated scopes.
    pub scope: String,
    /// When ORCID says it ends (about 20 years on).
    pub expires_at: Option<Timestamp>,
}

#[derive(Insertable)]
#[diesel(table_name = orcid_grant, treat_none_as_default_value = false)]
struct NewRow {
    id: Id,
    orcid: AsText<OrcidId>,
    state: State,
    access_token: Vec<u8>,
    refresh_token: Option<Vec<u8>>,
    scope: String,
    expires_at: Option<Timestamp>,
    granted_at: Timestamp,
    visit: Option<String>,
}

/// Keeps a pair that a visit brought, sealed: foreign until the visit decides on it, by [`activate`]
/// or [`release`]. Gives its row.
pub fn keep(
    c: &mut Conn,
    keys: &KeyRing,
    grant: &NewGrant,
    visit: &str,
    now: Timestamp,
) -> Result<Id, StoreError> {
    let owner = grant.orcid.to_string();
    let refresh = grant.refresh_token.as_ref();
    let id = Id::new(now);
    let row = NewRow {
        id,
        orcid: AsText::from(grant.orcid),
        state: State::Foreign,
        access_token: keys.seal(&owner, grant.access_token.expose_secret())?,
        refresh_token: refresh
            .map(|t| keys.seal(&owner, t.expose_secret()))
            .transpose()?,
        scope: grant.scope.clone(),
        expires_at: grant.expires_at,
        granted_at: now,
        visit: Some(visit.to_owned()),
    };
    diesel::insert_into(orcid_grant::table)
        .values(row)
        .execute(c)?;
    Ok(id)
}

/// Uses a pair from now on: it supersedes those before it, and its person is known from then on.
///
/// # Errors
/// [`StoreError::NotFound`] when it was released meanwhile, and is to be revoked.
pub fn activate(c: &mut Conn, id: Id, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    // Of two that come at the same moment, neither would see the other.
    permissions::locked(c, orcid, now)?;
    supersede(c, orcid)?;
    let undecided = orcid_grant::table
        .find(id)
        .filter(orcid_grant::visit.is_not_null());
    let activated = diesel::update(undecided)
        .set((
            orcid_grant::state.eq(State::Active),
            orcid_grant::visit.eq(None::<String>),
        ))
        .execute(c)?;
    if activated == 1 {
        Ok(())
    } else {
        Err(StoreError::NotFound)
    }
}

/// Decides that what a visit brought is to be revoked. Gives whose it is, if there is any: their
/// permission task revokes it, and is woken.
pub fn release(c: &mut Conn, visit: &str, now: Timestamp) -> Result<Vec<OrcidId>, StoreError> {
    let undecided = orcid_grant::table.filter(orcid_grant::visit.eq(visit));
    let givers: Vec<AsText<OrcidId>> = undecided.select(orcid_grant::orcid).load(c)?;
    diesel::update(undecided)
        .set(orcid_grant::visit.eq(None::<String>))
        .execute(c)?;
    let givers: Vec<OrcidId> = givers.into_iter().map(AsText::into_inner).collect();
    for giver in &givers {
        permissions::wake_permission(c, giver, now)?;
    }
    Ok(givers)
}

/// When the person gave the permission whose token is in use.
pub fn granted_at(c: &mut Conn, orcid: &OrcidId) -> Result<Option<Timestamp>, StoreError> {
    Ok(orcid_grant::table
        .filter(orcid_grant::orcid.eq(orcid.to_string()))
        .filter(orcid_grant::state.eq(State::Active))
        .order(orcid_grant::granted_at.desc())
        .select(orcid_grant::granted_at)
        .first(c)
        .optional()?)
}

/// The pair in use is of no use any more: it is revoked at ORCID, and then forgotten.
pub(crate) fn supersede(c: &mut Conn, orcid: &OrcidId) -> Result<(), StoreError> {
    let active = orcid_grant::table
        .filter(orcid_grant::orcid.eq(orcid.to_string()))
        .filter(orcid_grant::state.eq(State::Active));
    diesel::update(active)
        .set(orcid_grant::state.eq(State::Superseded))
        .execute(c)?;
    Ok(())
}

fn load(
    c: &mut Conn,
    keys: &KeyRing,
    orcid: &OrcidId,
    states: &[State],
    limit: i64,
) -> Result<Vec<Grant>, StoreError> {
    let rows: Vec<(Id, Vec<u8>, String)> = orcid_grant::table
        .filter(orcid_grant::orcid.eq(orcid.to_string()))
        .filter(orcid_grant::state.eq_any(states))
        .filter(orcid_grant::visit.is_null())
        .order((orcid_grant::granted_at.desc(), orcid_grant::id.desc()))
        .limit(limit)
        .select((
            orcid_grant::id,
            orcid_grant::access_token,
            orcid_grant::scope,
        ))
        .load(c)?;
    let owner = orcid.to_string();
    rows.into_iter()
        .map(|(id, sealed, scope)| {
            let access_token = keys.open(&owner, &sealed)?.into();
            Ok(Grant {
                id,
                orcid: *orcid,
                scope,
                access_token,
            })
        })
        .collect()
}

/// Whether there is a pair in use, and whether there are pairs to be revoked. Pairs that a visit is
/// still to decide on are neither.
pub fn held(c: &mut Conn, orcid: &OrcidId) -> Result<(bool, bool), StoreError> {
    let states: Vec<State> = orcid_grant::table
        .filter(orcid_grant::orcid.eq(orcid.to_string()))
        .filter(orcid_grant::visit.is_null())
        .select(orcid_grant::state)
        .load(c)?;
    let active = states.contains(&State::Active);
    Ok((active, states.iter().any(|state| *state != State::Active)))
}

/// The pair in use.
///
/// # Errors
/// When it cannot be opened or the database refuses.
pub fn active(c: &mut Conn, keys: &KeyRing, orcid: &OrcidId) -> Result<Option<Grant>, StoreError> {
    Ok(load(c, keys, orcid, &[State::Active], 1)?.pop())
}

/// Pairs that are to be revoked at ORCID, at most ten at a time.
///
/// # Errors
/// When one cannot be opened or the database refuses.
pub fn to_revoke(c: &mut Conn, keys: &KeyRing, orcid: &OrcidId) -> Result<Vec<Grant>, StoreError> {
    load(c, keys, orcid, &[State::Superseded, State::Foreign], 10)
}

/// Forgets a pair that is revoked.
///
/// # Errors
/// When the database refuses.
pub fn forget(c: &mut Conn, id: Id) -> Result<(), StoreError> {
    diesel::delete(orcid_grant::table.find(id)).execute(c)?;
    Ok(())
}
