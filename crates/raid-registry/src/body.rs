//! Reading request bodies: JSON, of bounded size.

use actix_web::http::{StatusCode, header};
use actix_web::web::{Bytes, BytesMut, Payload};
use actix_web::{HttpMessage as _, HttpRequest};
use futures::StreamExt as _;

use crate::problem::Problem;
use crate::refusal::Refusal;
use crate::slow_body::is_late;

/// The body of a request that must be JSON, of at most `limit` bytes.
pub(crate) async fn read(
    req: &HttpRequest,
    mut payload: Payload,
    limit: usize,
) -> Result<Bytes, Refusal> {
    must_be(req, "application/json")?;
    let refuse =
        |status, detail: String| Refusal::from(Problem::of_http(status, detail, req.path()));
    let too_large = || {
        let detail = format!("The body is too large: at most {limit} bytes are read");
        refuse(StatusCode::PAYLOAD_TOO_LARGE, detail)
    };
    let announced = req
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|e| {
            if is_late(&e) {
                let detail = "The body did not arrive in time. Nothing was written; please retry.";
                refuse(StatusCode::REQUEST_TIMEOUT, detail.to_owned())
            } else {
                Problem::invalid_json("the body ended too early").into()
            }
        })?;
        if body.len() + chunk.len() > limit {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Refuses bodies that are not plainly of a media type.
pub(crate) fn must_be(req: &HttpRequest, media_type: &str) -> Result<(), Refusal> {
    let refuse = |detail: String| {
        let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
        Err(Problem::of_http(status, detail, req.path()).into())
    };
    if !req.content_type().eq_ignore_ascii_case(media_type) {
        return refuse(format!(
            "The body must be JSON: send Content-Type: {media_type}"
        ));
    }
    // RFC 8259, 8.1: JSON between systems is UTF-8.
    if let Some(charset) = charset(req).filter(|charset| !is_utf8(charset)) {
        return refuse(format!(
            "The body must be UTF-8, and Content-Type says {charset}: convert it, and send {media_type}"
        ));
    }
    let encoding = req.headers().get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return refuse("A body with a Content-Encoding is not read: send it plain".to_owned());
    }
    Ok(())
}

/// Java and others write it without the hyphen.
fn is_utf8(charset: &str) -> bool {
    ["utf-8", "utf8"]
        .iter()
        .any(|name| charset.eq_ignore_ascii_case(name))
}

/// The `charset` that a request's content type names, if it is a text.
fn charset(req: &HttpRequest) -> Option<String> {
    let content_type = req.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    let parameters = content_type.split(';').skip(1);
    let mut pairs = parameters.filter_map(|parameter| parameter.split_once('='));
    let (_, charset) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))?;
    Some(charset.trim().trim_matches('"').to_owned())
}
