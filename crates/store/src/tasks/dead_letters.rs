//! Dead letters: tasks that cannot heal by themselves and wait for an operator.

use super::{Kind, Lane, NewTask, State, Work, enqueue};
use crate::conn::Conn;
use crate::error::StoreError;
use crate::schema::{invitation, task};
use crate::types::{AsText, Id, Timestamp};
use diesel::prelude::*;
use raid_model::{Handle, OrcidId};
use std::collections::HashMap;

/// A task that waits for an operator, and what it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// The kind of its task.
    pub kind: Kind,
    /// The key of its task, unique within the kind.
    pub key: String,
    /// The task. None if its key is damaged: then it can be dropped only.
    pub work: Option<Work>,
    /// The RAiD. That of the invitation for a mail.
    pub handle: Option<Handle>,
    /// Why it cannot heal.
    pub reason: String,
    /// When it was given up.
    pub since: Timestamp,
    /// How often it was tried since it last succeeded.
    pub attempts: i32,
}

impl DeadLetter {
    /// The person. None for a mail: the address is nobody's iD yet.
    pub fn orcid(&self) -> Option<&OrcidId> {
        match self.work.as_ref()? {
            Work::Permission(orcid) | Work::Membership(orcid, _) | Work::Announcement(orcid, _) => {
                Some(orcid)
            }
            Work::Email(_)
            | Work::Embargo(_)
            | Work::Sweep
            | Work::Boundary(_)
            | Work::Release(_) => None,
        }
    }

    /// The number of the service point.
    pub fn service_point(&self) -> Option<i64> {
        match self.work.as_ref()? {
            Work::Release(id) | Work::Announcement(_, id) => Some(*id),
            _ => None,
        }
    }

    /// Where it stands in the list.
    pub fn place(&self) -> Place {
        Place {
            since: self.since,
            kind: self.kind,
            key: self.key.clone(),
        }
    }
}

/// Which dead letters are listed: all, unless something is set.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Of this kind.
    pub kind: Option<Kind>,
    /// About this person.
    pub orcid: Option<OrcidId>,
}

/// Where a page of dead letters ended.
#[derive(Debug, Clone)]
pub struct Place {
    /// When the last one of the page was given up.
    pub since: Timestamp,
    /// Its kind.
    pub kind: Kind,
    /// Its key.
    pub key: String,
}

/// A page of dead letters, oldest first.
pub fn page(
    c: &mut Conn,
    filter: &Filter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<DeadLetter>, StoreError> {
    let mut query = task::table
        .filter(task::state.eq(State::Dead))
        .select((
            task::kind,
            task::key,
            task::last_error,
            task::due_at,
            task::attempts,
        ))
        .into_boxed();
    if let Some(kind) = filter.kind {
        query = query.filter(task::kind.eq(kind));
    }
    if let Some(orcid) = &filter.orcid {
        query = query.filter(task::subject.eq(orcid.to_string()));
    }
    if let Some(Place { since, kind, key }) = after {
        let same_kind = task::kind.eq(kind).and(task::key.gt(key));
        let same_moment = task::due_at
            .eq(since)
            .and(task::kind.gt(kind).or(same_kind));
        query = query.filter(task::due_at.gt(since).or(same_moment));
    }
    let rows: Vec<(Kind, String, Option<String>, Timestamp, i32)> = query
        .order((task::due_at, task::kind, task::key))
        .limit(limit)
        .load(c)?;
    let mut letters: Vec<_> = rows
        .into_iter()
        .map(|(kind, key, error, since, attempts)| {
            let work = Work::parse(kind, &key).ok();
            DeadLetter {
                kind,
                key,
                handle: work.as_ref().and_then(handle_of),
                work,
                reason: error.unwrap_or_default(),
                since,
                attempts,
            }
        })
        .collect();
    add_invited(c, &mut letters)?;
    Ok(letters)
}

fn handle_of(work: &Work) -> Option<Handle> {
    match work {
        Work::Membership(_, handle) | Work::Embargo(handle) | Work::Boundary(handle) => {
            Some(handle.clone())
        }
        _ => None,
    }
}

/// Adds the RAiDs that mails invite to.
fn add_invited(c: &mut Conn, letters: &mut [DeadLetter]) -> Result<(), StoreError> {
    let ids: Vec<Id> = letters.iter().filter_map(invitation_of).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let rows: Vec<(Id, AsText<Handle>)> = invitation::table
        .filter(invitation::id.eq_any(ids))
        .select((invitation::id, invitation::handle))
        .load(c)?;
    let mut handles: HashMap<Id, Handle> = rows
        .into_iter()
        .map(|(id, handle)| (id, handle.into_inner()))
        .collect();
    for letter in letters {
        if let Some(id) = invitation_of(letter) {
            letter.handle = handles.remove(&id);
        }
    }
    Ok(())
}

fn invitation_of(letter: &DeadLetter) -> Option<Id> {
    match letter.work {
        Some(Work::Email(id)) => Some(id),
        _ => None,
    }
}

/// Whether a task is a dead letter.
pub fn is_dead(c: &mut Conn, kind: Kind, key: &str) -> Result<bool, StoreError> {
    let dead: i64 = task::table
        .find((kind, key))
        .filter(task::state.eq(State::Dead))
        .count()
        .get_result(c)?;
    Ok(dead > 0)
}

/// Makes a dead letter due again; says whether there was one that can be.
pub fn redrive(c: &mut Conn, kind: Kind, key: &str, now: Timestamp) -> Result<bool, StoreError> {
    let Ok(work) = Work::parse(kind, key) else {
        return Ok(false);
    };
    if !is_dead(c, kind, key)? {
        return Ok(false);
    }
    let due = NewTask {
        work,
        lane: Lane::Bulk,
        due_at: now,
        at: now,
    };
    enqueue(c, &[due])?;
    Ok(true)
}

/// Deletes a dead letter; says whether there was one. The sweep, or a new version of the RAiD, may set
/// the same task again.
pub fn drop_one(c: &mut Conn, kind: Kind, key: &str) -> Result<bool, StoreError> {
    let dead = task::table
        .find((kind, key))
        .filter(task::state.eq(State::Dead));
    Ok(diesel::delete(dead).execute(c)? == 1)
}
