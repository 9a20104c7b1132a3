//! Permission notifications: POST, GET, list, DELETE (archive).

use super::gate;
use super::{Answer, Call};
use crate::api_error::ApiError;
use crate::app::State;
use crate::notification::{
    Notification, Subject, list_json, list_xml, notification_json, notification_xml,
    read_notification,
};
use crate::reply::{Format, Reply};

const SCOPE: &str = "/premium-notification";

/// `POST /v3.0/{orcid}/notification-permission`
pub(crate) fn create(state: &mut State, call: &Call<'_>) -> Answer {
    let sent = read_notification(call.body)?;
    premium(state, call)?;
    let (orcid, _) = gate::record(&mut state.world, call, false)?;
    let request = sent.check(&call.app.web_url)?;
    let put_code = state.world.next_put_code();
    let source = state.world.source(&call.token.client_id);
    let notification = Notification::new(put_code, source, Subject::Permission(request), call.now);
    if let Some(record) = state.world.records.get_mut(&orcid) {
        record.inbox.push(notification);
    }
    *state
        .counters
        .notifications
        .entry(orcid.to_string())
        .or_default() += 1;
    let location = format!(
        "{}/v3.0/{orcid}/notification-permission/{put_code}",
        call.base
    );
    Ok(Reply::new(201).header("location", &location))
}

/// `GET /v3.0/{orcid}/notification-permission`: all of this client's.
pub(crate) fn list(state: &mut State, call: &Call<'_>) -> Answer {
    premium(state, call)?;
    let (_, record) = gate::record(&mut state.world, call, true)?;
    let own = record.inbox.iter().rev();
    let own = own.filter(|n| n.source.client_id == call.token.client_id);
    let body = match call.format {
        Format::Xml(_) => list_xml(own),
        Format::Json(_) => list_json(own).to_string().into_bytes(),
    };
    Ok(Reply::new(200).body(call.format.content_type(), body))
}

/// `GET /v3.0/{orcid}/notification-permission/{id}`
pub(crate) fn read(state: &mut State, call: &Call<'_>, id: &str) -> Answer {
    premium(state, call)?;
    let id = id_of(id)?;
    let (_, record) = gate::record(&mut state.world, call, true)?;
    let notification = record.notification(id).filter(|n| n.permission().is_some());
    let notification = notification.ok_or_else(|| ApiError::new(9029))?;
    if notification.source.client_id != call.token.client_id {
        return Err(ApiError::new(9004));
    }
    Ok(shown(call, notification))
}

/// `DELETE /v3.0/{orcid}/notification-permission/{id}`: archives it, answers with its content.
pub(crate) fn archive(state: &mut State, call: &Call<'_>, id: &str) -> Answer {
    premium(state, call)?;
    let id = id_of(id)?;
    let (_, record) = gate::record(&mut state.world, call, false)?;
    let notification = record.notification(id).filter(|n| n.permission().is_some());
    let notification = notification.ok_or_else(|| ApiError::new(9029))?;
    if notification.source.client_id != call.token.client_id {
        return Err(ApiError::new(9010));
    }
    if notification.archived.is_none() {
        if notification.read.is_some() {
            return Err(ApiError::new(9009));
        }
        notification.archived = Some(call.now);
    }
    Ok(shown(call, notification))
}

fn shown(call: &Call<'_>, notification: &Notification) -> Reply {
    let body = match call.format {
        Format::Xml(_) => notification_xml(notification),
        Format::Json(_) => notification_json(notification).to_string().into_bytes(),
    };
    Reply::new(200).body(call.format.content_type(), body)
}

fn id_of(text: &str) -> Result<i64, ApiError> {
    text.parse()
        .map_err(|_| ApiError::transport(404, "HTTP 404 Not Found"))
}

/// The scope, and that it is still enabled for the client.
fn premium(state: &State, call: &Call<'_>) -> Result<(), ApiError> {
    let enabled = state
        .world
        .clients
        .get(&call.token.client_id)
        .is_some_and(|c| c.premium);
    if !call.app.settings.enforce_notification_scope || (enabled && call.token.allows(SCOPE)) {
        return Ok(());
    }
    Err(ApiError::new(9004).detail(&format!("Insufficient or wrong scope [{SCOPE}]")))
}
