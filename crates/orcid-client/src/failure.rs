//! What to do about a failed call: one table for everybody who calls ORCID.

use std::time::Duration;

use crate::call::{CallError, Outcome};
use crate::meaning::Meaning;
use crate::record::RecordStatus;

/// How long a task steps aside when our own limiter is full.
const STEP_ASIDE: Duration = Duration::from_secs(2);

/// What to do about a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureAction {
    /// The person's token was refused. Once is a suspicion: confirm it later.
    SuspectToken,
    /// The person's token lacks a scope: ask them again.
    AskForScope,
    /// The record cannot be used now: note it, and look again later.
    Record(RecordStatus),
    /// The person takes no notifications.
    Unreachable,
    /// Our own limiter was full and nothing was sent: no failure, try again after this long.
    StepAside(Duration),
    /// The call may have been carried out: look what stands there, after [`CallError::doubt`].
    OutcomeUnknown(Duration),
    /// ORCID is away, overloaded or refuses our own client: wait until it is back.
    WaitForOrcid {
        /// How long ORCID asked us to wait.
        retry_after: Option<Duration>,
    },
    /// Sending it again changes nothing: keep it for an operator.
    GiveUp,
    /// Try again later, sparingly.
    Retry,
}

impl CallError {
    /// What to do.
    pub fn action(&self) -> FailureAction {
        match &self.meaning {
            Meaning::TokenRefused | Meaning::TokenDenied => FailureAction::SuspectToken,
            Meaning::ScopeMissing => FailureAction::AskForScope,
            Meaning::RecordLocked => FailureAction::Record(RecordStatus::Locked),
            Meaning::RecordDeactivated => FailureAction::Record(RecordStatus::Deactivated),
            Meaning::RecordDeprecated { primary } => {
                FailureAction::Record(RecordStatus::Deprecated { primary: *primary })
            }
            Meaning::RecordUnknown => FailureAction::Record(RecordStatus::Unknown),
            Meaning::RecordUnclaimed => FailureAction::Record(RecordStatus::Unclaimed),
            Meaning::NotificationsRefused => FailureAction::Unreachable,
            Meaning::Overloaded if self.outcome == Outcome::NotSent => {
                FailureAction::StepAside(self.retry_after.unwrap_or(STEP_ASIDE))
            }
            Meaning::OurDocument { .. } | Meaning::NotOurs | Meaning::WrongRecord => {
                FailureAction::GiveUp
            }
            _ if self.outcome == Outcome::Unknown && !self.kind.is_read() => {
                FailureAction::OutcomeUnknown(self.doubt)
            }
            Meaning::Overloaded
            | Meaning::Transient
            | Meaning::ClientRefused
            | Meaning::ClientDisabled
            | Meaning::Misconfigured => FailureAction::WaitForOrcid {
                retry_after: self.retry_after,
            },
            Meaning::CodeRefused
            | Meaning::Duplicate { .. }
            | Meaning::Gone
            | Meaning::AlreadyRead
            | Meaning::Unexpected => FailureAction::Retry,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::call::CallKind;

    fn action(meaning: Meaning, kind: CallKind, outcome: Outcome) -> FailureAction {
        let error = CallError {
            kind,
            meaning,
            status: None,
            code: None,
            outcome,
            retry_after: None,
            doubt: Duration::from_secs(30),
            message: String::new(),
        };
        error.action()
    }

    #[test]
    fn each_meaning_has_one_action() {
        use CallKind::{CreateMembership, ListMemberships};
        use Outcome::{NotSent, Refused, Unknown};
        let write = |meaning, outcome| action(meaning, CreateMembership, outcome);
        assert_eq!(
            write(Meaning::ScopeMissing, Refused),
            FailureAction::AskForScope
        );
        assert_eq!(
            write(Meaning::TokenRefused, Refused),
            FailureAction::SuspectToken
        );
        assert_eq!(
            write(Meaning::Overloaded, NotSent),
            FailureAction::StepAside(STEP_ASIDE)
        );
        let wait = FailureAction::WaitForOrcid { retry_after: None };
        for meaning in [
            Meaning::Overloaded,
            Meaning::Transient,
            Meaning::ClientRefused,
            Meaning::ClientDisabled,
        ] {
            assert_eq!(write(meaning, Refused), wait);
        }
        let doubt = FailureAction::OutcomeUnknown(Duration::from_secs(30));
        assert_eq!(write(Meaning::Transient, Unknown), doubt);
        assert_eq!(action(Meaning::Transient, ListMemberships, Unknown), wait);
        assert_eq!(write(Meaning::NotOurs, Refused), FailureAction::GiveUp);
        assert_eq!(write(Meaning::Unexpected, Refused), FailureAction::Retry);
    }
}
