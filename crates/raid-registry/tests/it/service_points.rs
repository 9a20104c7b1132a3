//! Creating and changing service points (RAiD API, service points), and that their switches count.

use actix_web::http::Method;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::TestDb;

use crate::harness::{
    HOME, HOME_GROUP, PREFIX, Server, minimal, path_of, request, serve, serve_store, settings,
};

store::on_both_databases!(
    a_new_service_point_mints,
    a_change_keeps_what_is_left_out,
    what_cannot_be_is_refused,
    only_operators_create_and_change,
    switches_count,
    trust_is_the_operators_choice,
    a_retired_service_point_mints_nothing,
);

const GROUP: &str = "3f1c8f6e-0000-4000-8000-00000000000a";
const OWNER: &str = "https://ror.org/00rqy9422";

fn new() -> Value {
    json!({
        "name": "New",
        "identifierOwner": OWNER,
        "groupId": GROUP,
        "adminEmail": "admin@example.org",
        "prefix": "10.1",
        "repositoryId": "X.Y",
        // Not read.
        "password": "secret",
    })
}

/// With all members that a client sends back which it has read.
async fn change(server: &Server, id: i64, with: &[(&str, Value)]) -> Value {
    let path = format!("/service-point/{id}");
    let mut point = server.get(&server.operator(), &path).await.expect(200);
    for (name, value) in with {
        point[*name] = value.clone();
    }
    let changed = server
        .put(&server.operator(), &path, &point)
        .await
        .expect(200);
    assert_eq!(changed, point);
    changed
}

/// RAiD API, section on service points: what is created is answered with its address, and mints.
async fn a_new_service_point_mints(db: &TestDb) {
    let server = serve(db).await;
    let reply = server
        .post(&server.operator(), "/service-point/", &new())
        .await;
    let point = reply.expect(201);
    let id = point["id"].as_i64().unwrap();
    assert_eq!(id, 20_000_004, "the number after the last one");
    assert_eq!(reply.header("location"), format!("/service-point/{id}"));
    let expected = json!({
        "adminEmail": "admin@example.org",
        "appWritesEnabled": true,
        "enabled": true,
        "groupId": GROUP,
        "id": id,
        "identifierOwner": OWNER,
        "name": "New",
        "prefix": "10.1",
        "repositoryId": "X.Y",
        "techEmail": "",
        "trust": "notify",
    });
    assert_eq!(point, expected);
    let user = server.token(&[Role::ServicePointUser], Some(GROUP));
    let read = server.get(&user, &format!("/service-point/{id}")).await;
    // How far it is trusted is the operators' business.
    let mut shown = expected;
    shown.as_object_mut().unwrap().remove("trust");
    assert_eq!(read.expect(200), shown);
    let raid = server.post(&user, "/raid/", &minimal()).await.expect(201);
    assert_eq!(raid["identifier"]["owner"]["servicePoint"], id);
    assert_eq!(raid["identifier"]["owner"]["id"], OWNER);
    assert!(path_of(&raid).starts_with("/raid/10.1/"), "{raid}");
    let mut usual = new();
    usual.as_object_mut().unwrap().remove("prefix");
    usual["name"] = json!("Usual");
    usual["groupId"] = json!("usual");
    let usual = server
        .post(&server.operator(), "/service-point/", &usual)
        .await;
    assert_eq!(usual.expect(201)["prefix"], PREFIX);
}

/// RAiD API, section on service points: switches and addresses that are left out stay.
async fn a_change_keeps_what_is_left_out(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let path = format!("/service-point/{HOME}");
    let before = server.get(&server.operator(), &path).await.expect(200);
    let body = json!({
        "id": HOME,
        "name": "Renamed",
        "identifierOwner": OWNER,
        "groupId": HOME_GROUP,
        "prefix": "10.1",
        "techEmail": null,
    });
    let after = server
        .put(&server.operator(), &path, &body)
        .await
        .expect(200);
    let mut expected = before;
    expected["name"] = json!("Renamed");
    expected["identifierOwner"] = json!(OWNER);
    expected["prefix"] = json!("10.1");
    assert_eq!(after, expected);
    let next = server.mint(&minimal()).await;
    assert!(path_of(&next).starts_with("/raid/10.1/"), "{next}");
    let standing = server
        .get(&server.user(), &path_of(&raid))
        .await
        .expect(200);
    assert_eq!(standing, raid, "what was minted keeps its owner");
}

/// RAiD API, section on service points: what must be there, and what is there already.
async fn what_cannot_be_is_refused(db: &TestDb) {
    let server = serve(db).await;
    let operator = server.operator();
    let with = |name: &str, value: Value| {
        let mut body = new();
        body[name] = value;
        body
    };
    for (body, fields) in [
        (json!({}), vec!["name", "identifierOwner", "groupId"]),
        (with("name", json!("  ")), vec!["name"]),
        (with("groupId", Value::Null), vec!["groupId"]),
        (
            with("identifierOwner", json!("https://ror.org/00rqy9423")),
            vec!["identifierOwner"],
        ),
        (
            with("identifierOwner", json!("UQ")),
            vec!["identifierOwner"],
        ),
        (with("groupId", json!(HOME_GROUP)), vec!["groupId"]),
        (
            with("name", json!(format!("Service point {HOME}"))),
            vec!["name"],
        ),
        (
            with("name", json!(format!(" SERVICE  point\u{200b} {HOME} "))),
            vec!["name"],
        ),
        (with("prefix", json!("raid")), vec!["prefix"]),
    ] {
        let reply = server.post(&operator, "/service-point/", &body).await;
        reply.expect(400);
        assert_eq!(reply.fields(), fields, "{body}");
    }
    let path = format!("/service-point/{HOME}");
    for (body, fields) in [
        (new(), vec!["id"]),
        (with("id", json!(HOME + 1)), vec!["id"]),
        (
            json!({"id": HOME, "name": "x", "identifierOwner": OWNER, "groupId": crate::harness::AWAY_GROUP}),
            vec!["groupId"],
        ),
    ] {
        let reply = server.put(&operator, &path, &body).await;
        reply.expect(400);
        assert_eq!(reply.fields(), fields, "{body}");
    }
    let unknown = server
        .put(&operator, "/service-point/7", &with("id", json!(7)))
        .await;
    assert_eq!(unknown.expect(404)["title"], "The resource was not found.");
    let list = server.get(&operator, "/service-point/").await.expect(200);
    assert_eq!(list.as_array().unwrap().len(), 3);
}

