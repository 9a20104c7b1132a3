//! `Idempotency-Key`: a request that is sent again gets the first one's answer.

use std::sync::mpsc;
use std::time::Duration;

use actix_web::http::Method;
use futures::future::{Either, join_all, select};
use raid_model::OrcidId;
use raid_model::permission::PermissionState as State;
use raid_registry::auth::Role;
use raid_registry::{ReadCache, Settings};
use serde_json::{Value, json};
use store::testing::TestDb;
use store::testing::put_in_state;

use crate::harness::{
    AWAY_GROUP, HOME_GROUP, Reply, Server, maximal, minimal, request, serve, serve_store, settings,
};

store::on_both_databases!(
    a_request_that_is_sent_again_gets_the_same_answer,
    a_key_stands_for_one_request_of_one_caller,
    a_key_is_free_again_after_a_day,
    a_refusal_is_not_kept,
    a_key_is_short_and_visible,
    a_request_in_hand_is_not_served_twice,
    of_many_at_once_on_two_nodes_one_mints,
);

async fn post(server: &Server, token: &str, key: &str, body: &Value) -> Reply {
    let post = request(Method::POST, "/raid/", token).set_json(body);
    server
        .send(post.insert_header(("Idempotency-Key", key)))
        .await
}

fn assert_same(a: &Reply, b: &Reply) {
    assert_eq!((a.status, &a.body), (b.status, &b.body));
    for name in ["location", "etag", "content-type", "validation-warning"] {
        assert_eq!(a.header(name), b.header(name), "{name}");
    }
}

async fn a_request_that_is_sent_again_gets_the_same_answer(db: &TestDb) {
    let server = serve(db).await;
    let (user, body) = (server.user(), minimal());
    let first = post(&server, &user, "key-1", &body).await;
    let raid = first.expect(201);
    assert_eq!(first.header("location"), raid["identifier"]["id"]);
    // Whatever happens to the RAiD and its contributors meanwhile.
    let orcid: OrcidId = "0000-0002-1825-0097".parse().unwrap();
    let now = server.clock.now();
    let deny = move |c: &mut store::Conn| put_in_state(c, &orcid, State::Denied, now);
    server.store.write(deny).await.unwrap();
    let mut changed = raid.clone();
    changed["title"][0]["text"] = json!("Another title");
    let path = crate::harness::path_of(&raid);
    server.put(&user, &path, &changed).await.expect(200);
    let again = post(&server, &user, "key-1", &body).await;
    assert_same(&first, &again);
    // A new token of the same caller, on another node.
    server.clock.advance(time::Duration::hours(23));
    let node = serve_store(db.another_node(), settings()).await;
    let again = post(&node, &node.user(), "key-1", &body).await;
    assert_same(&first, &again);
    assert_eq!(server.count().await, 1);
}

async fn a_key_stands_for_one_request_of_one_caller(db: &TestDb) {
    let server = serve(db).await;
    let user = server.user();
    let first = post(&server, &user, "k", &minimal()).await;
    let other = post(&server, &user, "k", &maximal()).await;
    assert_eq!(other.header("content-type"), "application/problem+json");
    let detail = other.expect(422)["detail"].to_string();
    assert!(detail.contains("Idempotency-Key"), "{detail}");
    // The service point belongs to the request.
    let roles = [Role::ServicePointUser];
    let away = server.token(&roles, Some(AWAY_GROUP));
    post(&server, &away, "k", &minimal()).await.expect(422);
    assert_eq!(server.count().await, 1);
    let colleague = server.token_of("user-2", &roles, Some(HOME_GROUP));
    let theirs = post(&server, &colleague, "k", &minimal()).await;
    assert_ne!(theirs.expect(201), first.json());
    assert_ne!(
        post(&server, &user, "l", &minimal()).await.expect(201),
        first.json()
    );
    assert_same(&first, &post(&server, &user, "k", &minimal()).await);
    assert_eq!(server.count().await, 3);
}

