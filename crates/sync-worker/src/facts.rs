//! What should stand on a record, and what does.

use crate::plan::{Step, plan};
use raid_model::membership::{MembershipDocument, MembershipPolicy};
use raid_model::permission::PermissionState;
use raid_model::trust::Gate;
use raid_model::{Handle, OrcidId, Raid};
use store::memberships::{self, Membership, State};
use store::namings::{self, Naming};
use store::{Conn, StoreError, disclaimers, raids};
use time::Date;

/// What is known when the step is chosen.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What should stand on the record: none when the person is no contributor or says that they
    /// are not, wants no entries from the service point, or the RAiD may not be shown.
    pub desired: Option<MembershipDocument>,
    /// Where the person stands with the RAiD's service point; none if the RAiD does not name them.
    pub naming: Option<Naming>,
    /// Where the person stands.
    pub permission: PermissionState,
    /// What we know ORCID holds.
    pub actual: Option<Membership>,
}

impl Facts {
    /// Reads what is known of the entry of a person who stands at `permission`.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the RAiD cannot be read.
    pub(crate) fn load(
        c: &mut Conn,
        orcid: &OrcidId,
        handle: &Handle,
        permission: PermissionState,
        policy: &MembershipPolicy,
        today: Date,
    ) -> Result<Self, StoreError> {
        let naming = namings::find(c, orcid, handle)?;
        let is_stopped = naming.is_some_and(|naming| naming.gate == Gate::Stopped);
        let standing = if is_stopped || disclaimers::is_disclaimed(c, orcid, handle)? {
            None
        } else {
            raids::find_standing(c, handle)?
        };
        let desired = match standing {
            None => None,
            Some(row) => {
                let raid: Raid = serde_json::from_str(&row.document.0)
                    .map_err(|e| StoreError::Corrupt(format!("RAiD {handle}: {e}")))?;
                MembershipDocument::for_contributor(&raid, orcid, policy, today)
            }
        };
        Ok(Self {
            desired,
            naming,
            permission,
            actual: memberships::find(c, orcid, handle)?,
        })
    }

    /// Whether the service point may ask the person, and write the entry.
    pub(crate) fn gate(&self) -> Gate {
        self.naming.map_or(Gate::Open, |naming| naming.gate)
    }

    /// Whether an entry would be the first one by the service point for the person.
    pub(crate) fn is_first_entry(&self) -> bool {
        self.naming.is_some_and(|naming| !naming.had_entry)
    }

    /// Whether a write may have been carried out whose outcome is unknown, so that only a look at
    /// the record tells what stands there. Writing again without it would add the entry twice, send
    /// the researcher a second notice, or take our own deletion for theirs.
    pub(crate) fn in_doubt(&self) -> bool {
        self.actual.as_ref().is_some_and(|m| match m.state {
            State::Posting | State::Deleting => true,
            State::Written => m.document_hash.is_none() && m.refusal.is_none(),
            State::RemovedByResearcher | State::Deleted => false,
        })
    }
}

/// The step that a task for an entry would take. A RAiD that cannot be read is logged and has none:
/// nothing can be written of it, and whoever goes through many must not stop there.
pub(crate) fn step(
    c: &mut Conn,
    (orcid, handle): &(OrcidId, Handle),
    permission: PermissionState,
    policy: &MembershipPolicy,
    today: Date,
) -> Result<Step, StoreError> {
    match Facts::load(c, orcid, handle, permission, policy, today) {
        // Whoever is new is looked at by the task.
        Ok(facts) if facts.gate() == Gate::New => Ok(plan(Facts {
            naming: None,
            ..facts
        })),
        Ok(facts) => Ok(plan(facts)),
        Err(StoreError::Corrupt(reason)) => {
            tracing::error!(reason, "an entry cannot be derived");
            Ok(Step::Nothing)
        }
        Err(e) => Err(e),
    }
}
