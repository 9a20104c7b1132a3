//! Each operation gives exactly the statuses that its description lists: every documented one is
//! provoked here, and none besides comes up.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::TestDb;

use crate::addresses::{
    ACCEPT_MERGE, ASK, BULK, CHANGES, HOLDER, INVITATION, REDACTION, REINSTATEMENT, RELEASE_POINT,
    RELEASE_RAID, RESEND, SEARCH, SECURED_READS, body_for, here, is_redirect, lines, writes,
};
use crate::broken_stores::{busy_store, store_without_tables};
use crate::correction_statuses::what_corrections_give;
use crate::harness::{
    AWAY_GROUP, BODY_LIMIT, HOME, HOME_GROUP, Server, embargoed, minimal, path_of, request, serve,
    serve_limited, serve_store, settings,
};
use crate::idempotency::twice_at_once;
use crate::invitations::{what_invitations_end_as, what_invitations_give, what_invitations_lack};
use crate::isni::what_isni_names_give;
use crate::limits::{STRICT, what_is_too_fast};
use crate::notes::{Given, Notes, documented};
use crate::operator_statuses::{SETTLED, what_operators_give, what_operators_lack};
use crate::people_statuses::{
    what_contributors_end_as, what_contributors_give, what_contributors_lack,
};
use crate::release_statuses::{what_releases_end_as, what_releases_give, what_releases_lack};
use crate::tokens::{forged_for, of};

store::on_both_databases!(every_documented_status_is_given_and_no_other);

/// RAiD API, section on RAiD endpoints: its statuses, and where they differ those of our description.
async fn every_documented_status_is_given_and_no_other(db: &TestDb) {
    let mut notes = Notes {
        given: Given::new(),
    };
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    what_works(&mut notes, &server, &raid).await;
    what_is_refused(&mut notes, &server, &raid).await;
    what_the_token_forbids(&mut notes, &server).await;
    what_is_over(&mut notes, &server).await;
    what_isni_names_give(&mut notes, &server).await;

    // A database without its tables: a server's error.
    let (_empty, broken) = store_without_tables();
    let broken = serve_store(broken, settings()).await;
    what_needs_the_store(&mut notes, &broken, 500).await;

    // A store whose only connection is taken: busy.
    let (_busy, busy, release) = busy_store();
    let busy = serve_store(busy, settings()).await;
    what_needs_the_store(&mut notes, &busy, 503).await;
    drop(release);

    // A provider that cannot be reached: nobody can be told apart.
    let unreachable = "http://127.0.0.1:9";
    let mut settings = settings();
    settings.auth.oidc.push(of(unreachable, None));
    let server = serve_store(server.store.clone(), settings).await;
    for (method, path) in [
        (Method::GET, "/raid"),
        (Method::POST, "/raid"),
        (Method::GET, "/service-point"),
        (Method::POST, "/service-point"),
    ] {
        let reply = notes
            .send(&server, request(method, path, &forged_for(unreachable)))
            .await;
        assert_eq!(reply.status, 503);
    }

    // A client that asks faster than it may.
    server.clock.stop();
    let settings = crate::harness::settings();
    let server = serve_limited(server.store.clone(), settings, STRICT).await;
    what_is_too_fast(&mut notes, &server).await;

    let documented = documented();
    let missing: Vec<_> = documented.difference(&notes.given).collect();
    let undocumented: Vec<_> = notes.given.difference(&documented).collect();
    assert!(
        missing.is_empty(),
        "documented but never given: {missing:#?}"
    );
    assert!(
        undocumented.is_empty(),
        "given but not documented: {undocumented:#?}"
    );
}

/// A token that opens every door.
fn all_roles(server: &Server) -> String {
    server.token(Role::ALL, Some(HOME_GROUP))
}

