//! RAiDs that are withdrawn, or given to another service point.

use actix_web::http::Method;
use actix_web::test::TestRequest;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::raids;
use store::testing::TestDb;

use crate::harness::{
    AWAY, AWAY_GROUP, HOME, HOME_GROUP, Server, embargoed, minimal, path_of, request, serve,
};

store::on_both_databases!(
    a_withdrawn_raid_is_gone_for_everybody,
    a_withdrawn_raid_is_in_no_list,
    a_withdrawal_needs_an_operator_and_a_reason,
    a_transfer_changes_the_owner_and_nothing_else,
    a_transfer_needs_an_operator_and_a_service_point,
);

fn at(path: &str, what: &str) -> String {
    format!("{}/{what}", path.replace("/raid/", "/v1/raids/"))
}

async fn withdraw(server: &Server, path: &str) -> Value {
    let reason = json!({"reason": "Registered <twice>"});
    let to = at(path, "withdrawal");
    server
        .post(&server.operator(), &to, &reason)
        .await
        .expect(200)
}

async fn a_withdrawn_raid_is_gone_for_everybody(db: &TestDb) {
    let server = serve(db).await;
    for body in [minimal(), embargoed(&server)] {
        let raid = server.mint(&body).await;
        let path = path_of(&raid);
        let withdrawn = withdraw(&server, &path).await;
        assert_eq!(withdrawn["handle"], path.replace("/raid/", ""));
        for part in ["", "/1", "/2", "/history", "/permissions"] {
            let path = format!("{path}{part}");
            for token in [server.user(), server.operator()] {
                let gone = server.get(&token, &path).await.expect(410);
                assert_eq!(gone["type"], "https://raid.org.au/errors#RaidWithdrawn");
                assert!(
                    gone["detail"]
                        .as_str()
                        .unwrap()
                        .contains("Registered <twice>")
                );
            }
        }
        let anonymous = server.send(TestRequest::get().uri(&path)).await;
        anonymous.expect(410);
        let page = path.replace("/raid/", "/raids/");
        let page = server.send(TestRequest::get().uri(&page)).await;
        assert_eq!(page.status, 410);
        let text = String::from_utf8_lossy(&page.body).into_owned();
        assert!(
            text.contains("withdrawn") && text.contains("Registered &#60;twice&#62;"),
            "{text}"
        );
        assert!(!text.contains(raid["title"][0]["text"].as_str().unwrap()));
        // Nobody changes it any more.
        for token in [server.user(), server.operator()] {
            server.put(&token, &path, &raid).await.expect(410);
        }
        let people = request(Method::PATCH, &path, &server.user());
        let people = people.set_json(json!({"contributor": raid["contributor"]}));
        server.send(people).await.expect(410);
        let again = json!({"reason": "Again"});
        let to = at(&path, "withdrawal");
        server
            .post(&server.operator(), &to, &again)
            .await
            .expect(410);
    }
}

async fn a_withdrawn_raid_is_in_no_list(db: &TestDb) {
    let server = serve(db).await;
    for body in [minimal(), embargoed(&server)] {
        let path = path_of(&server.mint(&body).await);
        withdraw(&server, &path).await;
        let handle = path.trim_start_matches("/raid/").parse().unwrap();
        let row = server.store.read(move |c| raids::find(c, &handle)).await;
        let row = row.unwrap().unwrap();
        assert_eq!(row.version, 2, "the withdrawal is a version");
        assert_eq!(row.withdrawal_reason.as_deref(), Some("Registered <twice>"));
    }
    let reader = server.token(
        &[Role::RaidDumper, Role::RaidAccessHandler, Role::Operator],
        Some(HOME_GROUP),
    );
    for list in ["/raid/", "/raid/all-public", "/raid/all-embargoed"] {
        for token in [&reader, &server.token(Role::ALL, Some(HOME_GROUP))] {
            assert_eq!(
                server.get(token, list).await.expect(200),
                json!([]),
                "{list}"
            );
        }
    }
    let anonymous = server.send(TestRequest::get().uri("/raid/")).await;
    assert_eq!(anonymous.expect(200), json!([]));
}

async fn a_withdrawal_needs_an_operator_and_a_reason(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let to = at(&path, "withdrawal");
    let others = server.token(
        &[
            Role::ServicePointUser,
            Role::RaidAdmin,
            Role::ContributorWriter,
        ],
        Some(HOME_GROUP),
    );
    let reason = json!({"reason": "x"});
    assert_eq!(server.post(&others, &to, &reason).await.status, 403);
    for (reason, kind) in [
        (json!({}), "notSet"),
        (json!({"reason": "  "}), "notSet"),
        (json!({"reason": "x".repeat(1001)}), "tooLong"),
    ] {
        let refused = server
            .post(&server.operator(), &to, &reason)
            .await
            .expect(400);
        let failure = &refused["failures"][0];
        assert_eq!(
            (&failure["fieldId"], &failure["errorType"]),
            (&json!("reason"), &json!(kind))
        );
    }
    assert_eq!(server.get(&server.user(), &path).await.status, 200);
    let unknown = at("/raid/10.82841/nowhere", "withdrawal");
    server
        .post(&server.operator(), &unknown, &json!({"reason": "x"}))
        .await
        .expect(404);
}

async fn a_transfer_changes_the_owner_and_nothing_else(db: &TestDb) {
    let server = serve(db).await;
    let before = server.mint(&embargoed(&server)).await;
    let path = path_of(&before);
    let (operator, user) = (server.operator(), server.user());
    let away = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    assert_eq!(server.get(&away, &path).await.status, 403);
    for _ in 0..2 {
        let given = json!({"servicePoint": AWAY});
        let after = server
            .post(&operator, &at(&path, "transfer"), &given)
            .await
            .expect(200);
        let mut expected = before.clone();
        expected["identifier"]["owner"]["servicePoint"] = json!(AWAY);
        expected["identifier"]["version"] = json!(2);
        expected["metadata"] = after["metadata"].clone();
        assert_eq!(after, expected);
    }
    assert_eq!(server.get(&user, &path).await.status, 403);
    let mut raid = server.get(&away, &path).await.expect(200);
    raid["title"][0]["text"] = json!("Ours now");
    assert_eq!(
        server.put(&away, &path, &raid).await.expect(200)["identifier"]["version"],
        3
    );
    assert_eq!(server.put(&user, &path, &raid).await.status, 403);
}

async fn a_transfer_needs_an_operator_and_a_service_point(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    let to = at(&path, "transfer");
    let here = json!({"servicePoint": HOME});
    assert_eq!(server.post(&server.user(), &to, &here).await.status, 403);
    for (body, kind) in [
        (json!({}), "notSet"),
        (json!({"servicePoint": 7}), "invalidValue"),
    ] {
        let refused = server
            .post(&server.operator(), &to, &body)
            .await
            .expect(400);
        assert_eq!(refused["failures"][0]["fieldId"], "servicePoint");
        assert_eq!(refused["failures"][0]["errorType"], kind);
    }
    let unknown = at("/raid/10.82841/nowhere", "transfer");
    server
        .post(&server.operator(), &unknown, &here)
        .await
        .expect(404);
}
