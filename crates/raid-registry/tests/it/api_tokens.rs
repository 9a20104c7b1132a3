//! Tokens that the agency keeps.

use std::time::Duration;

use actix_web::http::Method;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::api_tokens;
use store::testing::TestDb;
use store::{Conn, Id};
use tokio::time::{Instant, sleep};

use crate::harness::{
    AWAY, HOME, HOME_GROUP, Server, minimal, path_of, request, serve, serve_with, settings,
};

store::on_both_databases!(
    a_service_points_token_mints_lists_and_reads,
    a_revoked_token_is_refused_and_the_others_are_not,
    a_revoked_token_is_refused_where_answers_are_remembered,
    a_token_expires,
    the_database_holds_no_token,
    tokens_are_listed_with_their_last_use,
    users_manage_the_tokens_of_their_service_point,
    a_token_makes_no_other_token,
    what_cannot_be_a_token_is_refused,
);

const TOKENS: &str = "/v1/tokens";

/// A new token: its id, and the token itself.
async fn issue(server: &Server, by: &str, body: Value) -> (String, String) {
    let issued = server.post(by, TOKENS, &body).await.expect(201);
    let text = |name: &str| issued[name].as_str().unwrap().to_owned();
    (text("id"), text("token"))
}

async fn revoke(server: &Server, by: &str, id: &str) -> u16 {
    let delete = request(Method::DELETE, &format!("{TOKENS}/{id}"), by);
    server.send(delete).await.status.as_u16()
}

async fn a_service_points_token_mints_lists_and_reads(db: &TestDb) {
    let server = serve(db).await;
    let body = json!({"name": "repository", "servicePoint": HOME});
    let (id, token) = issue(&server, &server.operator(), body).await;
    assert!(token.starts_with("raid_"), "{token}");
    let raid = server.post(&token, "/raid/", &minimal()).await.expect(201);
    let listed = server.get(&token, "/raid/").await.expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    let path = path_of(&raid);
    server.get(&token, &path).await.expect(200);
    let versions = format!("/v1{}/versions", path.replace("/raid/", "/raids/"));
    let author = server.get(&token, &versions).await.expect(200);
    assert_eq!(author[0]["subject"], format!("token:{id}"));
    // And no more than that.
    server.get(&token, "/v1/orcid-calls").await.expect(403);
    server.get(&token, "/raid/all-embargoed").await.expect(403);
}

async fn a_revoked_token_is_refused_and_the_others_are_not(db: &TestDb) {
    let server = serve(db).await;
    let operator = server.operator();
    let body = json!({"name": "one", "servicePoint": HOME});
    let (first, one) = issue(&server, &operator, body.clone()).await;
    let (_, two) = issue(&server, &operator, body).await;
    server.get(&one, "/raid/").await.expect(200);
    assert_eq!(revoke(&server, &operator, &first).await, 204);
    let refused = server.get(&one, "/raid/").await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").contains("revoked"));
    server.get(&two, "/raid/").await.expect(200);
    // To revoke it again changes nothing.
    let before = server.get(&operator, TOKENS).await.expect(200);
    assert_eq!(revoke(&server, &operator, &first).await, 204);
    let after = server.get(&operator, TOKENS).await.expect(200);
    assert_eq!(before[1]["revokedAt"], after[1]["revokedAt"]);
    assert_eq!(after[1]["state"], "revoked");
    assert_eq!(revoke(&server, &operator, "nonsense").await, 404);
    let nobodys = "019a0000-0000-7000-8000-000000000000";
    assert_eq!(revoke(&server, &operator, nobodys).await, 404);
}

async fn a_revoked_token_is_refused_where_answers_are_remembered(db: &TestDb) {
    let mut settings = settings();
    settings.read_cache.ttl = Duration::from_millis(200);
    let server = serve_with(db, settings).await;
    let operator = server.operator();
    let body = json!({"name": "one", "servicePoint": HOME});
    let (id, token) = issue(&server, &operator, body).await;
    server.get(&token, "/raid/").await.expect(200);
    server.get(&token, "/raid/").await.expect(200);
    assert_eq!(revoke(&server, &operator, &id).await, 204);
    assert_eq!(server.get(&token, "/raid/").await.status, 401);
}

async fn a_token_expires(db: &TestDb) {
    let server = serve(db).await;
    let body = json!({"name": "brief", "servicePoint": HOME, "days": 1});
    let (_, token) = issue(&server, &server.operator(), body).await;
    server.get(&token, "/raid/").await.expect(200);
    server.clock.stop();
    server.clock.advance(time::Duration::DAY);
    let refused = server.get(&token, "/raid/").await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").contains("expired"));
}

async fn the_database_holds_no_token(db: &TestDb) {
    let server = serve(db).await;
    let body = json!({"name": "one", "servicePoint": HOME});
    let (id, token) = issue(&server, &server.operator(), body).await;
    let id: Id = id.parse().unwrap();
    let read = move |c: &mut Conn| api_tokens::find(c, id);
    let row = server.store.read(read).await.unwrap().unwrap();
    let random = token.strip_prefix("raid_").unwrap();
    assert!(!format!("{row:?}").contains(random));
    // What is kept does not sign in.
    for guess in [row.hash.clone(), format!("raid_{}", row.hash)] {
        assert_eq!(server.get(&guess, "/raid/").await.status, 401);
    }
    let unknown = "raid_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(server.get(unknown, "/raid/").await.status, 401);
    let long = format!("raid_{}", "A".repeat(10_000));
    assert_eq!(server.get(&long, "/raid/").await.status, 401);
}

