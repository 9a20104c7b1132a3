//! How fast one client may ask.

use std::net::SocketAddr;

use actix_web::http::Method;
use actix_web::test::TestRequest;
use raid_registry::auth::Role;
use raid_registry::{Limits, Rate};
use store::testing::TestDb;

use crate::harness::{
    BODY_LIMIT, HOME_GROUP, NO_LIMITS, Reply, Server, minimal, path_of, request, serve,
    serve_limited, settings,
};
use crate::notes::{Notes, documented};

store::on_both_databases!(
    a_client_that_asks_too_fast_waits,
    without_a_token_that_counts_the_address_does,
    forged_tokens_cost_their_sender,
    every_path_is_counted,
    large_pages_cost_more,
    large_lines_of_a_bulk_cost_more,
    behind_a_proxy_its_word_counts,
    without_limits_nobody_waits,
);

/// A request a second, and a few at once.
pub const STRICT: Limits = Limits {
    clients: Rate {
        per_second: 1,
        burst: 3,
    },
    anonymous: Rate {
        per_second: 1,
        burst: 2,
    },
    large_answers: 0,
    memory: 1 << 20,
    trusted_proxy: false,
};

async fn limited(db: &TestDb, limits: Limits) -> Server {
    serve(db).await;
    let server = serve_limited(db.store().clone(), settings(), limits).await;
    server.clock.stop();
    server
}

fn assert_refused(reply: &Reply, seconds: &str) {
    assert_eq!(reply.expect(429)["status"], 429);
    assert_eq!(reply.header("retry-after"), seconds);
    assert_eq!(reply.header("content-type"), "application/problem+json");
    assert!(!reply.header("x-request-id").is_empty());
}

async fn a_client_that_asks_too_fast_waits(db: &TestDb) {
    let raid = serve(db).await.mint(&minimal()).await;
    let many = Rate {
        per_second: 1,
        burst: 10,
    };
    let server = limited(
        db,
        Limits {
            anonymous: many,
            ..STRICT
        },
    );
    let server = server.await;
    let (user, path) = (server.user(), path_of(&raid));
    for _ in 0..3 {
        server.get(&user, &path).await.expect(200);
    }
    assert_refused(&server.get(&user, &path).await, "1");
    // Whatever is asked, also with another token of the same person; nothing is done.
    let token = server.token(&[Role::ServicePointUser, Role::RaidAdmin], Some(HOME_GROUP));
    assert_refused(&server.post(&token, "/raid/", &minimal()).await, "1");
    assert_eq!(server.count().await, 1);
    // Others do not wait.
    let roles = [Role::ServicePointUser];
    let colleague = server.token_of("user-2", &roles, Some(HOME_GROUP));
    server.get(&colleague, &path).await.expect(200);
    server.clock.advance(time::Duration::seconds(1));
    server.get(&user, &path).await.expect(200);
    assert_refused(&server.get(&user, &path).await, "1");
    server.clock.advance(time::Duration::seconds(60));
    for _ in 0..3 {
        server.get(&user, &path).await.expect(200);
    }
    assert_refused(&server.get(&user, &path).await, "1");
}

/// A signature is checked for whoever has not used up the checks of their address.
async fn forged_tokens_cost_their_sender(db: &TestDb) {
    let server = limited(db, STRICT).await;
    let page = "/v1/vocabularies";
    let with = |token: &str, peer: &str| {
        let request = request(Method::GET, page, token);
        request.peer_addr(peer.parse().unwrap())
    };
    let (here, elsewhere) = ("192.0.2.1:1", "192.0.2.2:1");
    let known = server.user();
    server.send(with(&known, elsewhere)).await.expect(200);
    for n in 0..2 {
        let forged = format!("forged.{n}.token");
        server.send(with(&forged, here)).await.expect(200);
    }
    assert_refused(&server.send(with("another.forged.token", here)).await, "1");
    // Not even a valid one that nobody has seen; but one that is known, and any from elsewhere.
    let roles = [Role::ServicePointUser];
    let new = server.token_of("user-2", &roles, Some(HOME_GROUP));
    assert_refused(&server.send(with(&new, here)).await, "1");
    server.send(with(&known, here)).await.expect(200);
    server.send(with(&new, elsewhere)).await.expect(200);
}

/// Whatever is behind a path, and if nothing is.
async fn every_path_is_counted(db: &TestDb) {
    let server = limited(db, STRICT).await;
    for n in 0..2 {
        let nowhere = from("192.0.2.1:1", &format!("/nowhere/{n}"));
        server.send(nowhere).await.expect(404);
    }
    for path in ["/nowhere", "/docs/", "/docs", "/openapi.json", "/raids/a/b"] {
        assert_refused(&server.send(from("192.0.2.1:1", path)).await, "1");
    }
    // A person's browser gets a page.
    let page = from("192.0.2.1:1", "/raids/a/b").insert_header(("Accept", "text/html,*/*;q=0.8"));
    let page = server.send(page).await;
    assert_eq!(
        (page.status.as_u16(), page.header("retry-after")),
        (429, "1")
    );
    assert!(page.header("content-type").starts_with("text/html"));
}

