//! Who holds single RAiDs, and what they may do with them (RAiD API, sections on rights and on
//! reading, with the grants kept here).

use actix_web::http::Method;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::TestDb;

use crate::harness::{AWAY_GROUP, HOME_GROUP, Server, embargoed, minimal, path_of, request, serve};

store::on_both_databases!(
    who_mints_as_a_raid_admin_holds_it,
    holders_read_and_change_what_they_hold,
    a_holder_needs_the_role_in_the_token,
    who_looks_after_a_raid_says_who_holds_it,
    lists_hold_what_somebody_holds,
    what_is_no_holder_is_refused,
);

fn holders(path: &str) -> String {
    format!("{}/holders", path.replace("/raid/", "/v1/raids/"))
}

async fn give(server: &Server, token: &str, path: &str, role: &str, subject: &str) -> u16 {
    let path = format!("{}/{role}/{subject}", holders(path));
    let reply = server.send(request(Method::PUT, &path, token)).await;
    reply.status.as_u16()
}

async fn take(server: &Server, token: &str, path: &str, role: &str, subject: &str) -> u16 {
    let path = format!("{}/{role}/{subject}", holders(path));
    let reply = server.send(request(Method::DELETE, &path, token)).await;
    reply.status.as_u16()
}

/// A change of a RAiD's title, by somebody.
async fn retitle(server: &Server, token: &str, path: &str, title: &str) -> u16 {
    let mut raid = server.get(&server.operator(), path).await.expect(200);
    raid["title"][0]["text"] = json!(title);
    server.put(token, path, &raid).await.status.as_u16()
}

fn titles(list: &Value) -> Vec<&str> {
    let mut titles: Vec<&str> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|raid| raid["title"][0]["text"].as_str().unwrap())
        .collect();
    titles.sort_unstable();
    titles
}

/// RAiD API, section on roles: every RAiD that a `raid-admin` mints is theirs, embargoed or not.
async fn who_mints_as_a_raid_admin_holds_it(db: &TestDb) {
    let server = serve(db).await;
    let admin = server.token_of("ada", &[Role::RaidAdmin], Some(HOME_GROUP));
    let other = server.token_of("bob", &[Role::RaidAdmin], Some(HOME_GROUP));
    let minted = server.post(&admin, "/raid/", &embargoed(&server)).await;
    let path = path_of(&minted.expect(201));
    assert_eq!(server.get(&admin, &path).await.status, 200);
    assert_eq!(retitle(&server, &admin, &path, "Mine").await, 200);
    assert_eq!(server.get(&other, &path).await.status, 403);
    assert_eq!(retitle(&server, &other, &path, "Not mine").await, 403);
    let held = server.get(&admin, &holders(&path)).await.expect(200);
    assert_eq!(held[0]["subject"], "ada");
    assert_eq!(held[0]["role"], "raid-admin");
    assert_eq!(held[0]["givenBy"], "ada");
    // A user of the service point alone does not need to hold anything.
    let raid = path_of(&server.mint(&minimal()).await);
    let none = server.get(&server.user(), &holders(&raid)).await;
    assert_eq!(none.expect(200), json!([]));
}

/// RAiD API, section on the three rule sets: RAiD admin and RAiD user, in reading and in writing.
async fn holders_read_and_change_what_they_hold(db: &TestDb) {
    let server = serve(db).await;
    let closed = path_of(&server.mint(&embargoed(&server)).await);
    let user = server.user();
    for (role, name) in [
        (Role::RaidAdmin, "raid-admin"),
        (Role::RaidUser, "raid-user"),
    ] {
        // A holder may be of another service point, or of none.
        for group in [Some(AWAY_GROUP), None] {
            let token = server.token_of("guest", &[role], group);
            assert_eq!(server.get(&token, &closed).await.status, 403);
            assert_eq!(retitle(&server, &token, &closed, "No").await, 403);
            assert_eq!(give(&server, &user, &closed, name, "guest").await, 204);
            assert_eq!(
                give(&server, &user, &closed, name, "guest").await,
                204,
                "again"
            );
            for part in ["", "/1", "/history"] {
                let path = format!("{closed}{part}");
                assert_eq!(server.get(&token, &path).await.status, 200, "{name} {path}");
            }
            let title = format!("By {name} of {group:?}");
            assert_eq!(retitle(&server, &token, &closed, &title).await, 200);
            if group.is_some() {
                let path = format!("{closed}/permissions");
                let may = server.get(&token, &path).await.expect(200);
                let expected = json!({"servicePointMatch": false, "read": true, "write": true});
                assert_eq!(may, expected);
            }
            assert_eq!(take(&server, &user, &closed, name, "guest").await, 204);
            assert_eq!(server.get(&token, &closed).await.status, 403);
            assert_eq!(retitle(&server, &token, &closed, "No more").await, 403);
        }
    }
}

