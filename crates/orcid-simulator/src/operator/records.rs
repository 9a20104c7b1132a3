//! What happens to a record from outside: its owner, ORCID's staff, the mail job.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path};
use serde::Deserialize;
use serde_json::json;
use time::OffsetDateTime;

use super::{done, refuse, views};
use crate::OrcidId;
use crate::app::App;
use crate::grants::parse_scopes;
use crate::membership::Visibility;
use crate::notification::Notification;
use crate::pages::revoke_as_user;
use crate::settings::Researcher;
use crate::world::RecordState;

const NO_RECORD: &str = "no such record";

/// A researcher to add.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewResearcher {
    orcid: OrcidId,
    #[serde(default)]
    name: Option<String>,
}

/// `POST /operator/records`: adds a researcher; one that exists stays as it is.
pub(crate) async fn add(app: Data<Arc<App>>, Json(sent): Json<NewResearcher>) -> HttpResponse {
    let researcher = Researcher {
        orcid: sent.orcid,
        name: sent.name,
        password: None,
    };
    let mut state = app.lock();
    let now = app.now(&state.world);
    state.world.add_researcher(&researcher, now);
    drop(state);
    done(&app, &json!({ "orcid": researcher.orcid }))
}

/// `POST /operator/records/{orcid}/state`
pub(crate) async fn set_state(
    app: Data<Arc<App>>,
    orcid: Path<OrcidId>,
    Json(to): Json<RecordState>,
) -> HttpResponse {
    let mut state = app.lock();
    if let RecordState::Deprecated { into } = &to
        && (!state.world.records.contains_key(into) || *into == *orcid)
    {
        return refuse(400, "into must name another record");
    }
    if !state.world.set_state(&orcid, to.clone()) {
        return refuse(404, NO_RECORD);
    }
    drop(state);
    done(&app, &json!(to))
}

/// A visibility to set.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetVisibility {
    visibility: Visibility,
}

/// `POST /operator/records/{orcid}/default-visibility`: for items that are added from now on.
pub(crate) async fn set_default_visibility(
    app: Data<Arc<App>>,
    orcid: Path<OrcidId>,
    Json(to): Json<SetVisibility>,
) -> HttpResponse {
    let mut state = app.lock();
    let Some(record) = state.world.records.get_mut(&*orcid) else {
        return refuse(404, NO_RECORD);
    };
    record.default_visibility = to.visibility;
    drop(state);
    done(&app, &json!({ "default_visibility": to.visibility }))
}

/// `DELETE /operator/records/{orcid}/memberships/{put-code}`: the researcher deletes an item.
pub(crate) async fn delete_membership(
    app: Data<Arc<App>>,
    path: Path<(OrcidId, i64)>,
) -> HttpResponse {
    let (orcid, put_code) = path.into_inner();
    let mut state = app.lock();
    let Some(record) = state.world.records.get_mut(&orcid) else {
        return refuse(404, NO_RECORD);
    };
    if record.memberships.remove(&put_code).is_none() {
        return refuse(404, "no such membership");
    }
    drop(state);
    done(&app, &json!({ "deleted": put_code }))
}

/// `POST /operator/records/{orcid}/memberships/{put-code}/visibility`
pub(crate) async fn set_visibility(
    app: Data<Arc<App>>,
    path: Path<(OrcidId, i64)>,
    Json(to): Json<SetVisibility>,
) -> HttpResponse {
    let (orcid, put_code) = path.into_inner();
    let mut state = app.lock();
    let Some(record) = state.world.records.get_mut(&orcid) else {
        return refuse(404, NO_RECORD);
    };
    let Some(membership) = record.memberships.get_mut(&put_code) else {
        return refuse(404, "no such membership");
    };
    membership.visibility = to.visibility;
    drop(state);
    done(&app, &json!({ "visibility": to.visibility }))
}

/// The client whose permission is taken back.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Revocation {
    client_id: String,
}

/// `POST /operator/records/{orcid}/revoke`: as the researcher does under trusted organisations.
pub(crate) async fn revoke(
    app: Data<Arc<App>>,
    orcid: Path<OrcidId>,
    Json(sent): Json<Revocation>,
) -> HttpResponse {
    let mut state = app.lock();
    let disabled = revoke_as_user(&mut state.world, &orcid, &sent.client_id);
    drop(state);
    done(&app, &json!({ "disabled_tokens": disabled }))
}

/// What is left of a permission.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Narrowing {
    client_id: String,
    /// The scopes that stay, separated by spaces.
    scope: String,
}

/// `POST /operator/records/{orcid}/scope`: the researcher's live tokens for the client keep these
/// scopes only, until a new grant.
pub(crate) async fn narrow(
    app: Data<Arc<App>>,
    orcid: Path<OrcidId>,
    Json(sent): Json<Narrowing>,
) -> HttpResponse {
    let mut state = app.lock();
    let now = app.now(&state.world);
    let kept = parse_scopes(&sent.scope);
    let narrowed = state
        .world
        .grants
        .narrow(&sent.client_id, &orcid, &kept, now);
    drop(state);
    done(&app, &json!({ "narrowed_tokens": narrowed }))
}

/// `POST /operator/records/{orcid}/notifications/{put-code}/read`: the researcher opens it.
pub(crate) async fn read_notification(
    app: Data<Arc<App>>,
    path: Path<(OrcidId, i64)>,
) -> HttpResponse {
    change_notification(&app, path.into_inner(), Notification::read_by_researcher)
}

/// `POST /operator/records/{orcid}/notifications/{put-code}/archive`: the researcher archives it.
pub(crate) async fn archive_notification(
    app: Data<Arc<App>>,
    path: Path<(OrcidId, i64)>,
) -> HttpResponse {
    change_notification(
        &app,
        path.into_inner(),
        Notification::archived_by_researcher,
    )
}

fn change_notification(
    app: &App,
    (orcid, put_code): (OrcidId, i64),
    change: fn(&mut Notification, OffsetDateTime),
) -> HttpResponse {
    let mut state = app.lock();
    let now = app.now(&state.world);
    let Some(record) = state.world.record(&orcid, now) else {
        return refuse(404, NO_RECORD);
    };
    let Some(notification) = record.notification(put_code) else {
        return refuse(404, "no such notification");
    };
    change(notification, now);
    let shown = views::notification(notification);
    drop(state);
    done(app, &shown)
}

/// `POST /operator/digest`: the mail job runs and stamps `sent-date`.
pub(crate) async fn send_digest(app: Data<Arc<App>>) -> HttpResponse {
    let mut state = app.lock();
    let now = app.now(&state.world);
    let mut sent = 0_u64;
    let active = state
        .world
        .records
        .values_mut()
        .filter(|r| r.state == RecordState::Active);
    for notification in active.flat_map(|r| r.inbox.iter_mut()) {
        if notification.sent.is_none() && notification.archived.is_none() {
            notification.sent = Some(now);
            sent += 1;
        }
    }
    drop(state);
    done(&app, &json!({ "sent": sent }))
}
