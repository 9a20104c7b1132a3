//! Updating.

use raid_model::Raid;
use raid_model::validate::Strictness;
use raid_registry::auth::Role;
use raid_registry::{ReadCache, Settings};
use serde_json::{Value, json};
use store::raids::{self, Actor, RaidWrite};
use store::tasks::Lane;
use store::testing::TestDb;

use crate::harness::{
    AWAY_GROUP, HOME_GROUP, OFF_GROUP, Server, maximal, minimal, path_of, serve, serve_with,
    settings,
};

store::on_both_databases!(
    an_update_is_the_next_version,
    a_body_that_changes_nothing_makes_no_version,
    a_stale_version_is_a_conflict_that_tells_the_current_one,
    of_two_updates_at_once_one_wins,
    an_update_must_name_the_raid_of_its_path,
    what_the_server_owns_cannot_be_changed,
    updating_needs_the_owning_service_point,
    a_cached_read_follows_an_update_at_once,
    what_is_beyond_a_limit_since_before_is_kept_with_a_warning,
);

fn with_title(mut raid: Value, title: &str) -> Value {
    raid["title"][0]["text"] = json!(title);
    raid
}

/// RAiD API, section on `PUT`: the body is the whole RAiD.
async fn an_update_is_the_next_version(db: &TestDb) {
    let server = serve(db).await;
    let first = server.mint(&maximal()).await;
    let path = path_of(&first);
    server.clock.advance(time::Duration::seconds(5));
    let changed = with_title(first.clone(), "Another title");
    let second = server
        .put(&server.user(), &path, &changed)
        .await
        .expect(200);
    assert_eq!(second["identifier"]["version"], 2);
    assert_eq!(second["title"][0]["text"], "Another title");
    assert_eq!(second["metadata"]["created"], first["metadata"]["created"]);
    assert!(second["metadata"]["updated"].as_i64() > first["metadata"]["updated"].as_i64());
    assert_eq!(server.get(&server.user(), &path).await.expect(200), second);

    // A block that is left out is removed; earlier versions stay.
    let mut without = second.clone();
    without.as_object_mut().unwrap().remove("subject");
    let third = server
        .put(&server.operator(), &path, &without)
        .await
        .expect(200);
    assert_eq!(third["identifier"]["version"], 3);
    assert!(third.get("subject").is_none());
    let old = server
        .get(&server.user(), &format!("{path}/1"))
        .await
        .expect(200);
    assert_eq!(old["title"], first["title"]);
    assert_eq!(old["identifier"]["version"], 1);
}

/// RAiD API, section on `PUT`: detection of no change.
async fn a_body_that_changes_nothing_makes_no_version(db: &TestDb) {
    let server = serve(db).await;
    for body in [minimal(), maximal()] {
        let first = server.mint(&body).await;
        let path = path_of(&first);
        let again = server.put(&server.user(), &path, &first).await.expect(200);
        assert_eq!(again, first);
        let changed = with_title(first, "Another title");
        let second = server
            .put(&server.user(), &path, &changed)
            .await
            .expect(200);
        for version in [1, 2, 3] {
            let mut same = second.clone();
            same["identifier"]["version"] = json!(version);
            let reply = server.put(&server.user(), &path, &same).await;
            assert_eq!(reply.expect(200), second, "sent as version {version}");
        }
        for member in ["id", "license", "owner", "version"] {
            let mut same = second.clone();
            same["identifier"][member] = Value::Null;
            let reply = server.put(&server.user(), &path, &same).await;
            reply.expect(400);
            assert_eq!(reply.fields(), [format!("identifier.{member}")]);
        }
    }
}

/// RAiD API, section on `PUT`: the problem of a stale version, here with status 409.
async fn a_stale_version_is_a_conflict_that_tells_the_current_one(db: &TestDb) {
    let server = serve(db).await;
    let first = server.mint(&minimal()).await;
    let path = path_of(&first);
    let second = with_title(first.clone(), "Second");
    server.put(&server.user(), &path, &second).await.expect(200);
    for submitted in [0, 1, 3, 99] {
        let mut stale = with_title(first.clone(), "Third");
        stale["identifier"]["version"] = json!(submitted);
        let reply = server.put(&server.user(), &path, &stale).await;
        assert_eq!(
            reply.expect(409),
            json!({
                "type": "https://raid.org.au/errors#InvalidVersionException",
                "title": "Invalid version",
                "status": 409,
                "detail": format!("Update failed with stale version: {submitted}"),
                "instance": "https://raid.org.au",
                "currentVersion": 2,
            })
        );
    }
    assert_eq!(versions(&server, &path).await, 2);
}

