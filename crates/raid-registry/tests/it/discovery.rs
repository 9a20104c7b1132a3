//! The description of the API, its page, and request ids.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::Value;
use store::testing::TestDb;

use crate::harness::{request, serve};

store::on_both_databases!(
    every_described_operation_is_served,
    the_docs_page_comes_from_the_program_alone,
    programs_get_the_description_at_the_docs,
    every_answer_carries_a_request_id,
);

async fn every_described_operation_is_served(db: &TestDb) {
    let server = serve(db).await;
    let description = server.send(TestRequest::get().uri("/openapi.json")).await;
    let description = description.expect(200);
    assert!(description["openapi"].as_str().unwrap().starts_with("3.1"));
    for (path, operations) in description["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys() {
            let method: Method = method.to_uppercase().parse().unwrap();
            let reply = server.send(request(method.clone(), path, "x")).await;
            assert_eq!(
                reply.route.as_deref(),
                Some(path.as_str()),
                "{method} {path}"
            );
            assert_ne!(reply.status, 405, "{method} {path}");
        }
    }
    assert_refs_resolve(&description, &description);
}

/// Each `$ref` names a schema that is there.
fn assert_refs_resolve(value: &Value, description: &Value) {
    match value {
        Value::Array(list) => list
            .iter()
            .for_each(|v| assert_refs_resolve(v, description)),
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap();
                assert!(description.pointer(pointer).is_some(), "{reference}");
            }
            members
                .values()
                .for_each(|v| assert_refs_resolve(v, description));
        }
        _ => {}
    }
}

async fn the_docs_page_comes_from_the_program_alone(db: &TestDb) {
    let server = serve(db).await;
    let reply = server.send(TestRequest::get().uri("/docs")).await;
    assert_eq!(reply.header("location"), "/docs/");
    let text = |path: &'static str| {
        let server = &server;
        async move {
            let reply = server.send(TestRequest::get().uri(path)).await;
            assert_eq!(reply.status, 200, "{path}");
            // Nothing from elsewhere runs in it, and nobody shows it in a frame of theirs.
            let policy = reply.header("content-security-policy");
            assert!(
                policy.starts_with("default-src 'none'; script-src 'self';"),
                "{policy}"
            );
            assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
            String::from_utf8_lossy(&reply.body).into_owned()
        }
    };
    let page = text("/docs/").await;
    assert!(page.contains("swagger-ui"));
    assert!(
        !page.contains("http://") && !page.contains("https://"),
        "{page}"
    );
    let start = text("/docs/swagger-initializer.js").await;
    assert!(start.contains("/openapi.json"), "{start}");
}

async fn programs_get_the_description_at_the_docs(db: &TestDb) {
    let server = serve(db).await;
    let as_served = server.send(TestRequest::get().uri("/openapi.json")).await;
    for path in ["/docs", "/docs/"] {
        let get = |accept| {
            let get = TestRequest::get().uri(path);
            get.insert_header(("Accept", accept))
        };
        for accept in ["application/json", "application/json, text/html;q=0.9"] {
            let reply = server.send(get(accept)).await;
            assert_eq!(reply.status, 200);
            assert_eq!(reply.body, as_served.body);
            assert_eq!(reply.header("content-type"), "application/json");
        }
        for accept in ["*/*", "text/html,application/xhtml+xml,*/*;q=0.8"] {
            let reply = server.send(get(accept)).await;
            assert_ne!(reply.header("content-type"), "application/json");
        }
    }
}

async fn every_answer_carries_a_request_id(db: &TestDb) {
    let server = serve(db).await;
    let with = |id: &'static str| {
        TestRequest::get()
            .uri("/raid/")
            .insert_header(("X-Request-Id", id))
    };
    let reply = server.send(with("abc-1.2_3")).await;
    assert_eq!(reply.header("x-request-id"), "abc-1.2_3");
    for odd in ["", "a b", "a\"b", "<script>"] {
        let reply = server.send(with(odd)).await;
        assert_eq!(reply.header("x-request-id").len(), 36, "{odd}");
    }
    let one = server.send(TestRequest::get().uri("/nothing")).await;
    let two = server.send(TestRequest::get().uri("/nothing")).await;
    assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
}