/// A list costs by the rows that it is asked for.
async fn large_pages_cost_more(db: &TestDb) {
    let limits = Limits {
        anonymous: Rate {
            per_second: 1,
            burst: 27,
        },
        ..STRICT
    };
    let server = limited(db, limits).await;
    let read = |query: &str| from("192.0.2.1:1", &format!("/v1/raids{query}"));
    server.send(read("?limit=500")).await.expect(200);
    assert_refused(&server.send(read("?limit=20")).await, "1");
    server.send(read("?limit=1")).await.expect(200);
    assert_refused(&server.send(read("?limit=1")).await, "1");
}

/// A line of a bulk costs by its bytes, as a body of its own does; usual ones cost nothing more.
async fn large_lines_of_a_bulk_cost_more(db: &TestDb) {
    let server = limited(db, STRICT).await;
    let user = server.user();
    let bulk = |body: String| {
        let bulk = request(Method::POST, "/v1/raids/bulk?dryRun=true", &user);
        let bulk = bulk.insert_header(("Content-Type", "application/x-ndjson"));
        server.send(bulk.set_payload(body))
    };
    let usual = format!("{}\n", minimal()).repeat(20);
    assert_eq!(bulk(usual).await.status, 200);
    let line = minimal().to_string();
    let blanks = " ".repeat(BODY_LIMIT - line.len());
    assert_eq!(bulk(format!("{line}{blanks}\n")).await.status, 200);
    let refused = server.get(&user, "/v1/vocabularies").await;
    assert_refused(&refused, "1");
}

fn from(peer: &str, path: &str) -> TestRequest {
    let peer: SocketAddr = peer.parse().unwrap();
    TestRequest::get().uri(path).peer_addr(peer)
}

async fn without_a_token_that_counts_the_address_does(db: &TestDb) {
    let server = limited(db, STRICT).await;
    let page = "/v1/vocabularies";
    // A token that is not valid, or none where one is needed, is no way around.
    let bad = from("192.0.2.1:1000", "/raid/10.82841/nowhere");
    let bad = bad.insert_header(("Authorization", "Bearer no.such.token"));
    server.send(bad).await.expect(401);
    server.send(from("192.0.2.1:1001", page)).await.expect(200);
    assert_refused(&server.send(from("192.0.2.1:1002", page)).await, "1");
    // Whoever has a token does not wait.
    let user = request(Method::GET, page, &server.user());
    let user = user.peer_addr("192.0.2.1:1000".parse().unwrap());
    server.send(user).await.expect(200);
    let bad = from("192.0.2.1:1000", page);
    let bad = bad.insert_header(("Authorization", "Bearer no.such.token"));
    assert_refused(&server.send(bad).await, "1");
    // Nobody else waits: other addresses.
    server.send(from("192.0.2.2:1000", page)).await.expect(200);
    // A proxy's word is anybody's where none is trusted.
    let told = from("192.0.2.1:1000", page).insert_header(("X-Forwarded-For", "192.0.2.9"));
    assert_refused(&server.send(told).await, "1");
    // An IPv6 network is one.
    for n in 1..3 {
        let peer = format!("[2001:db8:0:{n}::{n}]:80");
        server.send(from(&peer, page)).await.expect(200);
    }
    let third = from("[2001:db8:0:ff::3]:80", page);
    assert_refused(&server.send(third).await, "1");
    let beside = from("[2001:db8:0:100::3]:80", page);
    server.send(beside).await.expect(200);
    server.clock.advance(time::Duration::seconds(1));
    server.send(from("192.0.2.1:1003", page)).await.expect(200);
}

async fn behind_a_proxy_its_word_counts(db: &TestDb) {
    let limits = Limits {
        trusted_proxy: true,
        ..STRICT
    };
    let server = limited(db, limits).await;
    let told = |client: &str| {
        let request = from("10.0.0.1:1000", "/v1/vocabularies");
        request.insert_header(("X-Forwarded-For", client.to_owned()))
    };
    for n in 0..2 {
        // What a client made up comes first.
        let told = told(&format!("203.0.113.{n}, 192.0.2.1"));
        server.send(told).await.expect(200);
    }
    assert_refused(&server.send(told("192.0.2.1")).await, "1");
    server.send(told("192.0.2.2")).await.expect(200);
}

async fn without_limits_nobody_waits(db: &TestDb) {
    let server = limited(db, NO_LIMITS).await;
    for _ in 0..200 {
        let page = TestRequest::get().uri("/v1/vocabularies");
        assert_eq!(server.send(page).await.status, 200);
    }
}

/// Asks for everything that is limited, from an address that has asked too fast before.
pub async fn what_is_too_fast(notes: &mut Notes, server: &Server) {
    let anonymous = |method: &str, path: &str| {
        let path = path.replace(['{', '}'], "");
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        TestRequest::default().method(method).uri(&path)
    };
    while server
        .send(anonymous("GET", "/v1/vocabularies"))
        .await
        .status
        == 200
    {}
    for (method, path, status) in documented() {
        if status == 429 {
            let request = anonymous(&method, &path);
            notes.send(server, request).await.expect(429);
        }
    }
}
