//! Replacing the contributors of a RAiD alone, and saying their statuses (RAiD API, patch).

use actix_web::http::Method;
use raid_model::OrcidId;
use raid_model::permission::PermissionState as State;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::permissions;
use store::testing::TestDb;
use store::testing::put_in_state;
use time::Duration;

use crate::harness::{
    AWAY_GROUP, HOME_GROUP, Reply, Server, embargoed, minimal, path_of, request, serve,
};

store::on_both_databases!(
    the_list_replaces_all_contributors_in_a_new_version,
    what_a_writer_says_counts_until_the_person_answers,
    a_user_of_the_service_point_says_no_status,
    who_may_not_patch_is_refused,
    what_cannot_be_is_refused,
);

async fn patch(server: &Server, token: &str, path: &str, body: &Value) -> Reply {
    server
        .send(request(Method::PATCH, path, token).set_json(body))
        .await
}

fn writer(server: &Server) -> String {
    server.token(&[Role::ContributorWriter], None)
}

/// The contributors of a RAiD, all with this status.
fn with_status(raid: &Value, status: &Value) -> Value {
    let mut people = raid["contributor"].clone();
    for person in people.as_array_mut().unwrap() {
        person["status"] = status.clone();
    }
    json!({ "contributor": people })
}

/// RAiD API, section on `PATCH`: the list replaces all contributors.
async fn the_list_replaces_all_contributors_in_a_new_version(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    server.clock.advance(Duration::seconds(1));
    let mut body = with_status(&raid, &json!("authenticated"));
    let mut isni = body["contributor"][0].clone();
    isni["id"] = json!("https://isni.org/isni/0000000121032683");
    isni["schemaUri"] = json!("https://isni.org/");
    isni["status"] = json!("AUTHENTICATION_FAILED");
    body["contributor"].as_array_mut().unwrap().push(isni);
    let changed = patch(&server, &writer(&server), &path, &body)
        .await
        .expect(200);
    body["contributor"][0]["status"] = json!("AUTHENTICATED");
    assert_eq!(changed["contributor"], body["contributor"]);
    assert_eq!(changed["identifier"]["version"], 2);
    assert_eq!(changed["metadata"]["created"], raid["metadata"]["created"]);
    assert_ne!(changed["metadata"]["updated"], raid["metadata"]["updated"]);
    assert_eq!(changed["title"], raid["title"]);

    // It is shown everywhere, kept through an update, and along with versions.
    let user = server.user();
    assert_eq!(server.get(&user, &path).await.expect(200), changed);
    let list = server.get(&user, "/raid/").await.expect(200);
    assert_eq!(list[0], changed);
    let mut next = changed.clone();
    next["title"][0]["text"] = json!("Renamed");
    let next = server.put(&user, &path, &next).await.expect(200);
    assert_eq!(next["contributor"], changed["contributor"]);
    let version = server.get(&user, &format!("{path}/2")).await.expect(200);
    assert_eq!(version["contributor"], changed["contributor"]);

    // The same list again makes no version, whatever its statuses; and they are taken.
    body["contributor"][0]["status"] = json!("UNAUTHENTICATED");
    for token in [writer(&server), server.user()] {
        let again = patch(&server, &token, &path, &body).await.expect(200);
        assert_eq!(again["contributor"], body["contributor"]);
        assert_eq!(again["identifier"]["version"], 3);
        assert_eq!(again["metadata"], next["metadata"]);
    }
    let people = body["contributor"].as_array_mut().unwrap();
    people.reverse();
    let turned = patch(&server, &writer(&server), &path, &body)
        .await
        .expect(200);
    assert_eq!(turned["identifier"]["version"], 4);
}

