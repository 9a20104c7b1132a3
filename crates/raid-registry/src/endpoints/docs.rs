//! The API's description, for programs and for people.

use std::sync::Arc;

use actix_web::dev::HttpServiceFactory;
use actix_web::http::{Method, header};
use actix_web::middleware::DefaultHeaders;
use actix_web::{HttpRequest, HttpResponse, ResponseError as _, web};
use utoipa_swagger_ui::Config;

use crate::endpoints::redirect;
use crate::openapi::{self, Describe};
use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::{accept, methods};

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
        .text("Clients that like JSON better than pages get this description.")
        .any_json(200, "The API in OpenAPI 3.1")
        .empty(302, "The page is at `/docs/`")
        .header(302, "Location", "`/docs/`")
}

pub(crate) async fn json() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CACHE_CONTROL, "max-age=300"))
        .insert_header((header::VARY, "Accept"))
        .body(openapi::served())
}

pub(crate) async fn page(req: HttpRequest) -> HttpResponse {
    if accept::prefers_json(&req) {
        return json().await;
    }
    redirect::to_slash(&req)
}

/// The page for people and its files, all of them from this binary.
pub(crate) fn files() -> impl HttpServiceFactory + 'static {
    let policy = (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY);
    methods::resource("/docs/{file:.*}", vec![(Method::GET, web::to(file))])
        .wrap(DefaultHeaders::new().add(policy))
}

async fn file(req: HttpRequest, name: web::Path<String>) -> HttpResponse {
    if name.is_empty() && accept::prefers_json(&req) {
        return json().await;
    }
    let config = Arc::new(Config::new(["/openapi.json"]));
    match utoipa_swagger_ui::serve(&name, config) {
        Ok(Some(file)) => {
            let mut answer = HttpResponse::Ok();
            if file.gzpipped {
                answer.insert_header(header::ContentEncoding::Gzip);
            }
            answer
                .content_type(file.content_type)
                .insert_header((header::VARY, "Accept"))
                .body(file.bytes.into_owned())
        }
        Ok(None) => Refusal::NotFound.error_response(),
        Err(error) => {
            tracing::error!(%error, "a file of the docs cannot be made");
            Refusal::from(Problem::internal()).error_response()
        }
    }
}
