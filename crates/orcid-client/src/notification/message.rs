//! Permission notifications in XML (notification-permission-3.0.xsd, which builds on the common
//! types of version 2.1).

use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

use super::request::PermissionRequest;
use crate::put_code::NotificationPutCode;
use crate::transport::Unreadable;
use crate::xml::Namespace::{Common, Notification as Notice};
use crate::xml::{COMMON, Document, Element, NOTIFICATION};

/// A permission notification as ORCID keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// Its number.
    pub put_code: NotificationPutCode,
    /// The title in the inbox.
    pub subject: String,
    /// The text in the inbox.
    pub intro: String,
    /// Where the person goes to grant.
    pub authorization_uri: Option<String>,
    /// When it was created.
    pub created: Option<OffsetDateTime>,
    /// When it went out in an e-mail digest.
    pub sent: Option<OffsetDateTime>,
    /// When the person opened it.
    pub read: Option<OffsetDateTime>,
    /// When the person followed the link in the e-mail. Stays empty for grants from the inbox.
    pub actioned: Option<OffsetDateTime>,
    /// When the person, ORCID (after 181 days) or we archived it.
    pub archived: Option<OffsetDateTime>,
    /// The client that sent it.
    pub source_client_id: Option<String>,
}

pub(super) fn write(request: &PermissionRequest) -> String {
    let namespaces = [("xmlns:n", NOTIFICATION), ("xmlns:c", COMMON)];
    let mut xml = Document::new("n:notification", &namespaces);
    xml.text("n:notification-type", "permission")
        .begin("n:authorization-url")
        .text("n:uri", request.authorization_url().as_str())
        .end()
        .text("n:notification-subject", request.subject())
        .text("n:notification-intro", request.intro())
        .begin("n:items");
    for item in request.items() {
        xml.begin("n:item")
            .text("n:item-type", "membership")
            .text("n:item-name", item.name())
            .begin("c:external-id")
            // ORCID compares the type letter by letter here: `RAiD` is refused.
            .text("c:external-id-type", "raid")
            .text("c:external-id-value", &item.handle().to_string())
            .text("c:external-id-url", item.url())
            .text("c:external-id-relationship", "self")
            .end()
            .end();
    }
    xml.finish()
}

pub(super) fn read_one(root: &Element) -> Result<Notification, Unreadable> {
    if root.is(Notice, "notification") {
        read(root)
    } else {
        Err(Unreadable("not a notification"))
    }
}

pub(super) fn read_list(root: &Element) -> Result<Vec<Notification>, Unreadable> {
    if !root.is(Notice, "notifications") {
        return Err(Unreadable("not a list of notifications"));
    }
    let permissions = root
        .children(Notice, "notification")
        .filter(|notification| {
            notification.text_of(Notice, "notification-type").as_deref() == Some("permission")
        });
    permissions.map(read).collect()
}

fn read(element: &Element) -> Result<Notification, Unreadable> {
    let put_code = element
        .attribute("put-code")
        .and_then(|text| text.parse().ok());
    let text = |name| element.text_of(Notice, name).unwrap_or_default();
    let authorization_url = element.child(Notice, "authorization-url");
    Ok(Notification {
        put_code: put_code.ok_or(Unreadable("a notification without put-code"))?,
        subject: text("notification-subject"),
        intro: text("notification-intro"),
        authorization_uri: authorization_url.and_then(|url| url.text_of(Notice, "uri")),
        created: instant(element.text_of(Common, "created-date"))?,
        sent: instant(element.text_of(Common, "sent-date"))?,
        read: instant(element.text_of(Common, "read-date"))?,
        actioned: instant(element.text_of(Notice, "actioned-date"))?,
        archived: instant(element.text_of(Common, "archived-date"))?,
        source_client_id: source_client_id(element),
    })
}

/// The client id of an item's source; `None` when a person is the source.
pub(crate) fn source_client_id(element: &Element) -> Option<String> {
    element
        .child(Common, "source")?
        .child(Common, "source-client-id")?
        .text_of(Common, "path")
}

/// An `xs:dateTime`; without an offset it is taken as UTC.
fn instant(text: Option<String>) -> Result<Option<OffsetDateTime>, Unreadable> {
    let Some(text) = text else { return Ok(None) };
    let read = OffsetDateTime::parse(&text, &Rfc3339)
        .or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), &Rfc3339))
        .map_err(|_| Unreadable("a date and time that cannot be read"))?;
    Ok(Some(read.to_offset(UtcOffset::UTC)))
}
