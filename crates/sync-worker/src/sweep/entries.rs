//! Entries that are not as they should be, and that nothing in the queue is about.

use super::find::Find;
use super::place::Place;
use super::{PAGE, Page};
use crate::facts;
use crate::plan::Step;
use raid_model::membership::MembershipPolicy;
use raid_model::permission::PermissionState;
use raid_model::{Handle, OrcidId};
use std::collections::BTreeSet;
use store::memberships::Key;
use store::tasks::{self, Kind, Work};
use store::{Conn, StoreError, Timestamp, contributions, memberships, permissions};

/// Looks at the next page of contributors.
pub(super) fn look(
    c: &mut Conn,
    after: Option<&Key>,
    policy: &MembershipPolicy,
    now: Timestamp,
) -> Result<Page, StoreError> {
    let pairs = contributions::page(c, after, PAGE)?;
    Ok(Page {
        finds: finds(c, &pairs, policy, now)?,
        rows: pairs.len(),
        next: Some(match pairs.last() {
            Some(last) => Place::Entries(Some(last.clone())),
            None => Place::Left(None),
        }),
    })
}

/// Looks at the next page of entries of people who left a RAiD.
pub(super) fn look_at_left(
    c: &mut Conn,
    after: Option<&Key>,
    policy: &MembershipPolicy,
    now: Timestamp,
) -> Result<Page, StoreError> {
    let (pairs, last) = memberships::page_of_left(c, after, PAGE)?;
    Ok(Page {
        finds: finds(c, &pairs, policy, now)?,
        // As many were read as a page holds, except on the last one.
        rows: usize::try_from(PAGE).unwrap_or_default(),
        next: Some(match last {
            Some(last) => Place::Left(Some(last)),
            None => Place::Raids(None),
        }),
    })
}

fn finds(
    c: &mut Conn,
    pairs: &[Key],
    policy: &MembershipPolicy,
    now: Timestamp,
) -> Result<Vec<Find>, StoreError> {
    let queue = Queue::load(c, pairs, now)?;
    let people: BTreeSet<OrcidId> = pairs.iter().map(|(orcid, _)| *orcid).collect();
    let people: Vec<OrcidId> = people.into_iter().collect();
    let standings = permissions::of_people(c, &people)?;
    let mut finds = Vec::new();
    for pair in pairs {
        let (orcid, handle) = pair;
        let permission = standings
            .get(orcid)
            .map_or(PermissionState::Unasked, |standing| standing.state);
        if queue.misses(orcid, handle, permission)
            && facts::step(c, pair, permission, policy, now.date())? != Step::Nothing
        {
            finds.push(Find::Entry(*orcid, handle.clone()));
        }
    }
    Ok(finds)
}

/// What the queue holds of a page of entries.
struct Queue {
    /// Keys of membership tasks, due or dead.
    memberships: BTreeSet<String>,
    /// Keys of permission tasks, due or dead.
    permissions: BTreeSet<String>,
    /// Keys of RAiDs whose entries are about to be woken, since something derived from the date changes.
    boundaries: BTreeSet<String>,
}

impl Queue {
    fn load(c: &mut Conn, pairs: &[Key], now: Timestamp) -> Result<Self, StoreError> {
        let key = |(orcid, handle): &Key| Work::Membership(*orcid, handle.clone()).key();
        let entries: Vec<String> = pairs.iter().map(key).collect();
        let people: BTreeSet<String> = pairs.iter().map(|pair| pair.0.to_string()).collect();
        let people: Vec<String> = people.into_iter().collect();
        let handles: BTreeSet<String> = pairs.iter().map(|pair| pair.1.to_string()).collect();
        let handles: Vec<String> = handles.into_iter().collect();
        let boundaries = tasks::due_times(c, Kind::Boundary, &handles)?;
        Ok(Self {
            memberships: tasks::due_times(c, Kind::Membership, &entries)?
                .into_keys()
                .collect(),
            permissions: tasks::due_times(c, Kind::Permission, &people)?
                .into_keys()
                .collect(),
            boundaries: boundaries
                .into_iter()
                .filter(|(_, due_at)| due_at.is_none_or(|at| at.date() <= now.date()))
                .map(|(key, _)| key)
                .collect(),
        })
    }

    /// Whether nothing in it leads to the entry of a person who stands at `permission`. Only entries of
    /// whoever granted are written; whoever was not asked needs either task, to be asked some day.
    fn misses(&self, orcid: &OrcidId, handle: &Handle, permission: PermissionState) -> bool {
        let work = Work::Membership(*orcid, handle.clone());
        if self.memberships.contains(&work.key()) {
            return false;
        }
        match permission {
            PermissionState::Granted => !self.boundaries.contains(&handle.to_string()),
            PermissionState::Unasked => !self.permissions.contains(&orcid.to_string()),
            _ => false,
        }
    }
}