async fn versions(server: &Server, path: &str) -> i64 {
    let handle = path.strip_prefix("/raid/").unwrap().parse().unwrap();
    let count = move |c: &mut store::Conn| raids::count_versions(c, &handle);
    server.store.read(count).await.unwrap()
}

/// RAiD API, section on `PUT`: one version follows another.
async fn of_two_updates_at_once_one_wins(db: &TestDb) {
    let server = serve(db).await;
    let first = server.mint(&minimal()).await;
    let path = path_of(&first);
    let user = server.user();
    let put = |title| {
        let body = with_title(first.clone(), title);
        let (server, user, path) = (&server, &user, &path);
        async move { server.put(user, path, &body).await.status.as_u16() }
    };
    let mut statuses = futures::future::join_all(["A", "B", "C", "D"].map(put)).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409, 409, 409]);
    assert_eq!(versions(&server, &path).await, 2);
}

async fn an_update_must_name_the_raid_of_its_path(db: &TestDb) {
    let server = serve(db).await;
    let one = server.mint(&minimal()).await;
    let other = server.mint(&minimal()).await;
    // Even where nothing would change.
    let reply = server.put(&server.user(), &path_of(&one), &other).await;
    reply.expect(400);
    assert_eq!(reply.fields(), ["id.identifier"]);

    let mut nameless = one.clone();
    nameless["identifier"]["id"] = json!("");
    let reply = server.put(&server.user(), &path_of(&one), &nameless).await;
    reply.expect(400);
    assert_eq!(reply.fields(), ["metadata.id.identifier"]);

    nameless.as_object_mut().unwrap().remove("identifier");
    let reply = server.put(&server.user(), &path_of(&one), &nameless).await;
    reply.expect(400);
    assert_eq!(reply.fields(), ["identifier"]);
}

/// RAiD API, section on `PUT`: what a client can change there and cannot here.
async fn what_the_server_owns_cannot_be_changed(db: &TestDb) {
    let server = serve(db).await;
    let first = server.mint(&minimal()).await;
    let mut theft = with_title(first.clone(), "Mine now");
    theft["identifier"]["owner"]["servicePoint"] = json!(20_000_002);
    theft["identifier"]["owner"]["id"] = json!("https://ror.org/00rqy9422");
    theft["identifier"]["registrationAgency"]["id"] = json!("https://ror.org/00rqy9422");
    theft["identifier"]["license"] = json!("All rights reserved");
    theft["identifier"]["raidAgencyUrl"] = json!("https://evil.example.org/");
    theft["metadata"]["created"] = json!(1);
    let operator = server.operator();
    for token in [server.user(), operator.clone()] {
        if token == operator {
            // By this member an operator moves a RAiD.
            theft["identifier"]["owner"]["servicePoint"] = json!(20_000_001);
        }
        theft["title"][0]["text"] = json!(format!("{} more", theft["title"][0]["text"]));
        let raid = server
            .put(&token, &path_of(&first), &theft)
            .await
            .expect(200);
        theft["identifier"]["version"] = raid["identifier"]["version"].clone();
        let mut identifier = raid["identifier"].clone();
        identifier["version"] = json!(1);
        assert_eq!(identifier, first["identifier"]);
        assert_eq!(raid["metadata"]["created"], first["metadata"]["created"]);
    }
}