/// RAiD API, section on service points: the security rules.
async fn only_operators_create_and_change(db: &TestDb) {
    let server = serve(db).await;
    for role in Role::ALL.iter().filter(|role| **role != Role::Operator) {
        let token = server.token(&[*role], Some(HOME_GROUP));
        for (method, path) in [
            (Method::POST, "/service-point/".to_owned()),
            (Method::PUT, format!("/service-point/{HOME}")),
        ] {
            let reply = server
                .send(request(method, &path, &token).set_json(new()))
                .await;
            assert_eq!(reply.expect(403), Value::Null, "{role:?}");
        }
    }
}

/// RAiD API, section on service points: `enabled` and `appWritesEnabled` are enforced, at once.
async fn switches_count(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let own_system = serve_store(
        server.store.clone(),
        raid_registry::Settings {
            app_clients: Vec::new(),
            ..settings()
        },
    )
    .await;
    for (switch, title, others_write) in [
        ("enabled", "Service point disabled", false),
        (
            "appWritesEnabled",
            "Writes from the application are disabled",
            true,
        ),
    ] {
        change(&server, HOME, &[(switch, json!(false))]).await;
        let refused = server.post(&server.user(), "/raid/", &minimal()).await;
        assert_eq!(refused.expect(403)["title"], title);
        let refused = server.put(&server.user(), &path_of(&raid), &raid).await;
        assert_eq!(refused.expect(403)["title"], title);
        server
            .get(&server.user(), &path_of(&raid))
            .await
            .expect(200);
        let status = if others_write { 201 } else { 403 };
        let other = own_system
            .post(&own_system.user(), "/raid/", &minimal())
            .await;
        other.expect(status);
        change(&server, HOME, &[(switch, json!(true))]).await;
        server.mint(&minimal()).await;
    }
}

/// Today's clients know no trust, and change nothing of it.
async fn trust_is_the_operators_choice(db: &TestDb) {
    let server = serve(db).await;
    let path = format!("/service-point/{HOME}");
    let operator = server.operator();
    let mut point = server.get(&operator, &path).await.expect(200);
    assert_eq!(point["trust"], "auto", "of those that there were before");
    for trust in ["hold", "notify", "auto"] {
        point["trust"] = json!(trust);
        let changed = server.put(&operator, &path, &point).await.expect(200);
        assert_eq!(changed["trust"], trust);
    }
    point["trust"] = json!("hold");
    server.put(&operator, &path, &point).await.expect(200);
    for silent in [Value::Null, json!("")] {
        point["trust"] = silent;
        let kept = server.put(&operator, &path, &point).await.expect(200);
        assert_eq!(kept["trust"], "hold");
    }
    point.as_object_mut().unwrap().remove("trust");
    let kept = server.put(&operator, &path, &point).await.expect(200);
    assert_eq!(kept["trust"], "hold");
    point["trust"] = json!("Blind");
    let refused = server.put(&operator, &path, &point).await;
    refused.expect(400);
    assert_eq!(refused.fields(), ["trust"]);
}

/// Retired, it is shown to operators alone, and what it minted stays.
async fn a_retired_service_point_mints_nothing(db: &TestDb) {
    let server = serve(db).await;
    let operator = server.operator();
    let raid = server.mint(&minimal()).await;
    let path = format!("/service-point/{HOME}");
    let mut point = server.get(&operator, &path).await.expect(200);
    point["retired"] = json!(true);
    let refused = server.put(&operator, &path, &point).await;
    refused.expect(400);
    assert_eq!(refused.fields(), ["enabled"]);
    point["enabled"] = json!(false);
    let retired = server.put(&operator, &path, &point).await.expect(200);
    assert_eq!(retired, point);
    let minted = server.post(&server.user(), "/raid/", &minimal()).await;
    minted.expect(403);
    let read = server.get(&server.user(), &path_of(&raid)).await;
    assert_eq!(read.expect(200), raid);
    for (token, count) in [(operator.clone(), 3), (server.user(), 2)] {
        let list = server.get(&token, "/service-point/").await.expect(200);
        assert_eq!(list.as_array().unwrap().len(), count);
    }
    // As clients send it that do not know the member.
    point.as_object_mut().unwrap().remove("retired");
    point["enabled"] = json!(true);
    let kept = server.put(&operator, &path, &point).await;
    kept.expect(400);
    assert_eq!(kept.fields(), ["enabled"]);
    point["retired"] = json!(false);
    let back = server.put(&operator, &path, &point).await.expect(200);
    assert_eq!(back.get("retired"), None);
    server.mint(&minimal()).await;
}
