//! The example requests that everybody starts from.

use serde_json::Value;
use store::testing::TestDb;

use crate::harness::{maximal, minimal, path_of, serve};

store::on_both_databases!(the_examples_come_back_as_they_were_sent);

/// A folder with further requests, if there is one.
const FOLDER: &str = "RAID_EXAMPLES";

/// RAiD API, sections on minting and on updates: what was sent is what is read, and an update that
/// changes nothing makes no version.
async fn the_examples_come_back_as_they_were_sent(db: &TestDb) {
    let server = serve(db).await;
    let user = server.user();
    let examples = [
        ("raid-min.json".to_owned(), minimal()),
        ("raid-max.json".to_owned(), maximal()),
    ];
    for (name, sent) in examples.into_iter().chain(further()) {
        let reply = server.post(&user, "/raid/", &sent).await;
        let minted = reply.expect(201);
        assert_eq!(without_the_servers_own(&minted), sent, "{name}");
        let path = path_of(&minted);
        assert_eq!(server.get(&user, &path).await.body, reply.body, "{name}");
        let same = server.put(&user, &path, &minted).await;
        assert_eq!(same.expect(200), minted, "{name}");
        assert_eq!(minted["identifier"]["version"], 1, "{name}");
        let history = server.get(&user, &format!("{path}/history")).await;
        assert_eq!(history.expect(200).as_array().unwrap().len(), 1, "{name}");
    }
}

/// A record without what the registry says in it.
pub fn without_the_servers_own(record: &Value) -> Value {
    let mut record = record.clone();
    let members = record.as_object_mut().unwrap();
    members.remove("identifier");
    members.remove("metadata");
    for person in record["contributor"].as_array_mut().unwrap() {
        person.as_object_mut().unwrap().remove("status");
    }
    record
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests' own switch, not the program's"
)]
fn further() -> Vec<(String, Value)> {
    let Some(folder) = std::env::var(FOLDER).ok().filter(|f| !f.is_empty()) else {
        return Vec::new();
    };
    let requests: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|e| panic!("{FOLDER}={folder}: {e}"))
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "json"))
        .map(|path| {
            let text = std::fs::read(&path).unwrap();
            (
                path.display().to_string(),
                serde_json::from_slice(&text).unwrap(),
            )
        })
        .collect();
    assert!(
        !requests.is_empty(),
        "{FOLDER}={folder}: no request is there"
    );
    requests
}
