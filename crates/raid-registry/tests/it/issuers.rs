//! Several issuers: each one's people are its own, and it gives only what it may.

use actix_web::http::Method;
use jsonwebtoken::Algorithm;
use raid_registry::Settings;
use raid_registry::auth::{OidcIssuer, Role};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use store::testing::TestDb;

use crate::harness::{
    AWAY_GROUP, HOME_GROUP, Server, embargoed, minimal, path_of, request, serve_with, settings,
};
use crate::limits::STRICT;
use crate::tokens::{Provider, claims, now, of, p256, public, signed};

store::on_both_databases!(
    the_same_subject_at_another_issuer_is_somebody_else,
    a_holder_is_given_and_taken_by_issuer,
    keys_and_limits_are_those_of_an_issuers_subject,
    former_tokens_keys_are_found_as_they_were_stored,
    an_issuer_gives_its_roles_and_speaks_for_its_groups,
);

async fn provider() -> Provider {
    Provider::start(vec![public(&p256(), Algorithm::ES256)]).await
}

async fn serve_both(db: &TestDb, (one, other): (&Provider, &Provider)) -> Server {
    let mut settings = settings();
    settings.auth.oidc = vec![of(&one.issuer, None), of(&other.issuer, None)];
    serve_with(db, settings).await
}

/// A token of somebody who is a `raid-admin` and a `raid-user` at a provider.
fn ada(server: &Server, provider: &Provider) -> String {
    let mut claims = claims(&provider.issuer, now(server));
    claims["sub"] = json!("ada");
    claims["realm_access"]["roles"] = json!(["raid-admin", "raid-user"]);
    signed(&claims)
}

fn below(path: &str, what: &str) -> String {
    format!("{}/{what}", path.replace("/raid/", "/v1/raids/"))
}

async fn sees(server: &Server, token: &str, path: &str) -> bool {
    match server.get(token, path).await.status.as_u16() {
        200 => true,
        403 => false,
        other => panic!("{other}"),
    }
}

async fn the_same_subject_at_another_issuer_is_somebody_else(db: &TestDb) {
    let (one, other) = (provider().await, provider().await);
    let server = serve_both(db, (&one, &other)).await;
    let (here, there) = (ada(&server, &one), ada(&server, &other));
    let minted = server.post(&here, "/raid/", &embargoed(&server)).await;
    let raid = minted.expect(201);
    let path = path_of(&raid);
    assert!(sees(&server, &here, &path).await);
    assert!(!sees(&server, &there, &path).await);
    server.put(&there, &path, &raid).await.expect(403);
    for path in ["holders", "versions", "invitations"] {
        let path = below(&path_of(&raid), path);
        server.get(&there, &path).await.expect(403);
    }
    let listed = server.get(&there, "/raid/").await.expect(200);
    assert_eq!(listed, json!([]));
    let found = server.get(&there, "/v1/raids").await.expect(200);
    assert_eq!(found["items"], json!([]));
    let held = server
        .get(&here, &below(&path, "holders"))
        .await
        .expect(200);
    assert_eq!(held[0]["issuer"], one.issuer);
    assert_eq!(held[0]["givenByIssuer"], one.issuer);
    let versions = server.get(&here, &below(&path, "versions")).await;
    let version = &versions.expect(200)[0];
    assert_eq!(
        (&version["issuer"], &version["subject"]),
        (&json!(one.issuer), &json!("ada"))
    );
}

async fn a_holder_is_given_and_taken_by_issuer(db: &TestDb) {
    let (one, other) = (provider().await, provider().await);
    let server = serve_both(db, (&one, &other)).await;
    let (here, there) = (ada(&server, &one), ada(&server, &other));
    let path = path_of(&server.mint(&embargoed(&server)).await);
    let holder = below(&path, "holders/raid-user/ada");
    let at = |issuer: &str| format!("{holder}?issuer={issuer}");
    let send = async |method, path: &str| {
        let user = server.user();
        server.send(request(method, path, &user)).await
    };
    // Without the parameter the giver's own issuer is meant, which is the agency here.
    send(Method::PUT, &holder).await.expect(204);
    assert!(!sees(&server, &here, &path).await);
    assert!(!sees(&server, &there, &path).await);
    send(Method::PUT, &at(&one.issuer)).await.expect(204);
    send(Method::PUT, &at(&other.issuer)).await.expect(204);
    assert!(sees(&server, &here, &path).await);
    assert!(sees(&server, &there, &path).await);
    send(Method::DELETE, &holder).await.expect(204);
    send(Method::DELETE, &at(&one.issuer)).await.expect(204);
    assert!(!sees(&server, &here, &path).await);
    assert!(sees(&server, &there, &path).await);
    let unknown = at("https://nobody.example.org");
    let refused = send(Method::PUT, &unknown).await;
    refused.expect(400);
    assert_eq!(refused.fields(), ["issuer"]);
    // One that is not configured any more can still lose it.
    send(Method::DELETE, &unknown).await.expect(204);
}

