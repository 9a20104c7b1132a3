//! The feed of changes: what each reader is told, page by page, and how a reader waits.

use std::time::Duration;

use actix_web::test::TestRequest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::StreamExt as _;
use futures::future::{join, join_all};
use futures::stream::FuturesUnordered;
use raid_registry::auth::Role;
use raid_registry::{ChangeFeed, Settings};
use serde_json::{Value, json};
use store::Store;
use store::raids::{self, Actor, RaidWrite};
use store::tasks::Lane;
use store::testing::TestDb;

use crate::harness::{
    AWAY_GROUP, HOME_GROUP, PUBLIC_URL, Reply, Server, cursor, embargoed, held_by_cursor, minimal,
    path_of, serve, serve_store, settings,
};

store::on_both_databases!(
    every_version_comes_once_page_by_page,
    what_was_open_leaves_a_tombstone,
    changes_under_embargo_are_told_to_nobody,
    what_never_was_open_is_told_to_nobody,
    the_record_comes_along_where_it_is_wanted,
    what_is_no_parameter_is_refused,
    hidden_changes_cost_bounded_work,
    now_is_behind_all_that_was_written,
    who_waits_is_woken_and_holds_no_connection,
    who_waits_in_vain_is_answered,
    without_a_place_the_answer_comes_at_once,
    half_of_the_places_are_for_tokens,
);

/// What everybody sees, behind a cursor.
async fn read(server: &Server, query: &str) -> Reply {
    let uri = format!("/v1/changes{query}");
    server.send(TestRequest::get().uri(&uri)).await
}

async fn read_as(server: &Server, token: &str, query: &str) -> Value {
    let uri = format!("/v1/changes{query}");
    server.get(token, &uri).await.expect(200)
}

/// Handle, version and type of each entry.
fn told(answer: &Value) -> Vec<(String, i64, String)> {
    let entries = answer["changes"].as_array().unwrap();
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    entries
        .iter()
        .map(|entry| {
            let version = entry["version"].as_i64().unwrap();
            (text(entry, "handle"), version, text(entry, "type"))
        })
        .collect()
}

fn handle_of(raid: &Value) -> String {
    path_of(raid).replace("/raid/", "")
}

fn line(raid: &Value, version: i64, kind: &str) -> (String, i64, String) {
    (handle_of(raid), version, kind.to_owned())
}

/// Gives a RAiD another title, and whatever else.
async fn change(server: &Server, raid: &Value, title: &str, how: impl Fn(&mut Value)) -> Value {
    let path = path_of(raid);
    let mut raid = server.get(&server.operator(), &path).await.expect(200);
    raid["title"][0]["text"] = json!(title);
    how(&mut raid);
    server
        .put(&server.operator(), &path, &raid)
        .await
        .expect(200)
}

async fn withdraw(server: &Server, raid: &Value) {
    let path = format!("/v1/raids/{}/withdrawal", handle_of(raid));
    let reason = json!({"reason": "Registered twice"});
    let done = server.post(&server.operator(), &path, &reason).await;
    done.expect(200);
}

/// Where an answer says that the feed goes on.
fn position(answer: &Value) -> String {
    held_by_cursor("changes/1", &answer["next"])
}

async fn every_version_comes_once_page_by_page(db: &TestDb) {
    let server = serve(db).await;
    let first = server.mint(&minimal()).await;
    let second = server.mint(&minimal()).await;
    change(&server, &first, "Second title", |_| {}).await;
    change(&server, &first, "Third title", |_| {}).await;
    let whole = read(&server, "").await.expect(200);
    let expected = [
        line(&first, 1, "created"),
        line(&second, 1, "created"),
        line(&first, 2, "updated"),
        line(&first, 3, "updated"),
    ];
    assert_eq!(told(&whole), expected);
    assert_eq!(whole["more"], false);
    let entry = &whole["changes"][2];
    let members: Vec<_> = entry.as_object().unwrap().keys().collect();
    let expected_members = ["at", "current", "handle", "id", "type", "url", "version"];
    assert_eq!(members, expected_members);
    assert_eq!(entry["current"], false);
    assert_eq!(whole["changes"][3]["current"], true);
    assert_eq!(entry["id"], first["identifier"]["id"]);
    assert_eq!(entry["url"], path_of(&first));
    // One at a time, along the links.
    let mut next = "/v1/changes?limit=1&x=%C3%A4".to_owned();
    for (n, expected) in expected.iter().enumerate() {
        let reply = server.send(TestRequest::get().uri(&next)).await;
        let page = reply.expect(200);
        assert_eq!(told(&page), std::slice::from_ref(expected));
        assert_eq!(page["more"], n < 3);
        let link = reply.header("link");
        let target = link.strip_prefix('<').unwrap();
        let target = target.strip_suffix(">; rel=\"next\"").unwrap();
        let cursor = page["next"].as_str().unwrap();
        assert_eq!(
            target,
            format!("{PUBLIC_URL}/v1/changes?limit=1&x=%C3%A4&after={cursor}")
        );
        target.clone_into(&mut next);
    }
    let end = server.send(TestRequest::get().uri(&next)).await.expect(200);
    assert_eq!(told(&end), []);
    assert_eq!(position(&end), position(&whole));
    let now = read(&server, "?after=now").await.expect(200);
    assert_eq!((told(&now), position(&now)), (vec![], position(&whole)));
}

