//! The description of the API, made from the table of routes and kept in `openapi/`.

mod describe;
mod messages;
mod operator_messages;
mod orcid_messages;
mod owner_messages;
mod schemas;
mod shapes;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use actix_web::web::Bytes;
use utoipa::openapi::path::{HttpMethod, PathItem, PathsBuilder};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, InfoBuilder, License, OpenApi, OpenApiBuilder};

use crate::routes::ENDPOINTS;
pub(crate) use describe::Describe;

const ABOUT: &str = "Mints, updates and reads RAiDs (Research Activity Identifiers, ISO 23527). \
    Errors are problem details (RFC 9457). Every answer carries `X-Request-Id`, and takes over \
    the one that a request brings. A path with another method answers 405, an unknown path 404; `HEAD` \
    is answered wherever `GET` is, and `OPTIONS` everywhere. Pages of any origin may read what needs \
    no token.";

/// The description of everything that the registry serves.
pub fn openapi() -> OpenApi {
    let mut paths = PathsBuilder::new();
    for endpoint in ENDPOINTS {
        let method = match endpoint.method.as_str() {
            "POST" => HttpMethod::Post,
            "PUT" => HttpMethod::Put,
            "PATCH" => HttpMethod::Patch,
            "DELETE" => HttpMethod::Delete,
            _ => HttpMethod::Get,
        };
        let operation = (endpoint.describe)().limited().build();
        paths = paths.path(endpoint.path, PathItem::new(method, operation));
    }
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .description(Some(
            "A token of a trusted issuer, with roles in `realm_access.roles` and the group of the \
             service point in `service_point_group_id`; or one that this agency issued, which begins \
             with `raid_` (`POST /v1/tokens`).",
        ))
        .build();
    let components = schemas::all()
        .into_iter()
        .fold(ComponentsBuilder::new(), |components, (name, schema)| {
            components.schema(name, schema)
        })
        .security_scheme(describe::BEARER, SecurityScheme::Http(bearer));
    OpenApiBuilder::new()
        .info(
            InfoBuilder::new()
                .title("RAiD registry")
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(ABOUT))
                .license(Some(License::new("Apache-2.0"))),
        )
        .paths(paths)
        .components(Some(components.build()))
        .build()
}

/// The description as JSON, the same text each time.
pub fn openapi_json() -> String {
    // Through a value, whose members are sorted; a description is always JSON.
    serde_json::to_value(openapi())
        .and_then(|value| serde_json::to_string_pretty(&value))
        .map(|json| json + "\n")
        .unwrap_or_default()
}

static SERVED: LazyLock<Bytes> = LazyLock::new(|| openapi_json().into());

/// The description as it is served.
pub(crate) fn served() -> Bytes {
    SERVED.clone()
}
