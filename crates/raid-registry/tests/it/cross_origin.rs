//! Browser clients on other origins (RAiD API, section on operations: CORS).

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::json;
use store::testing::TestDb;

use crate::harness::{Reply, Server, embargoed, minimal, path_of, request, serve};

store::on_both_databases!(
    every_method_and_header_of_clients_passes_the_preflight,
    other_origins_methods_and_headers_do_not,
    known_origins_read_every_answer_and_its_headers,
    pages_of_any_origin_read_open_data_without_credentials,
);

const KNOWN: &str = "https://app.example.org";
const OTHERS: &[&str] = &[
    "https://evil.example.org",
    "https://app.example.org.evil.example",
    "https://app.example.org:8443",
    "http://app.example.org",
    "null",
];

async fn preflight(
    server: &Server,
    origin: &str,
    path: &str,
    method: &str,
    headers: &str,
) -> Reply {
    let mut asked = TestRequest::default()
        .method(Method::OPTIONS)
        .uri(path)
        .insert_header(("Origin", origin))
        .insert_header(("Access-Control-Request-Method", method));
    if !headers.is_empty() {
        asked = asked.insert_header(("Access-Control-Request-Headers", headers));
    }
    server.send(asked).await
}

fn passes(reply: &Reply) -> bool {
    reply.status.is_success() && reply.header("access-control-allow-origin") == KNOWN
}

/// RAiD API, section on operations: the methods and request headers that existing clients use, with
/// credentials, to be asked again after an hour; and those of what is new here.
async fn every_method_and_header_of_clients_passes_the_preflight(db: &TestDb) {
    let server = serve(db).await;
    let paths = [
        "/raid/",
        "/raid/10.82841/x",
        "/service-point/",
        "/v1/vocabularies",
        "/nothing",
    ];
    for path in paths {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
            let headers = "authorization,content-type";
            let reply = preflight(&server, KNOWN, path, method, headers).await;
            assert!(passes(&reply), "{method} {path}: {}", reply.status);
            assert_eq!(reply.header("access-control-allow-credentials"), "true");
            assert_eq!(reply.header("access-control-max-age"), "3600");
            let allowed = reply.header("access-control-allow-methods");
            assert!(allowed.contains(method), "{method}: {allowed}");
            assert!(reply.header("vary").contains("Origin"));
        }
    }
    for header in [
        "Authorization",
        "Content-Type",
        "X-Requested-With",
        "Accept",
        "If-Match",
        "If-None-Match",
        "Idempotency-Key",
        "X-Request-Id",
        "authorization, content-type, if-match, idempotency-key, x-request-id",
    ] {
        let reply = preflight(&server, KNOWN, "/raid/", "PUT", header).await;
        assert!(passes(&reply), "{header}: {}", reply.status);
    }
    assert!(passes(
        &preflight(&server, KNOWN, "/raid/", "GET", "").await
    ));
}

/// RAiD API, section on operations: CORS for the configured origins alone.
async fn other_origins_methods_and_headers_do_not(db: &TestDb) {
    let server = serve(db).await;
    for origin in OTHERS {
        let reply = preflight(&server, origin, "/raid/", "POST", "content-type").await;
        assert_eq!(reply.header("access-control-allow-origin"), "", "{origin}");
        assert!(!reply.status.is_success(), "{origin}");
    }
    let reply = preflight(&server, KNOWN, "/raid/", "TRACE", "").await;
    assert!(!passes(&reply));
    let reply = preflight(&server, KNOWN, "/raid/", "POST", "x-other").await;
    assert!(!passes(&reply));
    // Nobody's page sends a token, or writes.
    for (method, headers) in [
        ("GET", "authorization"),
        ("GET", "accept,Authorization"),
        ("GET", "if-match"),
        ("PATCH", ""),
    ] {
        for origin in OTHERS {
            let reply = preflight(&server, origin, "/raid/", method, headers).await;
            assert_eq!(reply.status, 400, "{method} {headers}");
            assert_eq!(reply.header("access-control-allow-origin"), "");
        }
    }
}

