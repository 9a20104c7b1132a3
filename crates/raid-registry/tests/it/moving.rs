//! An operator moves a RAiD to another service point by its identifier block.

use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::TestDb;

use crate::harness::{AWAY, AWAY_GROUP, HOME, HOME_GROUP, embargoed, minimal, path_of, serve};

store::on_both_databases!(
    an_operator_moves_a_raid_to_the_service_point_that_the_body_names,
    a_service_point_that_does_not_exist_is_named,
    nobody_else_moves_a_raid,
);

/// The RAiD, with that service point as its owner.
fn owned_by(raid: &Value, id: impl Into<Value>) -> Value {
    let mut raid = raid.clone();
    raid["identifier"]["owner"]["servicePoint"] = id.into();
    raid
}

/// RAiD API, section on `PUT`: the identifier block of an operator counts for the service point.
async fn an_operator_moves_a_raid_to_the_service_point_that_the_body_names(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&embargoed(&server)).await;
    let path = path_of(&raid);
    let (operator, user) = (server.operator(), server.user());
    let away = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    let holder = server.token_of("guest", &[Role::RaidUser], None);
    let holders = format!(
        "{}/holders/raid-user/guest",
        path.replace("/raid/", "/v1/raids/")
    );
    let issuer = "issuer=https://agency.example.org";
    let held = server
        .put(&user, &format!("{holders}?{issuer}"), &json!({}))
        .await;
    assert_eq!(held.status, 204);
    assert_eq!(server.get(&holder, &path).await.status, 200);

    // Together with another change, as a number or as a text.
    let mut wanted = owned_by(&raid, AWAY.to_string());
    wanted["title"][0]["text"] = json!("Moved");
    let tried = server
        .put(&operator, &format!("{path}?dryRun=true"), &wanted)
        .await;
    assert_eq!(
        tried.expect(200)["raid"]["identifier"]["owner"]["servicePoint"],
        AWAY
    );
    assert_eq!(
        server.get(&away, &path).await.status,
        403,
        "it was only tried"
    );
    let moved = server.put(&operator, &path, &wanted).await.expect(200);
    let mut expected = owned_by(&raid, AWAY);
    expected["title"][0]["text"] = json!("Moved");
    expected["identifier"]["version"] = json!(2);
    expected["metadata"] = moved["metadata"].clone();
    assert_eq!(moved, expected);
    // The former owner has no right to it any more, nor has whoever it gave one.
    assert_eq!(server.get(&user, &path).await.status, 403);
    assert_eq!(server.get(&holder, &path).await.status, 403);
    assert_eq!(server.get(&away, &path).await.expect(200), moved);

    // The same again is no change.
    let again = server.put(&operator, &path, &moved).await.expect(200);
    assert_eq!(again["identifier"]["version"], 2);
    // Nothing but the move.
    let back = server
        .put(&operator, &path, &owned_by(&moved, HOME))
        .await
        .expect(200);
    assert_eq!(back["identifier"]["version"], 3);
    assert_eq!(back["identifier"]["owner"], raid["identifier"]["owner"]);
    // A move builds on the current version.
    let stale = server.put(&operator, &path, &owned_by(&moved, AWAY)).await;
    assert_eq!(stale.expect(409)["currentVersion"], 3);
}

/// RAiD API, section on `PUT`; what the original makes of it is not said.
async fn a_service_point_that_does_not_exist_is_named(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    let mut wanted = owned_by(&raid, 7);
    for suffix in ["", "?dryRun=true"] {
        let refused = server
            .put(&server.operator(), &format!("{path}{suffix}"), &wanted)
            .await;
        let problem = refused.expect(400);
        assert_eq!(refused.fields(), ["identifier.owner.servicePoint"]);
        assert_eq!(
            problem["failures"][0]["message"],
            "there is no service point 7"
        );
    }
    wanted["title"] = json!([]);
    let refused = server.put(&server.operator(), &path, &wanted).await;
    refused.expect(400);
    assert_eq!(
        refused.fields().last().unwrap(),
        "identifier.owner.servicePoint"
    );
    assert_eq!(server.get(&server.user(), &path).await.expect(200), raid);
}

/// RAiD API, section on `PUT`: of everybody but operators the service point is that of their token.
async fn nobody_else_moves_a_raid(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    let admin = server.token(&[Role::ServicePointUser, Role::RaidAdmin], Some(HOME_GROUP));
    for (id, title) in [(AWAY, "One"), (7, "Two")] {
        let mut wanted = owned_by(&server.get(&admin, &path).await.expect(200), id);
        wanted["title"][0]["text"] = json!(title);
        let changed = server.put(&admin, &path, &wanted).await.expect(200);
        assert_eq!(changed["title"][0]["text"], title);
        assert_eq!(changed["identifier"]["owner"], raid["identifier"]["owner"]);
    }
}
