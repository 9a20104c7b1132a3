//! All routes, in one table.

use std::collections::BTreeMap;

use actix_cors::Cors;
use actix_web::http::{Method, StatusCode, header};
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpRequest, ResponseError as _, Route, web};

use crate::endpoints::{
    bulk, changes, contributors, count, dead_letters, docs, history, holders, invitations, isni,
    landing, list, mint, orcid_calls, people, permissions, read, redaction, redirect, release,
    search, service_points, tokens, transfer, update, version, versions, vocabularies, withdrawal,
};
use crate::idempotency::IDEMPOTENCY_KEY;
use crate::methods::resource;
use crate::openapi::Describe;
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::registry::Registry;
use crate::request_log::{Pattern, REQUEST_ID};
use crate::settings::Settings;
use crate::warning::VALIDATION_WARNING;

/// What is served at a path and a method. `HEAD` is served wherever `GET` is.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    route: fn() -> Route,
    pub(crate) describe: fn() -> Describe,
}

macro_rules! endpoint {
    ($method:ident $path:literal => $handler:path, $describe:path) => {
        Endpoint {
            method: Method::$method,
            path: $path,
            route: || web::route().to($handler),
            describe: $describe,
        }
    };
}

/// Every endpoint of the registry.
#[rustfmt::skip]
pub(crate) const ENDPOINTS: &[Endpoint] = &[
    endpoint!(GET  "/raid" => redirect::list, redirect::describe_list),
    endpoint!(POST "/raid" => redirect::mint, redirect::describe_mint),
    endpoint!(GET  "/raid/" => list::list, list::describe),
    endpoint!(POST "/raid/" => mint::mint, mint::describe),
    endpoint!(GET  "/raid/all-embargoed" => list::embargoed, list::describe_embargoed),
    endpoint!(GET  "/raid/all-public" => list::public, list::describe_public),
    endpoint!(GET  "/raid/count" => count::count, count::describe),
    endpoint!(GET  "/raid/{prefix}/{suffix}" => read::read, read::describe),
    endpoint!(PUT  "/raid/{prefix}/{suffix}" => update::update, update::describe),
    endpoint!(PATCH "/raid/{prefix}/{suffix}" => contributors::patch, contributors::describe),
    endpoint!(GET  "/raid/{prefix}/{suffix}/history" => history::list, history::describe),
    endpoint!(GET  "/raid/{prefix}/{suffix}/permissions" => permissions::read, permissions::describe),
    endpoint!(GET  "/raid/{prefix}/{suffix}/{version}" => version::read, version::describe),
    endpoint!(GET  "/service-point" => redirect::service_points, redirect::describe_service_points),
    endpoint!(POST "/service-point" => redirect::create_service_point, redirect::describe_create),
    endpoint!(GET  "/service-point/" => service_points::list, service_points::describe_list),
    endpoint!(POST "/service-point/" => service_points::create, service_points::describe_create),
    endpoint!(PUT  "/service-point/{id}" => service_points::change, service_points::describe_change),
    endpoint!(GET  "/service-point/{id}" => service_points::read, service_points::describe_read),
    endpoint!(GET  "/v1/raids" => search::search, search::describe),
    endpoint!(GET  "/v1/raids/{prefix}/{suffix}/contributors" => people::list, people::describe_list),
    endpoint!(POST "/v1/raids/{prefix}/{suffix}/contributors/{orcid}/ask" => people::ask, people::describe_ask),
    endpoint!(POST "/v1/raids/{prefix}/{suffix}/contributors/{orcid}/accept-merge" => people::accept_merge, people::describe_accept),
    endpoint!(GET  "/v1/raids/{prefix}/{suffix}/holders" => holders::list, holders::describe_list),
    endpoint!(PUT  "/v1/raids/{prefix}/{suffix}/holders/{role}/{subject}" => holders::give, holders::describe_give),
    endpoint!(DELETE "/v1/raids/{prefix}/{suffix}/holders/{role}/{subject}" => holders::take, holders::describe_take),
    endpoint!(POST "/v1/raids/{prefix}/{suffix}/transfer" => transfer::transfer, transfer::describe),
    endpoint!(POST "/v1/raids/{prefix}/{suffix}/withdrawal" => withdrawal::withdraw, withdrawal::describe),
    endpoint!(POST "/v1/raids/{prefix}/{suffix}/reinstatement" => withdrawal::reinstate, withdrawal::describe_undoing),
    endpoint!(POST "/v1/raids/{prefix}/{suffix}/versions/{version}/redaction" => redaction::redact, redaction::describe),
    endpoint!(POST "/v1/raids/{prefix}/{suffix}/release" => release::raid, release::describe_raid),
    endpoint!(GET  "/v1/service-points/waiting" => release::waiting, release::describe_waiting),
    endpoint!(POST "/v1/service-points/{id}/release" => release::service_point, release::describe_service_point),
    endpoint!(POST "/v1/raids/bulk" => bulk::mint, bulk::describe),
    endpoint!(POST "/v1/raids/{prefix}/{suffix}/invitations" => invitations::invite, invitations::describe_invite),
    endpoint!(GET  "/v1/raids/{prefix}/{suffix}/invitations" => invitations::list, invitations::describe_list),
    endpoint!(DELETE "/v1/raids/{prefix}/{suffix}/invitations/{id}" => invitations::cancel, invitations::describe_cancel),
    endpoint!(POST "/v1/raids/{prefix}/{suffix}/invitations/{id}/resend" => invitations::resend, invitations::describe_resend),
    endpoint!(GET  "/v1/raids/{prefix}/{suffix}/versions" => versions::list, versions::describe),
    endpoint!(GET  "/v1/changes" => changes::list, changes::describe),
    endpoint!(GET  "/v1/orcid-calls" => orcid_calls::list, orcid_calls::describe),
    endpoint!(GET  "/v1/tokens" => tokens::list, tokens::describe_list),
    endpoint!(POST "/v1/tokens" => tokens::create, tokens::describe_create),
    endpoint!(DELETE "/v1/tokens/{id}" => tokens::revoke, tokens::describe_revoke),
    endpoint!(GET  "/v1/dead-letters" => dead_letters::list, dead_letters::describe_list),
    endpoint!(POST "/v1/dead-letters/{id}/redrive" => dead_letters::redrive, dead_letters::describe_redrive),
    endpoint!(DELETE "/v1/dead-letters/{id}" => dead_letters::discard, dead_letters::describe_drop),
    endpoint!(GET  "/v1/vocabularies" => vocabularies::list, vocabularies::describe_list),
    endpoint!(GET  "/v1/vocabularies/{name}" => vocabularies::read, vocabularies::describe_read),
    endpoint!(GET  "/raids/{prefix}/{suffix}" => landing::page, landing::describe),
    endpoint!(GET  "/isni/{isni}/name" => isni::name, isni::describe),
    endpoint!(GET  "/ui/isni/{isni}/name" => isni::name, isni::describe_for_app),
    endpoint!(GET  "/openapi.json" => docs::json, docs::describe_json),
    endpoint!(GET  "/docs" => docs::page, docs::describe_page),
];

