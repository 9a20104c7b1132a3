//! What each person said about our writing to their ORCID record.

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::{contribution, permission};
use crate::types::{AsText, Timestamp, text_enum};
use diesel::prelude::*;
use raid_model::membership::Consent;
use raid_model::{Handle, OrcidId};
use std::collections::HashMap;

text_enum! {
    /// Where a person stands. One state a person; what wakes each is the `permission` task.
    State {
        /// Not asked yet.
        Unasked = "unasked",
        /// Asked, and no answer yet.
        Asked = "asked",
        /// Granted: we hold a token.
        Granted = "granted",
        /// A call with their token was refused; it may be ORCID's trouble and is looked at again.
        Suspect = "suspect",
        /// They said no on ORCID's page.
        Denied = "denied",
        /// They archived the request, or never answered it.
        Ignored = "ignored",
        /// They withdrew the permission at ORCID.
        Revoked = "revoked",
        /// They withdrew it with us.
        Disconnected = "disconnected",
        /// ORCID does not know the iD, or lets nobody ask it.
        Unreachable = "unreachable",
        /// The record is deactivated.
        Deactivated = "deactivated",
        /// The record was merged into another.
        Deprecated = "deprecated",
        /// ORCID locked the record.
        Locked = "locked",
    }
}

impl State {
    /// How far the person's word reaches.
    pub fn consent(self) -> Consent {
        match self {
            Self::Granted => Consent::Granted,
            Self::Unasked => Consent::Unasked,
            _ => Consent::None,
        }
    }
}

/// A person's state.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = permission)]
pub struct Permission {
    /// Whose.
    pub orcid: AsText<OrcidId>,
    /// Where they stand.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// How often the suspicion was confirmed.
    pub suspicions: i32,
    /// The record theirs was merged into.
    pub primary_orcid: Option<AsText<OrcidId>>,
    /// Why, in a few words, where there is a reason.
    pub reason: Option<String>,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

/// A change of state.
#[derive(Debug, Clone)]
pub struct Change {
    /// The new state.
    pub to: State,
    /// Why, in a few words.
    pub reason: Option<String>,
    /// For [`State::Deprecated`], the record it was merged into.
    pub primary: Option<OrcidId>,
}

impl Change {
    /// A change without a reason.
    pub fn to(to: State) -> Self {
        Self {
            to,
            reason: None,
            primary: None,
        }
    }