async fn what_was_open_leaves_a_tombstone(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let gone = server.mint(&minimal()).await;
    let before = read(&server, "").await.expect(200);
    let access = embargoed(&server)["access"].clone();
    change(&server, &raid, "Secret", |raid| {
        raid["access"] = access.clone();
    })
    .await;
    withdraw(&server, &gone).await;
    let after = format!("?after={}", before["next"].as_str().unwrap());
    let later = read(&server, &after).await.expect(200);
    let tombstones = [line(&raid, 2, "hidden"), line(&gone, 2, "withdrawn")];
    assert_eq!(told(&later), tombstones);
    for entry in later["changes"].as_array().unwrap() {
        let members: Vec<_> = entry.as_object().unwrap().keys().collect();
        assert_eq!(members, ["at", "handle", "id", "type", "version"]);
    }
    // Who reads from the beginning learns nothing of the versions that were open.
    let anew = read(&server, "?include=raid").await.expect(200);
    assert_eq!(told(&anew), tombstones);
    assert!(!anew.to_string().contains("title"), "{anew}");
    let mine = read_as(&server, &server.user(), &after).await;
    assert_eq!(
        told(&mine),
        [line(&raid, 2, "updated"), tombstones[1].clone()]
    );
    let foreign = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    assert_eq!(told(&read_as(&server, &foreign, &after).await), tombstones);
    // The embargo is over.
    let open = raid["access"].clone();
    change(&server, &raid, "Shown again", |raid| {
        raid["access"] = open.clone();
    })
    .await;
    let after = format!("?after={}", later["next"].as_str().unwrap());
    let shown = read(&server, &after).await.expect(200);
    assert_eq!(told(&shown), [line(&raid, 3, "updated")]);
}

/// Nobody who may not see a RAiD learns how often and when it is changed under embargo.
async fn changes_under_embargo_are_told_to_nobody(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let access = embargoed(&server)["access"].clone();
    let hide = |raid: &mut Value| raid["access"] = access.clone();
    change(&server, &raid, "Secret", hide).await;
    let tombstone = [line(&raid, 2, "hidden")];
    let closed = read(&server, "").await.expect(200);
    assert_eq!(told(&closed), tombstone);
    for title in ["More secret", "Most secret"] {
        change(&server, &raid, title, hide).await;
    }
    let after = format!("?after={}", closed["next"].as_str().unwrap());
    assert_eq!(told(&read(&server, &after).await.expect(200)), []);
    assert_eq!(told(&read(&server, "").await.expect(200)), tombstone);
    let foreign = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    assert_eq!(told(&read_as(&server, &foreign, "").await), tombstone);
    withdraw(&server, &raid).await;
    let gone = [line(&raid, 2, "withdrawn")];
    assert_eq!(told(&read(&server, &after).await.expect(200)), gone);
    assert_eq!(told(&read(&server, "").await.expect(200)), gone);
}

async fn what_never_was_open_is_told_to_nobody(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&embargoed(&server)).await;
    let created = [line(&raid, 1, "created")];
    let foreign = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    let admin = server.token(&[Role::RaidAdmin], Some(HOME_GROUP));
    let beginning = position(&read(&server, "?after=now").await.expect(200));
    for stranger in [&foreign, &admin] {
        let answer = read_as(&server, stranger, "").await;
        assert_eq!(told(&answer), []);
        assert_eq!(
            (position(&answer), &answer["more"]),
            (beginning.clone(), &json!(false))
        );
    }
    assert_eq!(told(&read(&server, "").await.expect(200)), []);
    for entitled in [server.user(), server.operator()] {
        assert_eq!(told(&read_as(&server, &entitled, "").await), created);
    }
    withdraw(&server, &raid).await;
    assert_eq!(told(&read(&server, "").await.expect(200)), []);
    assert_eq!(told(&read_as(&server, &foreign, "").await), []);
    let gone = [line(&raid, 2, "withdrawn")];
    for entitled in [server.user(), server.operator()] {
        assert_eq!(told(&read_as(&server, &entitled, "").await), gone);
    }
}

