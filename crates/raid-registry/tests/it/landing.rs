//! The page of a RAiD.

use serde_json::json;
use store::testing::TestDb;

use crate::harness::{Server, embargoed, maximal, minimal, path_of, serve};
use actix_web::test::TestRequest;

store::on_both_databases!(
    everybody_sees_the_page_of_an_open_raid,
    an_embargoed_raid_shows_its_statement_only,
    nothing_in_a_record_becomes_markup,
);

async fn page(server: &Server, raid: &serde_json::Value, status: u16) -> String {
    let path = path_of(raid).replace("/raid/", "/raids/");
    let reply = server.send(TestRequest::get().uri(&path)).await;
    assert_eq!(reply.status, status);
    assert_eq!(reply.header("content-type"), "text/html; charset=utf-8");
    let policy = reply.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'"));
    String::from_utf8(reply.body.to_vec()).unwrap()
}

async fn everybody_sees_the_page_of_an_open_raid(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&maximal()).await;
    let html = page(&server, &raid, 200).await;
    let id = raid["identifier"]["id"].as_str().unwrap();
    assert!(html.contains(&format!("<a href=\"{id}\">{id}</a>")));
    for person in raid["contributor"].as_array().unwrap() {
        let id = person["id"].as_str().unwrap();
        assert!(html.contains(&format!("<a href=\"{id}\">")), "{id}");
    }
    for organisation in raid["organisation"].as_array().unwrap() {
        assert!(html.contains(organisation["id"].as_str().unwrap()));
    }
    assert!(html.contains("not confirmed"));
    assert!(html.contains("<html lang=\"en\">"));
    assert!(!html.contains("<script"));

    let nowhere = json!({"identifier": {"id": "https://raid.org/10.82841/nowhere"}});
    let html = page(&server, &nowhere, 404).await;
    assert!(html.contains("No such RAiD"));
}

async fn an_embargoed_raid_shows_its_statement_only(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&embargoed(&server)).await;
    let html = page(&server, &raid, 200).await;
    assert!(html.contains("under embargo"));
    assert!(html.contains("patent"));
    assert!(html.contains(raid["identifier"]["id"].as_str().unwrap()));
    assert!(!html.contains("<b>patent"));
    for secret in ["Night sounds", "0000-0002-1825-0097", "2025-02"] {
        assert!(!html.contains(secret), "{secret}");
    }
}

async fn nothing_in_a_record_becomes_markup(db: &TestDb) {
    let server = serve(db).await;
    let mut body = minimal();
    let attack = "</title><script>alert(1)</script>\" onload=\"x";
    body["title"][0]["text"] = json!(attack);
    body["description"] = json!([{
        "text": attack,
        "type": {
            "id": "https://vocabulary.raid.org/description.type.schema/318",
            "schemaUri": "https://vocabulary.raid.org/description.type.schema/320",
        },
    }]);
    let raid = server.mint(&body).await;
    let html = page(&server, &raid, 200).await;
    assert!(!html.contains("<script"), "{html}");
    assert!(!html.contains("\" onload"), "{html}");
    assert!(html.contains("&#60;script&#62;") || html.contains("&lt;script&gt;"));
}
