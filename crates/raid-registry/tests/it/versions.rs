//! Who wrote the versions of a RAiD, for those who look after it.

use actix_web::test::TestRequest;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::TestDb;

use crate::harness::{AWAY_GROUP, HOME_GROUP, Server, minimal, path_of, serve};

store::on_both_databases!(
    versions_name_who_wrote_them,
    they_come_in_pages,
    only_who_looks_after_a_raid_learns_it,
);

fn versions_of(raid: &Value) -> String {
    format!("{}/versions", path_of(raid).replace("/raid/", "/v1/raids/"))
}

/// A RAiD with versions of several people.
async fn written(server: &Server, people: &[&str]) -> Value {
    let mut raid = server.mint(&minimal()).await;
    for (n, person) in people.iter().enumerate() {
        server.clock.advance(time::Duration::seconds(1));
        let token = server.token_of(person, &[Role::ServicePointUser], Some(HOME_GROUP));
        raid["title"][0]["text"] = json!(format!("Title {n}"));
        raid = server.put(&token, &path_of(&raid), &raid).await.expect(200);
    }
    raid
}

fn authors(versions: &Value) -> Vec<(i64, &str)> {
    let all = versions.as_array().unwrap().iter();
    all.map(|v| {
        (
            v["version"].as_i64().unwrap(),
            v["subject"].as_str().unwrap(),
        )
    })
    .collect()
}

async fn versions_name_who_wrote_them(db: &TestDb) {
    let server = serve(db).await;
    let raid = written(&server, &["ada", "bob"]).await;
    let withdrawal = versions_of(&raid).replace("versions", "withdrawal");
    let reason = json!({"reason": "Registered twice"});
    let operator = server.token_of("eve", &[Role::Operator], None);
    server
        .post(&operator, &withdrawal, &reason)
        .await
        .expect(200);
    let reply = server.get(&server.user(), &versions_of(&raid)).await;
    let versions = reply.expect(200);
    let expected = [(4, "eve"), (3, "bob"), (2, "ada"), (1, "user-1")];
    assert_eq!(authors(&versions), expected);
    assert_eq!(reply.header("link"), "");
    let members: Vec<_> = versions[0].as_object().unwrap().keys().collect();
    let expected = ["at", "client", "issuer", "reason", "subject", "version"];
    assert_eq!(members, expected);
    assert_eq!(versions[0]["reason"], "Registered twice");
    assert!(versions[1].get("reason").is_none());
    assert_eq!(versions[0]["client"], "raid-agency");
    assert!(versions[0]["at"].as_str() > versions[3]["at"].as_str());
}

async fn they_come_in_pages(db: &TestDb) {
    let server = serve(db).await;
    let raid = written(&server, &["ada"; 5]).await;
    for limit in 1..=7 {
        let mut next = Some(format!("{}?limit={limit}", versions_of(&raid)));
        let mut seen = Vec::new();
        while let Some(uri) = next {
            let reply = server.get(&server.operator(), &uri).await;
            let page = reply.expect(200);
            let page = authors(&page);
            assert!(!page.is_empty() && page.len() <= limit);
            seen.extend(page.into_iter().map(|(version, _)| version));
            let link = reply.header("link").strip_prefix('<');
            next = link.and_then(|link| Some(link.split_once('>')?.0.to_owned()));
        }
        assert_eq!(seen, [6, 5, 4, 3, 2, 1], "{limit} at a time");
    }
    for (query, field) in [("limit=1001", "limit"), ("cursor=x", "cursor")] {
        let uri = format!("{}?{query}", versions_of(&raid));
        let refused = server.get(&server.operator(), &uri).await;
        assert_eq!(
            (refused.status.as_u16(), refused.fields()),
            (400, vec![field.to_owned()])
        );
    }
}

async fn only_who_looks_after_a_raid_learns_it(db: &TestDb) {
    let server = serve(db).await;
    let raid = written(&server, &[]).await;
    let path = versions_of(&raid);
    let admin = server.token_of("ada", &[Role::RaidAdmin], Some(AWAY_GROUP));
    let foreign = server.token(&[Role::ServicePointUser], Some(AWAY_GROUP));
    for token in [&admin, &foreign, &server.token(&[Role::RaidUser], None)] {
        server.get(token, &path).await.expect(403);
    }
    server.send(TestRequest::get().uri(&path)).await.expect(401);
    let hold = path.replace("versions", "holders/raid-admin/ada");
    let hold = crate::harness::request(actix_web::http::Method::PUT, &hold, &server.user());
    server.send(hold).await.expect(204);
    for token in [&admin, &server.user(), &server.operator()] {
        assert_eq!(
            authors(&server.get(token, &path).await.expect(200)),
            [(1, "user-1")]
        );
    }
    let unknown = "/v1/raids/10.82841/nowhere/versions";
    server.get(&server.operator(), unknown).await.expect(404);
    server.get(&server.user(), unknown).await.expect(403);
}
