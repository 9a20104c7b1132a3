//! The API's description, for programs and for people.

use actix_web::dev::HttpServiceFactory;
use actix_web::http::header;
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::endpoints::redirect;
use crate::openapi::{self, Describe};

/// The page's own scripts only, and calls to this server only. It writes styles and small pictures
/// into itself.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn describe_json() -> Describe {
    Describe::new("readDescription", "Description", "This description")
        .any_json(200, "The API in OpenAPI 3.1")
}

pub(crate) fn describe_page() -> Describe {
    Describe::new("redirectToDocs", "Description", "Redirect to the page")
        .empty(302, "The page is at `/docs/`")
        .header(302, "Location", "`/docs/`")
}

pub(crate) async fn json() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "max-age=300"))
        .body(openapi::served())
}

pub(crate) async fn page(req: HttpRequest) -> HttpResponse {
    redirect::to_slash(&req)
}

/// The page for people, all of it from this binary.
pub(crate) fn ui() -> impl HttpServiceFactory + 'static {
    let policy = (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    web::scope("/docs")
        .wrap(DefaultHeaders::new().add(policy))
        .service(SwaggerUi::new("/{_:.*}").config(Config::new(["/openapi.json"])))
}
