//! Bad requests: each is refused with a status and the field, and nothing is written.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use serde_json::{Value, json};
use store::testing::TestDb;

use crate::harness::{BODY_LIMIT, Server, minimal, path_of, request, serve};

store::on_both_databases!(
    bad_values_are_refused_by_name_and_nothing_is_written,
    bodies_that_are_no_json_are_refused_and_nothing_is_written,
    refusals_have_the_shape_that_clients_know,
);

/// What a row changes in a good request, and what the refusal must name.
struct Row {
    at: &'static str,
    value: Value,
    /// The field of a validation failure, or, with `!`, a text in the detail of unreadable JSON.
    names: &'static str,
}

fn row(at: &'static str, value: Value, names: &'static str) -> Row {
    Row { at, value, names }
}

#[rustfmt::skip]
fn rows() -> Vec<Row> {
    vec![
        // Wrong types.
        row("/title", json!("text"), "!title"),
        row("/title", json!({}), "!title"),
        row("/title/0", json!(7), "!title[0]"),
        row("/title/0/text", json!({}), "!title[0].text"),
        row("/date", json!([]), "!date"),
        row("/date/startDate", json!(true), "!date.startDate"),
        row("/contributor/0/leader", json!("yes"), "!contributor[0].leader"),
        row("/contributor/0/position", json!(""), "!contributor[0].position"),
        row("/contributor/0/schemaUri", json!(""), "!contributor[0].schemaUri"),
        row("/access/type/id", json!("https://example.org/"), "!access.type.id"),
        row("/access/embargoExpiry", json!("2026-02-30"), "!access.embargoExpiry"),
        row("/access/embargoExpiry", json!([2026, 13, 1]), "!access.embargoExpiry"),
        row("/title/0/text", json!("a\u{0}b"), "!title[0].text"),
        // What must be set.
        row("/title", json!(null), "title"),
        row("/title", json!([]), "title.type"),
        row("/title/0", json!(null), "title[0].text"),
        row("/title/0/text", json!(" "), "title[0].text"),
        row("/title/0/text", json!("a\nb"), "title[0].text"),
        row("/title/0/startDate", json!(null), "title[0].startDate"),
        row("/title/0/type", json!(null), "title[0].type"),
        row("/date", json!(null), "date"),
        row("/date/startDate", json!(""), "date.startDate"),
        row("/access", json!(null), "access"),
        row("/access/type/schemaUri", json!(null), "access.type.schemaUri"),
        row("/contributor", json!(null), "contributor"),
        row("/contributor", json!([]), "contributor"),
        row("/contributor/0/position", json!(null), "contributor[0].position"),
        row("/contributor/0/position", json!([]), "contributor[0]"),
        row("/contributor/0/leader", json!(false), "contributor"),
        // Checksums and forms.
        row("/contributor/0/id", json!("https://orcid.org/0000-0002-1825-0098"), "contributor[0].id"),
        row("/contributor/0/id", json!("https://orcid.org/x"), "contributor[0].id"),
        row("/contributor/0/id", json!("https://sandbox.orcid.org/0000-0002-1825-0097"), "contributor[0].id"),
        row("/organisation", json!([{
            "id": "https://ror.org/038sjwq15", "schemaUri": "https://ror.org/", "role": [],
        }]), "organisation[0].id"),
        // Impossible dates.
        row("/date/startDate", json!("2021-13"), "date.startDate"),
        row("/date/startDate", json!("yesterday"), "date.startDate"),
        row("/date/endDate", json!("2021-02-30"), "date.endDate"),
        row("/date/endDate", json!("1999"), "date.endDate"),
        row("/title/0/startDate", json!("2021-00"), "title[0].startDate"),
        row("/contributor/0/position/0/startDate", json!("20211"), "contributor[0].position[0].startDate"),
        // What is withdrawn.
        row("/traditionalKnowledgeLabel", json!(null), "traditionalKnowledgeLabel"),
    ]
}

fn changed(mut body: Value, row: &Row) -> Value {
    let (parent, name) = row.at.rsplit_once('/').unwrap();
    match body.pointer_mut(parent).unwrap() {
        Value::Array(list) => list[name.parse::<usize>().unwrap()] = row.value.clone(),
        object => object[name] = row.value.clone(),
    }
    body
}

