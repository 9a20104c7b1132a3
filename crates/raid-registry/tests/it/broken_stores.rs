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

/// A store whose only connections are held until the senders are dropped.
pub fn busy_store() -> (TestDb, Store, [mpsc::Sender<()>; 2]) {
    let db = TestDb::sqlite();
    let settings = store::Settings {
        connections: 1,
        long_connections: 1,
        wait: Duration::from_millis(200),
        ..db.settings().clone()
    };
    let store = Store::open(&settings, db.clock().clone(), TestDb::keys()).unwrap();
    let releases = [hold(&store, false), hold(&store, true)];
    (db, store, releases)
}

/// Holds a connection, for long reads or for others, until the sender is dropped.
pub fn hold(store: &Store, long: bool) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel::<()>();
    let (ready, is_ready) = mpsc::channel();
    let holder = store.clone();
    tokio::spawn(async move {
        let keep = move |_: &mut store::Conn| {
            ready.send(()).unwrap();
            let _ = held.recv();
            Ok(())
        };
        if long {
            holder.read_long(keep).await
        } else {
            holder.read(keep).await
        }
    });
    is_ready.recv_timeout(Duration::from_secs(30)).unwrap();
    release
}
