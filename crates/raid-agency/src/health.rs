//! Whether this process lives, whether it can serve, and what it counts.

use crate::telemetry::Metrics;
use actix_web::{HttpResponse, web};
use raid_model::permission::PermissionState;
use serde_json::json;
use store::{Store, StoreError, memberships, migrate, permissions, service_points, tasks};

/// What the answers are made from.
pub struct Health {
    store: Store,
    metrics: Metrics,
}

impl Health {
    /// Looks at this store.
    pub fn new(store: Store, metrics: Metrics) -> Self {
        Self { store, metrics }
    }
}

/// Registers `/health/live`, `/health/ready` and `/metrics`, and leads visitors to the docs.
pub fn configure(cfg: &mut web::ServiceConfig, health: web::Data<Health>) {
    cfg.app_data(health)
        .service(web::redirect("/", "/docs/"))
        .service(web::resource("/health/live").route(web::get().to(live)))
        .service(web::resource("/health/ready").route(web::get().to(ready)))
        .service(web::resource("/metrics").route(web::get().to(metrics)));
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "UP" }))
}

/// Ready means that the database can be read and written.
async fn ready(health: web::Data<Health>) -> HttpResponse {
    let read = health
        .store
        .read(|c| service_points::find(c, 0).map(drop))
        .await;
    let write = health.store.write(migrate::prove_writable).await;
    match read.and(write) {
        Ok(()) => HttpResponse::Ok().json(json!({ "status": "UP" })),
        Err(e) => {
            tracing::warn!(error = %e, "not ready");
            HttpResponse::ServiceUnavailable().json(json!({ "status": "DOWN" }))
        }
    }
}

async fn metrics(health: web::Data<Health>) -> HttpResponse {
    if let Err(e) = health.store.read(gauge).await {
        tracing::warn!(error = %e, "the store cannot be counted");
    }
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(health.metrics.render())
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn gauge(c: &mut store::Conn) -> Result<(), StoreError> {
    let tasks = tasks::counts(c)?;
    for kind in tasks::Kind::ALL {
        for state in tasks::State::ALL {
            let n = tasks
                .iter()
                .find(|(k, s, _)| k == kind && s == state)
                .map_or(0, |t| t.2);
            metrics::gauge!("raid_tasks", "kind" => kind.as_str(), "state" => state.as_str())
                .set(n as f64);
        }
    }
    let people = permissions::counts(c)?;
    for state in PermissionState::ALL {
        let n = people.iter().find(|(s, _)| s == state).map_or(0, |p| p.1);
        metrics::gauge!("raid_permissions", "state" => state.as_str()).set(n as f64);
    }
    let entries = memberships::counts(c)?;
    for state in memberships::State::ALL {
        let n = entries.iter().find(|(s, _)| s == state).map_or(0, |e| e.1);
        metrics::gauge!("raid_memberships", "state" => state.as_str()).set(n as f64);
    }
    Ok(())
}
