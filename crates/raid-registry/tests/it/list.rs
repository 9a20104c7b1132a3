//! Lists of RAiDs and service points.

use actix_web::test::TestRequest;
use raid_registry::auth::Role;
use serde_json::Value;
use store::testing::TestDb;

use crate::harness::{
    AWAY, AWAY_GROUP, HOME, HOME_GROUP, Server, embargoed, maximal, minimal, path_of, serve,
};

store::on_both_databases!(
    a_list_is_complete_newest_first_and_of_the_own_service_point,
    raids_are_found_by_person_and_organisation,
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

/// RAiD API, sections on the list and on the rules of access: who searches by person or organisation
/// finds the RAiDs of all service points; but embargoed ones only who has a right to them.
async fn raids_are_found_by_person_and_organisation(db: &TestDb) {
    let server = serve(db).await;
    let away = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    let ror = maximal()["organisation"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let mut with_organisation = minimal();
    with_organisation["organisation"] = maximal()["organisation"].clone();
    let first = path_of(&server.mint(&minimal()).await);
    server.clock.advance(time::Duration::seconds(1));
    let reply = server.post(&away, "/raid/", &with_organisation).await;
    let second = path_of(&reply.expect(201));
    server.clock.advance(time::Duration::seconds(1));
    let hidden = path_of(&server.mint(&embargoed(&server)).await);

    let searcher = server.token(&[Role::PidSearcher], None);
    let own = server.token(
        &[Role::PidSearcher, Role::ServicePointUser],
        Some(HOME_GROUP),
    );
    let open = vec![second.clone(), first.clone()];
    let mut all = open.clone();
    all.insert(0, hidden);
    for (token, expected) in [
        (&searcher, &open),
        (&own, &all),
        (&server.operator(), &all),
        (&server.token(&[Role::ContributorWriter], None), &all),
    ] {
        for id in [
            "0000-0002-1825-0097",
            "https%3A%2F%2Forcid.org%2F0000-0002-1825-0097",
        ] {
            let found = found(&server, token, &format!("contributor.id={id}")).await;
            assert_eq!(found, *expected, "{id}");
        }
        let of_both = format!("organisation.id={ror}&contributor.id=0000-0002-1825-0097");
        assert_eq!(
            found(&server, token, &of_both).await,
            *expected,
            "the person counts"
        );
        let of_ror = found(&server, token, &format!("organisation.id={ror}")).await;
        assert_eq!(of_ror, std::slice::from_ref(&second));
        for none in [
            "contributor.id=0000-0001-5109-3700",
            "contributor.id=x",
            "contributor.id=",
            "organisation.id=x",
            &format!("contributor.id=&organisation.id={ror}"),
        ] {
            assert!(found(&server, token, none).await.is_empty(), "{none}");
        }
        let page = server
            .get(token, "/raid/?contributor.id=0000-0002-1825-0097&limit=1")
            .await;
        assert_eq!(page.expect(200).as_array().unwrap().len(), 1);
        assert!(page.header("link").contains("contributor.id="), "{page:?}");
    }
    // The filters are for these roles only, and these roles list nothing without them.
    for filter in ["contributor.id=x", "organisation.id=x"] {
        for path in ["/raid/", "/raid"] {
            let path = format!("{path}?{filter}");
            assert_eq!(server.get(&server.user(), &path).await.status, 403);
            let anonymous = server.send(TestRequest::get().uri(&path)).await;
            assert_eq!(anonymous.status, 401);
        }
        let redirected = server.get(&searcher, &format!("/raid?{filter}")).await;
        assert_eq!(redirected.status, 302);
        // They give no right to anything else.
        let one = server.get(&searcher, &format!("{}?{filter}", all[0])).await;
        assert_eq!(one.status, 403);
    }
    assert_eq!(server.get(&searcher, "/raid/").await.status, 403);
    let reply = server
        .get(&server.user(), "/raid/?includeFields=title&%zz")
        .await;
    assert_eq!(reply.status, 200);
}

async fn found(server: &Server, token: &str, query: &str) -> Vec<String> {
    let list = server
        .get(token, &format!("/raid/?{query}"))
        .await
        .expect(200);
    list.as_array().unwrap().iter().map(path_of).collect()
}

/// RAiD API, section on service-point endpoints: reading, and for which roles.
async fn service_points_are_read(db: &TestDb) {
    let server = serve(db).await;
    for role in [Role::ServicePointUser, Role::Operator, Role::RaidDumper] {
        let token = server.token(&[role], Some(HOME_GROUP));
        let list = server.get(&token, "/service-point/").await.expect(200);
        assert_eq!(list.as_array().unwrap().len(), 3);
        let one = server.get(&token, &format!("/service-point/{HOME}")).await;
        assert_eq!(one.expect(200), list[0]);
        // Only operators, and users of their own one, see whom to write to and which group it is.
        let sees = |own: bool| role == Role::Operator || own && role == Role::ServicePointUser;
        for (n, point) in list.as_array().unwrap().iter().enumerate() {
            let sees = sees(n == 0);
            let group = point["groupId"].as_str();
            assert_eq!(group.is_some(), sees, "{role:?}: {point}");
            for (address, shown) in [
                ("adminEmail", "admin@example.org"),
                ("techEmail", "tech@example.org"),
            ] {
                assert_eq!(point[address], if sees { shown } else { "" }, "{role:?}");
            }
        }
        let away = server.get(&token, &format!("/service-point/{AWAY}")).await;
        assert_eq!(away.expect(200), list[1]);
        assert_eq!(list[0]["enabled"], true);
        assert_eq!(list[2]["enabled"], false);
        assert_eq!(
            server.get(&token, "/service-point/7").await.expect(404),
            Value::Null
        );
        let reply = server.get(&token, "/service-point/x").await;
        assert_eq!(reply.expect(400)["title"], "Invalid parameter format");
    }
    let admin = server.token(&[Role::RaidAdmin], Some(HOME_GROUP));
    assert_eq!(server.get(&admin, "/service-point/").await.status, 403);
}

/// RAiD API, section on `GET /raid/`: `includeFields`, repeated or with commas. Nothing
/// else is there: an empty list would say that there are none.
async fn members_that_are_wanted_are_included(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    for (query, expected) in [
        (
            "includeFields=identifier,title",
            vec!["identifier", "title"],
        ),
        (
            "includeFields=date&includeFields=contributor%2C%20access",
            vec!["access", "contributor", "date"],
        ),
        // A block that this RAiD does not have.
        ("includeFields=subject", vec![]),
    ] {
        let list = server
            .get(&server.user(), &format!("/raid/?{query}"))
            .await
            .expect(200);
        let shown = list[0].as_object().unwrap();
        assert_eq!(shown.keys().collect::<Vec<&String>>(), expected, "{query}");
        for (name, value) in shown {
            assert_eq!(*value, raid[name], "{name} of {query}");
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
