//! More work than can be done in time: whoever would wait too long is refused at once, and what was refused
//! is never done.

use crate::engine::hold_writer;
use crate::sample::{self, noon, person, raid};
use diesel::connection::{Connection as _, SimpleConnection as _};
use diesel::prelude::*;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use store::permissions;
use store::testing::TestDb;
use store::{Conn, Settings, Store, StoreError};
use tokio::task::JoinSet;

store::on_both_databases!(
    behind_a_stalled_writer_callers_are_refused_at_once,
    behind_stalled_readers_callers_are_refused_at_once,
    mints_behind_a_stall_are_refused_at_once,
    what_was_refused_is_never_done,
);

/// A store with one connection, whose callers wait for a moment only.
fn impatient(db: &TestDb) -> Store {
    db.store();
    let settings = Settings {
        connections: 1,
        wait: Duration::from_millis(300),
        ..db.settings().clone()
    };
    Store::open(&settings, db.clock().clone(), TestDb::keys()).unwrap()
}

fn note(c: &mut Conn, n: u32) -> Result<(), StoreError> {
    permissions::ensure(c, &person(n), noon())
}

fn is_refused<T>(result: Result<T, StoreError>) -> bool {
    match result {
        Err(StoreError::Overloaded) => true,
        Err(other) => panic!("{other}"),
        Ok(_) => false,
    }
}

/// Asks until a caller is refused without a wait. Those before it are refused when they waited.
async fn is_refused_at_once<T>(call: impl AsyncFn() -> Result<T, StoreError>) -> bool {
    for _ in 0..5 {
        let mut asked = pin!(call());
        match asked.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => return is_refused(result),
            Poll::Pending => assert!(is_refused(asked.await)),
        }
    }
    false
}

async fn behind_a_stalled_writer_callers_are_refused_at_once(db: &TestDb) {
    let store = impatient(db);
    let release = hold_writer(&store).await;
    assert!(is_refused_at_once(async || store.write(|c| note(c, 1)).await).await);
    drop(release);
    while is_refused(store.write(|c| note(c, 2)).await) {}
}

async fn behind_stalled_readers_callers_are_refused_at_once(db: &TestDb) {
    let store = impatient(db);
    let (release, held) = std::sync::mpsc::channel::<()>();
    let (begun, wait_begun) = tokio::sync::oneshot::channel();
    let busy = store.clone();
    let busy = tokio::spawn(async move {
        busy.read(move |_| {
            begun.send(()).unwrap();
            let _ = held.recv();
            Ok(())
        })
        .await
    });
    wait_begun.await.unwrap();
    assert!(is_refused_at_once(async || store.read(|_| Ok(())).await).await);
    // Others have connections of their own.
    store.read_long(|_| Ok(())).await.unwrap();
    drop(release);
    busy.await.unwrap().unwrap();
    store.read(|_| Ok(())).await.unwrap();
}

async fn mints_behind_a_stall_are_refused_at_once(db: &TestDb) {
    sample::store(db).await;
    let store = impatient(db);
    let late = async || store.mint(raid(100, &[])).await;
    if db.is_postgres() {
        let mut lock = diesel::PgConnection::establish(&db.settings().url).unwrap();
        lock.batch_execute("BEGIN; LOCK TABLE raid IN ACCESS EXCLUSIVE MODE")
            .unwrap();
        let mut stalled = JoinSet::new();
        // One for each writer.
        for n in 1..=2 {
            let store = store.clone();
            stalled.spawn(async move { store.mint(raid(n, &[])).await });
            wait_for_locks(&mut lock, i64::from(n)).await;
        }
        assert!(is_refused_at_once(late).await);
        lock.batch_execute("ROLLBACK").unwrap();
        for minted in stalled.join_all().await {
            minted.unwrap();
        }
    } else {
        let release = hold_writer(&store).await;
        assert!(is_refused_at_once(late).await);
        drop(release);
    }
    while is_refused(late().await) {}
    // Minted once, and not by those who were refused.
    let again = late().await;
    assert!(matches!(again, Err(StoreError::HandleTaken)), "{again:?}");
}

/// Waits until so many statements of this test wait for a lock.
async fn wait_for_locks(c: &mut diesel::PgConnection, wanted: i64) {
    #[derive(QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        count: i64,
    }
    let waiting = "SELECT count(*) AS count FROM pg_locks WHERE NOT granted AND relation = \
                   'raid'::regclass";
    let reached = async {
        loop {
            let found: Count = diesel::sql_query(waiting).get_result(c).unwrap();
            if found.count >= wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reached)
        .await
        .expect("the mints wait for the lock");
}

async fn what_was_refused_is_never_done(db: &TestDb) {
    let store = impatient(db);
    let release = hold_writer(&store).await;
    let mut refused = JoinSet::new();
    for n in 0..50 {
        let store = store.clone();
        refused.spawn(async move { store.write(move |c| note(c, n)).await });
    }
    for result in refused.join_all().await {
        assert!(is_refused(result));
    }
    drop(release);
    // Behind whatever else would be done.
    while is_refused(store.write(|c| note(c, 99)).await) {}
    let done = store.read(|c| {
        (0..50)
            .filter_map(|n| permissions::find(c, &person(n)).transpose())
            .collect::<Result<Vec<_>, _>>()
    });
    assert_eq!(done.await.unwrap().len(), 0);
}
