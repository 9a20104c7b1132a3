//! Content negotiation (RFC 9110 §12.5.1): this API speaks JSON.

use actix_web::HttpRequest;
use actix_web::http::{StatusCode, header};

use crate::problem::Problem;
use crate::refusal::Refusal;

/// Refuses clients that do not take JSON.
pub(crate) fn json(req: &HttpRequest) -> Result<(), Refusal> {
    let mut ranges = req.headers().get_all(header::ACCEPT).peekable();
    if ranges.peek().is_none() {
        return Ok(());
    }
    // The most specific range that fits decides; at `q=0` it excludes.
    let best = ranges
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter_map(fit)
        .max_by_key(|(specific, _)| *specific);
    if best.is_some_and(|(_, is_wanted)| is_wanted) {
        return Ok(());
    }
    let detail = "Acceptable representations: [application/json].";
    Err(Problem::of_http(StatusCode::NOT_ACCEPTABLE, detail, req.path()).into())
}

/// How specifically a media range fits JSON, and whether it is wanted; none if it does not fit.
fn fit(range: &str) -> Option<(u8, bool)> {
    let mut parts = range.split(';').map(str::trim);
    let specific = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/json" => 2,
        "application/*" => 1,
        "*/*" => 0,
        _ => return None,
    };
    let quality = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then_some(value)
    });
    let is_wanted = quality.is_none_or(|q| q.trim().parse::<f32>().is_ok_and(|q| q > 0.0));
    Some((specific, is_wanted))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    fn accepts(header: &[&str]) -> bool {
        let mut request = TestRequest::default();
        for value in header {
            request = request.append_header(("Accept", *value));
        }
        super::json(&request.to_http_request()).is_ok()
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
            assert!(accepts(header), "{header:?}");
        }
        for header in [
            "text/html",
            "application/ld+json",
            "application/json;q=0, */*",
            "application/json; q=0.0",
            "application/json;q=x",
            "",
        ] {
            assert!(!accepts(&[header]), "{header:?}");
        }
    }
}
