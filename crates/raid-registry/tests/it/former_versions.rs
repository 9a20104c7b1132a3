//! Who reads former versions and histories, and what of people they show.

use actix_web::test::TestRequest;
use raid_model::permission::PermissionState;
use raid_registry::Settings;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::{TestDb, put_in_state};

use crate::harness::{
    AWAY_GROUP, HOME_GROUP, Server, embargoed, minimal, path_of, serve, serve_with, settings,
};

store::on_both_databases!(
    former_versions_are_for_those_who_look_after_the_raid,
    an_agency_may_open_former_versions,
    a_version_has_the_statuses_of_today,
);

async fn anonymous(server: &Server, path: &str) -> u16 {
    let reply = server.send(TestRequest::get().uri(path)).await;
    reply.status.as_u16()
}

/// An open RAiD with two versions.
async fn changed(server: &Server) -> String {
    let mut raid = server.mint(&minimal()).await;
    raid["title"][0]["text"] = json!("The second version");
    let path = path_of(&raid);
    server.put(&server.user(), &path, &raid).await.expect(200);
    path
}

/// RAiD API, section on versions and history.
async fn former_versions_are_for_those_who_look_after_the_raid(db: &TestDb) {
    let server = serve(db).await;
    let path = changed(&server).await;
    let foreign = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    for (part, outside) in [
        ("", 200),
        ("/2", 200),
        ("/1", 401),
        ("/3", 401),
        ("/history", 401),
    ] {
        let path = format!("{path}{part}");
        assert_eq!(anonymous(&server, &path).await, outside, "{path}");
        let outside = if outside == 401 { 403 } else { outside };
        assert_eq!(server.get(&foreign, &path).await.status, outside, "{path}");
        for token in [server.user(), server.operator()] {
            let status = if part == "/3" { 404 } else { 200 };
            assert_eq!(server.get(&token, &path).await.status, status, "{path}");
        }
    }
}

/// RAiD API, section on versions and history.
async fn an_agency_may_open_former_versions(db: &TestDb) {
    let open = Settings {
        former_versions_are_open: true,
        ..settings()
    };
    let server = serve_with(db, open).await;
    let path = changed(&server).await;
    for part in ["/1", "/2", "/history"] {
        assert_eq!(anonymous(&server, &format!("{path}{part}")).await, 200);
    }
    let closed = path_of(&server.mint(&embargoed(&server)).await);
    for part in ["/1", "/history"] {
        assert_eq!(anonymous(&server, &format!("{closed}{part}")).await, 401);
    }
}

/// RAiD API, section on contributors: production's app shows buttons by the status.
async fn a_version_has_the_statuses_of_today(db: &TestDb) {
    let open = Settings {
        former_versions_are_open: true,
        ..settings()
    };
    let server = serve_with(db, open).await;
    let path = changed(&server).await;
    let first = format!("{path}/1");
    let status = |raid: &Value| raid["contributor"][0]["status"].clone();
    let raid = server.get(&server.user(), &first).await.expect(200);
    assert_eq!(status(&raid), "AWAITING_AUTHENTICATION");
    let orcid = raid["contributor"][0]["id"].as_str().unwrap();
    let orcid = orcid.rsplit('/').next().unwrap().parse().unwrap();
    let now = server.clock.now();
    for (state, inside, outside) in [
        (PermissionState::Granted, "AUTHENTICATED", "AUTHENTICATED"),
        (
            PermissionState::Denied,
            "AUTHENTICATION_FAILED",
            "AWAITING_AUTHENTICATION",
        ),
    ] {
        let put = move |c: &mut store::Conn| put_in_state(c, &orcid, state, now);
        server.store.write(put).await.unwrap();
        let read = server.get(&server.user(), &first).await.expect(200);
        assert_eq!(status(&read), inside);
        let read = server
            .send(TestRequest::get().uri(&first))
            .await
            .expect(200);
        assert_eq!(
            status(&read),
            outside,
            "who declined is not told to everybody"
        );
        let foreign = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
        let read = server.get(&foreign, &first).await.expect(200);
        assert_eq!(status(&read), outside);
        let own = server.token(&[Role::ServicePointUser], Some(HOME_GROUP));
        assert_eq!(status(&server.get(&own, &first).await.expect(200)), inside);
    }
}
