//! Reading one RAiD: rights, statuses, versions.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use raid_model::OrcidId;
use raid_model::permission::PermissionState as State;
use raid_registry::auth::Role;
use serde_json::Value;
use store::permissions;
use store::testing::TestDb;
use store::testing::put_in_state;

use crate::harness::{AWAY_GROUP, HOME_GROUP, embargoed, minimal, path_of, request, serve};

store::on_both_databases!(
    each_role_reads_what_it_may,
    everybody_reads_what_is_open,
    a_status_says_what_the_person_said,
    a_version_that_never_was_is_not_found,
);

/// RAiD API, section on the three rule sets: who reads what, and 403 or 404 with their bodies. A
/// filter in the query gives no right.
async fn each_role_reads_what_it_may(db: &TestDb) {
    let server = serve(db).await;
    let open = path_of(&server.mint(&minimal()).await);
    let closed = path_of(&server.mint(&embargoed(&server)).await);
    let unknown = "/raid/10.82841/nowhere".to_owned();
    let no_handle = "/raid/not-a-prefix/x".to_owned();
    let (home, away) = (Some(HOME_GROUP), Some(AWAY_GROUP));
    let table = [
        (Role::ServicePointUser, home, [200, 200, 403, 403]),
        (Role::ServicePointUser, away, [200, 403, 403, 403]),
        (Role::ServicePointUser, None, [200, 403, 403, 403]),
        (Role::RaidAdmin, home, [200, 403, 403, 403]),
        (Role::RaidAdmin, away, [200, 403, 403, 403]),
        (Role::PidSearcher, home, [200, 403, 403, 403]),
        (Role::Operator, None, [200, 200, 404, 404]),
        (Role::ContributorWriter, None, [200, 200, 404, 404]),
        (Role::RaidDumper, home, [200, 403, 403, 403]),
    ];
    for (role, group, expected) in table {
        let token = server.token(&[role], group);
        for (path, status) in [&open, &closed, &unknown, &no_handle]
            .into_iter()
            .zip(expected)
        {
            for path in [path.clone(), format!("{path}/1")] {
                let reply = server.get(&token, &path).await;
                assert_eq!(reply.status, status, "{role:?} in {group:?} reads {path}");
                let is_told = status == 200 || *path == closed || *path == format!("{closed}/1");
                assert_eq!(is_told, !reply.body.is_empty(), "{role:?} reads {path}");
                // A filter for persons gives no further right.
                let filtered = format!("{path}?contributor.id=0000-0002-1825-0097");
                assert_eq!(server.get(&token, &filtered).await.status, status);
            }
        }
    }
}

/// Without a token: what is open (RAiD API, section on access types, where nothing is). A token
/// that does not count is still refused.
async fn everybody_reads_what_is_open(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let open = path_of(&raid);
    let closed = path_of(&server.mint(&embargoed(&server)).await);
    for part in ["", "/1", "/history"] {
        for (path, status) in [
            (open.as_str(), if part == "/history" { 401 } else { 200 }),
            (closed.as_str(), 401),
            (
                "/raid/10.82841/nowhere",
                if part == "/history" { 401 } else { 404 },
            ),
        ] {
            let path = format!("{path}{part}");
            let reply = server.send(TestRequest::get().uri(&path)).await;
            assert_eq!(reply.status, status, "{path}");
            let bad = server.get("no.such.token", &path).await;
            assert_eq!(bad.status, 401, "{path}");
        }
    }
    // Clients that sign in on 401 learn that they may, and everybody until when it is closed.
    for part in ["", "/1", "/history"] {
        let reply = server.send(TestRequest::get().uri(&format!("{closed}{part}")));
        let reply = reply.await;
        assert_eq!(reply.header("www-authenticate"), "Bearer");
        assert!(reply.expect(401)["access"]["embargoExpiry"].is_string());
    }
    let stranger = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    let reply = server.get(&stranger, &closed).await;
    assert!(
        reply
            .header("www-authenticate")
            .contains("insufficient_scope")
    );
    assert!(reply.expect(403)["access"]["embargoExpiry"].is_string());
    let read = server.send(TestRequest::get().uri(&open)).await;
    assert_eq!(read.expect(200), raid);
    let list = server.send(TestRequest::get().uri("/raid/")).await;
    assert_eq!(list.expect(200), serde_json::json!([raid]));
    let redirect = server.send(TestRequest::get().uri("/raid")).await;
    assert_eq!(redirect.status, 302);
}

