//! Whether a contributor can be asked again for permission.

use raid_model::permission::{ContactBudget, PermissionState as State};
use raid_model::trust::Gate;
use store::Timestamp;
use store::contributor_states::ContributorState;
use store::disclaimers::Disclaimer;

/// What comes of asking a contributor again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asking {
    /// They can be asked.
    Possible,
    /// They are being asked already; how far that is.
    UnderWay(&'static str),
    /// Only from this moment on: they were asked as often as the agency asks anybody.
    NotBefore(Timestamp),
    /// They cannot be asked, and why.
    Refused(&'static str),
}

impl Asking {
    /// Judges by what is known of a contributor. Without a budget the agency asks nobody.
    pub(crate) fn of(
        contributor: &ContributorState,
        budget: Option<&ContactBudget>,
        now: Timestamp,
    ) -> Self {
        if !contributor.contributes {
            return Self::Refused("They are no contributor of this RAiD any more.");
        }
        match contributor.disclaimer {
            Some(Disclaimer {
                confirmed: true, ..
            }) => return Self::Refused("They said that they are not part of this project."),
            Some(_) => {
                return Self::Refused(
                    "Somebody who has the link of their question said that they are not part of \
                     this project, without a sign-in.",
                );
            }
            None => {}
        }
        match contributor.naming.map(|naming| naming.gate) {
            Some(Gate::Stopped) => {
                return Self::Refused("They do not want entries from this service point.");
            }
            Some(Gate::Held(because)) => return Self::Refused(because.text()),
            Some(Gate::New | Gate::Open) | None => {}
        }
        let state = contributor.permission.as_ref().map(|it| it.state);
        match state.unwrap_or(State::Unasked) {
            State::Unasked => Self::UnderWay("A question to them is on its way."),
            State::Asked => Self::UnderWay("A question stands in their ORCID inbox."),
            State::Ignored | State::Revoked | State::Unreachable => {
                within(contributor, budget, now)
            }
            State::Granted => Self::Refused("They granted permission already."),
            State::Suspect => Self::Refused(
                "ORCID refused their permission, and this is being checked. Nobody is asked \
                 before that is decided.",
            ),
            State::Denied => Self::Refused(
                "They said no, so they are not asked again. They can still grant permission on \
                 the agency's page.",
            ),
            State::Disconnected => Self::Refused(
                "They withdrew their permission on the agency's page, so they are not asked \
                 again. They can grant it there.",
            ),
            State::Deactivated => Self::Refused("Their ORCID record is deactivated."),
            State::Deprecated => Self::Refused(
                "Their ORCID record was merged into another one, whose owner is asked under the \
                 other iD.",
            ),
            State::Locked => Self::Refused("ORCID locked their record."),
        }
    }
}

/// Judges by how often they were asked before.
fn within(
    contributor: &ContributorState,
    budget: Option<&ContactBudget>,
    now: Timestamp,
) -> Asking {
    const NOBODY: Asking = Asking::Refused("This agency asks nobody for permission.");
    let Some(budget) = budget else {
        return NOBODY;
    };
    let posts: Vec<_> = contributor
        .requests
        .iter()
        .map(|request| (request.asked_at, request.counted))
        .collect();
    match budget.open_from(&posts) {
        None => NOBODY,
        Some(from) if from > now => Asking::NotBefore(from),
        Some(_) => Asking::Possible,
    }
}
