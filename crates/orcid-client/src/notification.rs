//! Permission notifications: asking a person in their ORCID inbox (ORCID API v3.0, notifications).

mod message;
mod request;

pub use message::Notification;
pub(crate) use message::source_client_id;
pub use request::{Item, PermissionRequest, PermissionRequestError};

use raid_model::OrcidId;
use reqwest::Method;

use crate::call::{CallError, CallKind};
use crate::client::{Client, with_xml};
use crate::client_token::Scope;
use crate::meaning::Meaning;
use crate::put_code::NotificationPutCode;
use crate::transport::Unreadable;

/// The section of a record that notifications are kept under.
const SECTION: &str = "notification-permission";

/// How a withdrawal ended. Each way, there is nothing left to withdraw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Archived {
    /// It was withdrawn, now or before.
    Withdrawn,
    /// The person has read it, so it stays in their inbox (403, code 9009).
    AlreadyRead,
    /// It is not there any more (404, code 9029); ORCID deletes notifications after a year.
    AlreadyGone,
}

impl Client {
    /// Puts a permission request into a person's inbox.
    ///
    /// ORCID does not recognise repeats: after an unknown outcome look with
    /// [`Client::list_notifications`] before asking again.
    pub async fn create_notification(
        &self,
        orcid: OrcidId,
        request: &PermissionRequest,
    ) -> Result<NotificationPutCode, CallError> {
        let xml = message::write(request);
        self.call_as_client(
            Scope::PremiumNotification,
            CallKind::CreateNotification,
            orcid,
            |token| {
                with_xml(
                    self.api(Method::POST, orcid, &[SECTION], token),
                    xml.clone(),
                )
            },
            |answer| {
                answer
                    .created()?
                    .parse()
                    .map_err(|_| Unreadable("no put-code in Location"))
            },
        )
        .await
    }

    /// Reads one of our notifications.
    pub async fn notification(
        &self,
        orcid: OrcidId,
        put_code: NotificationPutCode,
    ) -> Result<Notification, CallError> {
        let id = put_code.to_string();
        self.call_as_client(
            Scope::PremiumNotification,
            CallKind::ReadNotification,
            orcid,
            |token| self.api(Method::GET, orcid, &[SECTION, &id], token),
            |answer| message::read_one(&answer.xml()?),
        )
        .await
    }

    /// Reads all our notifications to one person, archived ones too.
    pub async fn list_notifications(&self, orcid: OrcidId) -> Result<Vec<Notification>, CallError> {
        self.call_as_client(
            Scope::PremiumNotification,
            CallKind::ListNotifications,
            orcid,
            |token| self.api(Method::GET, orcid, &[SECTION], token),
            |answer| message::read_list(&answer.xml()?),
        )
        .await
    }

    /// Withdraws one of our notifications, as far as that is still possible.
    pub async fn archive_notification(
        &self,
        orcid: OrcidId,
        put_code: NotificationPutCode,
    ) -> Result<Archived, CallError> {
        let id = put_code.to_string();
        let result = self
            .call_as_client(
                Scope::PremiumNotification,
                CallKind::ArchiveNotification,
                orcid,
                |token| self.api(Method::DELETE, orcid, &[SECTION, &id], token),
                // The body repeats the notification; the status says all.
                |_| Ok(()),
            )
            .await;
        match result {
            Ok(()) => Ok(Archived::Withdrawn),
            Err(error) => match error.meaning {
                Meaning::AlreadyRead => Ok(Archived::AlreadyRead),
                Meaning::Gone => Ok(Archived::AlreadyGone),
                _ => Err(error),
            },
        }
    }
}

#[cfg(test)]
mod tests;
