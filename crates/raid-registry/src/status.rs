//! A contributor's status: the latest word on the person.

use std::collections::HashMap;

use raid_model::permission::PermissionState as State;
use raid_model::{Contributor, ContributorStatus, Handle, OrcidId};
use store::permissions::{self, Standing};
use store::statuses::{self, Statuses};
use store::{Conn, StoreError};

/// What is known about the contributors of some RAiDs.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// What people said to us about our writing to their ORCID record.
    pub(crate) people: HashMap<OrcidId, Standing>,
    /// What a service outside said about them.
    pub(crate) said: Statuses,
}

impl Known {
    /// What is known about the contributors of these RAiDs.
    pub(crate) fn load(c: &mut Conn, handles: &[&Handle]) -> Result<Self, StoreError> {
        Ok(Self {
            people: permissions::of_raids(c, handles)?,
            said: statuses::of_raids(c, handles)?,
        })
    }

    /// The status that a record shows for a contributor. What was said by a service counts until
    /// the person gives us an answer of their own.
    pub(crate) fn status(&self, handle: &Handle, contributor: &Contributor) -> ContributorStatus {
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