async fn keys_and_limits_are_those_of_an_issuers_subject(db: &TestDb) {
    let (one, other) = (provider().await, provider().await);
    let server = serve_both(db, (&one, &other)).await;
    let (here, there) = (ada(&server, &one), ada(&server, &other));
    let mint = async |token: &str, body: &Value| {
        let post = request(Method::POST, "/raid/", token).set_json(body);
        server
            .send(post.insert_header(("Idempotency-Key", "k")))
            .await
    };
    let first = mint(&here, &minimal()).await.expect(201);
    assert_eq!(mint(&here, &minimal()).await.expect(201), first);
    let second = mint(&there, &embargoed(&server)).await.expect(201);
    assert_ne!(first["identifier"]["id"], second["identifier"]["id"]);

    let mut settings = settings();
    settings.auth.oidc = vec![of(&one.issuer, None), of(&other.issuer, None)];
    let limited = crate::harness::serve_limited(server.store.clone(), settings, STRICT).await;
    limited.clock.stop();
    let path = path_of(&first);
    for _ in 0..3 {
        limited.get(&here, &path).await.expect(200);
    }
    limited.get(&here, &path).await.expect(429);
    limited.get(&there, &path).await.expect(200);
}

/// What was stored before issuers were: subject, client, number of the line, and key.
async fn former_tokens_keys_are_found_as_they_were_stored(db: &TestDb) {
    let mut settings = settings();
    let local = settings.auth.local.as_ref().unwrap().issuer.clone();
    settings.auth.former_issuer = Some(local);
    let server = serve_with(db, settings).await;
    let post = request(Method::POST, "/raid/", &server.user()).set_json(minimal());
    let minted = server
        .send(post.insert_header(("Idempotency-Key", "k")))
        .await;
    minted.expect(201);
    let mut hash = Sha256::new();
    for part in [&b"user-1"[..], b"raid-agency", &0_u64.to_be_bytes(), b"k"] {
        hash.update(part.len().to_be_bytes());
        hash.update(part);
    }
    let hash = hash.finalize();
    let key: Vec<String> = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    let key = key.concat();
    let now = server.clock.now();
    let kept = server
        .store
        .read(move |c| store::answers::find(c, &key, now));
    assert!(kept.await.unwrap().is_some());
}

async fn an_issuer_gives_its_roles_and_speaks_for_its_groups(db: &TestDb) {
    let provider = provider().await;
    let mut settings: Settings = settings();
    settings.auth.oidc.push(OidcIssuer {
        roles: vec![Role::ServicePointUser, Role::RaidAdmin],
        groups: vec![HOME_GROUP.to_owned()],
        ..of(&provider.issuer, None)
    });
    let server = serve_with(db, settings).await;
    let closed = path_of(&server.mint(&embargoed(&server)).await);
    let away = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    let foreign = server.post(&away, "/raid/", &embargoed(&server)).await;
    let foreign = path_of(&foreign.expect(201));
    let token = |roles: &[&str], group: &str| {
        let mut claims = claims(&provider.issuer, now(&server));
        claims["realm_access"]["roles"] = json!(roles);
        claims["service_point_group_id"] = json!(group);
        signed(&claims)
    };
    let all: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let everything = token(&all, HOME_GROUP);
    server
        .post(&everything, "/raid/", &minimal())
        .await
        .expect(201);
    assert!(sees(&server, &everything, &closed).await);
    // What an operator, a `contributor-writer` and the like may is not given.
    assert!(!sees(&server, &everything, &foreign).await);
    for path in ["/raid/all-public", "/raid/all-embargoed", "/v1/orcid-calls"] {
        assert_eq!(server.get(&everything, path).await.status, 403, "{path}");
    }
    let point =
        json!({"name": "Mine", "identifierOwner": "https://ror.org/02stey378", "groupId": "g"});
    server
        .post(&everything, "/service-point/", &point)
        .await
        .expect(403);
    // Another service point's group does not count, nor a role there.
    let elsewhere = token(&all, AWAY_GROUP);
    assert!(!sees(&server, &elsewhere, &foreign).await);
    server
        .post(&elsewhere, "/raid/", &minimal())
        .await
        .expect(403);
    server.get(&elsewhere, "/service-point/").await.expect(403);
    // The agency's own tokens are not concerned.
    assert!(sees(&server, &server.operator(), &foreign).await);
}
