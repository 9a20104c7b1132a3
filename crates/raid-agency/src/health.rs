//! Whether this process lives, whether it can serve, and what it counts.

use crate::telemetry::Metrics;
use actix_web::http::Method;
use actix_web::{HttpResponse, Resource, Route, web};
use orcid_client::Client;
use raid_model::permission::PermissionState;
use raid_model::trust::NamingState;
use raid_registry::{Registry, RequestLimits, resource};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{
    Store, StoreError, Timestamp, damage, memberships, namings, permissions, service_points, tasks,
};
use time::format_description::well_known::Rfc3339;
use tokio::sync::Mutex;

/// How long an answer to whether the database works counts, however often it is asked for.
const KNOWN_FOR: Duration = Duration::from_secs(1);

/// The caches of this process.
pub struct Caches {
    registry: Option<web::Data<Registry>>,
    limits: web::Data<RequestLimits>,
}

impl Caches {
    /// Those of the registry, if this process has one, and of the limits.
    pub fn new(registry: Option<web::Data<Registry>>, limits: web::Data<RequestLimits>) -> Self {
        Self { registry, limits }
    }

    /// Has each drop what is too old, and tells the metrics how much the others take.
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    fn gauge(&self) {
        let registry = self.registry.iter();
        let sizes = registry.flat_map(|it| it.cache_sizes());
        for size in sizes.chain(self.limits.cache_size()) {
            metrics::gauge!("raid_cache_bytes", "cache" => size.name).set(size.held as f64);
            metrics::gauge!("raid_cache_max_bytes", "cache" => size.name).set(size.most as f64);
        }
    }
}

/// What the answers are made from.
pub struct Health {
    store: Store,
    metrics: Metrics,
    caches: Caches,
    orcid: Option<Arc<Client>>,
    judged_after: usize,
    /// When the database was tried, and why it did not work.
    database: Mutex<Option<(Instant, Option<String>)>>,
}

impl Health {
    /// Looks at this store, and at our client at ORCID if this process has one. A refused token is
    /// judged after so many more tries.
    pub fn new(
        store: Store,
        metrics: Metrics,
        caches: Caches,
        orcid: Option<Arc<Client>>,
        judged_after: usize,
    ) -> Self {
        Self {
            store,
            metrics,
            caches,
            orcid,
            judged_after,
            database: Mutex::default(),
        }
    }

    /// Gives back memory that is not needed any more. To be called every few seconds.
    pub fn keep_small(&self) {
        self.metrics.add_up();
        self.caches.gauge();
    }

    /// Why the database cannot be read and written, if so. Tried by one request at a time.
    async fn database_trouble(&self) -> Option<String> {
        let mut known = self.database.lock().await;
        if let Some((at, trouble)) = &*known
            && at.elapsed() < KNOWN_FOR
        {
            return trouble.clone();
        }
        let tried = self.try_database().await;
        if let Err(error) = &tried {
            tracing::warn!(%error, "the database does not work");
        }
        let trouble = tried.err().map(|error| error.to_string());
        *known = Some((Instant::now(), trouble.clone()));
        trouble
    }

    async fn try_database(&self) -> Result<(), StoreError> {
        let read = self
            .store
            .read(|c| service_points::find(c, 0).map(drop))
            .await;
        let write = self.store.prove_writable().await;
        read.and(write)
    }

    /// How many refused tokens are not judged, since ORCID refuses those of others too: while there
    /// are any the breaker is open. None when this process does not talk to ORCID.
    async fn held(&self) -> Option<Result<i64, StoreError>> {
        self.orcid.as_ref()?;
        let judged_after = self.judged_after;
        let held = self
            .store
            .read(move |c| permissions::count_unjudged(c, judged_after));
        Some(held.await)
    }

    /// Whether ORCID accepts our client; none when this process does not talk to ORCID.
    fn orcid(&self) -> Option<Value> {
        let client = self.orcid.as_ref()?;
        Some(match client.health().trouble() {
            None => json!({ "status": "UP" }),
            Some(trouble) => {
                let since = self.store.clock().now() - trouble.since.elapsed();
                let since = since.assume_utc().format(&Rfc3339).unwrap_or_default();
                json!({ "status": "DOWN", "reason": trouble.reason, "since": since })
            }
        })
    }
}