/// Registers everything that the registry serves, and the answer to what nobody serves.
pub fn configure(cfg: &mut web::ServiceConfig, registry: web::Data<Registry>) {
    cfg.app_data(registry);
    let mut by_path: BTreeMap<&'static str, Vec<&Endpoint>> = BTreeMap::new();
    for endpoint in ENDPOINTS {
        by_path.entry(endpoint.path).or_default().push(endpoint);
    }
    for (path, endpoints) in by_path {
        let routes = endpoints.iter();
        let routes = routes.map(|endpoint| (endpoint.method.clone(), (endpoint.route)()));
        cfg.service(resource(path, routes.collect()).app_data(Pattern(path)));
    }
    cfg.service(docs::files());
    cfg.default_service(web::to(|req: HttpRequest| async move {
        let detail = "There is nothing at this address";
        Refusal::from(Problem::of_http(StatusCode::NOT_FOUND, detail, req.path())).error_response()
    }));
}

/// What every answer carries, as in the RAiD API: what a token gives the right to see is kept by
/// nobody on the way, and shows in nobody's frame.
pub fn protective_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((header::CACHE_CONTROL, "no-store"))
        .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((header::X_FRAME_OPTIONS, "DENY"))
}

/// Cross-origin rules for browser clients: the configured origins, with credentials. What everybody may
/// read, any origin may: [`crate::open_reads`].
pub fn cors(settings: &Settings) -> Cors {
    let mut cors = Cors::default()
        .allowed_methods([
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allowed_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT,
            header::IF_MATCH,
            header::IF_NONE_MATCH,
            IDEMPOTENCY_KEY,
            header::HeaderName::from_static("x-requested-with"),
            REQUEST_ID,
        ])
        .expose_headers([
            header::LOCATION,
            header::RETRY_AFTER,
            header::ETAG,
            header::LINK,
            REQUEST_ID,
            VALIDATION_WARNING,
        ])
        .supports_credentials()
        .max_age(3600);
    for origin in &settings.cors_origins {
        cors = cors.allowed_origin(origin);
    }
    cors
}
