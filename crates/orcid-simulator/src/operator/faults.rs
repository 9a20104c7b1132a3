//! `/operator/faults`

use std::sync::Arc;
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use serde_json::{Value, json};

use super::refuse;
use crate::app::App;
use crate::faults::{FaultRequest, Faults};

/// Members of a fault; others are a slip of the pen.
const MEMBERS: &[&str] = &[
    "kind",
    "ms",
    "per_second",
    "burst",
    "delay",
    "status",
    "calls",
    "orcids",
    "when",
    "for_ms",
];

/// `GET /operator/faults`
pub(crate) async fn list(app: Data<Arc<App>>) -> HttpResponse {
    HttpResponse::Ok().json(shown(&app.lock().faults))
}

/// `POST /operator/faults`: one fault or an array of them; each replaces the one of its kind for the
/// same calls and records.
pub(crate) async fn set(app: Data<Arc<App>>, Json(body): Json<Value>) -> HttpResponse {
    let list = match body {
        Value::Array(list) => list,
        one => vec![one],
    };
    let mut requests = Vec::new();
    for value in list {
        let unknown = value
            .as_object()
            .and_then(|o| o.keys().find(|key| !MEMBERS.contains(&key.as_str())));
        if let Some(unknown) = unknown {
            return refuse(400, &format!("a fault has no member {unknown}"));
        }
        match serde_json::from_value::<FaultRequest>(value) {
            Ok(request) => requests.push(request),
            Err(error) => return refuse(400, &error.to_string()),
        }
    }
    let mut state = app.lock();
    for request in requests {
        state.faults.set(request, Instant::now());
    }
    HttpResponse::Ok().json(shown(&state.faults))
}

/// `DELETE /operator/faults`
pub(crate) async fn clear(app: Data<Arc<App>>) -> HttpResponse {
    let mut state = app.lock();
    state.faults.clear();
    HttpResponse::Ok().json(shown(&state.faults))
}

fn shown(faults: &Faults) -> Value {
    let active: Vec<Value> = faults
        .active()
        .iter()
        .map(|fault| json!({ "fault": fault.request, "struck": fault.struck }))
        .collect();
    json!({ "active": active })
}