/// For everybody: `/health/live`, which says no more than that the process answers. Visitors are led to
/// the docs.
pub fn configure_public(cfg: &mut web::ServiceConfig) {
    let to_docs = || async { web::Redirect::to("/docs/") };
    cfg.service(resource("/", vec![(Method::GET, web::to(to_docs))]))
        .service(read("/health/live", web::to(live)));
}

/// For those who watch the process, on a listener of their own: `/health/live`, `/health/ready`,
/// `/health/details` and `/metrics`.
pub fn configure_internal(cfg: &mut web::ServiceConfig, health: web::Data<Health>) {
    cfg.app_data(health)
        .service(read("/health/live", web::to(live)))
        .service(read("/health/ready", web::to(ready)))
        .service(read("/health/details", web::to(details)))
        .service(read("/metrics", web::to(metrics)));
}

fn read(path: &str, route: Route) -> Resource {
    resource(path, vec![(Method::GET, route)])
}

async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "UP" }))
}

/// Ready means that the database can be read and written.
async fn ready(health: web::Data<Health>) -> HttpResponse {
    if health.database_trouble().await.is_none() {
        HttpResponse::Ok().json(json!({ "status": "UP" }))
    } else {
        HttpResponse::ServiceUnavailable().json(json!({ "status": "DOWN" }))
    }
}

/// What works and what does not, for operators. Minting works without ORCID, so that trouble there
/// leaves the process ready.
async fn details(health: web::Data<Health>) -> HttpResponse {
    let database = match health.database_trouble().await {
        None => json!({ "status": "UP" }),
        Some(reason) => json!({ "status": "DOWN", "reason": reason }),
    };
    let mut details = json!({ "database": database });
    if let Some(orcid) = health.orcid() {
        details["orcid"] = orcid;
    }
    // Without an answer the database is known to be down.
    if let Some(Ok(held)) = health.held().await {
        let breaker = if held > 0 { "open" } else { "closed" };
        details["permissions"] = json!({ "breaker": breaker, "held": held });
    }
    HttpResponse::Ok().json(details)
}

async fn metrics(health: web::Data<Health>) -> HttpResponse {
    let now = health.store.clock().now();
    if let Err(e) = health.store.read(move |c| gauge(c, now)).await {
        tracing::warn!(error = %e, "the store cannot be counted");
    }
    metrics::counter!("raid_damaged_records_left_out_total").absolute(damage::times_left_out());
    if let Some(client) = &health.orcid {
        let usable = client.health().trouble().is_none();
        metrics::gauge!("raid_orcid_client_usable").set(if usable { 1.0 } else { 0.0 });
    }
    match health.held().await {
        Some(Ok(held)) => {
            let open = if held > 0 { 1.0 } else { 0.0 };
            metrics::gauge!("raid_permission_breaker_open").set(open);
        }
        Some(Err(error)) => tracing::warn!(%error, "the breaker cannot be read"),
        None => {}
    }
    health.caches.gauge();
    HttpResponse::Ok()
        .content_type("text/plain; version=0.0.4; charset=utf-8")
        .body(health.metrics.render())
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn gauge(c: &mut store::Conn, now: Timestamp) -> Result<(), StoreError> {
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
    let overdue = tasks::overdue(c, now)?;
    for kind in tasks::Kind::ALL {
        let found = overdue.iter().find(|overdue| overdue.kind == *kind);
        let count = found.map_or(0, |overdue| overdue.count);
        let age = found.map_or(0.0, |overdue| (now - overdue.since).as_seconds_f64());
        metrics::gauge!("raid_tasks_overdue", "kind" => kind.as_str()).set(count as f64);
        metrics::gauge!("raid_oldest_overdue_task_seconds", "kind" => kind.as_str()).set(age);
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
    let named = namings::counts(c)?;
    for state in NamingState::ALL {
        let n = named.iter().find(|(s, _)| *s == state).map_or(0, |p| p.1);
        metrics::gauge!("raid_namings", "state" => state.as_str()).set(n as f64);
    }
    Ok(())
}