async fn the_record_comes_along_where_it_is_wanted(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    change(&server, &raid, "New title", |_| {}).await;
    let hidden = server.mint(&embargoed(&server)).await;
    let user = server.user();
    let answer = read_as(&server, &user, "?include=raid&limit=100").await;
    let entries = answer["changes"].as_array().unwrap();
    assert_eq!(entries.len(), 3);
    assert_eq!(entries[0].get("raid"), None, "a later version follows");
    for (entry, raid) in [(&entries[1], &raid), (&entries[2], &hidden)] {
        let stands = server.get(&user, &path_of(raid)).await.expect(200);
        assert_eq!(entry["raid"], stands);
    }
}

async fn what_is_no_parameter_is_refused(db: &TestDb) {
    let server = serve(db).await;
    server.mint(&minimal()).await;
    let known = cursor("changes/1", "1");
    let answer = read(&server, &format!("?after={known}")).await.expect(200);
    assert_eq!(position(&answer), "1");
    let plain = URL_SAFE_NO_PAD.encode(r#"["changes/1",1]"#);
    for (query, field) in [
        ("?after=1", "after"),
        (&format!("?after={plain}"), "after"),
        (&format!("?after={known}x"), "after"),
        (&format!("?after={}", cursor("versions/1", "1")), "after"),
        // A reader who has seen more than there is.
        (&format!("?after={}", cursor("changes/1", "2")), "after"),
        ("?limit=0", "limit"),
        ("?limit=1001", "limit"),
        ("?limit=101&include=raid", "limit"),
        ("?wait=31", "wait"),
        ("?wait=-1", "wait"),
        ("?include=everything", "include"),
    ] {
        let refused = read(&server, query).await;
        assert_eq!(
            (refused.status.as_u16(), refused.fields()),
            (400, vec![field.to_owned()])
        );
    }
    let all = read(&server, "?after=x&limit=x&wait=x&include=x").await;
    assert_eq!(all.fields(), ["limit"], "what cannot be read is told alone");
    let all = read(&server, "?after=x&limit=0&wait=31&include=x").await;
    assert_eq!(all.fields(), ["after", "include", "limit", "wait"]);
}

/// Versions of a RAiD, written at once.
async fn write_versions(store: &Store, raid: &Value, count: i32) {
    let handle: raid_model::Handle = handle_of(raid).parse().unwrap();
    let write = move |c: &mut store::Conn| {
        let row = raids::find(c, &handle)?.unwrap();
        let raid: raid_model::Raid = serde_json::from_str(&row.document.0).unwrap();
        let actor = Actor::system("somebody");
        let at = row.updated_at;
        let mut write = RaidWrite::of(&raid, actor, at, at, Lane::Bulk)?;
        for _ in 0..count {
            write.version += 1;
            raids::amend(c, &write)?;
        }
        Ok(())
    };
    store.write(write).await.unwrap();
}

async fn hidden_changes_cost_bounded_work(db: &TestDb) {
    let server = serve(db).await;
    let hidden = server.mint(&embargoed(&server)).await;
    write_versions(&server.store, &hidden, 1100).await;
    let open = server.mint(&minimal()).await;
    let answer = read(&server, "?limit=1&wait=30").await.expect(200);
    assert_eq!((told(&answer), &answer["more"]), (vec![], &json!(true)));
    let after = format!("?limit=1&after={}", answer["next"].as_str().unwrap());
    let answer = read(&server, &after).await.expect(200);
    let expected = vec![line(&open, 1, "created")];
    assert_eq!((told(&answer), &answer["more"]), (expected, &json!(false)));
}

/// However many versions nobody has asked for yet: none of them is new.
async fn now_is_behind_all_that_was_written(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    write_versions(&server.store, &raid, 1100).await;
    let now = read(&server, "?after=now").await.expect(200);
    assert_eq!((told(&now), &now["more"]), (vec![], &json!(false)));
    let new = server.mint(&minimal()).await;
    let after = format!("?after={}", now["next"].as_str().unwrap());
    let answer = read(&server, &after).await.expect(200);
    assert_eq!(told(&answer), [line(&new, 1, "created")]);
}

/// A feed with this many places for waits, and this many for one caller.
fn patient(waiting: usize, waiting_each: usize) -> Settings {
    Settings {
        change_feed: ChangeFeed {
            poll: Duration::from_millis(20),
            waiting,
            waiting_each,
        },
        ..settings()
    }
}

async fn who_waits_is_woken_and_holds_no_connection(db: &TestDb) {
    serve(db).await.mint(&minimal()).await;
    let settings = store::Settings {
        connections: 1,
        ..db.settings().clone()
    };
    let small = Store::open(&settings, db.clock().clone(), TestDb::keys()).unwrap();
    let server = serve_store(small, patient(16, 8)).await;
    let now = read(&server, "?after=now").await.expect(200);
    let query = format!("?wait=30&after={}", now["next"].as_str().unwrap());
    let waiting = join_all((0..8).map(|_| read(&server, &query)));
    let writer = async {
        // What they may not see wakes nobody.
        server.mint(&embargoed(&server)).await;
        server.mint(&minimal()).await
    };
    let (answers, raid) = join(waiting, writer).await;
    for answer in answers {
        assert_eq!(told(&answer.expect(200)), [line(&raid, 1, "created")]);
    }
}

async fn who_waits_in_vain_is_answered(db: &TestDb) {
    let server = serve(db).await;
    server.mint(&minimal()).await;
    let now = read(&server, "?after=now").await.expect(200);
    let later = read(&server, "?after=now&wait=1").await.expect(200);
    assert_eq!((told(&later), &later["more"]), (vec![], &json!(false)));
    assert_eq!(position(&later), position(&now));
}

/// Waits for a change, for longer than any test.
async fn wait_for_change(server: &Server, request: TestRequest) -> Vec<(String, i64, String)> {
    told(&server.send(request).await.expect(200))
}

/// Where the feed ends.
async fn end(server: &Server) -> String {
    let now = read(server, "?after=now").await.expect(200);
    now["next"].as_str().unwrap().to_owned()
}

fn waits(peer: &str, after: &str) -> TestRequest {
    let uri = format!("/v1/changes?wait=30&after={after}");
    let request = TestRequest::get().uri(&uri);
    request.peer_addr(peer.parse().unwrap())
}

/// As a wait in vain, so that clients need to know nothing of places.
async fn without_a_place_the_answer_comes_at_once(db: &TestDb) {
    serve(db).await.mint(&minimal()).await;
    let server = serve_store(db.store().clone(), patient(100, 1)).await;
    for _ in 0..2 {
        let (one, other) = ("192.0.2.1:1", "192.0.2.2:1");
        let end = end(&server).await;
        let waiting = [one, one, other].map(|peer| wait_for_change(&server, waits(peer, &end)));
        let mut waiting = FuturesUnordered::from_iter(waiting);
        // Nothing changes until one of them is answered.
        assert_eq!(waiting.next().await.unwrap(), []);
        let raid = server.mint(&minimal()).await;
        let woken: Vec<_> = waiting.collect().await;
        let new = vec![line(&raid, 1, "created")];
        assert_eq!(woken, [new.clone(), new], "the places were free again");
    }
}

async fn half_of_the_places_are_for_tokens(db: &TestDb) {
    serve(db).await.mint(&minimal()).await;
    let server = serve_store(db.store().clone(), patient(4, 0)).await;
    let token = format!("Bearer {}", server.user());
    let end = end(&server).await;
    let partner = waits("192.0.2.99:1", &end).insert_header(("Authorization", token));
    let strangers = (0..20).map(|n| waits(&format!("192.0.2.{n}:1"), &end));
    let all = strangers.chain([partner]).enumerate();
    let server = &server;
    let mut waiting: FuturesUnordered<_> = all
        .map(|(n, request)| async move { (n, wait_for_change(server, request).await) })
        .collect();
    for _ in 0..18 {
        let (who, told) = waiting.next().await.unwrap();
        assert_eq!((who == 20, told), (false, vec![]));
    }
    let raid = server.mint(&minimal()).await;
    let woken: Vec<_> = waiting.collect().await;
    let new = [line(&raid, 1, "created")];
    assert!(woken.iter().all(|(_, told)| *told == new), "{woken:?}");
    assert!(woken.iter().any(|(who, _)| *who == 20), "{woken:?}");
}
