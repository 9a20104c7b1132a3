//! A database that takes no writes: whatever writes is answered 503 with `Retry-After`, and reads go on.

use actix_web::http::Method;
use serde_json::{Value, json};
use store::Store;
use store::testing::TestDb;

use crate::harness::{Reply, Server, minimal, path_of, request, serve, serve_store, settings};

store::on_both_databases!(writes_are_refused_and_reads_go_on);

/// Another node on the same database, which it may only read.
fn read_only(db: &TestDb) -> Store {
    let mut settings = db.settings().clone();
    settings.url = if settings.is_postgres() {
        format!("{}%20-cdefault_transaction_read_only%3Don", settings.url)
    } else {
        format!("file:{}?mode=ro", settings.url)
    };
    Store::open(&settings, db.clock().clone(), TestDb::keys()).unwrap()
}

fn assert_not_now(reply: &Reply, what: &str) {
    let problem = reply.expect(503);
    assert_eq!(reply.header("retry-after"), "30", "{what}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("Nothing was written"), "{what}: {detail}");
}

async fn writes_are_refused_and_reads_go_on(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let standby = serve_store(read_only(db), settings()).await;
    let (user, path) = (standby.user(), path_of(&raid));
    for _ in 0..3 {
        let mint = standby.post(&user, "/raid/", &minimal()).await;
        assert_not_now(&mint, "a mint");
    }
    let with_key = request(Method::POST, "/raid/", &user).insert_header(("Idempotency-Key", "k"));
    let mint = standby.send(with_key.set_json(minimal())).await;
    assert_not_now(&mint, "a mint with a key");
    let mut changed = raid.clone();
    changed["title"][0]["text"] = json!("Another title");
    let update = standby.put(&user, &path, &changed).await;
    assert_not_now(&update, "an update");
    let withdrawal = json!({"reason": "Registered twice"});
    let to = format!("/v1/raids{}/withdrawal", path.trim_start_matches("/raid"));
    let withdrawn = standby.post(&standby.operator(), &to, &withdrawal).await;
    assert_not_now(&withdrawn, "a withdrawal");
    a_bulk_is_refused_line_by_line(&standby, &user).await;

    let read = standby.get(&user, &path).await.expect(200);
    assert_eq!(read["title"], raid["title"]);
    for path in ["/raid/", "/v1/raids", "/v1/changes"] {
        standby.get(&user, path).await.expect(200);
    }
    // The node that may write is not concerned, and nothing of all this was written.
    server.put(&user, &path, &changed).await.expect(200);
    assert_eq!(server.count().await, 1);
}

async fn a_bulk_is_refused_line_by_line(standby: &Server, user: &str) {
    let lines = format!("{}\n{}\n", minimal(), minimal());
    let bulk = request(Method::POST, "/v1/raids/bulk", user)
        .insert_header(("content-type", "application/x-ndjson"))
        .set_payload(lines);
    let reply = standby.send(bulk).await;
    let text = String::from_utf8(reply.body.to_vec()).unwrap();
    let statuses: Vec<_> = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["status"].clone())
        .collect();
    assert_eq!(statuses, [503, 503]);
}