/// RAiD API, section on status values.
async fn a_status_says_what_the_person_said(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let orcid: OrcidId = "0000-0002-1825-0097".parse().unwrap();
    let now = server.clock.now();
    let known = move |c: &mut store::Conn| permissions::ensure(c, &orcid, now);
    server.store.write(known).await.unwrap();
    for (state, status) in [
        (State::Unasked, "AWAITING_AUTHENTICATION"),
        (State::Asked, "AWAITING_AUTHENTICATION"),
        (State::Granted, "AUTHENTICATED"),
        (State::Suspect, "AUTHENTICATED"),
        (State::Ignored, "UNAUTHENTICATED"),
        (State::Locked, "UNAUTHENTICATED"),
        (State::Deactivated, "UNAUTHENTICATED"),
        (State::Deprecated, "UNAUTHENTICATED"),
        (State::Denied, "AUTHENTICATION_FAILED"),
        (State::Unreachable, "AUTHENTICATION_FAILED"),
        (State::Revoked, "AUTHENTICATION_REVOKED"),
        (State::Disconnected, "AUTHENTICATION_REVOKED"),
    ] {
        let change = move |c: &mut store::Conn| put_in_state(c, &orcid, state, now);
        server.store.write(change).await.unwrap();
        let raid = server.get(&server.user(), &path).await.expect(200);
        assert_eq!(raid["contributor"][0]["status"], status, "{state}");
        // A new RAiD of the same person shows it from the first answer on, and the list too.
        let minted = server.mint(&minimal()).await;
        assert_eq!(minted["contributor"][0]["status"], status, "{state}");
        let list = server.get(&server.user(), "/raid/").await.expect(200);
        assert_eq!(list[0]["contributor"][0]["status"], status, "{state}");
    }
    // A version is what was written, with the status of today.
    let version = server
        .get(&server.user(), &format!("{path}/1"))
        .await
        .expect(200);
    let now = server.get(&server.user(), &path).await.expect(200);
    assert_eq!(version["contributor"], now["contributor"]);
    assert!(version["contributor"][0]["status"].is_string());
}

/// RAiD API, section on versions and history: 404 with an empty body; where the version is no
/// number, 400.
async fn a_version_that_never_was_is_not_found(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    for version in ["0", "2", "-1", "2147483647"] {
        let reply = server
            .get(&server.user(), &format!("{path}/{version}"))
            .await;
        assert_eq!(reply.expect(404), Value::Null, "{version}");
    }
    for version in ["x", "1.5", "2147483648", "%00"] {
        let path = format!("{path}/{version}");
        let reply = server.get(&server.user(), &path).await;
        let problem = reply.expect(400);
        assert_eq!(problem["title"], "Invalid parameter format");
        assert_eq!(reply.fields(), ["version"]);
    }
}

store::on_both_databases!(requests_that_nobody_serves);

/// RAiD API, section on rules common to all endpoints: other methods, and one slash too many.
async fn requests_that_nobody_serves(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let token = server.user();
    for (method, path, allowed) in [
        ("DELETE", path.as_str(), "GET, HEAD, PUT, PATCH, OPTIONS"),
        ("POST", &path, "GET, HEAD, PUT, PATCH, OPTIONS"),
        ("PUT", "/raid/", "GET, HEAD, POST, OPTIONS"),
        ("PUT", "/service-point/", "GET, HEAD, POST, OPTIONS"),
        ("POST", "/docs/", "GET, HEAD, OPTIONS"),
    ] {
        let reply = server
            .send(request(method.parse().unwrap(), path, &token))
            .await;
        let problem = reply.expect(405);
        assert_eq!(reply.header("allow"), allowed);
        assert_eq!(reply.header("content-type"), "application/problem+json");
        assert_eq!(problem["title"], "Method Not Allowed");
        assert_eq!(problem["instance"], path);
    }
    for path in [
        "/",
        "/nothing",
        &format!("{path}/"),
        "/service-point/1/",
        "/raid//x",
    ] {
        let reply = server.get(&token, path).await;
        assert_eq!(reply.expect(404)["type"], "about:blank", "{path}");
    }
    for path in [&path, "/docs/", "/docs/index.css", "/openapi.json"] {
        let head = server.send(request(Method::HEAD, path, &token)).await;
        assert_eq!(head.status, 200, "{path}");
    }
}

