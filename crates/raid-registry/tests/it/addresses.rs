//! Where each endpoint is asked for its statuses, and with what.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};

use crate::harness::{minimal, request};

pub const SECURED_READS: &[&str] = &[
    "/raid",
    "/raid/",
    "/raid/10.82841/nowhere",
    "/raid/10.82841/nowhere/1",
    "/raid/10.82841/nowhere/history",
    "/raid/10.82841/nowhere/permissions",
    "/raid/all-embargoed",
    "/raid/all-public",
    "/raid/count",
    "/service-point",
    "/service-point/",
    "/service-point/7",
    "/v1/dead-letters",
    "/v1/orcid-calls",
    "/v1/raids/10.82841/nowhere/contributors",
    "/v1/raids/10.82841/nowhere/holders",
    "/v1/raids/10.82841/nowhere/invitations",
    "/v1/raids/10.82841/nowhere/versions",
    "/v1/service-points/waiting",
    "/v1/tokens",
];

/// What everybody may read.
pub const CHANGES: &str = "/v1/changes";

pub const BULK: &str = "/v1/raids/bulk";

/// Open to everybody.
pub const SEARCH: &str = "/v1/raids";

pub fn is_redirect(path: &str) -> bool {
    ["/raid", "/service-point"].contains(&path)
}

/// What is changed without a body.
pub const HOLDER: &str = "/v1/raids/10.82841/nowhere/holders/raid-user/somebody";

/// The same, of an invitation that is not there.
pub const INVITATION: &str =
    "/v1/raids/10.82841/nowhere/invitations/019a0000-0000-7000-8000-000000000000";
pub const RESEND: &str =
    "/v1/raids/10.82841/nowhere/invitations/019a0000-0000-7000-8000-000000000000/resend";

/// What is wanted of one contributor.
pub const ASK: &str = "/v1/raids/10.82841/nowhere/contributors/0000-0002-1825-0097/ask";
pub const ACCEPT_MERGE: &str =
    "/v1/raids/10.82841/nowhere/contributors/0000-0002-1825-0097/accept-merge";

/// What is released.
pub const RELEASE_RAID: &str = "/v1/raids/10.82841/nowhere/release";
pub const RELEASE_POINT: &str = "/v1/service-points/7/release";

/// What corrects what was done.
pub const REDACTION: &str = "/v1/raids/10.82841/nowhere/versions/1/redaction";
pub const REINSTATEMENT: &str = "/v1/raids/10.82841/nowhere/reinstatement";

pub fn writes() -> [(Method, &'static str); 11] {
    [
        (Method::POST, "/raid/"),
        (Method::PUT, "/raid/10.82841/nowhere"),
        (Method::PATCH, "/raid/10.82841/nowhere"),
        (Method::POST, "/v1/raids/10.82841/nowhere/invitations"),
        (Method::POST, "/v1/raids/10.82841/nowhere/transfer"),
        (Method::POST, "/v1/raids/10.82841/nowhere/withdrawal"),
        (Method::POST, REDACTION),
        (Method::POST, REINSTATEMENT),
        (Method::POST, "/service-point/"),
        (Method::PUT, "/service-point/7"),
        (Method::POST, "/v1/tokens"),
    ]
}

/// A body that the endpoint takes, as far as reading it goes.
pub fn body_for(path: &str) -> Value {
    if path == "/v1/tokens" {
        return json!({ "name": "new", "servicePoint": 7, "roles": ["service-point-user"] });
    }
    if !path.starts_with("/service-point") {
        return minimal();
    }
    json!({
        "id": path.rsplit('/').next().unwrap().parse::<i64>().ok(),
        "name": "New",
        "identifierOwner": "https://ror.org/00rqy9422",
        "groupId": "new",
    })
}

/// The address of the same for a RAiD that is there.
pub fn here(address: &str, path: &str) -> String {
    address.replace("/10.82841/nowhere", path.trim_start_matches("/raid"))
}

/// A request to mint one line.
pub fn lines(token: &str) -> TestRequest {
    let post = request(Method::POST, BULK, token).set_payload(minimal().to_string());
    post.insert_header(("Content-Type", "application/x-ndjson"))
}
