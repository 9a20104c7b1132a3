//! Minting.

use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::Conn;
use store::tasks::{self, Kind, Room};
use store::testing::TestDb;

use crate::harness::{
    AWAY_GROUP, HOME, HOME_GROUP, OFF_GROUP, PREFIX, maximal, minimal, path_of, serve,
};

store::on_both_databases!(
    a_minted_raid_is_complete_and_reads_back_identically,
    every_block_comes_back_as_it_was_sent,
    texts_are_kept_with_their_control_characters,
    the_servers_own_members_are_never_taken_from_the_body,
    minting_wakes_the_contributors_records_after_a_while,
    minting_needs_a_role_and_an_enabled_service_point,
);

/// RAiD API, section on RAiD endpoints: the answer to a mint, and its `Location`.
async fn a_minted_raid_is_complete_and_reads_back_identically(db: &TestDb) {
    let server = serve(db).await;
    let reply = server.post(&server.user(), "/raid/", &minimal()).await;
    let raid = reply.expect(201);
    let id = raid["identifier"]["id"].as_str().unwrap();
    assert_eq!(reply.header("location"), id);
    assert_eq!(reply.header("content-type"), "application/json");
    let handle = id.strip_prefix("https://raid.org/").unwrap();
    let (prefix, suffix) = handle.split_once('/').unwrap();
    assert_eq!(prefix, PREFIX);
    assert_eq!(suffix.len(), 13);
    let now = server.clock.now().assume_utc().unix_timestamp();
    let created = raid["metadata"]["created"].as_i64().unwrap();
    assert!((now - created).abs() < 60, "{created}");
    assert_eq!(
        raid["identifier"],
        json!({
            "id": id,
            "schemaUri": "https://raid.org/",
            "license": "Creative Commons CC-0",
            "version": 1,
            "raidAgencyUrl": format!("https://agency.example.org/raids/{handle}"),
            "registrationAgency": {
                "id": "https://ror.org/038sjwq14", "schemaUri": "https://ror.org/",
            },
            "owner": {
                "id": "https://ror.org/02stey378", "schemaUri": "https://ror.org/",
                "servicePoint": HOME,
            },
        })
    );
    assert_eq!(raid["contributor"][0]["status"], "AWAITING_AUTHENTICATION");

    let read = server.get(&server.user(), &path_of(&raid)).await;
    assert_eq!(read.expect(200), raid);
    assert_eq!(read.body, reply.body);
}

/// RAiD API, section on what the server sets: everything else is echoed as it was sent.
async fn every_block_comes_back_as_it_was_sent(db: &TestDb) {
    let server = serve(db).await;
    let sent = maximal();
    let mut raid = server.mint(&sent).await;
    for person in raid["contributor"].as_array_mut().unwrap() {
        person.as_object_mut().unwrap().remove("status");
    }
    for (block, value) in sent.as_object().unwrap() {
        assert_eq!(&raid[block], value, "{block}");
    }
}

/// RAiD API, section on schema constraints: none of them is about control characters, which some
/// clients paste along. U+0000 is kept by no database.
async fn texts_are_kept_with_their_control_characters(db: &TestDb) {
    let server = serve(db).await;
    let text = "a\u{7}b\u{1b}[1m\u{7f}\u{fffe}\u{feff}\u{202b}c";
    let mut body = minimal();
    body["title"][0]["text"] = json!(text);
    let raid = server.mint(&body).await;
    assert_eq!(raid["title"][0]["text"], json!(text));
    let read = server.get(&server.user(), &path_of(&raid)).await;
    assert_eq!(read.expect(200), raid);
    body["title"][0]["text"] = json!("a\0");
    let refused = server.post(&server.user(), "/raid/", &body).await;
    let detail = refused.expect(400)["detail"].clone();
    assert_eq!(detail, "title[0].text: the character U+0000 is not allowed");
}

