//! What a person said about our writing to their ORCID record, as a state machine.
//!
//! The states and the events that move between them live here and nowhere else. The store applies a
//! transition by compare-and-swap on the state and version that its caller read; which step comes
//! next is in [`step`](self::PermissionStep).

mod rules;
mod step;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use crate::OrcidId;
use crate::membership::Consent;

pub use rules::{ContactBudget, PermissionRules};
pub use step::{PermissionFacts, PermissionStep, Question, QuestionState, WithdrawReason};

/// Where a person stands. Each state that is not terminal has one wake-up: the person's
/// `permission` task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PermissionState {
    /// Not asked, or to be asked again.
    Unasked,
    /// A question stands in their ORCID inbox.
    Asked,
    /// They granted: we hold a token.
    Granted,
    /// ORCID refused their token. This may be ORCID's trouble, so it is confirmed first.
    Suspect,
    /// They signed in at ORCID to say that they do not want to be asked. Terminal until they grant.
    Denied,
    /// They archived the question or never answered it, or it was closed without a sign-in. Terminal
    /// until they grant, or until they may be asked again ([`PermissionEvent::AnswerOutdated`]).
    Ignored,
    /// They withdrew the permission at ORCID. Their token is tried again, rarely, until it is given up.
    Revoked,
    /// They withdrew the permission on our page. Terminal until they grant.
    Disconnected,
    /// ORCID does not know the iD, or the person takes no notifications.
    Unreachable,
    /// The record is deactivated.
    Deactivated,
    /// The record was merged into another. Terminal.
    Deprecated,
    /// ORCID locked the record.
    Locked,
}

impl PermissionState {
    /// Every state, in order of declaration.
    pub const ALL: &'static [Self] = &[
        Self::Unasked,
        Self::Asked,
        Self::Granted,
        Self::Suspect,
        Self::Denied,
        Self::Ignored,
        Self::Revoked,
        Self::Disconnected,
        Self::Unreachable,
        Self::Deactivated,
        Self::Deprecated,
        Self::Locked,
    ];

    /// The state's name in the database, the API and metrics: `unasked`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unasked => "unasked",
            Self::Asked => "asked",
            Self::Granted => "granted",
            Self::Suspect => "suspect",
            Self::Denied => "denied",
            Self::Ignored => "ignored",
            Self::Revoked => "revoked",
            Self::Disconnected => "disconnected",
            Self::Unreachable => "unreachable",
            Self::Deactivated => "deactivated",
            Self::Deprecated => "deprecated",
            Self::Locked => "locked",
        }
    }

    /// Which consent permits writing to the ORCID record.
    pub fn consent(self) -> Consent {
        match self {
            Self::Granted => Consent::Granted,
            Self::Unasked => Consent::Unasked,
            Self::Asked | Self::Denied | Self::Ignored => Consent::Unanswered,
            Self::Revoked => Consent::Withdrawn,
            Self::Suspect
            | Self::Disconnected
            | Self::Unreachable
            | Self::Deactivated
            | Self::Deprecated
            | Self::Locked => Consent::None,
        }
    }

    /// Whether a token that the person gave is of use in this state, so that it is kept. In every
    /// other state it is revoked at ORCID and forgotten.
    pub fn keeps_token(self) -> bool {
        matches!(
            self,
            Self::Granted | Self::Suspect | Self::Revoked | Self::Locked
        )
    }

    /// The state after an event.
    ///
    /// # Errors
    /// [`InvalidTransition`] when the event says nothing about a person in this state. The caller's
    /// view is out of date: read the person again.
    #[expect(
        clippy::match_same_arms,
        reason = "a table: one line for what each event means"
    )]
    pub fn after(self, event: PermissionEvent) -> Result<Self, InvalidTransition> {
        use PermissionEvent as Event;
        let next = match (self, event) {
            // A person's yes counts whatever we believed before.
            (_, Event::Granted) => Self::Granted,
            // A no does not withdraw a permission that stands: ORCID does not withdraw it either.
            (Self::Granted | Self::Suspect, Event::Denied) => self,
            (_, Event::Denied) => Self::Denied,
            // Anybody who has the link can send this, so it ends that question and nothing else.
            (Self::Unasked | Self::Asked | Self::Ignored, Event::RequestClosed) => Self::Ignored,
            (_, Event::RequestClosed) => self,

            (Self::Unasked, Event::QuestionPosted) => Self::Asked,
            (Self::Asked, Event::QuestionWithdrawn) => Self::Unasked,
            (Self::Asked, Event::QuestionArchived | Event::NoAnswer) => Self::Ignored,
            (Self::Denied | Self::Ignored, Event::AnswerOutdated) => Self::Unasked,
            (Self::Ignored | Self::Revoked | Self::Unreachable, Event::AskAgain) => Self::Unasked,

            (Self::Granted | Self::Suspect, Event::TokenRefused) => Self::Suspect,
            (state, Event::TokenFound) if !state.keeps_token() => Self::Suspect,
            (
                Self::Granted | Self::Suspect | Self::Revoked | Self::Locked,
                Event::TokenAccepted,
            ) => Self::Granted,
            (Self::Suspect, Event::WithdrawalConfirmed) => Self::Revoked,
            (Self::Revoked, Event::TokenGivenUp) => Self::Revoked,
            (Self::Granted | Self::Suspect, Event::ScopeMissing) => Self::Unasked,
            (
                Self::Granted | Self::Suspect | Self::Revoked | Self::Locked,
                Event::LastProjectGone,
            ) => Self::Unasked,

            (state, Event::Record(record)) if state.hears_of_its_record() => match record {
                RecordEvent::Locked => Self::Locked,
                RecordEvent::Deactivated => Self::Deactivated,
                RecordEvent::Deprecated => Self::Deprecated,
                RecordEvent::Unknown | RecordEvent::NotificationsRefused => Self::Unreachable,
                // Everything on a record that was deactivated is gone, tokens too.
                RecordEvent::Emptied => Self::Unasked,
                RecordEvent::Back => match state {
                    Self::Locked => Self::Suspect,
                    Self::Deactivated | Self::Unreachable => Self::Unasked,
                    _ => return Err(InvalidTransition { state, event }),
                },
            },
            (state, event) => return Err(InvalidTransition { state, event }),
        };
        Ok(next)
    }

    /// Whether calls are made about a person in this state, so that ORCID can tell that their
    /// record changed.
    fn hears_of_its_record(self) -> bool {
        !matches!(
            self,
            Self::Denied | Self::Ignored | Self::Disconnected | Self::Deprecated
        )
    }
}

