//! How a RAiD changed, and what a caller may do with it (RAiD API, history and permissions).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use json_patch::Patch;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::TestDb;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::harness::{AWAY_GROUP, HOME_GROUP, OFF_GROUP, embargoed, minimal, path_of, serve};

store::on_both_databases!(
    a_history_leads_to_each_version,
    a_history_is_as_hidden_as_the_raid,
    permissions_say_what_each_role_may_do,
);

/// RAiD API, section on versions and history: after a mint and 60 updates one entry each, in order,
/// and applied one after the other they give each version. More entries than are read at once.
async fn a_history_leads_to_each_version(db: &TestDb) {
    let server = serve(db).await;
    let user = server.user();
    let mut raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    for n in 2..=61 {
        server.clock.advance(time::Duration::seconds(1));
        raid["title"][0]["text"] = json!(format!("Title {n}"));
        if n % 5 == 0 {
            raid["alternateUrl"] = json!([{"url": format!("https://example.org/{n}")}]);
        }
        raid = server.put(&user, &path, &raid).await.expect(200);
    }
    let history = server
        .get(&user, &format!("{path}/history"))
        .await
        .expect(200);
    let history = history.as_array().unwrap();
    assert_eq!(history.len(), 61);
    let mut document = json!({});
    for (entry, version) in history.iter().zip(1..) {
        let members: Vec<_> = entry.as_object().unwrap().keys().collect();
        assert_eq!(members, ["diff", "handle", "timestamp", "version"]);
        assert_eq!(entry["version"], version);
        assert_eq!(entry["handle"], path.replace("/raid/", ""));
        OffsetDateTime::parse(entry["timestamp"].as_str().unwrap(), &Rfc3339).unwrap();
        let diff = STANDARD.decode(entry["diff"].as_str().unwrap()).unwrap();
        let diff: Patch = serde_json::from_slice(&diff).unwrap();
        json_patch::patch(&mut document, &diff).unwrap();
        let stored = server
            .get(&user, &format!("{path}/{version}"))
            .await
            .expect(200);
        assert_eq!(document, without_statuses(stored), "version {version}");
    }
}

/// A version as a history has it.
pub fn without_statuses(mut version: Value) -> Value {
    for person in version["contributor"].as_array_mut().unwrap() {
        person.as_object_mut().unwrap().remove("status");
    }
    version
}

/// RAiD API, section on RAiD endpoints: the history of an unknown RAiD is empty for who may know.
async fn a_history_is_as_hidden_as_the_raid(db: &TestDb) {
    let server = serve(db).await;
    let hidden = path_of(&server.mint(&embargoed(&server)).await);
    let unknown = "/raid/10.82841/nowhere";
    let admin = server.token(&[Role::RaidAdmin], Some(HOME_GROUP));
    for (token, path, status) in [
        (server.user(), hidden.as_str(), 200),
        (server.operator(), &hidden, 200),
        (admin, &hidden, 403),
        (server.user(), unknown, 403),
    ] {
        let reply = server.get(&token, &format!("{path}/history")).await;
        assert_eq!(reply.status, status, "{path}");
    }
    for path in [unknown, "/raid/no-prefix/x"] {
        let reply = server
            .get(&server.operator(), &format!("{path}/history"))
            .await;
        assert_eq!(reply.expect(200), json!([]));
    }
}

/// RAiD API, section on `GET …/permissions`.
async fn permissions_say_what_each_role_may_do(db: &TestDb) {
    let server = serve(db).await;
    let open = path_of(&server.mint(&minimal()).await);
    let closed = path_of(&server.mint(&embargoed(&server)).await);
    let all = json!({"servicePointMatch": true, "read": true, "write": true});
    let reads = json!({"servicePointMatch": true, "read": true, "write": false});
    let foreign = json!({"servicePointMatch": false, "read": true, "write": false});
    let operator = json!({"servicePointMatch": false, "read": true, "write": true});
    let ask = async |role, group, path: &str| {
        let token = server.token(&[role], group);
        server.get(&token, &format!("{path}/permissions")).await
    };
    let (home, away) = (Some(HOME_GROUP), Some(AWAY_GROUP));
    for (role, group, path, expected) in [
        (Role::ServicePointUser, home, &open, &all),
        (Role::ServicePointUser, home, &closed, &all),
        (Role::RaidAdmin, home, &open, &reads),
        // An operator changes all; the RAiD API says otherwise.
        (Role::Operator, away, &open, &operator),
        (Role::Operator, away, &closed, &operator),
        (Role::Operator, None, &open, &operator),
        (Role::Operator, home, &closed, &all),
        (Role::ContributorWriter, Some(OFF_GROUP), &open, &foreign),
        // Everybody reads what is open.
        (Role::ServicePointUser, away, &open, &foreign),
        (Role::RaidDumper, home, &open, &reads),
    ] {
        let reply = ask(role, group, path).await;
        assert_eq!(&reply.expect(200), expected, "{role:?} {group:?} {path}");
    }
    for (role, group) in [(Role::RaidAdmin, home), (Role::ServicePointUser, away)] {
        let refused = ask(role, group, &closed).await.expect(403);
        assert!(refused["access"].is_object(), "{refused}");
    }
    let no_group = ask(Role::ContributorWriter, None, &open).await.expect(403);
    assert_eq!(no_group["title"], "Service point not found");
    let unknown = ask(Role::Operator, home, "/raid/10.82841/nowhere").await;
    assert_eq!(unknown.expect(404), Value::Null);
}
