//! Input as it comes: pasted identifiers, byte order marks, numbers for texts, and what is accepted with
//! a warning.

use actix_web::http::Method;
use serde_json::{Value, json};
use store::testing::TestDb;

use crate::harness::{Server, maximal, minimal, path_of, request, serve};

store::on_both_databases!(
    identifiers_are_stored_in_canonical_form,
    lists_take_what_people_paste,
    a_byte_order_mark_is_skipped,
    a_number_in_a_text_keeps_its_literal,
    another_charset_is_refused,
    long_titles_are_accepted_with_a_warning,
    what_is_left_out_or_misspelt_is_named,
);

async fn raw(
    server: &Server,
    path: &str,
    content_type: &str,
    body: Vec<u8>,
) -> crate::harness::Reply {
    let request = request(Method::POST, path, &server.user())
        .insert_header(("Content-Type", content_type))
        .set_payload(body);
    server.send(request).await
}

/// RAiD API, section on identifiers: what people paste is understood, and answered in canonical form.
async fn identifiers_are_stored_in_canonical_form(db: &TestDb) {
    let server = serve(db).await;
    let mut body = maximal();
    let canonical = body["contributor"][0]["id"].as_str().unwrap().to_owned();
    let pasted = canonical.replace("https://", "http://www.").to_lowercase();
    body["contributor"][0]["id"] = json!(format!(" {pasted}/?lang=en "));
    body["organisation"][0]["id"] = json!("ror.org/038SJWQ14");
    body["relatedRaid"][0]["id"] = json!("10.82841/9F3C1A7E");
    let raid = server.mint(&body).await;
    let expect = |raid: &Value| {
        assert_eq!(raid["contributor"][0]["id"], canonical);
        assert_eq!(raid["organisation"][0]["id"], "https://ror.org/038sjwq14");
        let related = "https://raid.org/10.82841/9f3c1a7e";
        assert_eq!(raid["relatedRaid"][0]["id"], related);
    };
    expect(&raid);
    let path = path_of(&raid);
    let mut change = raid.clone();
    change["contributor"][0]["id"] = json!(pasted);
    let same = server.put(&server.user(), &path, &change).await.expect(200);
    assert_eq!(same, raid, "nothing has changed");
    for (pointer, value, field) in [
        (
            "/alternateUrl/0/url",
            "javascript:void(0)",
            "alternateUrl[0].url",
        ),
        (
            "/relatedRaid/0/id",
            "not a raid at all",
            "relatedRaid[0].id",
        ),
        ("/title/0/text", "\u{200b}", "title[0].text"),
    ] {
        let mut bad = maximal();
        *bad.pointer_mut(pointer).unwrap() = json!(value);
        let refused = server.post(&server.user(), "/raid/", &bad).await;
        refused.expect(400);
        assert_eq!(refused.fields(), [field]);
    }
}

/// RAiD API, section on `GET /raid/`: people and organisations, however they are pasted.
async fn lists_take_what_people_paste(db: &TestDb) {
    let server = serve(db).await;
    let mut body = minimal();
    body["contributor"][0]["id"] = json!("https://orcid.org/0000-0002-1694-233X");
    body["organisation"] = json!([{
        "id": "https://ror.org/038sjwq14", "schemaUri": "https://ror.org/", "role": [],
    }]);
    let raid = server.mint(&body).await;
    for query in [
        "contributor.id=http://orcid.org/0000-0002-1694-233x",
        "contributor.id=orcid.org/0000-0002-1694-233x/",
        "contributor.id=https://orcid.org/0000-0002-1694-233X%3Flang%3Den",
        "organisation.id=https://ror.org/038SJWQ14",
        "organisation.id=http://ror.org/038sjwq14/",
    ] {
        let found = server
            .get(&server.operator(), &format!("/raid/?{query}"))
            .await;
        assert_eq!(found.expect(200)[0], raid, "{query}");
    }
    for query in [
        "contributor=http://orcid.org/0000-0002-1694-233x",
        "organisation=ror.org/038SJWQ14",
    ] {
        let found = server
            .get(&server.operator(), &format!("/v1/raids?{query}"))
            .await;
        let found = found.expect(200);
        assert_eq!(
            found["items"].as_array().map(Vec::len),
            Some(1),
            "{query} {found}"
        );
    }
}

