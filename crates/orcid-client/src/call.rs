//! One call to ORCID: its kind, how it ended, and who hears of it.

use std::fmt;
use std::time::Duration;

use raid_model::{Handle, OrcidId};

use crate::meaning::Meaning;

/// What a call asks of ORCID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallKind {
    /// A token of our own (client credentials).
    ClientToken,
    /// Exchange of an authorization code for a person's tokens.
    ExchangeCode,
    /// Revocation of a token.
    Revoke,
    /// A new permission notification.
    CreateNotification,
    /// One permission notification.
    ReadNotification,
    /// All our permission notifications to one person.
    ListNotifications,
    /// Withdrawal of a permission notification.
    ArchiveNotification,
    /// A new membership.
    CreateMembership,
    /// One membership.
    ReadMembership,
    /// Replacement of a membership.
    UpdateMembership,
    /// Removal of a membership.
    DeleteMembership,
    /// All memberships of one person.
    ListMemberships,
    /// Whether a record can be used at all.
    RecordStatus,
}

impl CallKind {
    /// Every kind once.
    pub const ALL: [Self; 13] = [
        Self::ClientToken,
        Self::ExchangeCode,
        Self::Revoke,
        Self::CreateNotification,
        Self::ReadNotification,
        Self::ListNotifications,
        Self::ArchiveNotification,
        Self::CreateMembership,
        Self::ReadMembership,
        Self::UpdateMembership,
        Self::DeleteMembership,
        Self::ListMemberships,
        Self::RecordStatus,
    ];

    /// The name used in logs, metrics and the database: `create-membership`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientToken => "client-token",
            Self::ExchangeCode => "exchange-code",
            Self::Revoke => "revoke",
            Self::CreateNotification => "create-notification",
            Self::ReadNotification => "read-notification",
            Self::ListNotifications => "list-notifications",
            Self::ArchiveNotification => "archive-notification",
            Self::CreateMembership => "create-membership",
            Self::ReadMembership => "read-membership",
            Self::UpdateMembership => "update-membership",
            Self::DeleteMembership => "delete-membership",
            Self::ListMemberships => "list-memberships",
            Self::RecordStatus => "record-status",
        }
    }

    /// Whether the call goes to the authorization server.
    pub fn is_oauth(self) -> bool {
        matches!(self, Self::ClientToken | Self::ExchangeCode | Self::Revoke)
    }

    /// Whether the call is a plain GET, which changes nothing and may be repeated at will.
    pub fn is_read(self) -> bool {
        matches!(
            self,
            Self::ReadNotification
                | Self::ListNotifications
                | Self::ReadMembership
                | Self::ListMemberships
                | Self::RecordStatus
        )
    }

    /// Whether the call names one notification or membership, so that "not found" can mean it.
    pub(crate) fn names_an_item(self) -> bool {
        matches!(
            self,
            Self::ReadNotification
                | Self::ArchiveNotification
                | Self::ReadMembership
                | Self::UpdateMembership
                | Self::DeleteMembership
        )
    }
}

impl fmt::Display for CallKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What is known about whether a failed call was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The request never left, or the connection was never made.
    NotSent,
    /// ORCID answered that it did not do it.
    Refused,
    /// It may have been carried out: no answer, an unreadable success, or a server failure (other
    /// than the overload answer) after a write was sent. Look before writing again.
    Unknown,
}

impl Outcome {
    /// The name used in logs and the database: `not-sent`, `refused`, `unknown`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not-sent",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// Why a call failed. Holds no secret: every text from outside was scrubbed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CallError {
    /// What was asked.
    pub kind: CallKind,
    /// What the failure means for us.
    pub meaning: Meaning,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// ORCID's error code (9001 and up), if the answer carried one.
    pub code: Option<u16>,
    /// Whether the call may have been carried out all the same.
    pub outcome: Outcome,
    /// How long to wait before asking again, if the limiter or ORCID said so.
    pub retry_after: Option<Duration>,
    /// With [`Outcome::Unknown`]: how long to wait before looking at what the call did; else zero.
    ///
    /// When the connection ended without an answer (closed or reset), or a failure was answered, the
    /// other end has finished or is gone: a short wait is enough
    /// ([`Settings::doubt_after_disconnect`](crate::Settings::doubt_after_disconnect)). Even if a
    /// write still lands later, ORCID refuses a second entry with our external id (409, 9021), so
    /// no duplicate is written. When we, or a gateway, stopped waiting, the write may still run:
    /// what is left of [`Settings::doubt`](crate::Settings::doubt) has to pass.
    ///
    /// Other entries of the same person wait, too. ORCID checks for duplicates and orders entries
    /// per record without a lock, so two writes to one record at the same time race; calls are
    /// serialised per researcher, and a write in doubt counts as one that still runs.
    pub doubt: Duration,
    /// What ORCID or the network said: scrubbed, one line, at most 500 characters.
    pub message: String,
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.meaning)?;
        if let Some(status) = self.status {
            write!(f, " [HTTP {status}")?;
            if let Some(code) = self.code {
                write!(f, ", code {code}")?;
            }
            write!(f, "]")?;
        }
        if !self.message.is_empty() {
            write!(f, ": {}", self.message)?;
        }
        Ok(())
    }
}

/// One request as the owner's log keeps it: who, what, outcome; no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// What was asked.
    pub kind: CallKind,
    /// Whose record, unless the call is about our own token.
    pub orcid: Option<OrcidId>,
    /// The RAiD whose membership was written or removed.
    pub handle: Option<Handle>,
    /// The HTTP status, if an answer came.
    pub status: Option<u16>,
    /// ORCID's error code, if the answer carried one.
    pub code: Option<u16>,
    /// How it failed; `None` when it was done.
    pub failed: Option<Outcome>,
    /// From sending to the end of the answer, in milliseconds; the wait for the limiter is not
    /// counted.
    pub millis: u64,
}

impl CallRecord {
    /// `done`, or the name of the failed outcome.
    pub fn outcome(&self) -> &'static str {
        self.failed.map_or("done", Outcome::as_str)
    }
}

/// Hears of every request, exactly once, also when the caller gave up waiting for it.
///
/// Called on the task that made the request: hand the record on and return, never block.
pub trait Observer: Send + Sync {
    /// One request has ended.
    fn called(&self, record: &CallRecord);
}

/// Hears nothing. For tests.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {
    fn called(&self, _record: &CallRecord) {}
}
