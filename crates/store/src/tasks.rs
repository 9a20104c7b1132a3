//! Tasks: hints that what we want and what ORCID holds may differ.
//!
//! A task says where to look, never what to do, so that running it twice, on two nodes or after a
//! crash ends in the same place. Work of one subject (one iD) is done by one worker at a time.

mod claim;
mod overview;
mod settle;

pub use claim::claim;
pub use overview::{DeadLetter, counts, dead_letters};
pub use settle::settle;

use crate::conn::{Conn, ROWS_A_STATEMENT, per_backend};
use crate::error::StoreError;
use crate::schema::{subject_lease, task};
use crate::types::{Id, Timestamp, text_enum};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types;
use raid_model::{Handle, OrcidId};
use std::collections::BTreeMap;

text_enum! {
    /// What a task is about.
    Kind {
        /// Ask a person for permission, and follow their answer.
        Permission = "permission",
        /// Make one entry of one ORCID record agree with the RAiD.
        Membership = "membership",
        /// Send an invitation by e-mail.
        Email = "email",
        /// End an embargo on its day.
        Embargo = "embargo",
    }
}

text_enum! {
    /// Whether a task waits for its time or for a person.
    State {
        /// It runs at `due_at`.
        Due = "due",
        /// It cannot heal by itself: its reason is in `last_error`, and it can be redriven.
        Dead = "dead",
    }
}

/// Which work goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Somebody waits for it.
    Interactive,
    /// It can wait.
    Bulk,
}

impl Lane {
    pub(crate) fn number(self) -> i16 {
        match self {
            Self::Interactive => 0,
            Self::Bulk => 1,
        }
    }
}

/// What is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Work {
    /// A person's permission.
    Permission(OrcidId),
    /// A person's entry for one RAiD.
    Membership(OrcidId, Handle),
    /// The mail of one invitation.
    Email(Id),
    /// The embargo of one RAiD.
    Embargo(Handle),
}

impl Work {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Permission(_) => Kind::Permission,
            Self::Membership(..) => Kind::Membership,
            Self::Email(_) => Kind::Email,
            Self::Embargo(_) => Kind::Embargo,
        }
    }

    /// Its key, unique within the kind.
    pub fn key(&self) -> String {
        match self {
            Self::Permission(orcid) => orcid.to_string(),
            Self::Membership(orcid, handle) => format!("{orcid} {handle}"),
            Self::Email(id) => id.to_string(),
            Self::Embargo(handle) => handle.to_string(),
        }
    }

    /// Whose work it is: one worker at a time per subject.
    pub fn subject(&self) -> String {
        match self {
            Self::Permission(orcid) | Self::Membership(orcid, _) => orcid.to_string(),
            Self::Email(id) => id.to_string(),
            Self::Embargo(handle) => handle.to_string(),
        }
    }

    fn parse(kind: Kind, key: &str) -> Result<Self, StoreError> {
        let damaged = || StoreError::Corrupt(format!("task {kind} `{key}`"));
        Ok(match kind {
            Kind::Permission => Self::Permission(key.parse().map_err(|_| damaged())?),
            Kind::Membership => {
                let (orcid, handle) = key.split_once(' ').ok_or_else(damaged)?;
                let orcid = orcid.parse().map_err(|_| damaged())?;
                Self::Membership(orcid, handle.parse().map_err(|_| damaged())?)
            }
            Kind::Email => Self::Email(key.parse().map_err(|_| damaged())?),
            Kind::Embargo => Self::Embargo(key.parse().map_err(|_| damaged())?),
        })
    }
}

/// A task to be set, or woken when it is there already.
#[derive(Debug, Clone)]
pub struct NewTask {
    /// What to look at.
    pub work: Work,
    /// Interactive or bulk.
    pub lane: Lane,
    /// When; an earlier time that stands already is kept.
    pub due_at: Timestamp,
    /// Now.
    pub at: Timestamp,
}

/// A task that this worker holds.
#[derive(Debug, Clone)]
pub struct Task {
    /// What to look at.
    pub work: Work,
    /// How often it was tried since it last succeeded, this time included.
    pub attempts: i32,
    generation: i64,
    /// When the lease ends: no two leases of one subject end at the same moment, so it tells this
    /// one from any other, of the same owner too.
    until: Timestamp,
}

