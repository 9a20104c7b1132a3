//! A contributor's status, derived from what they said about our writing to their ORCID record.

use raid_model::ContributorStatus;
use store::permissions::State;

/// The status that a record shows for a person in a state.
pub(crate) fn of_state(state: State) -> ContributorStatus {
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
