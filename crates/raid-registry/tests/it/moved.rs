//! What a RAiD says after the agency changed where RAiDs are found.

use actix_web::test::TestRequest;
use raid_model::Addresses;
use raid_registry::Settings;
use serde_json::Value;
use store::testing::TestDb;

use crate::harness::{minimal, path_of, serve, serve_store, settings};

store::on_both_databases!(
    every_reader_sees_the_addresses_of_today,
    a_version_stays_as_it_was_written,
);

fn moved() -> Settings {
    let mut settings = settings();
    settings.addresses = Addresses {
        landing_prefix: "https://new.example.org/r/".parse().unwrap(),
        id_prefix: "https://resolver.example.org/raid".parse().unwrap(),
    };
    settings
}

async fn every_reader_sees_the_addresses_of_today(db: &TestDb) {
    let before = serve(db).await;
    let path = path_of(&before.mint(&minimal()).await);
    let handle = path.trim_start_matches("/raid/");
    let server = serve_store(db.another_node(), moved()).await;
    let (user, id) = (
        server.user(),
        format!("https://resolver.example.org/raid/{handle}"),
    );
    let check = |raid: &Value| {
        assert_eq!(raid["identifier"]["id"], *id);
        assert_eq!(
            raid["identifier"]["raidAgencyUrl"],
            format!("https://new.example.org/r/{handle}")
        );
    };

    let shown = server.get(&user, &path).await.expect(200);
    check(&shown);
    check(&server.get(&user, "/raid/").await.expect(200)[0]);
    check(&server.get(&user, "/v1/raids").await.expect(200)["items"][0]);
    let changes = server.get(&user, "/v1/changes?include=raid").await;
    let change = &changes.expect(200)["changes"][0];
    assert_eq!(change["id"], *id);
    check(&change["raid"]);
    let page = format!("/raids/{handle}");
    let page = server.send(TestRequest::get().uri(&page)).await;
    assert!(String::from_utf8_lossy(&page.body).contains(&id));

    // A trial and a change answer the same.
    let mut next = shown;
    next["title"][0]["text"] = "Moved".into();
    let dry = format!("{path}?dryRun=true");
    check(&server.put(&user, &dry, &next).await.expect(200)["raid"]);
    check(&server.put(&user, &path, &next).await.expect(200));
}

async fn a_version_stays_as_it_was_written(db: &TestDb) {
    let before = serve(db).await;
    let minted = before.mint(&minimal()).await;
    let path = path_of(&minted);
    let server = serve_store(db.another_node(), moved()).await;
    let first = server.get(&server.user(), &format!("{path}/1")).await;
    assert_eq!(first.expect(200)["identifier"], minted["identifier"]);
}