/// RAiD API, section on the three rule sets: who writes. An unknown RAiD is 403, for operators 404
/// with a problem.
async fn updating_needs_the_owning_service_point(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    let changed = with_title(raid, "Another title");
    let user = [Role::ServicePointUser];
    for (roles, group) in [
        (&user[..], Some(AWAY_GROUP)),
        (&user, Some(OFF_GROUP)),
        (&user, None),
        (&[Role::RaidAdmin], Some(HOME_GROUP)),
        (&[Role::ContributorWriter], None),
    ] {
        let reply = server
            .put(&server.token(roles, group), &path, &changed)
            .await;
        assert_eq!(reply.expect(403), Value::Null, "{roles:?}");
    }
    assert_eq!(versions(&server, &path).await, 1);

    // Whether a RAiD exists is nobody's business who may not see it.
    let nowhere = "/raid/10.82841/nowhere";
    for path in [nowhere, "/raid/x/y", "/raid/10.82841/%00"] {
        let reply = server.put(&server.user(), path, &changed).await;
        assert_eq!(reply.expect(403), Value::Null, "{path}");
    }
    let reply = server.put(&server.operator(), nowhere, &changed).await;
    assert_eq!(
        reply.expect(404)["detail"],
        "No RAiD was found with handle 10.82841/nowhere."
    );

    // A service point that is switched off changes nothing any more.
    let theirs = mint_at_the_one_that_is_off(&server, &changed).await;
    let off = server.token(&user, Some(OFF_GROUP));
    let changed = with_title(theirs, "Changed");
    let path = path_of(&changed);
    let detail = server.put(&off, &path, &changed).await.expect(403)["detail"].to_string();
    assert!(detail.contains("20000003 is not enabled"), "{detail}");
    server
        .put(&server.operator(), &path, &changed)
        .await
        .expect(200);
}

/// A RAiD of the service point that is switched off, from when it was not.
async fn mint_at_the_one_that_is_off(server: &Server, like: &Value) -> Value {
    let mut raid = like.clone();
    raid["identifier"]["id"] = json!("https://raid.org/10.82841/0ff");
    raid["identifier"]["owner"]["servicePoint"] = json!(20_000_003);
    let now = server.clock.now();
    let actor = Actor::system("user-1");
    let record: Raid = serde_json::from_value(raid.clone()).unwrap();
    let write = RaidWrite::of(&record, actor, now, now, Lane::Bulk).unwrap();
    server.store.mint(write).await.unwrap();
    raid
}

async fn a_cached_read_follows_an_update_at_once(db: &TestDb) {
    let settings = Settings {
        read_cache: ReadCache {
            ttl: std::time::Duration::from_hours(1),
        },
        ..settings()
    };
    let server = serve_with(db, settings).await;
    let mut raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    for round in 0..3 {
        let read = server.get(&server.user(), &path).await.expect(200);
        assert_eq!(read, raid);
        let changed = with_title(raid, &format!("Title {round}"));
        raid = server
            .put(&server.user(), &path, &changed)
            .await
            .expect(200);
    }
    // What another node writes stays hidden while the entry lives, so reads do come from here.
    let other = serve_with(db, crate::harness::settings()).await;
    let changed = with_title(raid.clone(), "Elsewhere");
    other.put(&other.user(), &path, &changed).await.expect(200);
    assert_eq!(server.get(&server.user(), &path).await.expect(200), raid);
}

/// RAiD metadata schema, lengths of texts: where the agency refuses what is new, a warning for what
/// stands.
async fn what_is_beyond_a_limit_since_before_is_kept_with_a_warning(db: &TestDb) {
    let strict = raid_registry::Settings {
        limits: Strictness::Refuse,
        ..crate::harness::settings()
    };
    let server = serve_with(db, strict).await;
    let minted = server.mint(&minimal()).await;
    let path = path_of(&minted);
    let long = "x".repeat(101);
    let refused = server
        .put(&server.user(), &path, &with_title(minted.clone(), &long))
        .await;
    refused.expect(400);
    assert_eq!(refused.fields(), ["title[0].text"]);
    assert_eq!(refused.json()["failures"][0]["errorType"], "tooLong");
    let mut post = minimal();
    post["title"][0]["text"] = json!(long);
    let refused = server.post(&server.user(), "/raid/", &post).await;
    refused.expect(400);

    // A record from before the limits.
    let mut old: Raid = serde_json::from_value(minted).unwrap();
    old.title[0].text = Some(long.clone());
    old.identifier.version = 2;
    let actor = Actor::system("user-1");
    let now = server.clock.now();
    let write = RaidWrite::of(&old, actor, now, now, Lane::Interactive).unwrap();
    let amend = move |c: &mut store::Conn| raids::amend(c, &write);
    server.store.write(amend).await.unwrap();
    let mut changed = server.get(&server.user(), &path).await.expect(200);
    changed["date"]["endDate"] = json!("2031");
    let reply = server.put(&server.user(), &path, &changed).await;
    assert_eq!(reply.expect(200)["title"][0]["text"], json!(long));
    assert_eq!(reply.header("validation-warning"), "title[0].text");
    let mended = with_title(reply.json(), "Short");
    let reply = server.put(&server.user(), &path, &mended).await;
    reply.expect(200);
    assert!(reply.headers.get("validation-warning").is_none());
}
