//! Versions that are redacted.

use actix_web::test::TestRequest;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use json_patch::Patch;
use raid_registry::Settings;
use raid_registry::auth::Role;
use serde_json::{Value, json};
use store::testing::TestDb;

use crate::harness::{HOME_GROUP, Server, minimal, path_of, serve, serve_with, settings};
use crate::history::without_statuses;

store::on_both_databases!(
    a_redacted_version_leaves_a_stub,
    a_history_leads_past_a_redacted_version,
    the_feed_tells_what_was_redacted,
    a_version_of_a_withdrawn_raid_can_be_redacted,
    a_redaction_needs_an_operator,
);

const SECRET: &str = "Jane Mistyped";

/// A RAiD whose second of three versions says what it should not.
async fn with_a_mistake(server: &Server) -> String {
    let mut raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    for title in [SECRET, "Corrected"] {
        server.clock.advance(time::Duration::seconds(1));
        raid["title"][0]["text"] = json!(title);
        raid = server.put(&server.user(), &path, &raid).await.expect(200);
    }
    path
}

async fn redact(server: &Server, path: &str, version: i32) -> Value {
    let path = path.replace("/raid/", "/v1/raids/");
    let eve = server.token_of("eve", &[Role::Operator], None);
    let reason = json!({"reason": "A person's name"});
    let path = format!("{path}/versions/{version}/redaction");
    server.post(&eve, &path, &reason).await.expect(200)
}

/// RAiD API, section on versions and history.
async fn a_redacted_version_leaves_a_stub(db: &TestDb) {
    let server = serve(db).await;
    let path = with_a_mistake(&server).await;
    let before = server.get(&server.user(), &path).await.expect(200);
    let redaction = redact(&server, &path, 2).await;
    assert_eq!(redaction["subject"], "eve");
    assert_eq!(redaction["reason"], "A person's name");

    let gone = server.get(&server.user(), &format!("{path}/2")).await;
    let gone = gone.expect(410);
    assert_eq!(gone["type"], "https://raid.org.au/errors#VersionRedacted");
    assert!(gone["detail"].as_str().unwrap().contains("A person's name"));
    for version in [1, 3, 4] {
        let former = format!("{path}/{version}");
        server.get(&server.user(), &former).await.expect(200);
    }
    let mut after = server.get(&server.user(), &path).await.expect(200);
    assert_eq!(after["identifier"]["version"], 4);
    for member in ["identifier", "metadata"] {
        after[member] = before[member].clone();
    }
    assert_eq!(after, before, "nothing else changes");

    let versions = path.replace("/raid/", "/v1/raids/") + "/versions";
    let versions = server.get(&server.user(), &versions).await.expect(200);
    assert_eq!(versions[2]["redaction"], redaction);
    assert_eq!(versions[2]["subject"], "user-1");
    assert_eq!(versions[0]["subject"], "eve");
    let reason = versions[0]["reason"].as_str().unwrap();
    assert_eq!(reason, "Version 2 was redacted: A person's name");
}

/// RAiD API, section on versions and history: what was redacted shows nowhere, and the other versions are what the patches lead to.
async fn a_history_leads_past_a_redacted_version(db: &TestDb) {
    let server = serve(db).await;
    let path = with_a_mistake(&server).await;
    redact(&server, &path, 2).await;
    redact(&server, &path, 1).await;
    for query in ["", "?limit=1", "?limit=2"] {
        let mut next = Some(format!("{path}/history{query}"));
        let (mut document, mut seen) = (json!({}), Vec::new());
        while let Some(uri) = next {
            let reply = server.get(&server.user(), &uri).await;
            for entry in reply.expect(200).as_array().unwrap() {
                let diff = STANDARD.decode(entry["diff"].as_str().unwrap()).unwrap();
                assert!(!String::from_utf8_lossy(&diff).contains(SECRET), "{diff:?}");
                let diff: Patch = serde_json::from_slice(&diff).unwrap();
                json_patch::patch(&mut document, &diff).unwrap();
                let version = entry["version"].as_i64().unwrap();
                let read = server
                    .get(&server.user(), &format!("{path}/{version}"))
                    .await;
                if version < 3 {
                    assert_eq!(document, json!({}));
                    read.expect(410);
                } else {
                    assert_eq!(document, without_statuses(read.expect(200)));
                }
                seen.push(version);
            }
            let link = reply.header("link").strip_prefix('<');
            next = link.and_then(|link| Some(link.split_once('>')?.0.to_owned()));
        }
        assert_eq!(seen, [1, 2, 3, 4, 5], "{query}");
    }
}

async fn the_feed_tells_what_was_redacted(db: &TestDb) {
    let server = serve(db).await;
    let path = with_a_mistake(&server).await;
    let read = async |after: &str| {
        let uri = format!("/v1/changes?after={after}");
        server.send(TestRequest::get().uri(&uri)).await.expect(200)
    };
    let all = server.send(TestRequest::get().uri("/v1/changes")).await;
    let all = all.expect(200);
    let last = all["changes"].as_array().unwrap().last().unwrap();
    assert_eq!(last["redacted"], Value::Null);
    redact(&server, &path, 2).await;
    let news = read(all["next"].as_str().unwrap()).await;
    let news = news["changes"].as_array().unwrap();
    assert_eq!(news.len(), 1, "a clone that read all hears of it");
    assert_eq!(news[0]["type"], "updated");
    assert_eq!(news[0]["redacted"], json!([2]));
}

async fn a_version_of_a_withdrawn_raid_can_be_redacted(db: &TestDb) {
    let server = serve(db).await;
    let path = with_a_mistake(&server).await;
    let to = path.replace("/raid/", "/v1/raids/") + "/withdrawal";
    let reason = json!({"reason": "Registered twice"});
    let withdrawn = server.post(&server.operator(), &to, &reason).await;
    withdrawn.expect(200);
    redact(&server, &path, 2).await;
    let versions = path.replace("/raid/", "/v1/raids/") + "/versions";
    let versions = server.get(&server.user(), &versions).await.expect(200);
    assert_eq!(
        versions.as_array().unwrap().len(),
        4,
        "no version is written"
    );
    assert!(versions[2]["redaction"].is_object());
    server.get(&server.user(), &path).await.expect(410);
}

async fn a_redaction_needs_an_operator(db: &TestDb) {
    let open = Settings {
        former_versions_are_open: true,
        ..settings()
    };
    let server = serve_with(db, open).await;
    let path = with_a_mistake(&server).await;
    let to = path.replace("/raid/", "/v1/raids/") + "/versions/2/redaction";
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
    let read = server
        .send(TestRequest::get().uri(&format!("{path}/2")))
        .await;
    assert_eq!(read.expect(200)["title"][0]["text"], SECRET);
}
