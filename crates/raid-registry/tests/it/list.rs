//! Lists of RAiDs and service points.

use raid_registry::auth::Role;
use serde_json::Value;
use store::testing::TestDb;

use crate::harness::{AWAY_GROUP, HOME, HOME_GROUP, Server, embargoed, minimal, path_of, serve};

store::on_both_databases!(
    a_list_is_complete_newest_first_and_of_the_own_service_point,
    filters_that_are_not_offered_are_refused,
    service_points_are_read,
);

async fn paths(server: &Server, token: &str) -> Vec<String> {
    let list = server.get(token, "/raid/").await.expect(200);
    list.as_array().unwrap().iter().map(path_of).collect()
}

async fn a_list_is_complete_newest_first_and_of_the_own_service_point(db: &TestDb) {
    let server = serve(db).await;
    let away = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    let admin = server.token(&[Role::RaidAdmin], Some(HOME_GROUP));
    assert!(paths(&server, &server.user()).await.is_empty());

    // Pages hold two: more than one page, with embargoed ones that fill whole pages.
    let mut open = Vec::new();
    let mut all = Vec::new();
    for n in 0..7 {
        let is_open = n == 0 || n == 5;
        let body = if is_open {
            minimal()
        } else {
            embargoed(&server)
        };
        let path = path_of(&server.mint(&body).await);
        if is_open {
            open.insert(0, path.clone());
        }
        all.insert(0, path);
        server.clock.advance(time::Duration::seconds(1));
    }
    let elsewhere = server.post(&away, "/raid/", &minimal()).await.expect(201);
    assert_eq!(paths(&server, &server.user()).await, all);
    assert_eq!(paths(&server, &admin).await, open);
    assert_eq!(paths(&server, &away).await, [path_of(&elsewhere)]);
    all.insert(0, path_of(&elsewhere));
    assert_eq!(paths(&server, &server.operator()).await, all);

    let list = server.get(&server.operator(), "/raid/").await.expect(200);
    let one = server.get(&server.operator(), &all[3]).await.expect(200);
    assert_eq!(list[3], one);

    for roles in [&[][..], &[Role::RaidDumper]] {
        let reply = server
            .get(&server.token(roles, Some(HOME_GROUP)), "/raid/")
            .await;
        assert_eq!(reply.expect(403), Value::Null);
    }
    let reply = server
        .get(&server.token(&[Role::RaidAdmin], None), "/raid/")
        .await;
    assert_eq!(reply.expect(403)["title"], "Service point not found");
}

async fn filters_that_are_not_offered_are_refused(db: &TestDb) {
    let server = serve(db).await;
    for filter in ["contributor.id", "organisation.id"] {
        for token in [server.user(), server.operator()] {
            let reply = server.get(&token, &format!("/raid/?{filter}=x")).await;
            reply.expect(400);
            assert_eq!(reply.fields(), [filter]);
        }
    }
    let reply = server
        .get(&server.user(), "/raid/?includeFields=title&%zz")
        .await;
    assert_eq!(reply.status, 200);
}

async fn service_points_are_read(db: &TestDb) {
    let server = serve(db).await;
    for role in [Role::ServicePointUser, Role::Operator, Role::RaidDumper] {
        let token = server.token(&[role], None);
        let list = server.get(&token, "/service-point/").await.expect(200);
        assert_eq!(list.as_array().unwrap().len(), 3);
        let one = server.get(&token, &format!("/service-point/{HOME}")).await;
        assert_eq!(one.expect(200), list[0]);
        assert_eq!(list[0]["groupId"], HOME_GROUP);
        assert_eq!(list[0]["enabled"], true);
        assert_eq!(list[2]["enabled"], false);
        assert_eq!(
            server.get(&token, "/service-point/7").await.expect(404),
            Value::Null
        );
        let reply = server.get(&token, "/service-point/x").await;
        assert_eq!(reply.expect(400)["type"], "about:blank");
    }
    let admin = server.token(&[Role::RaidAdmin], Some(HOME_GROUP));
    assert_eq!(server.get(&admin, "/service-point/").await.status, 403);
}