async fn what_works(notes: &mut Notes, server: &Server, raid: &Value) {
    let (user, all) = (server.user(), all_roles(server));
    let path = path_of(raid);
    for read in SECURED_READS {
        let read = here(read, &path);
        notes.get(server, &all, &read).await;
    }
    notes
        .get(server, &user, &format!("/service-point/{HOME}"))
        .await
        .expect(200);
    notes
        .send(server, TestRequest::get().uri("/openapi.json"))
        .await
        .expect(200);
    assert_eq!(
        notes
            .send(server, TestRequest::get().uri("/docs"))
            .await
            .status,
        302
    );
    let docs = TestRequest::get().uri("/docs");
    let docs = docs.insert_header(("Accept", "application/json"));
    notes.send(server, docs).await.expect(200);
    let page = path.replace("/raid/", "/raids/");
    assert_eq!(
        notes
            .send(server, TestRequest::get().uri(&page))
            .await
            .status,
        200
    );
    let page = "/raids/10.82841/nowhere";
    assert_eq!(
        notes
            .send(server, TestRequest::get().uri(page))
            .await
            .status,
        404
    );

    notes.get(server, &user, CHANGES).await.expect(200);
    let same = request(Method::GET, &path, &user).insert_header(("If-None-Match", "*"));
    assert_eq!(notes.send(server, same).await.status, 304);
    for path in ["/v1/vocabularies", "/v1/vocabularies/language"] {
        for (name, value) in [
            ("X-None", ""),
            ("If-None-Match", "*"),
            ("Accept", "text/html"),
        ] {
            let read = TestRequest::get().uri(path).insert_header((name, value));
            notes.send(server, read).await;
        }
    }
    notes.get(server, &user, SEARCH).await.expect(200);
    let unknown = TestRequest::get().uri("/v1/vocabularies/x");
    notes.send(server, unknown).await.expect(404);

    let keyed = |body: Value| {
        let post = request(Method::POST, "/raid/", &user).set_json(body);
        post.insert_header(("Idempotency-Key", "k"))
    };
    notes.send(server, keyed(minimal())).await.expect(201);
    let other = keyed(embargoed(server));
    notes.send(server, other).await.expect(422);
    notes.send(server, lines(&user)).await;
    let tried = request(Method::POST, "/raid/?dryRun=true", &user).set_json(minimal());
    notes.send(server, tried).await.expect(200);
    let (first, second) = twice_at_once(server, "j").await;
    notes.note(first).expect(201);
    notes.note(second).expect(409);
    for (path, token) in [("/raid", &user), ("/service-point", &all)] {
        let post = request(Method::POST, path, token);
        assert_eq!(notes.send(server, post).await.status, 302);
    }
    let put = request(Method::PUT, &path, &user).set_json(raid);
    notes.send(server, put).await.expect(200);
    let mut people = json!({ "contributor": raid["contributor"] });
    people["contributor"][0]["status"] = json!("AUTHENTICATED");
    let amend = request(Method::PATCH, &path, &all).set_json(people);
    notes.send(server, amend).await.expect(200);
    let create = request(Method::POST, "/service-point/", &all);
    let create = create.set_json(body_for("/service-point/"));
    let point = notes.send(server, create).await.expect(201);
    let point_path = format!("/service-point/{}", point["id"]);
    let change = request(Method::PUT, &point_path, &all).set_json(&point);
    notes.send(server, change).await.expect(200);
    what_releases_give(notes, server, &all, &path).await;
    what_corrections_give(notes, server, &all).await;
    what_operators_give(notes, server, &all).await;
    what_invitations_give(notes, server, raid).await;
    what_contributors_give(notes, server).await;
}

