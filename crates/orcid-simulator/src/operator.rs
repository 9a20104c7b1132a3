//! `/operator/…`: switches and readings for whoever runs the simulator. JSON, no sign-in: the
//! simulator listens on this machine only.

mod faults;
mod records;
mod views;

use std::sync::Arc;

use actix_web::error::InternalError;
use actix_web::web::{self, Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;

/// Registers the operator's endpoints.
pub(crate) fn configure(config: &mut web::ServiceConfig) {
    let record = "/operator/records/{orcid}";
    config
        .app_data(web::JsonConfig::default().error_handler(bad_json))
        .service(
            web::resource("/operator/faults")
                .route(web::get().to(faults::list))
                .route(web::post().to(faults::set))
                .route(web::delete().to(faults::clear)),
        )
        .service(web::resource("/operator/records").route(web::post().to(records::add)))
        .service(web::resource(record).route(web::get().to(views::record)))
        .service(web::resource(format!("{record}/state")).route(web::post().to(records::set_state)))
        .service(
            web::resource(format!("{record}/default-visibility"))
                .route(web::post().to(records::set_default_visibility)),
        )
        .service(
            web::resource(format!("{record}/memberships/{{put_code}}"))
                .route(web::delete().to(records::delete_membership)),
        )
        .service(
            web::resource(format!("{record}/memberships/{{put_code}}/visibility"))
                .route(web::post().to(records::set_visibility)),
        )
        .service(
            web::resource(format!("{record}/notifications/{{put_code}}/read"))
                .route(web::post().to(records::read_notification)),
        )
        .service(
            web::resource(format!("{record}/notifications/{{put_code}}/archive"))
                .route(web::post().to(records::archive_notification)),
        )
        .service(web::resource(format!("{record}/scope")).route(web::post().to(records::narrow)))
        .service(web::resource(format!("{record}/revoke")).route(web::post().to(records::revoke)))
        .service(web::resource("/operator/clients/{id}").route(web::post().to(set_client)))
        .service(web::resource("/operator/clock").route(web::post().to(advance_clock)))
        .service(web::resource("/operator/digest").route(web::post().to(records::send_digest)))
        .service(web::resource("/operator/reset").route(web::post().to(reset)))
        .service(
            web::resource("/operator/counters")
                .route(web::get().to(views::counters))
                .route(web::delete().to(views::reset_counters)),
        )
        .service(web::resource("/operator/tokens").route(web::get().to(views::tokens)))
        .service(web::resource("/operator/messages").route(web::get().to(views::messages)));
}

/// An answer that says what is wrong.
pub(crate) fn refuse(status: u16, why: &str) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
    HttpResponse::build(status).json(json!({ "error": why }))
}

/// An answer that shows what holds now.
pub(crate) fn done(app: &App, value: &Value) -> HttpResponse {
    app.changed();
    HttpResponse::Ok().json(value)
}

fn bad_json(error: actix_web::error::JsonPayloadError, _: &HttpRequest) -> actix_web::Error {
    let answer = refuse(400, &error.to_string());
    InternalError::from_response(error, answer).into()
}

/// Switches of a client; what is left out stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientSwitches {
    disabled: Option<bool>,
    premium: Option<bool>,
}

/// `POST /operator/clients/{id}`
async fn set_client(
    app: Data<Arc<App>>,
    id: Path<String>,
    Json(switches): Json<ClientSwitches>,
) -> HttpResponse {
    let mut state = app.lock();
    let Some(client) = state.world.clients.get_mut(id.as_str()) else {
        return refuse(404, "no such client");
    };
    client.disabled = switches.disabled.unwrap_or(client.disabled);
    client.premium = switches.premium.unwrap_or(client.premium);
    let now = json!({ "disabled": client.disabled, "premium": client.premium });
    drop(state);
    done(&app, &now)
}

/// How far the clock moves on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    advance_seconds: u32,
}

/// `POST /operator/clock`
async fn advance_clock(app: Data<Arc<App>>, Json(by): Json<Advance>) -> HttpResponse {
    let mut state = app.lock();
    let offset = state
        .world
        .clock_offset
        .saturating_add(i64::from(by.advance_seconds));
    state.world.clock_offset = offset;
    let now = app.now(&state.world);
    drop(state);
    done(
        &app,
        &json!({ "offset_seconds": offset, "now": crate::timestamp::timestamp(now) }),
    )
}

/// `POST /operator/reset`: records, inboxes, grants, faults and counters as at a first start.
async fn reset(app: Data<Arc<App>>) -> HttpResponse {
    app.reset();
    HttpResponse::Ok().json(json!({ "reset": true }))
}