impl fmt::Display for PermissionState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no [`PermissionState`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no state of a permission")]
pub struct UnknownPermissionState(String);

impl FromStr for PermissionState {
    type Err = UnknownPermissionState;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().find(|state| state.as_str() == text);
        found
            .copied()
            .ok_or_else(|| UnknownPermissionState(text.to_owned()))
    }
}

/// Something that we learned about a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PermissionEvent {
    /// A question was posted to their ORCID inbox.
    QuestionPosted,
    /// We archived the question: its reason went, or a current one follows.
    QuestionWithdrawn,
    /// The person archived the question.
    QuestionArchived,
    /// The question stayed unanswered, and the contact budget is used up.
    NoAnswer,
    /// Nothing is left of the projects that the person gave no permission for; or their question was
    /// closed without a sign-in, and a project came since.
    AnswerOutdated,
    /// The agency asks the person again.
    AskAgain,
    /// The person granted, on ORCID's page.
    Granted,
    /// The person signed in at ORCID to say that they do not want to be asked.
    Denied,
    /// Somebody came back from ORCID with a no. ORCID does not sign it, so it may be anybody who has
    /// the link of the question.
    RequestClosed,
    /// ORCID refused the person's token (401).
    TokenRefused,
    /// ORCID accepted the person's token.
    TokenAccepted,
    /// A token in use was found of somebody in a state that keeps none. Such a state supersedes the
    /// token in the same transaction, so this is damage, and only ORCID can tell what holds: the
    /// token is tried.
    TokenFound,
    /// The token was refused repeatedly while ORCID accepted the tokens of others.
    WithdrawalConfirmed,
    /// The token of a withdrawn permission was refused for so long that it is given up.
    TokenGivenUp,
    /// The token lacks a scope that writing needs (403, code 9038).
    ScopeMissing,
    /// The person is a contributor to no project any more, and nothing of ours is on their record.
    LastProjectGone,
    /// ORCID told something about the record.
    Record(RecordEvent),
}

/// What ORCID told about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordEvent {
    /// ORCID locked it.
    Locked,
    /// Its owner deactivated it. Everything on it is gone, and its tokens are dead.
    Deactivated,
    /// It was merged into another record.
    Deprecated,
    /// ORCID does not know the iD.
    Unknown,
    /// Its owner takes no notifications.
    NotificationsRefused,
    /// It can be used again.
    Back,
    /// It can be used, but was deactivated in the meantime: all that we wrote is gone.
    Emptied,
}

/// An event that says nothing about a person in this state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{event:?} does not apply to a person who is {state}")]
pub struct InvalidTransition {
    /// Where the person stands.
    pub state: PermissionState,
    /// The event.
    pub event: PermissionEvent,
}

/// An event with the detail that is kept of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionChange {
    /// What happened.
    pub event: PermissionEvent,
    /// Why, in a few words.
    pub reason: Option<String>,
    /// For [`RecordEvent::Deprecated`], the record that it was merged into.
    pub primary: Option<OrcidId>,
}

impl PermissionChange {
    /// An event with its reason.
    pub fn because(event: PermissionEvent, reason: impl Into<String>) -> Self {
        Self {
            event,
            reason: Some(reason.into()),
            primary: None,
        }
    }
}

impl From<PermissionEvent> for PermissionChange {
    fn from(event: PermissionEvent) -> Self {
        Self {
            event,
            reason: None,
            primary: None,
        }
    }
}
