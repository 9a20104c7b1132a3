//! The next step, from what we know of the person and of their record.

use raid_model::membership::{Entry, MembershipDocument};
use raid_model::permission::PermissionState;
use store::memberships::{Membership, State};

pub use raid_model::membership::Step;

/// What is known when the step is chosen.
#[derive(Debug, Clone)]
pub struct Facts {
    /// What should stand on the record: none when the person is no contributor or says that they
    /// are not, or the RAiD may not be shown.
    pub desired: Option<MembershipDocument>,
    /// Where the person stands.
    pub permission: PermissionState,
    /// What we know ORCID holds.
    pub actual: Option<Membership>,
}

impl Facts {
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

/// Chooses the next step. Never adds what the researcher removed, and writes only with a grant.
pub fn plan(facts: Facts) -> Step {
    let entry = facts
        .actual
        .as_ref()
        .map_or(Entry::Absent, Membership::entry);
    Step::next(facts.desired, facts.permission.consent(), entry)
}

#[cfg(test)]
mod tests;
