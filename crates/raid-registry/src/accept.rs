//! Content negotiation (RFC 9110 §12.5.1): JSON everywhere, and RDF for one RAiD.

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};
use raid_model::rdf::RdfFormat;

use crate::lines::NDJSON;
use crate::problem::Problem;
use crate::refusal::Refusal;

/// In what form a RAiD is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Representation {
    /// As this API writes it.
    Json,
    /// As linked data.
    Rdf(RdfFormat),
    /// N-Triples under the media type that they had before RDF 1.1, as rdflib asks for them.
    PlainNTriples,
}

impl Representation {
    /// All of them, the preferred one first.
    pub(crate) const ALL: &[Self] = &[
        Self::Json,
        Self::Rdf(RdfFormat::Turtle),
        Self::Rdf(RdfFormat::NTriples),
        Self::Rdf(RdfFormat::RdfXml),
        Self::PlainNTriples,
    ];

    /// Its media type, without parameters.
    pub(crate) fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Rdf(RdfFormat::Turtle) => "text/turtle",
            Self::Rdf(RdfFormat::NTriples) => "application/n-triples",
            Self::Rdf(RdfFormat::RdfXml) => "application/rdf+xml",
            Self::PlainNTriples => "text/plain",
        }
    }

    /// What `Content-Type` says. RDF is UTF-8 always, but not to all that read `text/…`.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Rdf(RdfFormat::Turtle) => "text/turtle; charset=utf-8",
            Self::PlainNTriples => "text/plain; charset=utf-8",
            other => other.media_type(),
        }
    }
}

/// Refuses clients that do not take JSON.
pub(crate) fn json(req: &HttpRequest) -> Result<(), Refusal> {
    best(req, &[Representation::Json]).map(|_| ())
}

/// Whether the client likes JSON better than a page.
pub(crate) fn prefers_json(req: &HttpRequest) -> bool {
    quality(req, Representation::Json.media_type()) > quality(req, "text/html")
}

/// Refuses clients that do not take lines of JSON.
pub(crate) fn lines(req: &HttpRequest) -> Result<(), Refusal> {
    if quality(req, NDJSON) > 0.0 {
        Ok(())
    } else {
        Err(not_acceptable(req, &[NDJSON]))
    }
}

/// The representation that the client likes best; the first of equals. For each, the most specific
/// range that fits it decides; at `q=0` it excludes.
pub(crate) fn best(
    req: &HttpRequest,
    offered: &[Representation],
) -> Result<Representation, Refusal> {
    offered
        .iter()
        .map(|representation| (quality(req, representation.media_type()), *representation))
        .filter(|(quality, _)| *quality > 0.0)
        .rev() // The last of equals is taken.
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, representation)| representation)
        .ok_or_else(|| {
            let types: Vec<_> = offered.iter().map(|it| it.media_type()).collect();
            not_acceptable(req, &types)
        })
}

/// How well the client likes a media type; not at all at 0.
fn quality(req: &HttpRequest, media_type: &str) -> f32 {
    let accepted = || req.headers().get_all(header::ACCEPT);
    if accepted().next().is_none() {
        return 1.0;
    }
    accepted()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(|range| fit(range, media_type))
        .max_by_key(|(specific, _)| *specific)
        .map_or(0.0, |(_, quality)| quality)
}

fn not_acceptable(req: &HttpRequest, types: &[&str]) -> Refusal {
    let detail = format!("Acceptable representations: [{}].", types.join(", "));
    Problem::of_http(StatusCode::NOT_ACCEPTABLE, detail, req.path()).into()
}

/// How specifically a media range fits a media type, and the quality it gives; none if it does not
/// fit. A quality that cannot be read wants nothing.
fn fit(range: &str, media_type: &str) -> Option<(u8, f32)> {
    let mut parts = range.split(';').map(str::trim);
    let range = parts.next()?;
    let specific = if range.eq_ignore_ascii_case(media_type) {
        2
    } else if range == "*/*" {
        0
    } else {
        let (kind, _) = media_type.split_once('/')?;
        let own_kind = range.strip_suffix("/*")?;
        own_kind.eq_ignore_ascii_case(kind).then_some(1)?
    };
    let quality = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then_some(value)
    });
    let quality = quality.map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
    // Not clamp, which lets a NaN pass.
    Some((specific, f32::max(quality, 0.0).min(1.0)))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::Representation;

    fn best(header: &[&str], offered: &[Representation]) -> Option<&'static str> {
        let mut request = TestRequest::default();
        for value in header {
            request = request.append_header(("Accept", *value));
        }
        let best = super::best(&request.to_http_request(), offered).ok();
        best.map(Representation::media_type)
    }

    #[test]
    fn the_most_specific_range_decides() {
        for header in [
            &[][..],
            &["*/*"],
            &["application/json"],
            &["text/html, application/*;q=0.1"],
            &["text/html", "Application/JSON; charset=utf-8"],
            &["*/*;q=0, application/json"],
        ] {
            let json = best(header, &[Representation::Json]);
            assert_eq!(json, Some("application/json"), "{header:?}");
        }
        for header in [
            "text/html",
            "text/turtle",
            "application/ld+json",
            "application/json;q=0, */*",
            "application/json; q=0.0",
            "application/json;q=x",
            "application/json;q=NaN",
            "",
        ] {
            assert_eq!(best(&[header], &[Representation::Json]), None, "{header:?}");
        }
    }

    #[test]
    fn the_best_liked_is_taken_and_the_first_of_equals() {
        for (header, taken) in [
            ("text/turtle, application/json", "application/json"),
            ("text/turtle, application/rdf+xml", "text/turtle"),
            ("application/json;q=0.9, text/turtle", "text/turtle"),
            ("application/json;q=0.1, text/turtle;q=0.101", "text/turtle"),
            ("text/*, */*;q=0.5", "text/turtle"),
            ("text/plain, */*;q=0.1", "text/plain"),
            ("application/json, text/plain, */*", "application/json"),
            ("*/*, application/json;q=0.5", "text/turtle"),
            (
                "*/*, application/json;q=0, text/*;q=0.3",
                "application/n-triples",
            ),
            ("application/*;q=0.2, TEXT/TURTLE;q=0.1", "application/json"),
            ("text/turtle;q=7, application/json", "application/json"),
            (
                "text/turtle;q=NaN, application/json;q=0.1",
                "application/json",
            ),
            (
                "text/turtle;q=-1, application/json;q=0.1",
                "application/json",
            ),
        ] {
            assert_eq!(
                best(&[header], Representation::ALL),
                Some(taken),
                "{header:?}"
            );
        }
    }
}