async fn what_a_writer_says_counts_until_the_person_answers(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    let orcid: OrcidId = "0000-0002-1825-0097".parse().unwrap();
    let now = server.clock.now();
    let known = move |c: &mut store::Conn| permissions::ensure(c, &orcid, now);
    server.store.write(known).await.unwrap();
    let is_shown = async |expected: &str| {
        let shown = server.get(&server.user(), &path).await.expect(200);
        assert_eq!(shown["contributor"][0]["status"], expected);
    };
    let become_ = async |state| {
        server.clock.advance(Duration::seconds(1));
        let now = server.clock.now();
        let change = move |c: &mut store::Conn| put_in_state(c, &orcid, state, now);
        server.store.write(change).await.unwrap();
    };
    let say = async |status: &str| {
        server.clock.advance(Duration::seconds(1));
        let body = with_status(&raid, &json!(status));
        patch(&server, &writer(&server), &path, &body)
            .await
            .expect(200);
        is_shown(status).await;
    };
    become_(State::Granted).await;
    is_shown("AUTHENTICATED").await;
    say("AUTHENTICATION_REVOKED").await;
    // To be asked is no answer.
    become_(State::Asked).await;
    is_shown("AUTHENTICATION_REVOKED").await;
    become_(State::Denied).await;
    is_shown("AUTHENTICATION_FAILED").await;
    say("AUTHENTICATED").await;
}

async fn a_user_of_the_service_point_says_no_status(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let mut body = with_status(&raid, &json!("AUTHENTICATED"));
    body["contributor"][0]["role"] = json!([]);
    let changed = patch(&server, &server.user(), &path_of(&raid), &body).await;
    let changed = changed.expect(200);
    assert_eq!(changed["identifier"]["version"], 2);
    assert_eq!(
        changed["contributor"][0]["status"],
        "AWAITING_AUTHENTICATION"
    );
}

/// RAiD API, section on `PATCH`: for `contributor-writer` and users of the owning service point;
/// 404 for the former, 403 for others.
async fn who_may_not_patch_is_refused(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&embargoed(&server)).await;
    let path = path_of(&raid);
    let body = with_status(&raid, &json!("AUTHENTICATED"));
    for (role, group) in [
        (Role::Operator, HOME_GROUP),
        (Role::RaidAdmin, HOME_GROUP),
        (Role::RaidDumper, HOME_GROUP),
        (Role::ServicePointUser, AWAY_GROUP),
    ] {
        let token = server.token(&[role], Some(group));
        let reply = patch(&server, &token, &path, &body).await;
        assert_eq!(reply.expect(403), Value::Null, "{role:?}");
    }
    let unknown = "/raid/10.82841/nowhere";
    patch(&server, &server.user(), unknown, &body)
        .await
        .expect(403);
    let problem = patch(&server, &writer(&server), unknown, &body)
        .await
        .expect(404);
    assert_eq!(problem["title"], "The resource was not found.");
    patch(&server, &writer(&server), &path, &body)
        .await
        .expect(200);
}

async fn what_cannot_be_is_refused(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    let good = with_status(&raid, &json!("UNAUTHENTICATED"));
    let with = |change: &dyn Fn(&mut Value)| {
        let mut body = good.clone();
        change(&mut body);
        body
    };
    let status = vec!["contributor[0].status"];
    for (body, fields) in [
        (json!({"contributor": null}), vec!["contributor"]),
        (json!({"contributor": []}), vec!["contributor"]),
        (json!({}), vec!["contributor"]),
        (with_status(&raid, &json!("UNVERIFIED")), status.clone()),
        (with_status(&raid, &Value::Null), status.clone()),
        (with_status(&raid, &json!(7)), status.clone()),
        (
            with(&|body| body["contributor"][0]["leader"] = json!(false)),
            vec!["contributor"],
        ),
        (
            with(&|body| {
                body["contributor"][0]["id"] = json!("https://orcid.org/0000-0002-1825-0098");
            }),
            vec!["contributor[0].id"],
        ),
        (
            with(&|body| body["contributor"][0]["position"] = Value::Null),
            vec!["contributor[0].position"],
        ),
        (
            with(&|body| {
                let twice = body["contributor"][0].clone();
                body["contributor"].as_array_mut().unwrap().push(twice);
            }),
            vec!["contributor[1].id"],
        ),
    ] {
        let reply = patch(&server, &writer(&server), &path, &body).await;
        reply.expect(400);
        assert_eq!(reply.fields(), fields, "{body}");
    }
    let reply = patch(
        &server,
        &writer(&server),
        &path,
        &json!({"contributor": "x"}),
    )
    .await;
    assert_eq!(reply.expect(400)["title"], "Invalid JSON");
    let standing = server.get(&server.user(), &path).await.expect(200);
    assert_eq!(standing, raid);
}