async fn tokens_are_listed_with_their_last_use(db: &TestDb) {
    let server = serve(db).await;
    let operator = server.operator();
    let body = json!({"name": " harvester ", "roles": ["raid-dumper"], "days": 7});
    let (id, token) = issue(&server, &operator, body).await;
    let listed = server.get(&operator, TOKENS).await.expect(200);
    let shown = &listed[0];
    assert_eq!(shown["id"], id);
    assert_eq!(shown["name"], "harvester");
    assert_eq!(shown["roles"], json!(["raid-dumper"]));
    assert_eq!(shown["state"], "active");
    assert_eq!(shown["createdBy"], "user-1");
    assert_eq!(shown["lastUsedAt"], Value::Null);
    assert_eq!(shown["token"], Value::Null, "it is shown once");
    server.get(&token, "/raid/all-public").await.expect(200);
    let deadline = Instant::now() + Duration::from_secs(10);
    while server.get(&operator, TOKENS).await.expect(200)[0]["lastUsedAt"] == Value::Null {
        assert!(Instant::now() < deadline, "the use is not noted");
        sleep(Duration::from_millis(10)).await;
    }
    // In pages, newest first.
    let body = json!({"name": "second", "servicePoint": HOME});
    let (second, _) = issue(&server, &operator, body).await;
    let page = server.get(&operator, "/v1/tokens?limit=1").await;
    let next = page
        .header("link")
        .split(['<', '>'])
        .nth(1)
        .unwrap()
        .to_owned();
    assert_eq!(page.expect(200)[0]["id"], second);
    let page = server.get(&operator, &next).await.expect(200);
    assert_eq!(page[0]["id"], id);
}

async fn users_manage_the_tokens_of_their_service_point(db: &TestDb) {
    let server = serve(db).await;
    let (user, operator) = (server.user(), server.operator());
    let (own, token) = issue(&server, &user, json!({"name": "own"})).await;
    server.post(&token, "/raid/", &minimal()).await.expect(201);
    let away = json!({"name": "other", "servicePoint": AWAY});
    let (other, _) = issue(&server, &operator, away.clone()).await;
    let listed = server.get(&user, TOKENS).await.expect(200);
    assert_eq!(listed.as_array().unwrap().len(), 1);
    assert_eq!(listed[0]["servicePoint"], HOME);
    assert_eq!(revoke(&server, &user, &other).await, 404);
    assert_eq!(revoke(&server, &user, &own).await, 204);
    server.post(&user, TOKENS, &away).await.expect(403);
    for roles in [
        json!(["operator"]),
        json!(["service-point-user", "raid-dumper"]),
    ] {
        let more = json!({"name": "more", "roles": roles});
        server.post(&user, TOKENS, &more).await.expect(403);
    }
    let reader = server.token(&[Role::RaidDumper], Some(HOME_GROUP));
    server.get(&reader, TOKENS).await.expect(403);
}

async fn a_token_makes_no_other_token(db: &TestDb) {
    let server = serve(db).await;
    let body = json!({"name": "one", "servicePoint": HOME});
    let (id, token) = issue(&server, &server.operator(), body.clone()).await;
    server.post(&token, TOKENS, &body).await.expect(403);
    server.get(&token, TOKENS).await.expect(403);
    assert_eq!(revoke(&server, &token, &id).await, 403);
}

async fn what_cannot_be_a_token_is_refused(db: &TestDb) {
    let server = serve(db).await;
    for (body, field) in [
        (json!({"servicePoint": HOME}), "name"),
        (json!({"servicePoint": HOME, "name": "  "}), "name"),
        (
            json!({"servicePoint": HOME, "name": "x".repeat(101)}),
            "name",
        ),
        (json!({"servicePoint": HOME, "name": "a\nb"}), "name"),
        (json!({"name": "x"}), "servicePoint"),
        (json!({"name": "x", "servicePoint": 7}), "servicePoint"),
        (
            json!({"name": "x", "servicePoint": HOME, "days": 0}),
            "days",
        ),
        (
            json!({"name": "x", "servicePoint": HOME, "days": 9999}),
            "days",
        ),
        (json!({"name": "x", "roles": ["emperor"]}), "roles[0]"),
    ] {
        let reply = server.post(&server.operator(), TOKENS, &body).await;
        reply.expect(400);
        assert_eq!(reply.fields(), [field], "{body}");
    }
    // Else it would last longer than its maker thinks.
    let unknown = json!({"name": "x", "servicePoint": HOME, "expiresAt": "2020-01-01T00:00:00Z"});
    let reply = server.post(&server.operator(), TOKENS, &unknown).await;
    let said = reply.expect(400)["detail"].to_string();
    assert!(said.contains("expiresAt"), "{said}");
}
