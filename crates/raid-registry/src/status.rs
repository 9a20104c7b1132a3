//! A contributor's status: the latest word on the person.
//!
//! Who declined or withdrew is the business of those who look after the RAiD. Everybody else sees
//! whether a person is confirmed, and no more.

use std::collections::{BTreeSet, HashMap};

use raid_model::permission::PermissionState as State;
use raid_model::{Contributor, ContributorStatus, Handle, OrcidId, Raid};
use store::holders;
use store::permissions::{self, Standing};
use store::raids::{RaidRow, Sight};
use store::statuses::{self, Statuses};
use store::{Conn, StoreError};

/// What is known about the contributors of some RAiDs.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// What people said to us about our writing to their ORCID record.
    pub(crate) people: HashMap<OrcidId, Standing>,
    /// What a service outside said about them.
    pub(crate) said: Statuses,
    /// The RAiDs of which the reader sees no more than who is confirmed.
    pub(crate) foreign: BTreeSet<Handle>,
}

impl Known {
    /// What is known about the contributors of these RAiDs, for those who look after them.
    pub(crate) fn load(c: &mut Conn, handles: &[&Handle]) -> Result<Self, StoreError> {
        Ok(Self {
            people: permissions::of_raids(c, handles)?,
            said: statuses::of_raids(c, handles)?,
            foreign: BTreeSet::new(),
        })
    }

    /// What a reader may know about the contributors of these RAiDs.
    pub(crate) fn seen_with(
        c: &mut Conn,
        rows: &[RaidRow],
        sight: &Sight,
    ) -> Result<Self, StoreError> {
        let handles: Vec<&Handle> = rows.iter().map(|row| row.handle.get()).collect();
        Ok(Self {
            foreign: foreign(c, rows, sight)?,
            ..Self::load(c, &handles)?
        })
    }

    /// The status that a record shows for a contributor.
    pub(crate) fn status(&self, handle: &Handle, contributor: &Contributor) -> ContributorStatus {
        let status = self.real_status(handle, contributor);
        if self.foreign.contains(handle) {
            for_everybody(status)
        } else {
            status
        }
    }

    /// What was said by a service counts until the person gives us an answer of their own.
    fn real_status(&self, handle: &Handle, contributor: &Contributor) -> ContributorStatus {
        let person = contributor
            .orcid()
            .and_then(|orcid| self.people.get(&orcid));
        let key = || Some((handle.to_string(), contributor.id.clone()?));
        // Most RAiDs have none, and a key costs two texts.
        let said = (!self.said.is_empty()).then(key).flatten();
        let said = said.and_then(|key| self.said.get(&key));
        match (said, person) {
            (Some(said), Some(person)) if is_answer(person.state) && person.since > said.at => {
                of_state(person.state)
            }
            (Some(said), _) => said.status,
            (None, Some(person)) => of_state(person.state),
            // People with an ISNI cannot be asked through ORCID; they stay awaited.
            (None, None) => ContributorStatus::AwaitingAuthentication,
        }
    }
}

/// Those of the RAiDs that are neither of the reader's service point nor held by them.
fn foreign(c: &mut Conn, rows: &[RaidRow], sight: &Sight) -> Result<BTreeSet<Handle>, StoreError> {
    if sight.embargoed {
        return Ok(BTreeSet::new());
    }
    let mut foreign: BTreeSet<Handle> = rows
        .iter()
        .filter(|row| sight.service_point != Some(row.service_point_id))
        .map(|row| row.handle.get().clone())
        .collect();
    if let Some(holder) = &sight.holder {
        for held in holders::held_among(c, &foreign, holder)? {
            foreign.remove(&held);
        }
    }
    Ok(foreign)
}

/// What everybody may know of a status: whether the person is confirmed.
fn for_everybody(status: ContributorStatus) -> ContributorStatus {
    match status {
        ContributorStatus::Authenticated => status,
        ContributorStatus::Unauthenticated
        | ContributorStatus::AwaitingAuthentication
        | ContributorStatus::AuthenticationFailed
        | ContributorStatus::AuthenticationRevoked => ContributorStatus::AwaitingAuthentication,
    }
}

/// A shown RAiD as everybody may see it; none if that is how it is shown already.
pub(crate) fn raid_for_everybody(shown: &Raid) -> Option<Raid> {
    let mut statuses = shown.contributor.iter().filter_map(|it| it.status);
    if statuses.all(|status| for_everybody(status) == status) {
        return None;
    }
    let mut raid = shown.clone();
    for contributor in &mut raid.contributor {
        contributor.status = contributor.status.map(for_everybody);
    }
    Some(raid)
}

/// Whether a person, or ORCID on their behalf, has told us something.
fn is_answer(state: State) -> bool {
    !matches!(
        state,
        State::Unasked | State::Asked | State::Ignored | State::Unreachable
    )
}

/// The status of a person in a state.
fn of_state(state: State) -> ContributorStatus {
    match state {
        // A refused call may be ORCID's trouble: nobody is downgraded for a suspicion.
        State::Granted | State::Suspect => ContributorStatus::Authenticated,
        State::Unasked | State::Asked => ContributorStatus::AwaitingAuthentication,
        State::Ignored | State::Locked | State::Deactivated | State::Deprecated => {
            ContributorStatus::Unauthenticated
        }
        State::Denied | State::Unreachable => ContributorStatus::AuthenticationFailed,
        State::Revoked | State::Disconnected => ContributorStatus::AuthenticationRevoked,
    }
}
