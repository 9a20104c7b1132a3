//! Stores that cannot serve.

use std::sync::mpsc;
use std::time::Duration;

use store::Store;
use store::testing::TestDb;

/// A store whose database has no tables.
pub fn store_without_tables() -> (TestDb, Store) {
    let empty = TestDb::sqlite();
    let store = empty.another_node();
    (empty, store)
}

/// A store whose only connection is held until the sender is dropped.
pub fn busy_store() -> (TestDb, Store, mpsc::Sender<()>) {
    let db = TestDb::sqlite();
    let settings = store::Settings {
        connections: 1,
        wait: Duration::from_millis(200),
        ..db.settings().clone()
    };
    let store = Store::open(&settings, db.clock().clone(), TestDb::keys()).unwrap();
    let (release, held) = mpsc::channel::<()>();
    let (ready, is_ready) = mpsc::channel();
    let holder = store.clone();
    tokio::spawn(async move {
        let keep = move |_: &mut store::Conn| {
            ready.send(()).unwrap();
            let _ = held.recv();
            Ok(())
        };
        holder.read(keep).await
    });
    is_ready.recv_timeout(Duration::from_secs(30)).unwrap();
    (db, store, release)
}