async fn a_key_is_free_again_after_a_day(db: &TestDb) {
    let server = serve(db).await;
    post(&server, &server.user(), "k", &minimal())
        .await
        .expect(201);
    server.clock.advance(time::Duration::hours(24));
    post(&server, &server.user(), "k", &maximal())
        .await
        .expect(201);
    assert_eq!(server.count().await, 2);
}

async fn a_refusal_is_not_kept(db: &TestDb) {
    let server = serve(db).await;
    let user = server.user();
    let mut wrong = minimal();
    wrong["title"][0]["text"] = json!("");
    post(&server, &user, "k", &wrong).await.expect(400);
    let first = post(&server, &user, "k", &minimal()).await;
    first.expect(201);
    post(&server, &user, "k", &wrong).await.expect(422);
    assert_same(&first, &post(&server, &user, "k", &minimal()).await);
}

async fn a_key_is_short_and_visible(db: &TestDb) {
    let server = serve(db).await;
    let user = server.user();
    for key in ["", "two words", "clé", "a\tb", &"k".repeat(256)] {
        let reply = post(&server, &user, key, &minimal()).await;
        reply.expect(400);
        assert_eq!(reply.fields(), ["Idempotency-Key"], "{key}");
    }
    let two = request(Method::POST, "/raid/", &user).set_json(minimal());
    let two = two.append_header(("Idempotency-Key", "a"));
    let two = two.append_header(("Idempotency-Key", "b"));
    let reply = server.send(two).await;
    assert_eq!(reply.fields(), ["Idempotency-Key"]);
    assert_eq!(server.count().await, 0);
    post(&server, &user, &"k".repeat(255), &minimal())
        .await
        .expect(201);
    post(&server, &user, "\"quoted\"", &minimal())
        .await
        .expect(201);
}

async fn a_request_in_hand_is_not_served_twice(db: &TestDb) {
    let server = serve(db).await;
    let (first, second) = twice_at_once(&server, "k").await;
    second.expect(409);
    assert_eq!(second.header("retry-after"), "1");
    first.expect(201);
    let again = post(&server, &server.user(), "k", &minimal()).await;
    assert_same(&first, &again);
    assert_eq!(server.count().await, 1);
}

/// Sends a request with a key, and while it waits for the store once more.
pub async fn twice_at_once(server: &Server, key: &str) -> (Reply, Reply) {
    let remembering = Settings {
        read_cache: ReadCache {
            ttl: Duration::from_mins(10),
        },
        ..settings()
    };
    let server = serve_store(server.store.clone(), remembering).await;
    let user = server.user();
    // The service point is known from here on.
    let fails = post(&server, &user, "other", &json!({})).await;
    fails.expect(400);
    let (ready, is_ready) = mpsc::channel();
    let mut holders = Vec::new();
    for _ in 0..4 {
        let (release, held) = mpsc::channel::<()>();
        let (store, ready) = (server.store.clone(), ready.clone());
        tokio::spawn(async move {
            let keep = move |_: &mut store::Conn| {
                ready.send(()).unwrap();
                let _ = held.recv();
                Ok(())
            };
            store.read(keep).await
        });
        is_ready.recv_timeout(Duration::from_secs(30)).unwrap();
        holders.push(release);
    }
    let body = minimal();
    let first = Box::pin(post(&server, &user, key, &body));
    let second = Box::pin(post(&server, &user, key, &body));
    let Either::Right((second, first)) = select(first, second).await else {
        panic!("the first has no connection");
    };
    drop(holders);
    (first.await, second)
}

async fn of_many_at_once_on_two_nodes_one_mints(db: &TestDb) {
    let one = serve(db).await;
    let two = serve_store(db.another_node(), settings()).await;
    let user = one.user();
    for round in 0..5 {
        let key = format!("round {round}").replace(' ', "-");
        let body = minimal();
        let posts = (0..16).map(|n| post(if n % 2 == 0 { &one } else { &two }, &user, &key, &body));
        let replies = join_all(posts).await;
        let first = replies.iter().find(|reply| reply.status == 201).unwrap();
        for reply in &replies {
            if reply.status != 409 {
                assert_same(first, reply);
            }
        }
        assert_eq!(one.count().await, round + 1);
    }
}
