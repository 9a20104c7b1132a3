//! Transactions: what is acknowledged stands, what fails touches no neighbour.

use crate::sample::{noon, person};
use diesel::connection::{Connection as _, SimpleConnection as _};
use std::sync::mpsc;
use std::time::Duration;
use store::permissions;
use store::testing::TestDb;
use store::{Conn, Settings, Store, StoreError};

store::on_both_databases!(
    a_failing_job_touches_no_neighbour,
    a_panic_inside_a_nested_transaction_touches_no_neighbour,
    what_is_acknowledged_is_visible_elsewhere,
    a_panicking_read_does_no_harm,
    a_job_that_ends_the_transaction_cannot_fake_a_commit,
    overload_is_an_answer,
    long_reads_keep_nobody_waiting,
);

/// Whether a person is known: the smallest row to write.
async fn known(store: &Store, n: u32) -> bool {
    let found = store.read(move |c| permissions::find(c, &person(n))).await;
    found.unwrap().is_some()
}

fn note(c: &mut Conn, n: u32) -> Result<(), StoreError> {
    permissions::ensure(c, &person(n), noon())
}

/// Holds the writer (SQLite: its only one) until the guard is dropped, so that what is sent
/// meanwhile waits together.
pub async fn hold_writer(store: &Store) -> mpsc::Sender<()> {
    let (release, held) = mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let (begun, wait_begun) = tokio::sync::oneshot::channel();
    let begun = std::sync::Mutex::new(Some(begun));
    let store = store.clone();
    tokio::spawn(async move {
        store
            .write(move |_| {
                if let Some(begun) = begun.lock().unwrap().take() {
                    begun.send(()).unwrap();
                }
                let _ = held.lock().unwrap().recv();
                Ok(())
            })
            .await
    });
    wait_begun.await.unwrap();
    release
}

async fn a_failing_job_touches_no_neighbour(db: &TestDb) {
    let store = db.store().clone();
    let release = hold_writer(&store).await;
    let jobs: Vec<_> = (0..30)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(move |c| {
                        note(c, n)?;
                        match n % 5 {
                            1 => Err(StoreError::NotFound),
                            2 => panic!("a bug"),
                            3 => Ok(c.batch_execute("SELECT nonsense")?),
                            _ => Ok(()),
                        }
                    })
                    .await
            })
        })
        .collect();
    tokio::task::yield_now().await;
    drop(release);
    for (n, job) in (0..).zip(jobs) {
        let result = job.await.unwrap();
        match n % 5 {
            1 => assert!(matches!(result, Err(StoreError::NotFound)), "{result:?}"),
            2 => assert!(matches!(result, Err(StoreError::Panicked)), "{result:?}"),
            3 => assert!(matches!(result, Err(StoreError::Database(_))), "{result:?}"),
            _ => result.unwrap(),
        }
        assert_eq!(known(&store, n).await, matches!(n % 5, 0 | 4), "{n}");
    }
    store.write(|c| note(c, 99)).await.unwrap();
    assert!(known(&store, 99).await);
}

async fn a_panic_inside_a_nested_transaction_touches_no_neighbour(db: &TestDb) {
    let store = db.store().clone();
    let release = hold_writer(&store).await;
    let jobs: Vec<_> = (0..9)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(move |c| {
                        note(c, n)?;
                        c.transaction(|c| {
                            note(c, 100 + n)?;
                            assert!(n % 3 != 1, "a bug");
                            Ok(())
                        })
                    })
                    .await
            })
        })
        .collect();
    drop(release);
    let mut results = Vec::new();
    for job in jobs {
        results.push(job.await.unwrap());
    }
    // Whatever stays open inside must not swallow what comes later either.
    store.write(|c| note(c, 99)).await.unwrap();
    let elsewhere = db.another_node();
    assert!(known(&elsewhere, 99).await);
    for (n, result) in (0..).zip(results) {
        if n % 3 == 1 {
            assert!(matches!(result, Err(StoreError::Panicked)), "{result:?}");
        } else {
            result.unwrap();
        }
        assert_eq!(known(&elsewhere, n).await, n % 3 != 1, "{n}");
        assert_eq!(known(&elsewhere, 100 + n).await, n % 3 != 1, "{n}");
    }
}

/// A closure that says `ROLLBACK` (or a full disk, which does it unasked) undoes its neighbours'
/// work: then none of them may be told that theirs stands.
async fn a_job_that_ends_the_transaction_cannot_fake_a_commit(db: &TestDb) {
    let store = db.store().clone();
    let release = hold_writer(&store).await;
    let jobs: Vec<_> = (0..9)
        .map(|n| {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(move |c| {
                        note(c, n)?;
                        if n == 4 {
                            c.batch_execute("ROLLBACK")?;
                        }
                        Ok(())
                    })
                    .await
            })
        })
        .collect();
    drop(release);
    let mut told = Vec::new();
    for job in jobs {
        told.push(job.await.unwrap().is_ok());
    }
    assert!(!told[4]);
    let elsewhere = db.another_node();
    for (n, told) in (0..).zip(told) {
        assert!(!told || known(&elsewhere, n).await, "{n} was promised");
    }
    store.write(|c| note(c, 99)).await.unwrap();
    assert!(known(&elsewhere, 99).await);
}

