//! Looking at every entry at once, after a setting changed that entries are derived from.
//!
//! The sweep finds the same in time. This says beforehand what would change, and goes ahead at once.

use crate::facts;
use crate::plan::Step;
use raid_model::OrcidId;
use raid_model::membership::MembershipPolicy;
use raid_model::permission::PermissionState;
use std::collections::BTreeSet;
use store::memberships::Key;
use store::tasks::{self, Lane, NewTask, Work};
use store::{Conn, Store, StoreError, Timestamp, contributions, memberships, permissions};

/// Entries that are looked at, and set, in one go.
const PAGE: i64 = 500;

/// What there is to do, in entries of people who granted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resynced {
    /// Entries looked at, of whomever.
    pub looked_at: u64,
    /// To be added to a record.
    pub to_create: u64,
    /// To be changed on a record.
    pub to_update: u64,
    /// To be removed from a record.
    pub to_delete: u64,
    /// To be looked up on the record first, since a call's outcome is unknown.
    pub in_doubt: u64,
}

impl Resynced {
    /// Entries that differ from what they should be, or may.
    pub fn differing(&self) -> u64 {
        self.to_create + self.to_update + self.to_delete + self.in_doubt
    }

    fn add(&mut self, step: &Step) -> bool {
        match step {
            Step::Create(_) => self.to_create += 1,
            Step::Update(..) => self.to_update += 1,
            Step::Delete(_) => self.to_delete += 1,
            Step::Look => self.in_doubt += 1,
            Step::Nothing | Step::AskFirst | Step::ReviewQuestion => return false,
        }
        true
    }
}

/// Pairs after a pair, and the last one that was read; none at the end.
type Page = fn(&mut Conn, Option<&Key>) -> Result<(Vec<Key>, Option<Key>), StoreError>;

/// Goes through all entries and says what there is to do. Unless it is a dry run, the task of each that
/// differs is set in the bulk lane. `shown` is called after each page.
///
/// # Errors
/// When the database refuses. What was set before stays set; a further run begins again.
pub async fn resync(
    store: &Store,
    policy: &MembershipPolicy,
    is_dry_run: bool,
    mut shown: impl FnMut(&Resynced),
) -> Result<Resynced, StoreError> {
    let mut all = Resynced::default();
    let pages: [Page; 2] = [contributors, left];
    for page in pages {
        let mut after = None;
        loop {
            let (policy, clock, from) = (policy.clone(), store.clock().clone(), after.take());
            let looked = store.read(move |c| {
                let (pairs, last) = page(c, from.as_ref())?;
                let (counts, differing) = look(c, &pairs, &policy, clock.now())?;
                Ok((counts, differing, last))
            });
            let (counts, differing, last) = looked.await?;
            if !is_dry_run {
                set(store, differing).await?;
            }
            all.looked_at += counts.looked_at;
            all.to_create += counts.to_create;
            all.to_update += counts.to_update;
            all.to_delete += counts.to_delete;
            all.in_doubt += counts.in_doubt;
            shown(&all);
            after = last;
            if after.is_none() {
                break;
            }
        }
    }
    Ok(all)
}

fn contributors(c: &mut Conn, after: Option<&Key>) -> Result<(Vec<Key>, Option<Key>), StoreError> {
    let pairs = contributions::page(c, after, PAGE)?;
    let last = pairs.last().cloned();
    Ok((pairs, last))
}

fn left(c: &mut Conn, after: Option<&Key>) -> Result<(Vec<Key>, Option<Key>), StoreError> {
    memberships::page_of_left(c, after, PAGE)
}

/// What there is to do on a page, and for which entries.
fn look(
    c: &mut Conn,
    pairs: &[Key],
    policy: &MembershipPolicy,
    now: Timestamp,
) -> Result<(Resynced, Vec<Key>), StoreError> {
    let people: BTreeSet<OrcidId> = pairs.iter().map(|(orcid, _)| *orcid).collect();
    let people: Vec<OrcidId> = people.into_iter().collect();
    let standings = permissions::of_people(c, &people)?;
    let mut counts = Resynced::default();
    let mut differing = Vec::new();
    for pair in pairs {
        counts.looked_at += 1;
        let state = standings.get(&pair.0).map(|standing| standing.state);
        let Some(permission @ PermissionState::Granted) = state else {
            continue;
        };
        let step = facts::step(c, pair, permission, policy, now.date())?;
        if counts.add(&step) {
            differing.push(pair.clone());
        }
    }
    Ok((counts, differing))
}

async fn set(store: &Store, pairs: Vec<Key>) -> Result<(), StoreError> {
    if pairs.is_empty() {
        return Ok(());
    }
    let clock = store.clock().clone();
    store
        .write(move |c| {
            let now = clock.now();
            let due: Vec<_> = pairs
                .iter()
                .map(|(orcid, handle)| NewTask {
                    work: Work::Membership(*orcid, handle.clone()),
                    lane: Lane::Bulk,
                    due_at: now,
                    at: now,
                })
                .collect();
            tasks::enqueue(c, &due)
        })
        .await
}