/// A RAiD that is withdrawn, and one with as many holders as it can have.
async fn what_is_over(notes: &mut Notes, server: &Server) {
    let all = all_roles(server);
    let path = path_of(&server.mint(&minimal()).await);
    let hold = |n: usize| {
        let holder = here(HOLDER, &path).replace("somebody", &format!("user-{n}"));
        request(Method::PUT, &holder, &all)
    };
    for n in 0..200 {
        notes.send(server, hold(n)).await.expect(204);
    }
    notes.send(server, hold(200)).await.expect(409);
    let take = request(Method::DELETE, &here(HOLDER, &path), &all);
    notes.send(server, take).await.expect(204);
    let transfer = here("/v1/raids/10.82841/nowhere/transfer", &path);
    let transfer = request(Method::POST, &transfer, &all).set_json(json!({"servicePoint": HOME}));
    notes.send(server, transfer).await.expect(200);
    let withdrawal = here("/v1/raids/10.82841/nowhere/withdrawal", &path);
    let withdrawal = request(Method::POST, &withdrawal, &all).set_json(json!({"reason": "x"}));
    notes.send(server, withdrawal).await.expect(200);
    for read in SECURED_READS
        .iter()
        .filter(|read| read.contains("/raid/10.82841/nowhere"))
    {
        notes
            .get(server, &all, &here(read, &path))
            .await
            .expect(410);
    }
    what_releases_end_as(notes, server, &all, &path).await;
    what_invitations_end_as(notes, server, &path).await;
    what_contributors_end_as(notes, server, &path).await;
    let page = path.replace("/raid/", "/raids/");
    let page = notes.send(server, TestRequest::get().uri(&page)).await;
    assert_eq!(page.status, 410);
    for (method, write) in writes() {
        let is_correction = [REDACTION, REINSTATEMENT].contains(&write);
        if write.contains("nowhere") && !is_correction {
            let write = request(method, &here(write, &path), &all).set_json(minimal());
            notes.send(server, write).await.expect(410);
        }
    }
}

async fn what_is_refused(notes: &mut Notes, server: &Server, raid: &Value) {
    let (user, operator) = (server.user(), server.operator());
    let path = path_of(raid);
    let not_found = [
        "/raid/10.82841/nowhere",
        "/raid/10.82841/nowhere/1",
        "/raid/10.82841/nowhere/permissions",
        "/service-point/7",
        "/v1/raids/10.82841/nowhere/contributors",
        "/v1/raids/10.82841/nowhere/holders",
        "/v1/raids/10.82841/nowhere/invitations",
        "/v1/raids/10.82841/nowhere/versions",
    ];
    for path in not_found {
        assert_eq!(notes.get(server, &operator, path).await.status, 404);
    }
    for path in [
        "/raid/?limit=x",
        "/service-point/?limit=x",
        &format!("{path}/history?cursor=x"),
        "/raid/count?startDate=x",
        &format!("{path}/x"),
        "/service-point/x",
        &here("/v1/raids/10.82841/nowhere/versions?cursor=x", &path),
        &here("/v1/raids/10.82841/nowhere/invitations?cursor=x", &path),
        "/v1/orcid-calls?outcome=x",
        "/v1/changes?after=x",
    ] {
        notes.get(server, &operator, path).await.expect(400);
    }
    for path in [SEARCH, "/raid/all-public", "/raid/all-embargoed"] {
        let path = format!("{path}?limit=x");
        notes
            .get(server, &all_roles(server), &path)
            .await
            .expect(400);
    }
    let html = request(Method::GET, SEARCH, &user).insert_header(("Accept", "text/html"));
    notes.send(server, html).await.expect(406);
    for read in SECURED_READS
        .iter()
        .chain([&CHANGES])
        .filter(|read| !is_redirect(read))
    {
        let read = here(read, &path);
        let html = request(Method::GET, &read, &all_roles(server));
        let html = html.insert_header(("Accept", "text/html"));
        notes.send(server, html).await.expect(406);
    }
    let mut stale = raid.clone();
    stale["identifier"]["version"] = json!(9);
    stale["title"][0]["text"] = json!("Changed");
    let put = request(Method::PUT, &path, &user).set_json(&stale);
    notes.send(server, put).await.expect(409);
    for method in [Method::PUT, Method::PATCH] {
        let other = request(method, &path, &user).insert_header(("If-Match", "\"9-0\""));
        notes.send(server, other).await.expect(412);
    }
    for (name, value, status) in [
        ("Idempotency-Key", "two words", 400),
        ("Accept", "application/json", 406),
        ("Content-Encoding", "gzip", 415),
    ] {
        let refused = lines(&user).insert_header((name, value));
        notes.send(server, refused).await.expect(status);
    }
    let all = all_roles(server);
    for method in [Method::PUT, Method::DELETE] {
        let unknown = request(method.clone(), HOLDER, &all);
        notes.send(server, unknown).await.expect(404);
        let odd = here(HOLDER, &path).replace("raid-user", "friend");
        let odd = request(method, &odd, &all);
        notes.send(server, odd).await.expect(400);
    }
    what_releases_lack(notes, server, &all).await;
    what_operators_lack(notes, server, &all).await;
    what_invitations_lack(notes, server, &all).await;
    what_contributors_lack(notes, server, &all).await;
    for (method, write) in writes() {
        if !write.ends_with('/') && write != "/v1/tokens" {
            let unknown = request(method.clone(), write, &all).set_json(body_for(write));
            notes.send(server, unknown).await.expect(404);
        }
        let here = here(write, &path);
        let to = || request(method.clone(), &here, &all);
        notes
            .send(server, to().set_json(json!({"title": null})))
            .await
            .expect(400);
        notes.send(server, to().set_payload("x")).await.expect(415);
        let large = to().set_json("x".repeat(BODY_LIMIT));
        notes.send(server, large).await.expect(413);
        let stalled = to().insert_header(("Content-Type", "application/json"));
        notes.send_stalled(server, stalled).await.expect(408);
        let html = to()
            .set_json(minimal())
            .insert_header(("Accept", "text/html"));
        notes.send(server, html).await.expect(406);
    }
}