async fn what_is_acknowledged_is_visible_elsewhere(db: &TestDb) {
    let store = db.store().clone();
    let elsewhere = db.another_node();
    let tasks: Vec<_> = (0..8)
        .map(|t| {
            let (store, elsewhere) = (store.clone(), elsewhere.clone());
            tokio::spawn(async move {
                for n in t * 10..t * 10 + 10 {
                    store.write(move |c| note(c, n)).await.unwrap();
                    assert!(known(&elsewhere, n).await, "{n}");
                    assert!(known(&store, n).await, "{n}");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

async fn a_panicking_read_does_no_harm(db: &TestDb) {
    let store = db.store().clone();
    for _ in 0..20 {
        let result = store.read(|_| -> Result<(), _> { panic!("a bug") }).await;
        assert!(matches!(result, Err(StoreError::Panicked)), "{result:?}");
    }
    assert!(!known(&store, 1).await);
}

async fn overload_is_an_answer(db: &TestDb) {
    db.store();
    let settings = Settings {
        connections: 1,
        wait: Duration::from_millis(500),
        ..db.settings().clone()
    };
    let small = Store::open(&settings, db.clock().clone(), TestDb::keys()).unwrap();
    let (release, held) = mpsc::channel::<()>();
    let (begun, wait_begun) = tokio::sync::oneshot::channel();
    let busy = small.clone();
    let busy = tokio::spawn(async move {
        busy.read(move |_| {
            begun.send(()).unwrap();
            let _ = held.recv();
            Ok(())
        })
        .await
    });
    wait_begun.await.unwrap();
    let refused = small.read(|_| Ok(())).await;
    assert!(
        matches!(refused, Err(StoreError::Overloaded)),
        "{refused:?}"
    );
    drop(release);
    busy.await.unwrap().unwrap();
    small.read(|_| Ok(())).await.unwrap();
}

/// Whoever searches waits for others who search, and nobody else does.
async fn long_reads_keep_nobody_waiting(db: &TestDb) {
    db.store();
    let settings = Settings {
        long_connections: 1,
        wait: Duration::from_millis(500),
        ..db.settings().clone()
    };
    let store = Store::open(&settings, db.clock().clone(), TestDb::keys()).unwrap();
    let (release, held) = mpsc::channel::<()>();
    let (begun, wait_begun) = tokio::sync::oneshot::channel();
    let busy = store.clone();
    let busy = tokio::spawn(async move {
        busy.read_long(move |_| {
            begun.send(()).unwrap();
            let _ = held.recv();
            Ok(())
        })
        .await
    });
    wait_begun.await.unwrap();
    for _ in 0..20 {
        store.read(|_| Ok(())).await.unwrap();
        store.snapshot(|_| Ok(())).await.unwrap();
    }
    store.write(|c| note(c, 1)).await.unwrap();
    let refused = store.read_long(|_| Ok(())).await;
    assert!(
        matches!(refused, Err(StoreError::Overloaded)),
        "{refused:?}"
    );
    drop(release);
    busy.await.unwrap().unwrap();
    store.read_long(|_| Ok(())).await.unwrap();
}

/// PostgreSQL ends what takes too long, whatever language it says so in.
#[test]
fn a_long_read_ends_at_its_deadline() {
    TestDb::postgres().run(async |db: &TestDb| {
        db.store();
        let settings = Settings {
            long_deadline: Duration::from_millis(200),
            ..db.settings().clone()
        };
        let store = Store::open(&settings, db.clock().clone(), TestDb::keys()).unwrap();
        let sleep = |c: &mut store::Conn| {
            c.batch_execute("SELECT pg_sleep(20)")?;
            Ok(())
        };
        let ended = store.read_long(sleep).await;
        assert!(matches!(ended, Err(StoreError::TookTooLong)), "{ended:?}");
        store.read_long(|_| Ok(())).await.unwrap();
    });
}

/// SQLite's writer has a queue of 4096: who comes when it is full is told so at once.
#[test]
fn a_full_queue_is_an_answer() {
    TestDb::sqlite().run(async |db| {
        let store = db.store().clone();
        let release = hold_writer(&store).await;
        let mut jobs = tokio::task::JoinSet::new();
        for _ in 0..5000 {
            let store = store.clone();
            jobs.spawn(async move { store.write(|_| Ok(())).await });
        }
        let refused = async {
            for _ in 4096..5000 {
                let refused = jobs.join_next().await.unwrap().unwrap();
                assert!(
                    matches!(refused, Err(StoreError::Overloaded)),
                    "{refused:?}"
                );
            }
        };
        tokio::time::timeout(Duration::from_mins(1), refused)
            .await
            .expect("an answer, not a wait");
        drop(release);
        while let Some(job) = jobs.join_next().await {
            job.unwrap().unwrap();
        }
        store.write(|c| note(c, 1)).await.unwrap();
    });
}

/// Another program holds SQLite's write lock for longer than we wait for it.
#[test]
fn a_locked_file_is_an_answer_and_the_writer_goes_on() {
    TestDb::sqlite().run(async |db| {
        let store = db.store().clone();
        let mut other = diesel::SqliteConnection::establish(&db.settings().url).unwrap();
        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        let jobs: Vec<_> = (0..10)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move { store.write(move |c| note(c, n)).await })
            })
            .collect();
        // The first group finds the file locked; who came later may be in the next one.
        let first = store.write(|c| note(c, 10)).await;
        assert!(
            matches!(first, Err(StoreError::NotWritable(_))),
            "{first:?}"
        );
        other.batch_execute("ROLLBACK").unwrap();
        for (n, job) in (0..).zip(jobs) {
            let told = job.await.unwrap().is_ok();
            assert_eq!(known(&store, n).await, told, "{n}");
        }
        store.write(|c| note(c, 99)).await.unwrap();
        assert!(known(&store, 99).await);
    });
}

#[test]
fn sqlite_reads_cannot_write() {
    TestDb::sqlite().run(async |db| {
        let store = db.store().clone();
        let refused = store.read(|c| note(c, 1)).await;
        assert!(refused.is_err(), "two connections would write");
        assert!(!known(&store, 1).await);
    });
}
