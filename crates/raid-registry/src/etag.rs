//! Entity tags of RAiDs, and the conditions that clients set with them (RFC 9110 §8.8.3, §13.1).
//!
//! A tag is the version and a hash of the bytes: a contributor's status may change without a new
//! version. `If-Match` protects what was written, so it looks at the version alone.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, EntityTag, Header as _, HeaderValue, IfMatch, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse};
use sha2::{Digest as _, Sha256};

use crate::accept::Representation;
use crate::problem::Problem;
use crate::refusal::Refusal;

/// What the bytes of a RAiD depend on: the format, and what the caller may see of its contributors.
pub(crate) const VARY: &str = "Accept, Authorization";

/// The tag of a RAiD's JSON, or of another body at a version, as a header's value.
pub(crate) fn of(version: i32, body: &[u8]) -> HeaderValue {
    let hash = Sha256::digest(body);
    let hash = hash.iter().take(8).map(|byte| format!("{byte:02x}"));
    value(format!("\"{version}-{}\"", hash.collect::<String>()))
}

/// The tag of a RAiD in a representation, from that of its JSON.
pub(crate) fn in_form(json: &HeaderValue, representation: Representation) -> HeaderValue {
    match (representation, json.to_str()) {
        (Representation::Rdf(_) | Representation::PlainNTriples, Ok(tag)) => {
            let tag = tag.trim_end_matches('"');
            value(format!("{tag}-{}\"", representation.media_type()))
        }
        _ => json.clone(),
    }
}

fn value(tag: String) -> HeaderValue {
    // Digits, letters and what media types have are fit for a header.
    HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""))
}

/// The answer to a client that has these bytes already, if it has.
pub(crate) fn not_modified(req: &HttpRequest, etag: &HeaderValue) -> Option<HttpResponse> {
    if !req.headers().contains_key(header::IF_NONE_MATCH) {
        return None;
    }
    let own: EntityTag = etag.to_str().ok()?.parse().ok()?;
    let has_it = match IfNoneMatch::parse(req).ok()? {
        IfNoneMatch::Any => true,
        IfNoneMatch::Items(tags) => tags.iter().any(|tag| tag.weak_eq(&own)),
    };
    has_it.then(|| {
        HttpResponse::NotModified()
            .insert_header((header::ETAG, etag.clone()))
            .insert_header((header::VARY, VARY))
            .finish()
    })
}

/// Whether the client demands that this version stands; it is refused if another one does.
pub(crate) fn demanded(req: &HttpRequest, version: i32) -> Result<bool, Refusal> {
    if !req.headers().contains_key(header::IF_MATCH) {
        return Ok(false);
    }
    let is_version = |tag: &EntityTag| {
        let number = tag.tag().split('-').next().and_then(|n| n.parse().ok());
        !tag.weak && number == Some(version)
    };
    match IfMatch::parse(req) {
        Ok(IfMatch::Any) => Ok(true),
        Ok(IfMatch::Items(tags)) if tags.iter().any(is_version) => Ok(true),
        _ => Err(failed(req, version)),
    }
}

/// Another version stands than the client demands.
pub(crate) fn failed(req: &HttpRequest, version: i32) -> Refusal {
    let detail = format!(
        "If-Match names no tag of the current version, which is {version}: read the RAiD, and put \
         the change on top of it"
    );
    Problem::of_http(StatusCode::PRECONDITION_FAILED, detail, req.path()).into()
}
