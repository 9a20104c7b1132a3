//! Permission notifications: what a client sends, and what lies in an inbox.

mod read;
mod write;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

pub(crate) use read::read_notification;
pub(crate) use write::{list_json, list_xml, notification_json, notification_xml};

use crate::membership::{ExternalId, Source};

/// Unarchived notifications older than this are archived.
const ARCHIVED_AFTER: Duration = Duration::days(181);
/// Notifications older than this are deleted.
const DELETED_AFTER: Duration = Duration::days(365);
/// More than this many unarchived ones: the oldest are archived.
const KEPT_UNARCHIVED: usize = 100;
/// A record never holds more; the oldest go.
const KEPT_AT_ALL: usize = 10_000;

/// A request for permission as a client sent it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PermissionRequest {
    /// Where the researcher goes to grant permission.
    pub(crate) authorization_url: String,
    pub(crate) subject: String,
    pub(crate) intro: String,
    pub(crate) items: Vec<Item>,
}

/// One item that the client would like to write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Item {
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) external_id: Option<ExternalId>,
}

/// What a client did to a record: the researcher is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Amendment {
    /// `added`, `updated` or `deleted`.
    pub(crate) action: String,
    /// The item's title as the record shows it.
    pub(crate) item: String,
}

/// What a notification is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Subject {
    Permission(PermissionRequest),
    Amended(Amendment),
}

/// A notification in a researcher's inbox.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Notification {
    pub(crate) put_code: i64,
    pub(crate) source: Source,
    #[serde(with = "time::serde::rfc3339")]
    pub(crate) created: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) sent: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) read: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) actioned: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub(crate) archived: Option<OffsetDateTime>,
    pub(crate) subject: Subject,
}

impl Notification {
    /// A new notification, created now.
    pub(crate) fn new(
        put_code: i64,
        source: Source,
        subject: Subject,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            put_code,
            source,
            created: now,
            sent: None,
            read: None,
            actioned: None,
            archived: None,
            subject,
        }
    }

    /// The researcher opens it.
    pub(crate) fn read_by_researcher(&mut self, now: OffsetDateTime) {
        self.read.get_or_insert(now);
    }

    /// The researcher archives it, which also marks it as read.
    pub(crate) fn archived_by_researcher(&mut self, now: OffsetDateTime) {
        self.read_by_researcher(now);
        self.archived.get_or_insert(now);
    }

    /// The request for permission, when it is one.
    pub(crate) fn permission(&self) -> Option<&PermissionRequest> {
        match &self.subject {
            Subject::Permission(request) => Some(request),
            Subject::Amended(_) => None,
        }
    }
}

/// Does what ORCID's jobs do to an inbox as time goes by. The list is in order of creation.
pub(crate) fn age(inbox: &mut Vec<Notification>, now: OffsetDateTime) {
    let oldest = inbox.first().map(|n| now - n.created).unwrap_or_default();
    if inbox.len() <= KEPT_UNARCHIVED && oldest <= ARCHIVED_AFTER {
        return;
    }
    inbox.retain(|n| now - n.created <= DELETED_AFTER);
    let surplus = inbox.len().saturating_sub(KEPT_AT_ALL);
    inbox.drain(..surplus);
    let unarchived = inbox.iter().filter(|n| n.archived.is_none()).count();
    let mut surplus = unarchived.saturating_sub(KEPT_UNARCHIVED);
    for notification in inbox.iter_mut().filter(|n| n.archived.is_none()) {
        if surplus > 0 || now - notification.created > ARCHIVED_AFTER {
            notification.archived = Some(now);
            surplus = surplus.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests;