/// RAiD API, section on operations. Open data is for every page, but for none with a visitor's credentials. The original answers 403 to
/// other origins.
async fn pages_of_any_origin_read_open_data_without_credentials(db: &TestDb) {
    let server = serve(db).await;
    let raid = path_of(&server.mint(&minimal()).await);
    let hidden = path_of(&server.mint(&embargoed(&server)).await);
    let page = raid.replace("/raid/", "/raids/");
    for origin in OTHERS {
        let reply = preflight(&server, origin, &raid, "GET", "content-type, Accept").await;
        assert_eq!(reply.status, 204);
        assert_eq!(reply.header("access-control-allow-origin"), "*");
        assert_eq!(reply.header("access-control-allow-credentials"), "");
        assert_eq!(reply.header("access-control-allow-methods"), "GET, HEAD");
        assert!(reply.header("vary").contains("Origin"));
    }
    for (path, status) in [
        (raid.as_str(), 200),
        (&format!("{raid}/1"), 200),
        (&format!("{raid}/history"), 401),
        (&hidden, 401),
        ("/raid/10.82841/nowhere", 404),
        ("/raid/", 200),
        ("/raid/all-public", 200),
        ("/v1/raids", 200),
        ("/v1/changes", 200),
        ("/v1/vocabularies", 200),
        ("/v1/vocabularies/language", 200),
        (&page, 200),
        ("/openapi.json", 200),
    ] {
        // Without an origin too: what is kept on the way is given to pages later.
        for origin in [OTHERS[0], "null", ""] {
            for method in [Method::GET, Method::HEAD] {
                let read = TestRequest::default().method(method).uri(path);
                let read = if origin.is_empty() {
                    read
                } else {
                    read.insert_header(("Origin", origin))
                };
                let reply = server.send(read).await;
                assert_eq!(reply.status, status, "{path}");
                assert_eq!(reply.header("access-control-allow-origin"), "*", "{path}");
                assert_eq!(reply.header("access-control-allow-credentials"), "");
                assert!(
                    reply
                        .header("access-control-expose-headers")
                        .to_lowercase()
                        .contains("etag")
                );
                assert!(reply.header("vary").contains("Origin"), "{path}");
            }
        }
        let known = TestRequest::get()
            .uri(path)
            .insert_header(("Origin", KNOWN));
        let reply = server.send(known).await;
        assert_eq!(reply.header("access-control-allow-origin"), KNOWN, "{path}");
        assert_eq!(reply.header("access-control-allow-credentials"), "true");
    }
    for closed in [
        "/raid/count",
        "/service-point/",
        "/nothing",
        "/v1/orcid-calls",
    ] {
        let read = TestRequest::get()
            .uri(closed)
            .insert_header(("Origin", OTHERS[0]));
        let reply = server.send(read).await;
        assert_eq!(reply.header("access-control-allow-origin"), "", "{closed}");
    }
    let write = TestRequest::post()
        .uri("/raid/")
        .insert_header(("Origin", OTHERS[0]));
    let reply = server.send(write.set_json(minimal())).await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.header("access-control-allow-origin"), "");
}

/// RAiD API, section on operations: an answer, refusals included, names the origin that asked and
/// no other, and lets it read what clients go by. The original exposes no header.
async fn known_origins_read_every_answer_and_its_headers(db: &TestDb) {
    let server = serve(db).await;
    let user = server.user();
    let raid = path_of(&server.mint(&minimal()).await);
    let post = |token: &str| request(Method::POST, "/raid/", token);
    let requests = || {
        [
            (request(Method::GET, "/raid/", &user), 200),
            (request(Method::GET, &raid, &user), 200),
            (post(&user).set_json(minimal()), 201),
            (post(&user).set_json(json!({"title": null})), 400),
            (post("no.such.token").set_json(minimal()), 401),
            (post(&server.operator()).set_json(minimal()), 403),
            (request(Method::GET, "/nothing", &user), 404),
            (request(Method::DELETE, &raid, &user), 405),
        ]
    };
    for (asked, status) in requests() {
        let reply = server.send(asked.insert_header(("Origin", KNOWN))).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("access-control-allow-origin"), KNOWN);
        assert_eq!(reply.header("access-control-allow-credentials"), "true");
        let exposed = reply.header("access-control-expose-headers").to_lowercase();
        for header in [
            "location",
            "retry-after",
            "etag",
            "link",
            "x-request-id",
            "validation-warning",
        ] {
            let is_exposed = exposed.split(',').any(|name| name.trim() == header);
            assert!(is_exposed, "{header} is not among {exposed}");
        }
    }
    for origin in OTHERS {
        for (asked, status) in requests() {
            let reply = server.send(asked.insert_header(("Origin", *origin))).await;
            assert_eq!(reply.status, status);
            assert_eq!(reply.header("access-control-allow-origin"), "", "{origin}");
        }
    }
}
