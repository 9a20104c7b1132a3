//! Lists of RAiDs and service points.

use raid_registry::auth::Role;
use serde_json::Value;
use store::testing::TestDb;

use crate::harness::{AWAY_GROUP, HOME, HOME_GROUP, Server, embargoed, minimal, path_of, serve};

store::on_both_databases!(
    a_list_is_complete_newest_first_and_of_the_own_service_point,
    filters_that_are_not_offered_are_refused,
    members_that_are_wanted_are_included,
    all_open_and_all_embargoed_raids_are_listed,
    service_points_are_read,
);

async fn paths(server: &Server, token: &str) -> Vec<String> {
    let list = server.get(token, "/raid/").await.expect(200);
    list.as_array().unwrap().iter().map(path_of).collect()
}

/// RAiD API, section on `GET /raid/`: whose RAiDs it lists.
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

/// RAiD API, section on service-point endpoints: reading, and for which roles.
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

/// RAiD API, section on `GET /raid/`: `includeFields`, repeated or with commas; `title` and
/// `contributor` are there in any case.
async fn members_that_are_wanted_are_included(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    for (query, expected) in [
        (
            "includeFields=identifier,title",
            vec!["contributor", "identifier", "title"],
        ),
        (
            "includeFields=date&includeFields=contributor%2C%20access",
            vec!["access", "contributor", "date", "title"],
        ),
        // A block that this RAiD does not have.
        ("includeFields=subject", vec!["contributor", "title"]),
    ] {
        let list = server
            .get(&server.user(), &format!("/raid/?{query}"))
            .await
            .expect(200);
        let shown = list[0].as_object().unwrap();
        assert_eq!(shown.keys().collect::<Vec<_>>(), expected, "{query}");
        for (name, value) in shown {
            let asked = query.contains(name.as_str());
            let whole = if asked {
                raid[name].clone()
            } else {
                Value::Array(Vec::new())
            };
            assert_eq!(*value, whole, "{name} of {query}");
        }
    }
    for all in ["includeFields=", "includeFields=,", "other=1"] {
        let list = server
            .get(&server.user(), &format!("/raid/?{all}"))
            .await
            .expect(200);
        assert_eq!(list[0], raid, "{all}");
    }
    let reply = server
        .get(&server.user(), "/raid/?includeFields=titel")
        .await;
    reply.expect(400);
    assert_eq!(reply.fields(), ["includeFields"]);
}

/// RAiD API, section on other lists: `all-public` and `all-embargoed`, and whose roles they are
/// for.
async fn all_open_and_all_embargoed_raids_are_listed(db: &TestDb) {
    let server = serve(db).await;
    let away = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    let (mut open, mut closed) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        open.insert(0, path_of(&server.mint(&minimal()).await));
        server.clock.advance(time::Duration::seconds(1));
        let hidden = server
            .post(&away, "/raid/", &embargoed(&server))
            .await
            .expect(201);
        closed.insert(0, path_of(&hidden));
        server.clock.advance(time::Duration::seconds(1));
    }
    for (role, public, embargoed) in [
        (Role::RaidDumper, 200, 403),
        (Role::RaidUpgrader, 200, 403),
        (Role::RaidAccessHandler, 403, 200),
        (Role::Operator, 403, 403),
        (Role::ServicePointUser, 403, 403),
    ] {
        let token = server.token(&[role], None);
        for (path, status, expected) in [
            ("/raid/all-public", public, &open),
            ("/raid/all-embargoed", embargoed, &closed),
        ] {
            assert_eq!(
                server.get(&token, path).await.status,
                status,
                "{role:?} {path}"
            );
            if status == 200 {
                let list = server.get(&token, path).await.expect(200);
                let found: Vec<_> = list.as_array().unwrap().iter().map(path_of).collect();
                assert_eq!(found, *expected);
            }
        }
    }
}