store::on_both_databases!(options_tell_what_there_is);

/// RAiD API, section on rules common to all endpoints: other methods. Nobody needs a token to learn
/// which there are.
async fn options_tell_what_there_is(db: &TestDb) {
    let server = serve(db).await;
    let description: Value = serde_json::from_str(&raid_registry::openapi_json()).unwrap();
    let paths = description["paths"].as_object().unwrap();
    assert!(paths.len() > 30);
    for (path, operations) in paths {
        let asked = TestRequest::default().method(Method::OPTIONS).uri(path);
        let reply = server.send(asked).await;
        assert_eq!(reply.status, 204, "{path}");
        let mut allowed: Vec<_> = reply.header("allow").split(", ").collect();
        let mut expected: Vec<_> = operations.as_object().unwrap().keys().collect();
        expected.sort();
        let mut expected: Vec<_> = expected.iter().map(|it| it.to_uppercase()).collect();
        if expected.contains(&"GET".to_owned()) {
            expected.push("HEAD".to_owned());
        }
        expected.push("OPTIONS".to_owned());
        expected.sort();
        allowed.sort_unstable();
        assert_eq!(allowed, expected, "{path}");
    }
    let nowhere = TestRequest::default()
        .method(Method::OPTIONS)
        .uri("/nothing");
    assert_eq!(server.send(nowhere).await.status, 404);
}

store::on_both_databases!(collections_without_slash_send_on);

/// RAiD API, section on rules common to all endpoints: trailing slashes.
async fn collections_without_slash_send_on(db: &TestDb) {
    let server = serve(db).await;
    for (path, to) in [
        ("/raid", "/raid/"),
        (
            "/raid?includeFields=title&x=%20",
            "/raid/?includeFields=title&x=%20",
        ),
        ("/service-point", "/service-point/"),
    ] {
        let reply = server.get(&server.user(), path).await;
        assert_eq!(reply.expect(302), Value::Null);
        assert_eq!(reply.header("location"), to);
    }
    let reply = server.post(&server.user(), "/raid", &minimal()).await;
    assert_eq!(reply.expect(302), Value::Null);
    let post = request("POST".parse().unwrap(), "/raid", &server.operator());
    assert_eq!(server.send(post).await.status, 403);
    let post = |token: &str| request("POST".parse().unwrap(), "/service-point", token);
    let reply = server.send(post(&server.operator())).await;
    assert_eq!(reply.expect(302), Value::Null);
    assert_eq!(reply.header("location"), "/service-point/");
    assert_eq!(server.send(post(&server.user())).await.status, 403);
    let nobody = server.token(&[], None);
    for path in ["/raid", "/service-point"] {
        assert_eq!(server.get(&nobody, path).await.status, 403);
        assert_eq!(server.get("x", path).await.status, 401);
    }
    assert_eq!(server.count().await, 0);
}

store::on_both_databases!(nobody_on_the_way_keeps_an_answer);

/// RAiD API, section on error answers: the headers that every answer has.
async fn nobody_on_the_way_keeps_an_answer(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    for (token, status) in [(server.user(), 200), ("x".to_owned(), 401)] {
        let reply = server.get(&token, &path).await;
        assert_eq!(reply.status, status);
        assert_eq!(reply.header("cache-control"), "no-store");
        assert_eq!(reply.header("x-content-type-options"), "nosniff");
        assert_eq!(reply.header("x-frame-options"), "DENY");
    }
    let description = actix_web::test::TestRequest::get().uri("/openapi.json");
    let reply = server.send(description).await;
    assert_eq!(reply.header("cache-control"), "max-age=300");
}