/// RAiD API, section on validation rules, through the API itself.
async fn bad_values_are_refused_by_name_and_nothing_is_written(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    let user = server.user();
    for row in rows() {
        let what = format!("{} = {}", row.at, row.value);
        let mint = server
            .post(&user, "/raid/", &changed(minimal(), &row))
            .await;
        let update = server.put(&user, &path, &changed(raid.clone(), &row)).await;
        for reply in [mint, update] {
            let problem = reply.expect(400);
            if let Some(text) = row.names.strip_prefix('!') {
                assert_eq!(problem["title"], "Invalid JSON", "{what}");
                let detail = problem["detail"].as_str().unwrap();
                assert!(detail.starts_with(&format!("{text}: ")), "{what}: {detail}");
            } else {
                assert_eq!(
                    problem["title"], "There were validation failures.",
                    "{what}"
                );
                assert_eq!(reply.fields()[0], row.names, "{what}: {problem}");
            }
        }
        assert_eq!(server.count().await, 1, "{what}");
    }
    assert_eq!(server.get(&user, &path).await.expect(200), raid);
}

async fn refused(server: &Server, request: TestRequest, status: u16) -> Value {
    let before = server.count().await;
    let reply = server.send(request).await;
    let problem = reply.expect(status);
    assert_eq!(server.count().await, before);
    problem
}

/// RAiD API, section on JSON: what is no JSON, no object, too large or of another type.
async fn bodies_that_are_no_json_are_refused_and_nothing_is_written(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let raid_path = path_of(&raid);
    let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
    let deep_member = json!({"title": "x"}).to_string().replace("\"x\"", &deep);
    for (method, path) in [(Method::POST, "/raid/"), (Method::PUT, raid_path.as_str())] {
        let send = |content_type: &str, body: &str| {
            let request = request(method.clone(), path, &server.user());
            let request = request.set_payload(body.to_owned());
            if content_type.is_empty() {
                request
            } else {
                request.insert_header(("Content-Type", content_type))
            }
        };
        for body in [
            "",
            "{",
            "nonsense",
            "{} {}",
            "[]",
            "null",
            "\"\u{0}\"",
            "{\"title\":",
            &deep,
            &deep_member,
        ] {
            let problem = refused(&server, send("application/json", body), 400).await;
            assert_eq!(problem["title"], "Invalid JSON", "{body}");
            assert_eq!(problem["instance"], "https://raid.org.au");
        }
        let not_utf8 = request(method.clone(), path, &server.user())
            .insert_header(("Content-Type", "application/json"))
            .set_payload(vec![b'"', 0xff, b'"']);
        refused(&server, not_utf8, 400).await;

        let good = minimal().to_string();
        for content_type in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "json",
            "application/jsonx",
        ] {
            let problem = refused(&server, send(content_type, &good), 415).await;
            assert_eq!(problem["type"], "about:blank", "{content_type}");
        }
        let compressed =
            send("application/json", &good).insert_header(("Content-Encoding", "gzip"));
        refused(&server, compressed, 415).await;

        let mut large = minimal();
        large["title"][0]["text"] = json!("x".repeat(BODY_LIMIT));
        let large = large.to_string();
        // Whether its size is announced or only comes to light.
        for announced in [large.len(), 10] {
            let large = send("application/json", &large)
                .insert_header(("Content-Length", announced.to_string()));
            let problem = refused(&server, large, 413).await;
            let detail = problem["detail"].as_str().unwrap();
            assert!(detail.contains(&BODY_LIMIT.to_string()), "{detail}");
        }
        let wants_html = send("application/json", &good).insert_header(("Accept", "text/html"));
        refused(&server, wants_html, 406).await;
    }
    assert_eq!(
        server.get(&server.user(), &raid_path).await.expect(200),
        raid
    );
    // A charset, other case and an identity encoding do no harm.
    let good = request(Method::POST, "/raid/", &server.user())
        .set_payload(minimal().to_string())
        .insert_header(("Content-Type", "Application/JSON; charset=UTF-8"))
        .insert_header(("Content-Encoding", "identity"));
    server.send(good).await.expect(201);
}

/// RAiD API, section on the error format.
async fn refusals_have_the_shape_that_clients_know(db: &TestDb) {
    let server = serve(db).await;
    let mut body = minimal();
    body["title"][0]["text"] = json!("");
    let reply = server.post(&server.user(), "/raid/", &body).await;
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(
        reply.expect(400),
        json!({
            "type": "https://raid.org.au/errors#ValidationException",
            "title": "There were validation failures.",
            "status": 400,
            "detail": "Request had 1 validation failure(s). See failures for more details...",
            "instance": "https://raid.org.au",
            "failures": [{
                "fieldId": "title[0].text",
                "errorType": "notSet",
                "message": "field must be set",
            }],
        })
    );
    body["title"] = json!(1);
    let problem = server
        .post(&server.user(), "/raid/", &body)
        .await
        .expect(400);
    let members: Vec<_> = problem.as_object().unwrap().keys().collect();
    assert_eq!(members, ["detail", "instance", "status", "title", "type"]);
    assert_eq!(
        problem["type"],
        "https://raid.org.au/errors#InvalidJsonException"
    );
}
