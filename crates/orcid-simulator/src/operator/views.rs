//! What the operator can read.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::refuse;
use crate::OrcidId;
use crate::app::App;
use crate::grants::{Token, join_scopes};
use crate::membership::{FuzzyDate, Membership};
use crate::notification::{Notification, Subject};
use crate::timestamp::timestamp;

/// `GET /operator/counters`
pub(crate) async fn counters(app: Data<Arc<App>>) -> HttpResponse {
    HttpResponse::Ok().json(&app.lock().counters)
}

/// `DELETE /operator/counters`: starts again from zero.
pub(crate) async fn reset_counters(app: Data<Arc<App>>) -> HttpResponse {
    let mut state = app.lock();
    state.counters.reset();
    HttpResponse::Ok().json(&state.counters)
}

/// `GET /operator/records/{orcid}`: everything on a record. Tokens are shown without their secrets.
pub(crate) async fn record(app: Data<Arc<App>>, orcid: Path<OrcidId>) -> HttpResponse {
    let mut state = app.lock();
    let now = app.now(&state.world);
    let tokens: Vec<Value> = state
        .world
        .grants
        .all()
        .filter(|t| t.orcid.as_ref() == Some(&*orcid))
        .map(|t| token(t, now))
        .collect();
    let Some(record) = state.world.record(&orcid, now) else {
        return refuse(404, "no such record");
    };
    HttpResponse::Ok().json(json!({
        "orcid": *orcid,
        "name": record.name,
        "state": record.state,
        "default_visibility": record.default_visibility,
        "memberships": record.memberships.values().map(membership).collect::<Vec<_>>(),
        "notifications": record.inbox.iter().map(notification).collect::<Vec<_>>(),
        "tokens": tokens,
    }))
}

/// `GET /operator/tokens`: the live secrets, for a search of logs and databases.
pub(crate) async fn tokens(app: Data<Arc<App>>) -> HttpResponse {
    let state = app.lock();
    let now = app.now(&state.world);
    let live: Vec<Value> = state
        .world
        .grants
        .all()
        .filter(|t| t.live(now))
        .map(|t| {
            json!({
                "orcid": t.orcid,
                "client_id": t.client_id,
                "scope": join_scopes(&t.scopes),
                "access_token": t.access,
                "refresh_token": t.refresh,
            })
        })
        .collect();
    HttpResponse::Ok().json(json!({ "tokens": live }))
}

/// `GET /operator/messages`: the request bodies of the member API, oldest first.
pub(crate) async fn messages(app: Data<Arc<App>>) -> HttpResponse {
    let state = app.lock();
    HttpResponse::Ok().json(json!({ "messages": state.messages() }))
}

fn membership(m: &Membership) -> Value {
    json!({
        "put_code": m.put_code,
        "client_id": m.source.client_id,
        "visibility": m.visibility,
        "created": timestamp(m.created),
        "modified": timestamp(m.modified),
        "department_name": m.affiliation.department_name,
        "role_title": m.affiliation.role_title,
        "start_date": m.affiliation.start_date.as_ref().map(FuzzyDate::display),
        "end_date": m.affiliation.end_date.as_ref().map(FuzzyDate::display),
        "organization": m.affiliation.organization,
        "url": m.affiliation.url,
        "external_ids": m.affiliation.external_ids,
    })
}

/// A notification as the record shows it.
pub(super) fn notification(n: &Notification) -> Value {
    let mut value = json!({
        "put_code": n.put_code,
        "client_id": n.source.client_id,
        "created": timestamp(n.created),
        "sent": n.sent.map(timestamp),
        "read": n.read.map(timestamp),
        "actioned": n.actioned.map(timestamp),
        "archived": n.archived.map(timestamp),
    });
    match &n.subject {
        Subject::Permission(request) => {
            value["kind"] = json!("permission");
            value["authorization_url"] = json!(request.authorization_url);
            value["subject"] = json!(request.subject);
            value["intro"] = json!(request.intro);
            value["items"] = json!(request.items);
        }
        Subject::Amended(amendment) => {
            value["kind"] = json!("amended");
            value["action"] = json!(amendment.action);
            value["item"] = json!(amendment.item);
        }
    }
    value
}

fn token(t: &Token, now: OffsetDateTime) -> Value {
    json!({
        "client_id": t.client_id,
        "scope": join_scopes(&t.scopes),
        "issued": timestamp(t.issued),
        "live": t.live(now),
        "disabled": t.disabled,
    })
}
