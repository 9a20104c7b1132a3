//! Where each person stands with our writing to their ORCID record.
//!
//! The states and what moves between them are [`raid_model::permission`]'s. Here a transition is
//! applied: a compare-and-swap on the row that the caller read, with everything that follows from it
//! in the same transaction. A caller that loses reads again.

mod effects;
mod standing;

pub use effects::{Covers, wake_memberships, wake_permission};
pub use standing::{Standing, counts, of_people, of_raids, rows_of_people};

use crate::conn::{Conn, per_backend};
use crate::error::StoreError;
use crate::schema::permission;
use crate::tasks::Lane;
use crate::types::{AsText, Timestamp};
use diesel::prelude::*;
use raid_model::permission::{PermissionChange, PermissionEvent, PermissionState};
use raid_model::{Handle, OrcidId};
use std::collections::BTreeSet;
use time::Duration;

/// After a grant the person waits for their entries, and not for what is left to do about their
/// question. One worker at a time works for them.
const ENTRIES_FIRST: Duration = Duration::seconds(1);

/// A person's row, as it was read. Transitions compare with its state and version.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = permission)]
pub struct Permission {
    /// Whose.
    pub orcid: AsText<OrcidId>,
    /// Where they stand.
    #[diesel(deserialize_as = AsText<PermissionState>)]
    pub state: PermissionState,
    /// Since when.
    pub since: Timestamp,
    /// How many tries of the token were refused in this state.
    pub suspicions: i32,
    /// The record theirs was merged into.
    pub primary_orcid: Option<AsText<OrcidId>>,
    /// Why, in a few words, where there is a reason.
    pub reason: Option<String>,
    /// When the state was last confirmed.
    pub updated_at: Timestamp,
    /// Counts the changes of this row.
    pub version: i32,
    /// A JSON list of the projects that they did not answer for, or that somebody said no to. None:
    /// all.
    pub answered_for: Option<String>,
    /// Since when they contribute to nothing.
    pub idle_since: Option<Timestamp>,
    /// When their question was closed by somebody who did not sign in.
    pub closed_at: Option<Timestamp>,
}

impl From<AsText<PermissionState>> for PermissionState {
    fn from(text: AsText<PermissionState>) -> Self {
        text.into_inner()
    }
}

impl Permission {
    /// Whether nothing of what the person's answer was about is among `projects`.
    pub fn is_answer_outdated(&self, projects: &BTreeSet<Handle>) -> bool {
        self.about()
            .is_some_and(|about| about.is_disjoint(projects))
    }

    /// Whether their question was closed without a sign-in, and one of `projects` came since.
    pub fn is_more_since_closed<'a>(&self, projects: impl IntoIterator<Item = &'a Handle>) -> bool {
        let came_since = |about: &BTreeSet<Handle>| {
            let mut projects = projects.into_iter();
            projects.any(|handle| !about.contains(handle))
        };
        self.closed_at.is_some() && self.about().as_ref().is_some_and(came_since)
    }

    /// The projects that their answer is about; none if it is about all.
    fn about(&self) -> Option<BTreeSet<Handle>> {
        let json = self.answered_for.as_deref()?;
        serde_json::from_str(json).ok()
    }
}

/// A person's row, if they are known.
pub fn find(c: &mut Conn, orcid: &OrcidId) -> Result<Option<Permission>, StoreError> {
    Ok(permission::table
        .find(orcid.to_string())
        .select(Permission::as_select())
        .first(c)
        .optional()?)
}