/// How a task ends.
#[derive(Debug, Clone)]
pub enum Settle {
    /// Nothing is left to do until somebody sets it again.
    Done,
    /// There is more to do at this time; it is no failure.
    Again(Timestamp),
    /// It failed and is tried again at this time.
    Retry(Timestamp, String),
    /// As [`Self::Retry`], but no answer came, so it may still be going on.
    InDoubt {
        /// When it is tried again.
        at: Timestamp,
        /// Until then nobody works on the same subject.
        quiet: Timestamp,
        /// Why.
        error: String,
    },
    /// It failed in a way that cannot heal by itself.
    Dead(String),
}

#[derive(Insertable)]
#[diesel(table_name = task, treat_none_as_default_value = false)]
struct NewRow {
    kind: Kind,
    key: String,
    subject: String,
    lane: i16,
    state: State,
    due_at: Timestamp,
    attempts: i32,
    generation: i64,
    created_at: Timestamp,
}

/// Sets tasks, or wakes those that are there: the generation tells a worker that holds one that
/// there is news. A dead task comes back to life.
///
/// # Errors
/// When the database refuses.
pub fn enqueue(c: &mut Conn, tasks: &[NewTask]) -> Result<(), StoreError> {
    // One row a key (a statement may not touch a row twice), in one order (against deadlocks).
    let mut rows = BTreeMap::new();
    for t in tasks {
        let row = rows.entry(&t.work).or_insert_with(|| NewRow {
            kind: t.work.kind(),
            key: t.work.key(),
            subject: t.work.subject(),
            lane: t.lane.number(),
            state: State::Due,
            due_at: t.due_at,
            attempts: 0,
            generation: 1,
            created_at: t.at,
        });
        row.lane = row.lane.min(t.lane.number());
        row.due_at = row.due_at.min(t.due_at);
    }
    let rows: Vec<_> = rows.into_values().collect();
    let due_at = "CASE WHEN task.state = 'due' AND task.due_at < excluded.due_at \
        THEN task.due_at ELSE excluded.due_at END";
    let attempts = "CASE WHEN task.state = 'dead' THEN 0 ELSE task.attempts END";
    let lane = "CASE WHEN task.lane < excluded.lane THEN task.lane ELSE excluded.lane END";
    for rows in rows.chunks(ROWS_A_STATEMENT) {
        per_backend!(c, |c| diesel::insert_into(task::table)
            .values(rows)
            .on_conflict((task::kind, task::key))
            .do_update()
            .set((
                task::generation.eq(task::generation + 1),
                task::due_at.eq(sql::<sql_types::Timestamp>(due_at)),
                task::attempts.eq(sql::<sql_types::Integer>(attempts)),
                task::lane.eq(sql::<sql_types::SmallInt>(lane)),
                task::state.eq(State::Due),
            ))
            .execute(c))?;
    }
    Ok(())
}

/// Gives a lease back; says whether it was still held.
fn release(c: &mut Conn, subject: &str, owner: &str, until: Timestamp) -> Result<bool, StoreError> {
    let held = subject_lease::table
        .find(subject)
        .filter(subject_lease::owner.eq(owner))
        .filter(subject_lease::until.eq(until));
    Ok(diesel::delete(held).execute(c)? == 1)
}

/// Keeps everybody off a subject until `quiet`, in place of the lease; says whether it was still
/// held.
fn hold(
    c: &mut Conn,
    subject: &str,
    owner: &str,
    until: Timestamp,
    quiet: Timestamp,
) -> Result<bool, StoreError> {
    let held = subject_lease::table
        .find(subject)
        .filter(subject_lease::owner.eq(owner))
        .filter(subject_lease::until.eq(until));
    let kept = diesel::update(held)
        .set(subject_lease::until.eq(quiet))
        .execute(c)?;
    Ok(kept == 1)
}

/// Makes sure that `owner` still holds the task, before it acts on the world.
///
/// # Errors
/// [`StoreError::LeaseLost`] when it does not, or not for long enough (`until`).
pub fn still_mine(
    c: &mut Conn,
    owner: &str,
    held: &Task,
    until: Timestamp,
) -> Result<(), StoreError> {
    let leased: i64 = subject_lease::table
        .find(held.work.subject())
        .filter(subject_lease::owner.eq(owner))
        .filter(subject_lease::until.eq(held.until))
        .filter(subject_lease::until.ge(until))
        .count()
        .get_result(c)?;
    let same: i64 = task::table
        .find((held.work.kind(), held.work.key()))
        .filter(task::lease_owner.eq(owner))
        .filter(task::lease_until.eq(held.until))
        .count()
        .get_result(c)?;
    if leased == 1 && same == 1 {
        Ok(())
    } else {
        Err(StoreError::LeaseLost)
    }
}
