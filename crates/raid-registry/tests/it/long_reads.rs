//! Searches and counts keep nobody waiting who reads or mints.

use std::time::Duration;

use store::Store;
use store::testing::TestDb;

use crate::broken_stores::hold;
use crate::harness::{minimal, path_of, serve, serve_store, settings};

store::on_both_databases!(who_reads_and_mints_does_not_wait_for_searches);

async fn who_reads_and_mints_does_not_wait_for_searches(db: &TestDb) {
    let raid = serve(db).await.mint(&minimal()).await;
    let few = store::Settings {
        long_connections: 1,
        wait: Duration::from_millis(200),
        ..db.settings().clone()
    };
    let store = Store::open(&few, db.clock().clone(), TestDb::keys()).unwrap();
    let server = serve_store(store.clone(), settings()).await;
    let user = server.user();
    // As long as a search over all RAiDs goes on.
    let search = hold(&store, true);
    let long = [
        "/v1/raids",
        "/v1/raids?q=rivers&facets=organisation",
        "/raid/count",
        "/raid/?contributor.id=https://orcid.org/0000-0002-1825-0097",
    ];
    let operator = server.operator();
    for path in long {
        let reply = server.get(&operator, path).await;
        assert_eq!(reply.expect(503)["status"], 503, "{path}");
        assert!(!reply.header("retry-after").is_empty(), "{path}");
    }
    for _ in 0..5 {
        server.get(&user, &path_of(&raid)).await.expect(200);
        server.get(&user, "/raid/").await.expect(200);
        server.mint(&minimal()).await;
    }
    drop(search);
    // Until it has ended others are refused at once.
    while store.read_long(|_| Ok(())).await.is_err() {
        tokio::task::yield_now().await;
    }
    for path in long {
        server.get(&operator, path).await.expect(200);
    }
}
