//! An answer before it becomes HTTP, and the media types of the member API.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde_json::Value;

/// Status, headers and body of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    /// An answer without a body.
    pub(crate) fn new(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// Sets the body.
    pub(crate) fn body(self, content_type: &str, body: Vec<u8>) -> Self {
        Self {
            body,
            ..self.header("content-type", content_type)
        }
    }

    /// A JSON answer as the token and security layer give it.
    pub(crate) fn json(status: u16, value: &Value) -> Self {
        let body = value.to_string().into_bytes();
        Self::new(status).body("application/json;charset=UTF-8", body)
    }

    /// An error of the OAuth layer: JSON, whatever was asked for.
    pub(crate) fn oauth_error(status: u16, error: &str, description: &str) -> Self {
        let value = serde_json::json!({ "error": error, "error_description": description });
        Self::json(status, &value)
    }

    /// The HTTP answer.
    pub(crate) fn into_http(self) -> HttpResponse {
        let mut response = self.head();
        response.body(self.body)
    }

    /// The HTTP answer without its body.
    pub(crate) fn head(&self) -> HttpResponseBuilder {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        for (name, value) in &self.headers {
            response.insert_header((*name, value.as_str()));
        }
        response
    }
}

/// The form of an API answer, with the exact media type that was negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    Xml(&'static str),
    Json(&'static str),
}

/// Media types that the API reads and writes, in the server's order of preference.
const OFFERED: &[Format] = &[
    Format::Xml("application/vnd.orcid+xml"),
    Format::Json("application/vnd.orcid+json"),
    Format::Xml("application/orcid+xml"),
    Format::Json("application/orcid+json"),
    Format::Xml("application/xml"),
    Format::Json("application/json"),
];

impl Default for Format {
    fn default() -> Self {
        OFFERED[0]
    }
}

impl Format {
    fn media_type(self) -> &'static str {
        match self {
            Self::Xml(name) | Self::Json(name) => name,
        }
    }

    /// The `Content-Type` of an answer in this format.
    pub(crate) fn content_type(self) -> &'static str {
        self.media_type()
    }

    /// The format of a request body, from its `Content-Type`; `None` when the API does not read it.
    pub(crate) fn of_body(content_type: Option<&str>) -> Option<Self> {
        let name = content_type?.split(';').next()?.trim().to_ascii_lowercase();
        OFFERED.iter().copied().find(|f| f.media_type() == name)
    }

    /// The format of the answer, from `Accept`. Without one (or with `*/*`) the request's own type
    /// is used, then XML. `None` when nothing offered is acceptable.
    pub(crate) fn of_answer(accept: Option<&str>, content_type: Option<&str>) -> Option<Self> {
        let accept = accept
            .map(str::trim)
            .filter(|a| !a.is_empty() && *a != "*/*");
        let Some(accept) = accept else {
            return Some(Self::of_body(content_type).unwrap_or_default());
        };
        let mut best: Option<(f32, Self)> = None;
        for &offered in OFFERED {
            let quality = accept
                .split(',')
                .filter_map(|r| quality(r, offered.media_type()));
            let quality = quality.fold(0.0_f32, f32::max);
            if quality > 0.0 && best.is_none_or(|(q, _)| quality > q) {
                best = Some((quality, offered));
            }
        }
        best.map(|(_, format)| format)
    }
}

/// How much one range of an `Accept` header likes a media type.
fn quality(range: &str, media_type: &str) -> Option<f32> {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let matches = name == media_type || name == "*/*" || name == "application/*";
    let q = parts
        .find_map(|p| p.strip_prefix("q="))
        .and_then(|q| q.parse().ok());
    matches.then(|| q.unwrap_or(1.0))
}

#[cfg(test)]
mod tests {
    use super::Format;

    fn answer(accept: &str) -> Option<&'static str> {
        Format::of_answer(Some(accept), None).map(Format::content_type)
    }

    #[test]
    fn accept_is_negotiated() {
        assert_eq!(answer("*/*"), Some("application/vnd.orcid+xml"));
        assert_eq!(answer("application/json"), Some("application/json"));
        assert_eq!(
            answer("application/xml;q=0.2, application/orcid+json"),
            Some("application/orcid+json")
        );
        assert_eq!(
            answer("text/html, */*;q=0.1"),
            Some("application/vnd.orcid+xml")
        );
        assert_eq!(answer("text/html"), None);
        assert_eq!(answer("application/json;q=0"), None);
        let own = Format::of_answer(None, Some("application/orcid+xml; charset=UTF-8"));
        assert_eq!(own.map(Format::content_type), Some("application/orcid+xml"));
    }
}
