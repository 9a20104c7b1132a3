//! Tasks: hints that what we want and what ORCID holds may differ.
//!
//! A task says where to look, never what to do, so that running it twice, on two nodes or after a
//! crash ends in the same place. Work of one subject (one iD) is done by one worker at a time.
//! Which task goes first: [`Lane`], and within a lane `turns`.

mod claim;
pub mod dead_letters;
mod enqueue;
mod overview;
mod recovery;
mod room;
mod settle;
mod turns;

pub use claim::claim;
pub use enqueue::enqueue;
pub use overview::{Overdue, Queued, counts, due_times, overdue, queued};
pub use recovery::{begin_recovery, bring_forward, probe, waiting};
pub use room::Room;
pub use settle::settle;
pub(crate) use turns::staggered;

use crate::conn::Conn;
use crate::error::StoreError;
use crate::schema::{subject_lease, task};
use crate::types::{Id, Timestamp, text_enum};
use diesel::prelude::*;
use raid_model::{Handle, OrcidId};

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
        /// Look through the whole database for what an event missed.
        Sweep = "sweep",
        /// Look at a RAiD on the day when something derived from the date changes.
        Boundary = "boundary",
        /// Admit people whom a service point's quota of a day held.
        Release = "release",
        /// Inform a person of the first entry by a service point that is new to them.
        Announcement = "announcement",
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

/// Which work goes first: each lane goes before the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// Somebody waits for it.
    Interactive,
    /// Somebody wants it, but does not wait: imports and bulk requests.
    Bulk,
    /// Nobody asked for it: reminders, probes, rechecks, scans.
    Background,
}

impl Lane {
    /// All lanes, the most urgent one first.
    pub const ALL: [Self; 3] = [Self::Interactive, Self::Bulk, Self::Background];

    pub(crate) fn number(self) -> i16 {
        match self {
            Self::Interactive => 0,
            Self::Bulk => 1,
            Self::Background => 2,
        }
    }

    fn parse(number: i16) -> Result<Self, StoreError> {
        Self::ALL
            .into_iter()
            .find(|lane| lane.number() == number)
            .ok_or_else(|| StoreError::Corrupt(format!("task lane {number}")))
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
    /// The scan of the whole database; there is one.
    Sweep,
    /// What is derived from one RAiD and today's date.
    Boundary(Handle),
    /// The people whom the quota of a service point held.
    Release(i64),
    /// The message to a person about a service point's first entry.
    Announcement(OrcidId, i64),
}

/// The key of the one sweep.
const SWEEP_KEY: &str = "all";

impl Work {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Permission(_) => Kind::Permission,
            Self::Membership(..) => Kind::Membership,
            Self::Email(_) => Kind::Email,
            Self::Embargo(_) => Kind::Embargo,
            Self::Sweep => Kind::Sweep,
            Self::Boundary(_) => Kind::Boundary,
            Self::Release(_) => Kind::Release,
            Self::Announcement(..) => Kind::Announcement,
        }
    }

    /// Its key, unique within the kind.
    pub fn key(&self) -> String {
        match self {
            Self::Permission(orcid) => orcid.to_string(),
            Self::Membership(orcid, handle) => format!("{orcid} {handle}"),
            Self::Email(id) => id.to_string(),
            Self::Sweep => SWEEP_KEY.to_owned(),
            Self::Embargo(handle) | Self::Boundary(handle) => handle.to_string(),
            Self::Release(service_point) => service_point.to_string(),
            Self::Announcement(orcid, service_point) => format!("{orcid} {service_point}"),
        }
    }

    /// Whose work it is: one worker at a time per subject.
    pub fn subject(&self) -> String {
        match self {
            Self::Permission(orcid) | Self::Membership(orcid, _) | Self::Announcement(orcid, _) => {
                orcid.to_string()
            }
            Self::Email(id) => id.to_string(),
            Self::Embargo(handle) => handle.to_string(),
            Self::Sweep => Kind::Sweep.to_string(),
            // Not the embargo's subject: the two may run at the same time.
            Self::Boundary(handle) => format!("{} {handle}", Kind::Boundary),
            Self::Release(service_point) => format!("{} {service_point}", Kind::Release),
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
            Kind::Sweep if key == SWEEP_KEY => Self::Sweep,
            Kind::Sweep => return Err(damaged()),
            Kind::Boundary => Self::Boundary(key.parse().map_err(|_| damaged())?),
            Kind::Release => Self::Release(key.parse().map_err(|_| damaged())?),
            Kind::Announcement => {
                let (orcid, service_point) = key.split_once(' ').ok_or_else(damaged)?;
                let orcid = orcid.parse().map_err(|_| damaged())?;
                Self::Announcement(orcid, service_point.parse().map_err(|_| damaged())?)
            }
        })
    }
}

/// A task to be set, or woken when it is there already.
#[derive(Debug, Clone)]
pub struct NewTask {
    /// What to look at.
    pub work: Work,
    /// Its lane; a more urgent one that stands already is kept.
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
    /// Its lane. Settling writes this one, unless news came: then the lane of the news is kept.
    pub lane: Lane,
    generation: i64,
    /// When the lease ends: no two leases of one subject end at the same moment, so it tells this
    /// one from any other, of the same owner too.
    until: Timestamp,
}

/// Why a task failed, as far as the other tasks are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// ORCID is away, overloaded, or refuses our own client: other calls fail in the same way, and
    /// the first one that succeeds is a reason to try again at once.
    Outage,
    /// A reason of the task's own.
    Other,
}

impl Cause {
    /// What stands in `task.waits_for`.
    fn waits_for(self) -> Option<&'static str> {
        match self {
            Self::Outage => Some(recovery::ORCID),
            Self::Other => None,
        }
    }
}

/// How a task ends.
#[derive(Debug, Clone)]
pub enum Settle {
    /// Nothing is left to do until somebody sets it again.
    Done,
    /// There is more to do at this time; it is no failure.
    Again(Timestamp),
    /// It failed and is tried again.
    Retry {
        /// When it is tried again.
        at: Timestamp,
        /// Why.
        error: String,
        /// Whether it waits for ORCID to come back.
        cause: Cause,
    },
    /// As [`Self::Retry`], but no answer came, so it may still be going on.
    InDoubt {
        /// When it is tried again.
        at: Timestamp,
        /// Until then nobody works on the same subject.
        quiet: Timestamp,
        /// Why.
        error: String,
        /// Whether it waits for ORCID to come back.
        cause: Cause,
    },
    /// It failed in a way that cannot heal by itself.
    Dead(String),
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