async fn a_holder_needs_the_role_in_the_token(db: &TestDb) {
    let server = serve(db).await;
    let closed = path_of(&server.mint(&embargoed(&server)).await);
    assert_eq!(
        give(&server, &server.user(), &closed, "raid-user", "guest").await,
        204
    );
    for (subject, roles) in [
        ("guest", &[][..]),
        ("guest", &[Role::RaidAdmin][..]),
        ("guest", &[Role::PidSearcher, Role::RaidDumper][..]),
        ("guest2", &[Role::RaidUser][..]),
        ("GUEST", &[Role::RaidUser][..]),
    ] {
        let token = server.token_of(subject, roles, Some(AWAY_GROUP));
        let status = server.get(&token, &closed).await.status;
        assert_eq!(status, 403, "{subject} {roles:?}");
    }
}

async fn who_looks_after_a_raid_says_who_holds_it(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let admin = server.token_of("ada", &[Role::RaidAdmin], Some(HOME_GROUP));
    let user = server.token_of("uma", &[Role::RaidUser], Some(HOME_GROUP));
    let away = server.token_of("zoe", &[Role::ServicePointUser], Some(AWAY_GROUP));
    for stranger in [&admin, &user, &away] {
        assert_eq!(
            give(&server, stranger, &path, "raid-user", "eve").await,
            403
        );
        assert_eq!(server.get(stranger, &holders(&path)).await.status, 403);
    }
    assert_eq!(
        give(&server, &server.operator(), &path, "raid-admin", "ada").await,
        204
    );
    assert_eq!(give(&server, &admin, &path, "raid-user", "uma").await, 204);
    assert_eq!(give(&server, &user, &path, "raid-user", "eve").await, 403);
    assert_eq!(take(&server, &user, &path, "raid-admin", "ada").await, 403);
    let held = server.get(&admin, &holders(&path)).await.expect(200);
    let who: Vec<_> = held
        .as_array()
        .unwrap()
        .iter()
        .map(|h| {
            (
                h["subject"].as_str().unwrap(),
                h["givenBy"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(who, [("ada", "user-1"), ("uma", "ada")]);
    assert_eq!(take(&server, &admin, &path, "raid-admin", "ada").await, 204);
    assert_eq!(give(&server, &admin, &path, "raid-user", "eve").await, 403);
}

/// RAiD API, section on `GET /raid/`: the own service point's, and what one holds besides.
async fn lists_hold_what_somebody_holds(db: &TestDb) {
    let server = serve(db).await;
    let titled = |title: &str, body: Value| {
        let mut body = body;
        body["title"][0]["text"] = json!(title);
        body
    };
    server.mint(&titled("open", minimal())).await;
    server.mint(&titled("closed", embargoed(&server))).await;
    let held = server.mint(&titled("held", embargoed(&server))).await;
    let away = server.token_of("zoe", &[Role::ServicePointUser], Some(AWAY_GROUP));
    let foreign = titled("foreign", embargoed(&server));
    let foreign = server.post(&away, "/raid/", &foreign).await.expect(201);
    let operator = server.operator();
    for raid in [&held, &foreign] {
        assert_eq!(
            give(&server, &operator, &path_of(raid), "raid-admin", "ada").await,
            204
        );
    }
    let list = async |roles: &[Role]| {
        let token = server.token_of("ada", roles, Some(HOME_GROUP));
        server.get(&token, "/raid/").await.expect(200)
    };
    assert_eq!(
        titles(&list(&[Role::RaidAdmin]).await),
        ["foreign", "held", "open"]
    );
    let all = ["closed", "foreign", "held", "open"];
    assert_eq!(
        titles(&list(&[Role::RaidAdmin, Role::ServicePointUser]).await),
        all
    );
    assert_eq!(
        titles(&list(&[Role::ServicePointUser]).await),
        ["closed", "held", "open"]
    );
}

async fn what_is_no_holder_is_refused(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let user = server.user();
    let long = "x".repeat(256);
    for (role, subject, field) in [
        ("friend", "eve", "role"),
        ("raid-user", "a%0Ab", "subject"),
        ("raid-user", long.as_str(), "subject"),
    ] {
        for method in [Method::PUT, Method::DELETE] {
            let path = format!("{}/{role}/{subject}", holders(&path));
            let reply = server.send(request(method, &path, &user)).await;
            assert_eq!(reply.expect(400)["failures"][0]["fieldId"], field);
        }
    }
    for n in 0..200 {
        let status = give(&server, &user, &path, "raid-user", &format!("u{n}")).await;
        assert_eq!(status, 204);
    }
    assert_eq!(
        give(&server, &user, &path, "raid-user", "one-more").await,
        409
    );
    assert_eq!(give(&server, &user, &path, "raid-user", "u7").await, 204);
}
