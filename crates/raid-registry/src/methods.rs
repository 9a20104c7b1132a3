//! Resources that answer every method: what they serve, `HEAD` wherever `GET` is served, `OPTIONS` with
//! what there is (RFC 9110 §9.3.7), and 405 for the rest.

use actix_web::http::{Method, StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError as _, Route, guard, web};

use crate::problem::Problem;
use crate::refusal::Refusal;

/// The resource at a path that serves these methods.
pub fn resource(path: &str, routes: Vec<(Method, Route)>) -> Resource {
    let mut resource = web::resource(path);
    let mut allowed = Vec::new();
    for (method, route) in routes {
        allowed.push(method.as_str().to_owned());
        resource = resource.route(if method == Method::GET {
            allowed.push(Method::HEAD.as_str().to_owned());
            route.guard(guard::Any(guard::Get()).or(guard::Head()))
        } else {
            route.method(method)
        });
    }
    allowed.push(Method::OPTIONS.as_str().to_owned());
    let allowed = allowed.join(", ");
    resource.default_service(web::to(move |req: HttpRequest| {
        let allowed = allowed.clone();
        async move { other_method(&req, &allowed) }
    }))
}

fn other_method(req: &HttpRequest, allowed: &str) -> HttpResponse {
    let mut answer = if req.method() == Method::OPTIONS {
        HttpResponse::NoContent().finish()
    } else {
        let detail = format!("Method '{}' is not supported.", req.method());
        let status = StatusCode::METHOD_NOT_ALLOWED;
        Refusal::from(Problem::of_http(status, detail, req.path())).error_response()
    };
    if let Ok(allowed) = header::HeaderValue::from_str(allowed) {
        answer.headers_mut().insert(header::ALLOW, allowed);
    }
    answer
}
