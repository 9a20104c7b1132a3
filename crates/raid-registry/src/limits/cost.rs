//! What a request costs of its sender's bucket: 1 for a small one, more for what it reads or writes.

use actix_web::dev::ServiceRequest;
use actix_web::http::{Method, header};
use actix_web::web;

/// Rows of a list that cost as much as a small request.
const ROWS_A_TOKEN: u32 = 20;
/// Rows that a list reads where a request does not say how many.
const USUAL_ROWS: u32 = 100;
/// Most rows of any list.
const MOST_ROWS: u32 = 1000;
/// Bytes of a request's body that cost as much as a small request. One that is larger may also
/// have a large answer.
const BYTES_A_TOKEN: u64 = 64 * 1024;
/// What a page costs that reads many RAiDs, or a post by somebody unknown that writes rows.
const PERSONS_PAGE: u32 = 5;
/// What counting over all RAiDs costs.
const COUNT: u32 = 5;

/// The lists. Those about one RAiD end with one of [`LISTS_OF_ONE`].
const LISTS: [&str; 9] = [
    "/raid/",
    "/raid/all-embargoed",
    "/raid/all-public",
    "/service-point/",
    "/v1/changes",
    "/v1/dead-letters",
    "/v1/orcid-calls",
    "/v1/raids",
    "/v1/tokens",
];
const LISTS_OF_ONE: [&str; 3] = ["/history", "/invitations", "/versions"];
const BULK: &str = "/v1/raids/bulk";

/// What a line of a bulk costs beside its request. Those of usual size are bounded by what the registry
/// mints.
pub(crate) fn of_line(bytes: usize) -> u32 {
    tokens_for(u64::try_from(bytes).unwrap_or(u64::MAX))
}

fn tokens_for(bytes: u64) -> u32 {
    u32::try_from(bytes / BYTES_A_TOKEN).unwrap_or(u32::MAX)
}

/// What a request costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Cost {
    /// Tokens of the caller's bucket.
    pub(super) tokens: u32,
    /// Whether the request or its answer may be large, so that it takes a place among the caller's
    /// large ones before anything is done for it.
    pub(super) is_large: bool,
}

impl Cost {
    const SMALL: Self = Self {
        tokens: 1,
        is_large: false,
    };

    pub(super) fn of(req: &ServiceRequest) -> Self {
        // As routes see it: without needless percent-encoding.
        let path = req.match_info().as_str();
        match *req.method() {
            Method::GET | Method::HEAD => of_read(path, req.query_string()),
            Method::POST if path == BULK => Self {
                tokens: 1,
                is_large: true,
            },
            Method::POST if path.starts_with("/orcid/") => Self {
                tokens: PERSONS_PAGE,
                is_large: false,
            },
            _ => of_body(req),
        }
    }
}

fn of_read(path: &str, query: &str) -> Cost {
    let is_list = LISTS.contains(&path) || LISTS_OF_ONE.iter().any(|end| path.ends_with(end));
    let tokens = match path {
        _ if is_list => of_list(query),
        "/raid/count" => COUNT,
        "/orcid/landing" | "/invitation" => PERSONS_PAGE,
        _ => return Cost::SMALL,
    };
    Cost {
        tokens,
        is_large: is_list,
    }
}

fn of_list(query: &str) -> u32 {
    let pairs = web::Query::<Vec<(String, String)>>::from_query(query);
    let pairs = pairs.map(web::Query::into_inner).unwrap_or_default();
    let value = |name: &str| {
        let mut of_name = pairs.iter().filter(|(found, _)| found == name);
        of_name.find(|(_, value)| !value.is_empty())
    };
    let rows = value("limit").and_then(|(_, rows)| rows.parse::<u32>().ok());
    let rows = rows.unwrap_or(USUAL_ROWS).min(MOST_ROWS);
    let counts = if value("facets").is_some() { COUNT } else { 0 };
    1 + rows / ROWS_A_TOKEN + counts
}

fn of_body(req: &ServiceRequest) -> Cost {
    if req.headers().contains_key(header::TRANSFER_ENCODING) {
        return Cost {
            is_large: true,
            ..Cost::SMALL
        };
    }
    let length = req.headers().get(header::CONTENT_LENGTH);
    let length = length.and_then(|it| it.to_str().ok()?.parse::<u64>().ok());
    let more = tokens_for(length.unwrap_or_default());
    Cost {
        tokens: more.saturating_add(1),
        is_large: more > 0,
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde_json::Value;

    use super::{Cost, Method, header};

    fn of(method: Method, uri: &str) -> Cost {
        let request = TestRequest::default().method(method).uri(uri);
        Cost::of(&request.to_srv_request())
    }

    #[test]
    fn lists_cost_by_the_rows_that_are_asked_for() {
        for (uri, tokens) in [
            ("/v1/raids", 6),
            ("/v1/raids?limit=&limit=500", 26),
            ("/v1/raids?limit=1", 1),
            ("/v1/raids?limit=1&facets=subject", 6),
            // More is refused, whatever it costs.
            ("/v1/raids?limit=4000000000", 51),
            // What is served there is what counts.
            ("/v1/%72aids?limi%74=500", 26),
            ("/raid/10.82841/abc/history?limit=40", 3),
        ] {
            let cost = of(Method::GET, uri);
            assert_eq!((cost.tokens, cost.is_large), (tokens, true), "{uri}");
        }
    }

    /// A list that is forgotten here would cost nothing.
    #[test]
    fn every_list_of_the_api_is_known() {
        let description: Value = serde_json::from_str(&crate::openapi_json()).unwrap();
        let mut lists = 0;
        for (path, operations) in description["paths"].as_object().unwrap() {
            let parameters = operations["get"]["parameters"].as_array();
            let mut parameters = parameters.into_iter().flatten();
            if parameters.any(|parameter| parameter["name"] == "limit") {
                let path = path.replace(['{', '}'], "");
                assert!(of(Method::GET, &path).is_large, "{path}");
                lists += 1;
            }
        }
        assert!(lists > 5, "{lists}");
    }

    #[test]
    fn others_cost_by_what_is_behind_them() {
        for (method, uri, tokens) in [
            (Method::GET, "/raid/10.82841/abc", 1),
            (Method::GET, "/nowhere", 1),
            (Method::GET, "/raid/count", 5),
            (Method::GET, "/orcid/landing?i=x", 5),
            (Method::GET, "/orcid/callback?code=x", 1),
            (Method::POST, "/orcid/authorize", 5),
            (Method::POST, "/raid/", 1),
        ] {
            let cost = of(method, uri);
            assert_eq!((cost.tokens, cost.is_large), (tokens, false), "{uri}");
        }
    }

    #[test]
    fn bodies_cost_by_their_size() {
        let body = |name, value: &str| {
            let request = TestRequest::post().uri("/raid/");
            let request = request.insert_header((name, value.to_owned()));
            let cost = Cost::of(&request.to_srv_request());
            (cost.tokens, cost.is_large)
        };
        assert_eq!(body(header::CONTENT_LENGTH, "4096"), (1, false));
        assert_eq!(body(header::CONTENT_LENGTH, "1048576"), (17, true));
        assert_eq!(body(header::TRANSFER_ENCODING, "chunked"), (1, true));
    }
}