/// RAiD API, section on what the server sets.
async fn the_servers_own_members_are_never_taken_from_the_body(db: &TestDb) {
    let server = serve(db).await;
    let mut body = minimal();
    body["identifier"] = json!({
        "id": "https://evil.example.org/10.1/1",
        "schemaUri": "https://raid.org/",
        "license": "All rights reserved",
        "version": 7,
        "raidAgencyUrl": "https://evil.example.org/",
        "registrationAgency": {"id": "https://ror.org/00rqy9422", "schemaUri": "https://ror.org/"},
        "owner": {
            "id": "https://ror.org/00rqy9422", "schemaUri": "https://ror.org/", "servicePoint": 1,
        },
    });
    body["metadata"] = json!({"created": 1, "updated": 2});
    body["contributor"][0]["status"] = json!("AUTHENTICATED");
    let raid = server.mint(&body).await;
    let identifier = &raid["identifier"];
    assert_eq!(identifier["owner"]["servicePoint"], HOME);
    assert_eq!(identifier["owner"]["id"], "https://ror.org/02stey378");
    assert_eq!(
        identifier["registrationAgency"]["id"],
        "https://ror.org/038sjwq14"
    );
    assert_eq!(identifier["license"], "Creative Commons CC-0");
    assert_eq!(identifier["version"], 1);
    assert!(!raid.to_string().contains("evil"));
    assert!(raid["metadata"]["created"].as_i64().unwrap() > 1_000_000);
    assert_eq!(raid["contributor"][0]["status"], "AWAITING_AUTHENTICATION");
}

async fn minting_wakes_the_contributors_records_after_a_while(db: &TestDb) {
    let server = serve(db).await;
    server.mint(&minimal()).await;
    let claim = || {
        let now = server.clock.now();
        let until = now + time::Duration::seconds(30);
        let kinds = [Kind::Membership];
        let claim = move |c: &mut Conn| tasks::claim(c, "test", &kinds, Room::any(10), now, until);
        server.store.write(claim)
    };
    assert_eq!(claim().await.unwrap().len(), 0);
    server.clock.advance(time::Duration::milliseconds(600));
    assert_eq!(claim().await.unwrap().len(), 1);
}

/// RAiD API, sections on roles and on error answers: who may mint, and 403 with a problem where the
/// token's group has no service point.
async fn minting_needs_a_role_and_an_enabled_service_point(db: &TestDb) {
    let server = serve(db).await;
    let home = Some(HOME_GROUP);
    let post = |roles: &[Role], group| {
        let token = server.token(roles, group);
        let server = &server;
        async move { server.post(&token, "/raid/", &minimal()).await }
    };
    post(&[Role::ServicePointUser], home).await.expect(201);
    post(&[Role::RaidAdmin], home).await.expect(201);
    post(&[Role::ServicePointUser], Some(AWAY_GROUP))
        .await
        .expect(201);
    for roles in [
        &[][..],
        &[Role::Operator],
        &[Role::ContributorWriter],
        &[Role::RaidDumper],
    ] {
        let reply = post(roles, home).await;
        assert_eq!(reply.expect(403), Value::Null, "{roles:?}");
        let challenge = reply.header("www-authenticate");
        assert!(challenge.starts_with("Bearer error=\"insufficient_scope\""));
    }
    let reply = post(&[Role::ServicePointUser], Some("no-such-group")).await;
    assert_eq!(
        reply.expect(403),
        json!({
            "type": "https://raid.org.au/errors#ServicePointNotFoundException",
            "title": "Service point not found",
            "status": 403,
            "detail": "No service point exists for group no-such-group",
            "instance": "https://raid.org.au",
        })
    );
    let reply = post(&[Role::ServicePointUser], None).await;
    assert_eq!(
        reply.expect(403)["detail"],
        "No service point exists for group null"
    );
    let reply = post(&[Role::ServicePointUser], Some(OFF_GROUP)).await;
    let detail = reply.expect(403)["detail"].to_string();
    assert!(detail.contains("20000003 is not enabled"), "{detail}");
    assert_eq!(server.count().await, 3);
}
