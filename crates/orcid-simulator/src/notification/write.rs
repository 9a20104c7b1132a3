//! Writing permission notifications as ORCID does.

use serde_json::{Value, json};
use url::Url;

use super::{Notification, PermissionRequest};
use crate::membership::{ExternalId, write_source};
use crate::timestamp::{millis, timestamp};
use crate::xml::write::Writer;

/// One notification. Empty when it is not a request for permission.
pub(crate) fn notification_xml(notification: &Notification) -> Vec<u8> {
    let put_code = vec![("put-code", notification.put_code.to_string())];
    let mut w = Writer::document("notification:notification", &put_code);
    if let Some(request) = notification.permission() {
        content(&mut w, notification, request);
    }
    w.finish()
}

/// All of them in one list.
pub(crate) fn list_xml<'a>(notifications: impl Iterator<Item = &'a Notification>) -> Vec<u8> {
    let mut w = Writer::document("notification:notifications", &[]);
    for notification in notifications {
        if let Some(request) = notification.permission() {
            let put_code = [("put-code", notification.put_code.to_string())];
            w.start("notification:notification", &put_code);
            content(&mut w, notification, request);
            w.end();
        }
    }
    w.finish()
}

fn content(w: &mut Writer, notification: &Notification, request: &PermissionRequest) {
    w.text("notification:notification-type", "permission");
    w.start("notification:authorization-url", &[]);
    w.text("notification:uri", &request.authorization_url);
    w.text("notification:path", &path_of(&request.authorization_url));
    // ORCID shows its own host here, whatever the host of the address is.
    w.text("notification:host", "localhost");
    w.end();
    w.text("notification:notification-subject", &request.subject);
    w.text("notification:notification-intro", &request.intro);
    w.start("notification:items", &[]);
    for item in &request.items {
        w.start("notification:item", &[]);
        w.text("notification:item-type", &item.kind);
        w.text("notification:item-name", &item.name);
        if let Some(id) = &item.external_id {
            external_id(w, id);
        }
        w.end();
    }
    w.end();
    w.text("common:created-date", &timestamp(notification.created));
    w.optional(
        "common:sent-date",
        notification.sent.map(timestamp).as_deref(),
    );
    w.optional(
        "common:read-date",
        notification.read.map(timestamp).as_deref(),
    );
    w.optional(
        "notification:actioned-date",
        notification.actioned.map(timestamp).as_deref(),
    );
    w.optional(
        "common:archived-date",
        notification.archived.map(timestamp).as_deref(),
    );
    write_source(w, &notification.source);
}

fn external_id(w: &mut Writer, id: &ExternalId) {
    w.start("common:external-id", &[]);
    w.text("common:external-id-type", &id.kind);
    w.text("common:external-id-value", &id.value);
    w.optional("common:external-id-url", id.url.as_deref());
    w.optional(
        "common:external-id-relationship",
        id.relationship.as_deref(),
    );
    w.end();
}

/// One notification in JSON.
pub(crate) fn notification_json(notification: &Notification) -> Value {
    let Some(request) = notification.permission() else {
        return Value::Null;
    };
    let items: Vec<Value> = request
        .items
        .iter()
        .map(|item| {
            let id = item.external_id.as_ref().map(|id| {
                json!({
                    "external-id-type": id.kind,
                    "external-id-value": id.value,
                    "external-id-url": id.url.as_ref().map(|u| json!({ "value": u })),
                    "external-id-relationship": id.relationship,
                })
            });
            json!({ "item-type": item.kind, "item-name": item.name, "external-id": id })
        })
        .collect();
    json!({
        "put-code": notification.put_code,
        "notification-type": "permission",
        "authorization-url": {
            "uri": request.authorization_url,
            "path": path_of(&request.authorization_url),
            "host": "localhost",
        },
        "notification-subject": request.subject,
        "notification-intro": request.intro,
        "items": { "item": items },
        "created-date": millis(notification.created),
        "sent-date": notification.sent.map(millis),
        "read-date": notification.read.map(millis),
        "actioned-date": notification.actioned.map(millis),
        "archived-date": notification.archived.map(millis),
        "source": {
            "source-client-id": { "path": notification.source.client_id, "host": "localhost" },
            "source-name": { "value": notification.source.name },
        },
    })
}

/// All of them in JSON.
pub(crate) fn list_json<'a>(notifications: impl Iterator<Item = &'a Notification>) -> Value {
    let list: Vec<Value> = notifications
        .filter(|n| n.permission().is_some())
        .map(notification_json)
        .collect();
    json!({ "notification": list })
}

/// Path and query of an address.
fn path_of(url: &str) -> String {
    Url::parse(url).map_or_else(
        |_| String::new(),
        |url| match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        },
    )
}