/// RAiD API, section on JSON input coercions.
async fn a_byte_order_mark_is_skipped(db: &TestDb) {
    let server = serve(db).await;
    let mut body = b"\xef\xbb\xbf".to_vec();
    body.extend_from_slice(minimal().to_string().as_bytes());
    let minted = raw(&server, "/raid/", "application/json", body.clone()).await;
    minted.expect(201);
    let bulk = raw(&server, "/v1/raids/bulk", "application/x-ndjson", body).await;
    assert_eq!(bulk.json()["status"], 201);
    assert_eq!(server.count().await, 2);
}

/// RAiD API, section on JSON input coercions: a number for a text.
async fn a_number_in_a_text_keeps_its_literal(db: &TestDb) {
    let server = serve(db).await;
    let mut body = minimal();
    body["alternateIdentifier"] = json!([{"id": "NUMBER", "type": "x"}]);
    let body = body
        .to_string()
        .replace("\"NUMBER\"", "12345678901234567890123");
    let minted = raw(&server, "/raid/", "application/json", body.into_bytes()).await;
    let id = &minted.expect(201)["alternateIdentifier"][0]["id"];
    assert_eq!(id, "12345678901234567890123");
}

/// RAiD API, section on JSON input coercions: text is UTF-8.
async fn another_charset_is_refused(db: &TestDb) {
    let server = serve(db).await;
    for (charset, status) in [
        ("charset=utf-8", 201),
        ("charset=\"UTF-8\"", 201),
        ("charset=iso-8859-1", 415),
        ("Charset=\"windows-1252\"", 415),
        ("charset=utf-16", 415),
    ] {
        let body = minimal().to_string().into_bytes();
        let content_type = format!("application/json; {charset}");
        let reply = raw(&server, "/raid/", &content_type, body).await;
        let answer = reply.expect(status);
        if status == 415 {
            let detail = answer["detail"].as_str().unwrap_or_default();
            assert!(detail.contains("UTF-8"), "{answer}");
        }
    }
}

/// RAiD metadata schema, lengths of texts: a warning, as real titles are longer.
async fn long_titles_are_accepted_with_a_warning(db: &TestDb) {
    let server = serve(db).await;
    let mut body = minimal();
    body["title"][0]["text"] = json!("x".repeat(190));
    let minted = server.post(&server.user(), "/raid/", &body).await;
    minted.expect(201);
    assert_eq!(minted.header("validation-warning"), "title[0].text");
    body["title"][0]["text"] = json!("x".repeat(5001));
    let refused = server.post(&server.user(), "/raid/", &body).await;
    refused.expect(400);
    assert_eq!(refused.fields(), ["title[0].text"]);
}

/// RAiD API, section on JSON input coercions: unknown members are ignored, and on updates: what is left out goes.
async fn what_is_left_out_or_misspelt_is_named(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&maximal()).await;
    let path = path_of(&raid);
    let mut body = raid.clone();
    let organisation = body
        .as_object_mut()
        .unwrap()
        .remove("organisation")
        .unwrap();
    body["organization"] = organisation;
    body["raidName"] = json!("ignored");
    body["relatedRaid"] = json!([]);
    let reply = server.put(&server.user(), &path, &body).await;
    assert_eq!(reply.expect(200).get("organisation"), None);
    assert_eq!(
        reply.header("validation-warning"),
        "organisation, organization"
    );
    let body = reply.json();
    let again = server.put(&server.user(), &path, &body).await;
    again.expect(200);
    assert!(again.headers.get("validation-warning").is_none());
    let mut body = minimal();
    body["titles"] = json!([]);
    let minted = server.post(&server.user(), "/raid/", &body).await;
    minted.expect(201);
    assert_eq!(minted.header("validation-warning"), "titles");
}