async fn what_the_token_forbids(notes: &mut Notes, server: &Server) {
    let nobody = server.token(&[], None);
    let foreign = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    for path in SECURED_READS {
        notes.get(server, &nobody, path).await.expect(403);
        notes.get(server, "no.such.token", path).await.expect(401);
    }
    notes
        .get(server, "no.such.token", CHANGES)
        .await
        .expect(401);
    notes.get(server, "no.such.token", SEARCH).await.expect(401);
    let mut writes = writes().to_vec();
    writes.extend([
        (Method::POST, "/raid"),
        (Method::PUT, HOLDER),
        (Method::DELETE, HOLDER),
        (Method::DELETE, INVITATION),
        (Method::POST, RESEND),
        (Method::POST, ASK),
        (Method::POST, ACCEPT_MERGE),
        (Method::POST, RELEASE_RAID),
        (Method::POST, RELEASE_POINT),
    ]);
    writes.extend([(Method::POST, "/service-point"), (Method::POST, BULK)]);
    writes.extend(SETTLED);
    for (method, path) in writes {
        let token = if path.starts_with("/raid/1") {
            &foreign
        } else {
            &nobody
        };
        let forbidden = request(method.clone(), path, token).set_json(minimal());
        notes.send(server, forbidden).await.expect(403);
        notes
            .send(server, TestRequest::default().method(method).uri(path))
            .await
            .expect(401);
    }
}

async fn what_needs_the_store(notes: &mut Notes, server: &Server, status: u16) {
    let all = all_roles(server);
    for path in SECURED_READS
        .iter()
        .chain([&CHANGES])
        .filter(|read| !is_redirect(read))
    {
        let problem = notes.get(server, &all, path).await.expect(status);
        // Nothing of the database shows.
        assert!(!problem.to_string().contains("table"), "{problem}");
    }
    notes.get(server, &all, SEARCH).await.expect(status);
    let page = "/raids/10.82841/nowhere";
    assert_eq!(
        notes
            .send(server, TestRequest::get().uri(page))
            .await
            .status,
        status
    );
    let without_body = [
        (Method::PUT, HOLDER),
        (Method::DELETE, HOLDER),
        (Method::DELETE, INVITATION),
        (Method::POST, RESEND),
        (Method::POST, ASK),
        (Method::POST, ACCEPT_MERGE),
        (Method::POST, RELEASE_RAID),
        (Method::POST, RELEASE_POINT),
    ];
    let writes: Vec<_> = writes()
        .into_iter()
        .chain(without_body)
        .chain(SETTLED)
        .map(|(method, path)| request(method, path, &all).set_json(body_for(path)))
        .chain([lines(&all)])
        .collect();
    for write in writes {
        let reply = notes.send(server, write).await;
        reply.expect(status);
        assert_eq!(reply.header("retry-after").is_empty(), status != 503);
    }
}