/// Makes sure that the person is known; a new one is unasked.
pub fn ensure(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<(), StoreError> {
    let row = (
        permission::orcid.eq(orcid.to_string()),
        permission::state.eq(PermissionState::Unasked.as_str()),
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

/// The row of a person, who is known from then on. Other transactions wait until this one ends, so
/// that a transition from what was read cannot lose. (SQLite has one writer.)
pub fn locked(c: &mut Conn, orcid: &OrcidId, now: Timestamp) -> Result<Permission, StoreError> {
    ensure(c, orcid, now)?;
    if let Conn::Postgres(c) = c {
        let row = permission::table
            .find(orcid.to_string())
            .select(permission::orcid)
            .for_update();
        row.first::<String>(c)?;
    }
    find(c, orcid)?.ok_or(StoreError::NotFound)
}

/// Applies a transition with all that follows from it. Says whether it was applied: not when the
/// row was changed since `known` was read. Then read it again.
///
/// # Errors
/// [`StoreError::InvalidTransition`] when the event does not apply to the state that was read.
pub fn apply(
    c: &mut Conn,
    known: &Permission,
    change: &PermissionChange,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let to = known.state.after(change.event)?;
    let orcid = known.orcid.get();
    let moved = known.state != to;
    let ignored = to == PermissionState::Ignored;
    let closed = ignored && change.event == PermissionEvent::RequestClosed;
    let answered_for = match change.event {
        // A no that somebody signed in for is about all that may come.
        PermissionEvent::Denied => None,
        _ if ignored && (moved || closed) => effects::projects_answered_for(c, orcid)?,
        _ => known.answered_for.clone().filter(|_| !moved),
    };
    let closed_at = if closed {
        Some(now)
    } else {
        known.closed_at.filter(|_| !moved)
    };
    let settles = matches!(
        change.event,
        PermissionEvent::Granted | PermissionEvent::TokenAccepted
    );
    let suspicions = if moved || settles {
        0
    } else {
        known.suspicions
    };
    let since = if moved { now } else { known.since };
    let reason = change
        .reason
        .as_ref()
        .or(known.reason.as_ref().filter(|_| !moved));
    let changed = diesel::update(as_read(known))
        .set((
            permission::state.eq(to.as_str()),
            permission::since.eq(since),
            permission::suspicions.eq(suspicions),
            permission::primary_orcid.eq(change.primary.map(AsText::from)),
            permission::reason.eq(reason),
            permission::updated_at.eq(now),
            permission::version.eq(known.version.wrapping_add(1)),
            permission::answered_for.eq(answered_for),
            permission::idle_since.eq(None::<Timestamp>),
            permission::closed_at.eq(closed_at),
        ))
        .execute(c)?;
    if changed == 0 {
        return Ok(false);
    }
    effects::follow(c, known, to, change, now)?;
    Ok(true)
}

/// The person granted, on ORCID's page. Never lost: the row is locked, and a grant applies to every
/// state. Wakes their projects. What they had removed from their record comes back as far as the
/// grant `covers` it.
pub fn granted(
    c: &mut Conn,
    orcid: &OrcidId,
    covers: Covers<'_>,
    now: Timestamp,
) -> Result<(), StoreError> {
    let known = locked(c, orcid, now)?;
    apply(c, &known, &PermissionEvent::Granted.into(), now)?;
    effects::forget_what_stands(c, &known, covers, now)?;
    wake_memberships(c, orcid, Lane::Interactive, now)?;
    effects::wake_permission_after(c, orcid, ENTRIES_FIRST, now)
}

/// Counts one more refusal of the person's token. Says whether the row was as it was read.
pub fn record_refusal(
    c: &mut Conn,
    known: &Permission,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let changed = diesel::update(as_read(known))
        .set((
            permission::suspicions.eq(known.suspicions.saturating_add(1)),
            permission::updated_at.eq(now),
            permission::version.eq(known.version.wrapping_add(1)),
        ))
        .execute(c)?;
    Ok(changed == 1)
}

/// The person's state was confirmed. Says whether the row was as it was read.
pub fn touch(c: &mut Conn, known: &Permission, now: Timestamp) -> Result<bool, StoreError> {
    let changed = diesel::update(as_read(known))
        .set((
            permission::updated_at.eq(now),
            permission::version.eq(known.version.wrapping_add(1)),
        ))
        .execute(c)?;
    Ok(changed == 1)
}

/// Notes since when the person contributes to nothing, or that they do. Says whether the row was as
/// it was read.
pub fn note_idle(
    c: &mut Conn,
    known: &Permission,
    since: Option<Timestamp>,
) -> Result<bool, StoreError> {
    let changed = diesel::update(as_read(known))
        .set((
            permission::idle_since.eq(since),
            permission::version.eq(known.version.wrapping_add(1)),
        ))
        .execute(c)?;
    Ok(changed == 1)
}

/// Granted people other than `except` whose token worked longest ago or never, at most `limit`:
/// whether ORCID accepts their tokens tells whether it accepts any.
pub fn to_compare_with(
    c: &mut Conn,
    except: &OrcidId,
    limit: i64,
) -> Result<Vec<OrcidId>, StoreError> {
    let found: Vec<AsText<OrcidId>> = permission::table
        .filter(permission::state.eq(PermissionState::Granted.as_str()))
        .filter(permission::orcid.ne(except.to_string()))
        .order(permission::updated_at)
        .limit(limit)
        .select(permission::orcid)
        .load(c)?;
    Ok(found.into_iter().map(AsText::into_inner).collect())
}

/// Whether somebody else is under suspicion.
pub fn any_other_suspect(c: &mut Conn, except: &OrcidId) -> Result<bool, StoreError> {
    let found: Option<AsText<OrcidId>> = permission::table
        .filter(permission::state.eq(PermissionState::Suspect.as_str()))
        .filter(permission::orcid.ne(except.to_string()))
        .select(permission::orcid)
        .first(c)
        .optional()?;
    Ok(found.is_some())
}

/// How many refusals could not be judged, of people who are under suspicion: more tries than
/// `judged_after` were refused.
pub fn count_unjudged(c: &mut Conn, judged_after: usize) -> Result<i64, StoreError> {
    let judged_after = i32::try_from(judged_after).unwrap_or(i32::MAX);
    Ok(permission::table
        .filter(permission::state.eq(PermissionState::Suspect.as_str()))
        .filter(permission::suspicions.gt(judged_after))
        .count()
        .get_result(c)?)
}

/// The iDs that were merged into this one.
pub fn merged_into(c: &mut Conn, primary: &OrcidId) -> Result<Vec<OrcidId>, StoreError> {
    let found: Vec<AsText<OrcidId>> = permission::table
        .filter(permission::primary_orcid.eq(primary.to_string()))
        .filter(permission::state.eq(PermissionState::Deprecated.as_str()))
        .select(permission::orcid)
        .load(c)?;
    Ok(found.into_iter().map(AsText::into_inner).collect())
}

/// A row of a person, a state and a version.
type AsRead = diesel::dsl::Filter<
    diesel::dsl::Filter<
        diesel::dsl::Filter<permission::table, diesel::dsl::Eq<permission::orcid, String>>,
        diesel::dsl::Eq<permission::state, &'static str>,
    >,
    diesel::dsl::Eq<permission::version, i32>,
>;

/// The row, if it is as it was read.
fn as_read(known: &Permission) -> AsRead {
    permission::table
        .filter(permission::orcid.eq(known.orcid.as_str().to_owned()))
        .filter(permission::state.eq(known.state.as_str()))
        .filter(permission::version.eq(known.version))
}
