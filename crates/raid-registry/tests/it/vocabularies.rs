//! The controlled vocabularies, open to everybody.

use actix_web::test::TestRequest;
use serde_json::json;
use store::testing::TestDb;

use crate::harness::{Reply, Server, serve};

store::on_both_databases!(everybody_reads_the_vocabularies);

async fn get(server: &Server, path: &str) -> Reply {
    server.send(TestRequest::get().uri(path)).await
}

async fn everybody_reads_the_vocabularies(db: &TestDb) {
    let server = serve(db).await;
    let list = get(&server, "/v1/vocabularies").await;
    assert_eq!(list.header("cache-control"), "public, max-age=86400");
    let mut seen = Vec::new();
    for entry in list.expect(200).as_array().unwrap() {
        let whole = get(&server, entry["href"].as_str().unwrap()).await;
        let etag = whole.header("etag").to_owned();
        let whole = whole.expect(200);
        assert_eq!(whole["name"], entry["name"]);
        assert_eq!(whole["schemaUris"], entry["schemaUris"]);
        assert_eq!(whole["terms"].as_array().unwrap().len(), entry["terms"]);
        let again = TestRequest::get().uri(entry["href"].as_str().unwrap());
        let again = server
            .send(again.insert_header(("If-None-Match", etag)))
            .await;
        assert_eq!(again.status, 304);
        seen.push((
            entry["name"].as_str().unwrap().to_owned(),
            entry["terms"].as_u64().unwrap(),
        ));
    }
    for (name, terms) in [
        ("access.type", 2),
        ("contributor.position", 5),
        ("contributor.role", 14),
        ("relatedObject.type", 28),
        ("language", 7915),
        ("subject.anzsrc-for", 2203),
        ("subject.anzsrc-seo", 987),
    ] {
        assert!(seen.contains(&(name.to_owned(), terms)), "{name}: {seen:?}");
    }
    let positions = get(&server, "/v1/vocabularies/contributor.position").await;
    let position = json!({
        "id": "https://vocabulary.raid.org/contributor.position.schema/307",
        "label": "Principal or Chief Investigator",
    });
    assert_eq!(positions.expect(200)["terms"][0], position);
    get(&server, "/v1/vocabularies/nothing").await.expect(404);
}
