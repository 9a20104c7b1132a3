//! Damaged records are left out of what shows many, listed, and repaired.

use raid_registry::Settings;
use serde_json::{Value, json};
use store::testing::TestDb;
use store::{damage, raids};

use crate::harness::{Server, minimal, path_of, serve, serve_with, settings};

store::on_both_databases!(
    a_damaged_record_is_left_out_listed_and_repaired,
    a_page_of_damaged_records_is_passed_over,
    a_record_is_repaired_from_a_document,
    a_damaged_version_is_left_out_of_a_history,
);

/// A handle as it is in SQL.
fn key(path: &str) -> String {
    format!("'{}'", path.trim_start_matches("/raid/"))
}

async fn handles(server: &Server, list: &str) -> Vec<String> {
    let list = server.get(&server.operator(), list).await.expect(200);
    let items = list.get("items").unwrap_or(&list).as_array().unwrap();
    items.iter().map(path_of).collect()
}

async fn damaged(server: &Server) -> Vec<(String, Option<i32>)> {
    let page = server.store.read(|c| damage::page(c, None, 100)).await;
    let records = page.unwrap().records.into_iter();
    records
        .map(|it| (format!("/raid/{}", it.key), it.version))
        .collect()
}

async fn repair(server: &Server, path: &str, document: Option<Value>) -> raids::Repaired {
    let handle = path.trim_start_matches("/raid/").parse().unwrap();
    let now = server.clock.now();
    let document = document.map(|it| serde_json::from_value(it).unwrap());
    let repaired = server.store.write(move |c| {
        let actor = raids::Actor::system("repair");
        raids::repair(c, &handle, document.clone(), actor, now)
    });
    repaired.await.unwrap()
}

async fn a_damaged_record_is_left_out_listed_and_repaired(db: &TestDb) {
    let server = serve(db).await;
    let mut raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    raid["title"][0]["text"] = json!("The second version");
    let raid = server.put(&server.user(), &path, &raid).await.expect(200);
    let other = path_of(&server.mint(&minimal()).await);
    assert_eq!(damaged(&server).await, []);
    let at = if db.is_postgres() {
        "'infinity'"
    } else {
        "'yesterday'"
    };
    for damage in [
        "document = '[]'",
        "document = '{\"identifier\": {\"id\": \"https://resolver.example/raid10.82841/x\"}}'",
        "access = 'secret'",
        &format!("created_at = {at}"),
        &format!("withdrawn_at = {at}, access = 'secret'"),
    ] {
        let before = damage::times_left_out();
        db.damage(&format!(
            "UPDATE raid SET {damage} WHERE handle = {}",
            key(&path)
        ));
        for list in ["/raid/", "/v1/raids", "/v1/raids?facets=access"] {
            let found = handles(&server, list).await;
            assert_eq!(found, [other.as_str()], "{damage}: {list}");
        }
        if !damage.contains("withdrawn") {
            assert!(damage::times_left_out() > before, "{damage} is counted");
        }
        let feed = server
            .get(&server.operator(), "/v1/changes?include=raid")
            .await;
        feed.expect(200);
        assert_eq!(damaged(&server).await, [(path.clone(), None)], "{damage}");

        let repaired = repair(&server, &path, None).await;
        assert_eq!(repaired.from, Some(repaired.version - 1));
        assert_eq!(damaged(&server).await, []);
        if damage.contains("withdrawn") {
            server.get(&server.user(), &path).await;
            continue;
        }
        let after = server.get(&server.user(), &path).await.expect(200);
        assert_eq!(after["title"], raid["title"]);
        assert_eq!(handles(&server, "/raid/").await.len(), 2);
    }
}

/// As many as a page holds, and more: the lists go on behind them, and end.
async fn a_page_of_damaged_records_is_passed_over(db: &TestDb) {
    let small = Settings {
        page_size: 2,
        ..settings()
    };
    let server = serve_with(db, small).await;
    let mut paths = Vec::new();
    for _ in 0..9 {
        server.clock.advance(time::Duration::seconds(1));
        paths.push(path_of(&server.mint(&minimal()).await));
    }
    for path in &paths[1..8] {
        db.damage(&format!(
            "UPDATE raid SET access = 'secret' WHERE handle = {}",
            key(path)
        ));
    }
    let expected = [paths[8].clone(), paths[0].clone()];
    assert_eq!(handles(&server, "/raid/").await, expected);
    for list in ["/raid/", "/v1/raids"] {
        let (mut next, mut seen) = (Some(format!("{list}?limit=2")), Vec::new());
        while let Some(uri) = next {
            let reply = server.get(&server.operator(), &uri).await;
            let page = reply.expect(200);
            let items = page.get("items").unwrap_or(&page).as_array().unwrap();
            seen.extend(items.iter().map(path_of));
            let link = reply.header("link").strip_prefix('<');
            next = link.and_then(|link| Some(link.split_once('>')?.0.to_owned()));
        }
        assert_eq!(seen, expected, "{list}");
    }
}

async fn a_record_is_repaired_from_a_document(db: &TestDb) {
    let server = serve(db).await;
    let raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    for table in ["raid", "raid_version"] {
        let key = key(&path);
        db.damage(&format!(
            "UPDATE {table} SET document = '7' WHERE handle = {key}"
        ));
    }
    assert_eq!(
        damaged(&server).await,
        [(path.clone(), None), (path.clone(), Some(1))]
    );
    let handle = path.trim_start_matches("/raid/").parse().unwrap();
    let now = server.clock.now();
    let alone = server
        .store
        .write(move |c| raids::repair(c, &handle, None, raids::Actor::system("repair"), now));
    let complaint = alone.await.unwrap_err().to_string();
    assert!(
        complaint.contains("repair it from a document"),
        "{complaint}"
    );

    let mut document = raid.clone();
    document["title"][0]["text"] = json!("From the document");
    let repaired = repair(&server, &path, Some(document)).await;
    assert_eq!((repaired.version, repaired.from), (2, None));
    let after = server.get(&server.user(), &path).await.expect(200);
    assert_eq!(after["title"][0]["text"], "From the document");
    // What no version is needed for any more is redacted.
    let redaction = path.replace("/raid/", "/v1/raids/") + "/versions/1/redaction";
    let reason = json!({"reason": "Damaged"});
    let redacted = server.post(&server.operator(), &redaction, &reason).await;
    redacted.expect(200);
    assert_eq!(damaged(&server).await, []);
}

/// RAiD API, section on versions and history.
async fn a_damaged_version_is_left_out_of_a_history(db: &TestDb) {
    let server = serve(db).await;
    let mut raid = server.mint(&minimal()).await;
    let path = path_of(&raid);
    for n in 2..=4 {
        raid["title"][0]["text"] = json!(format!("Title {n}"));
        raid = server.put(&server.user(), &path, &raid).await.expect(200);
    }
    db.damage(&format!(
        "UPDATE raid_version SET document = '[]' WHERE handle = {} AND version < 3",
        key(&path)
    ));
    let numbers = async |query: &str| {
        let uri = format!("{path}/history{query}");
        let history = server.get(&server.user(), &uri).await.expect(200);
        let entries = history.as_array().unwrap().iter();
        entries
            .map(|it| it["version"].as_i64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers("").await, [3, 4]);
    assert_eq!(numbers("?limit=1").await, [3]);
}