    /// A change with a reason.
    pub fn because(to: State, reason: impl Into<String>) -> Self {
        Self {
            to,
            reason: Some(reason.into()),
            primary: None,
        }
    }
}

/// A person's state, if they are known.
///
/// # Errors
/// When the database refuses.
pub fn find(c: &mut Conn, orcid: &OrcidId) -> Result<Option<Permission>, StoreError> {
    Ok(permission::table
        .find(orcid.to_string())
        .select(Permission::as_select())
        .first(c)
        .optional()?)
}

/// Makes sure that the person is known; a new one is [`State::Unasked`].
///
/// # Errors
/// When the database refuses.
pub fn ensure(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    let row = (
        permission::orcid.eq(orcid.to_string()),
        permission::state.eq(State::Unasked),
        permission::since.eq(now),
        permission::suspicions.eq(0),
        permission::updated_at.eq(now),
    );
    per_backend!(c, |c| diesel::insert_into(permission::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Keeps other transactions off the person until this one ends. (SQLite has one writer.)
pub(crate) fn lock(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    ensure(c, orcid, now)?;
    if let Conn::Postgres(c) = c {
        let row = permission::table
            .find(orcid.to_string())
            .select(permission::orcid)
            .for_update();
        row.first::<String>(c)?;
    }
    Ok(())
}

/// Moves a person to another state if they are in one of `from`; says whether they were.
///
/// # Errors
/// When the database refuses.
pub fn change(
    c: &mut Conn,
    orcid: &OrcidId,
    from: &[State],
    change: &Change,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let row = permission::table
        .find(orcid.to_string())
        .filter(permission::state.eq_any(from));
    let changed = diesel::update(row)
        .set((
            permission::state.eq(change.to),
            permission::since.eq(now),
            permission::suspicions.eq(0),
            permission::primary_orcid.eq(change.primary.map(AsText::from)),
            permission::reason.eq(&change.reason),
            permission::updated_at.eq(now),
        ))
        .execute(c)?;
    Ok(changed == 1)
}

/// Counts one more refusal of a suspect's token and gives how many there were.
///
/// # Errors
/// [`StoreError::NotFound`] when the person is not under suspicion.
pub fn suspect_again(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<i32, StoreError> {
    let row = permission::table
        .find(orcid.to_string())
        .filter(permission::state.eq(State::Suspect));
    diesel::update(row)
        .set((
            permission::suspicions.eq(permission::suspicions + 1),
            permission::updated_at.eq(now),
        ))
        .returning(permission::suspicions)
        .get_result(c)
        .optional()?
        .ok_or(StoreError::NotFound)
}

/// Starts the confirmation of a suspicion anew.
///
/// # Errors
/// When the database refuses.
pub fn absolve(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    let row = permission::table
        .find(orcid.to_string())
        .filter(permission::state.eq(State::Suspect));
    diesel::update(row)
        .set((permission::suspicions.eq(0), permission::updated_at.eq(now)))
        .execute(c)?;
    Ok(())
}

/// The person was looked at, and nothing changed.
///
/// # Errors
/// When the database refuses.
pub fn touch(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    let row = permission::table.find(orcid.to_string());
    diesel::update(row)
        .set(permission::updated_at.eq(now))
        .execute(c)?;
    Ok(())
}

/// How many people came under suspicion since `since`.
///
/// # Errors
/// When the database refuses.
pub fn count_suspects(c: &mut Conn, since: Timestamp) -> Result<i64, StoreError> {
    Ok(permission::table
        .filter(permission::state.eq(State::Suspect))
        .filter(permission::since.ge(since))
        .count()
        .get_result(c)?)
}

/// How many people are in which state, for the metrics.
///
/// # Errors
/// When the database refuses.
pub fn counts(c: &mut Conn) -> Result<Vec<(State, i64)>, StoreError> {
    Ok(permission::table
        .group_by(permission::state)
        .select((permission::state, diesel::dsl::count_star()))
        .load(c)?)
}

/// Where a person stands, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The state.
    pub state: State,
    /// When it became that.
    pub since: Timestamp,
}

type StandingRow = (AsText<OrcidId>, State, Timestamp);

fn standings(rows: Vec<StandingRow>) -> HashMap<OrcidId, Standing> {
    rows.into_iter()
        .map(|(orcid, state, since)| (orcid.into_inner(), Standing { state, since }))
        .collect()
}

/// Where the contributors of some RAiDs stand; a person who is missing is unasked.
///
/// # Errors
/// When the database refuses.
pub fn of_raids(
    c: &mut Conn,
    handles: &[&Handle],
) -> Result<HashMap<OrcidId, Standing>, StoreError> {
    let handles: Vec<String> = handles.iter().map(ToString::to_string).collect();
    let rows = contribution::table
        .inner_join(permission::table.on(permission::orcid.eq(contribution::orcid)))
        .filter(contribution::handle.eq_any(handles))
        .select((permission::orcid, permission::state, permission::since))
        .distinct()
        .load(c)?;
    Ok(standings(rows))
}

/// Where these people stand; one who is missing is unasked.
///
/// # Errors
/// When the database refuses.
pub fn of_people(
    c: &mut Conn,
    people: &[OrcidId],
) -> Result<HashMap<OrcidId, Standing>, StoreError> {
    let people: Vec<String> = people.iter().map(ToString::to_string).collect();
    let rows = permission::table
        .filter(permission::orcid.eq_any(people))
        .select((permission::orcid, permission::state, permission::since))
        .load(c)?;
    Ok(standings(rows))
}
