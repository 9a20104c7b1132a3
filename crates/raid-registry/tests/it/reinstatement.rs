//! Withdrawals that are undone.

use actix_web::test::TestRequest;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::TestDb;
use time::Duration;

use crate::harness::{HOME_GROUP, Server, embargoed, minimal, path_of, serve};

store::on_both_databases!(
    a_withdrawal_can_be_undone,
    a_withdrawal_is_final_after_the_grace_time,
    undoing_needs_an_operator_and_a_reason,
);

fn at(path: &str, what: &str) -> String {
    format!("{}/{what}", path.replace("/raid/", "/v1/raids/"))
}

async fn withdraw(server: &Server, path: &str) {
    let reason = json!({"reason": "Registered twice"});
    let to = at(path, "withdrawal");
    let withdrawn = server.post(&server.operator(), &to, &reason).await;
    withdrawn.expect(200);
}

async fn a_withdrawal_can_be_undone(db: &TestDb) {
    let server = serve(db).await;
    for (body, anonymous) in [(minimal(), 200), (embargoed(&server), 401)] {
        let raid = server.mint(&body).await;
        let path = path_of(&raid);
        withdraw(&server, &path).await;
        server.clock.advance(Duration::days(29));
        let reason = json!({"reason": "It was the other one"});
        let back = server
            .post(&server.operator(), &at(&path, "reinstatement"), &reason)
            .await;
        assert!(!back.header("etag").is_empty());
        let back = back.expect(200);
        let mut expected = raid.clone();
        expected["identifier"]["version"] = json!(3);
        expected["metadata"] = back["metadata"].clone();
        assert_eq!(back, expected);
        let read = server.send(TestRequest::get().uri(&path)).await;
        assert_eq!(read.status, anonymous);
        assert_eq!(
            server.get(&server.user(), &path).await.expect(200),
            expected
        );
        let list = server.get(&server.user(), "/raid/").await.expect(200);
        assert!(list.as_array().unwrap().contains(&expected));
        let feed = server.get(&server.user(), "/v1/changes").await.expect(200);
        let kinds: Vec<_> = feed["changes"].as_array().unwrap().iter().collect();
        assert_eq!(kinds.last().unwrap()["type"], "updated");
        assert_eq!(kinds.last().unwrap()["current"], true);
        let versions = server.get(&server.user(), &at(&path, "versions")).await;
        let versions = versions.expect(200);
        assert_eq!(versions[0]["reason"], "It was the other one");
        assert_eq!(versions[1]["reason"], "Registered twice");
        assert_eq!(versions[2]["reason"], Value::Null);
        // It can be changed, and withdrawn, again.
        server.put(&server.user(), &path, &back).await.expect(200);
        withdraw(&server, &path).await;
        server.get(&server.user(), &path).await.expect(410);
    }
}

async fn a_withdrawal_is_final_after_the_grace_time(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    withdraw(&server, &path).await;
    server.clock.advance(Duration::days(31));
    let to = at(&path, "reinstatement");
    let reason = json!({"reason": "Too late"});
    let refused = server.post(&server.operator(), &to, &reason).await;
    let refused = refused.expect(409);
    assert_eq!(
        refused["type"],
        "https://raid.org.au/errors#WithdrawalFinal"
    );
    server.get(&server.user(), &path).await.expect(410);
}

async fn undoing_needs_an_operator_and_a_reason(db: &TestDb) {
    let server = serve(db).await;
    let path = path_of(&server.mint(&minimal()).await);
    withdraw(&server, &path).await;
    let to = at(&path, "reinstatement");
    let others = [
        Role::ServicePointUser,
        Role::RaidAdmin,
        Role::ContributorWriter,
    ];
    let others = server.token(&others, Some(HOME_GROUP));
    let reason = json!({"reason": "x"});
    server.post(&others, &to, &reason).await.expect(403);
    let refused = server.post(&server.operator(), &to, &json!({})).await;
    assert_eq!(refused.fields(), ["reason"]);
    server.get(&server.user(), &path).await.expect(410);
}
