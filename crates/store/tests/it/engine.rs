//! Transactions: what is acknowledged stands, what fails touches no neighbour.

use crate::sample::{self, at, noon, person};
use diesel::connection::{Connection as _, SimpleConnection as _};
use diesel::prelude::*;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;
use store::permissions::{self, Change, State};
use store::testing::TestDb;
use store::{Conn, Settings, Store, StoreError, migrate};

store::on_both_databases!(
    a_failing_job_touches_no_neighbour,
    a_panic_inside_a_nested_transaction_touches_no_neighbour,
    what_is_acknowledged_is_visible_elsewhere,
    a_panicking_read_does_no_harm,
    a_job_that_ends_the_transaction_cannot_fake_a_commit,
    overload_is_an_answer,
    moments_come_back_to_the_microsecond,
    moments_are_ordered_as_time_is,
    a_second_environment_is_refused,
    nodes_may_claim_the_environment_at_once,
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
async fn hold_writer(store: &Store) -> mpsc::Sender<()> {
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

/// SQLite's writer has a queue of 4096: who comes when it is full is told so at once.
#[test]
fn a_full_queue_is_an_answer() {
    TestDb::sqlite().run(async |db| {
        let store = db.store().clone();
        let release = hold_writer(&store).await;
        let jobs: Vec<_> = (0..5000)
            .map(|_| {
                let store = store.clone();
                tokio::spawn(async move { store.write(|_| Ok(())).await })
            })
            .collect();
        // One past the queue's length is refused, which tells that all others are in it.
        let refused = async {
            while !matches!(store.write(|_| Ok(())).await, Err(StoreError::Overloaded)) {}
        };
        tokio::time::timeout(Duration::from_secs(60), refused)
            .await
            .expect("an answer, not a wait");
        drop(release);
        let mut done = 0;
        for job in jobs {
            match job.await.unwrap() {
                Ok(()) => done += 1,
                Err(StoreError::Overloaded) => {}
                Err(other) => panic!("{other}"),
            }
        }
        assert!((4000..5000).contains(&done), "{done} were done");
        store.write(|c| note(c, 1)).await.unwrap();
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

#[test]
fn postgres_deadlocks_are_tried_again() {
    collide("READ COMMITTED");
}

#[test]
fn postgres_serialization_failures_are_tried_again() {
    collide("REPEATABLE READ");
}

/// Two transactions that take two rows crosswise: one of them is thrown out by the database.
fn collide(isolation: &'static str) {
    TestDb::postgres().run(async move |db| {
        let store = db.store().clone();
        store
            .write(|c| note(c, 1).and_then(|()| note(c, 2)))
            .await
            .unwrap();
        let tries = Arc::new(AtomicU32::new(0));
        let meet = Arc::new(Barrier::new(2));
        let cross = |first: u32, second: u32| {
            let (store, tries, meet) = (store.clone(), tries.clone(), meet.clone());
            let own_tries = AtomicU32::new(0);
            tokio::spawn(async move {
                store
                    .write(move |c| {
                        c.batch_execute(&format!("SET TRANSACTION ISOLATION LEVEL {isolation}"))?;
                        tries.fetch_add(1, Ordering::SeqCst);
                        let count = |c: &mut Conn, n| {
                            let known = permissions::find(c, &person(n))?.unwrap();
                            permissions::change(
                                c,
                                &person(n),
                                &[known.state],
                                &Change::because(
                                    State::Asked,
                                    format!("{}x", known.reason.unwrap_or_default()),
                                ),
                                at(1),
                            )
                        };
                        // Only the first tries meet; a later one goes its way alone.
                        let first_try = own_tries.fetch_add(1, Ordering::SeqCst) == 0;
                        count(c, first)?;
                        if first_try {
                            meet.wait();
                        }
                        count(c, second)
                    })
                    .await
            })
        };
        let (one, other) = (cross(1, 2), cross(2, 1));
        one.await.unwrap().unwrap();
        other.await.unwrap().unwrap();
        assert!(tries.load(Ordering::SeqCst) > 2, "they did not collide");
    });
}

#[test]
fn postgres_connections_that_died_are_replaced_by_reads() {
    outlives_its_connections("read");
}

#[test]
fn postgres_connections_that_died_are_replaced_by_writes() {
    outlives_its_connections("write");
}

#[test]
fn postgres_connections_that_died_are_replaced_by_mints() {
    outlives_its_connections("mint");
}

fn outlives_its_connections(kind: &'static str) {
    TestDb::postgres().run(async move |db| {
        let store = sample::store(db).await;
        // Every connection is in use once, so that all of them are there.
        let meet = Arc::new(Barrier::new(4));
        let all: Vec<_> = (0..4)
            .map(|_| {
                let (store, meet) = (store.clone(), meet.clone());
                tokio::spawn(async move {
                    store
                        .read(move |_| {
                            meet.wait();
                            Ok(())
                        })
                        .await
                })
            })
            .collect();
        for one in all {
            one.await.unwrap().unwrap();
        }
        store.mint(sample::raid(1, &[])).await.unwrap();
        let ours = db.settings().url.rsplit_once("%3D").unwrap().1.to_owned();
        let killed = kill_connections(db, &ours);
        assert!(killed >= 4, "{killed}");
        // Each dead connection may cost one caller an error, and no more than one.
        let mut refused = 0;
        for n in 0..20 {
            let result = match kind {
                "read" => store
                    .read(move |c| permissions::find(c, &person(n)))
                    .await
                    .map(drop),
                "write" => store.write(move |c| note(c, n)).await,
                _ => store.mint(sample::raid(100 + n, &[])).await,
            };
            refused += i64::from(result.is_err());
        }
        assert!(refused <= killed, "{refused} of 20 were refused");
    });
}

/// Ends the connections whose search path names the schema, and says how many there were.
fn kill_connections(db: &TestDb, schema: &str) -> i64 {
    #[derive(QueryableByName)]
    struct Killed {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        killed: i64,
    }
    let mut c = PgConnection::establish(&db.settings().url).unwrap();
    // Which connections are ours is told by what they asked for last.
    let killed: Killed = diesel::sql_query(format!(
        "SELECT count(pg_terminate_backend(pid)) AS killed FROM pg_stat_activity \
         WHERE pid <> pg_backend_pid() AND application_name = '{schema}'"
    ))
    .get_result(&mut c)
    .unwrap();
    killed.killed
}

#[test]
fn no_error_shows_the_password() {
    let secrets = [
        "hunter2",
        "some@part/of:this",
        "zzz%zzz",
        "abc?def",
        "567%40890",
    ];
    for password in secrets {
        for rest in [
            "127.0.0.1:1/db",
            "127.0.0.1:bad/db",
            "nowhere.invalid/db",
            "",
            "[::1",
        ] {
            let url = format!("postgres://raid:{password}@{rest}");
            let by_parameter = format!("postgres://raid@{rest}?password={password}");
            for url in [url, by_parameter] {
                let settings = Settings {
                    url: url.clone(),
                    connections: 1,
                    wait: Duration::from_millis(100),
                };
                let opened = Store::open(&settings, store::Clock::system(), TestDb::keys());
                let Err(opened) = opened else {
                    panic!("{url} was opened")
                };
                let migrated = migrate::migrate(&settings).unwrap_err();
                for text in [
                    opened.to_string(),
                    format!("{opened:?}"),
                    migrated.to_string(),
                ] {
                    let parts = password.split(['@', '/', ':', '?', '%']);
                    for part in parts.filter(|p| p.len() > 2) {
                        assert!(!text.contains(part), "{url} gives {text}");
                    }
                }
            }
        }
    }
}

async fn moments_come_back_to_the_microsecond(db: &TestDb) {
    let store = db.store().clone();
    let now = db.clock().now();
    assert_eq!(now.nanosecond() % 1000, 0);
    let micros = [0, 1, 10, 100_000, 500_000, 999_999, 123_456];
    let mut moments: Vec<_> = micros
        .iter()
        .map(|m| noon() + time::Duration::microseconds(*m))
        .collect();
    moments.push(now);
    for (n, moment) in (0..).zip(moments) {
        store
            .write(move |c| permissions::ensure(c, &person(n), moment))
            .await
            .unwrap();
        let found = store.read(move |c| permissions::find(c, &person(n))).await;
        assert_eq!(found.unwrap().unwrap().since, moment);
    }
}

/// SQLite compares moments as text, and diesel leaves out a fraction that is zero.
async fn moments_are_ordered_as_time_is(db: &TestDb) {
    let store = db.store().clone();
    let mut moments: BTreeMap<_, u32> = BTreeMap::new();
    for second in [-1, 0, 1, 9, 10, 59, 60, 86_400, 366 * 86_400] {
        for micros in [0, 1, 9, 10, 99_999, 100_000, 250_000, 500_000, 999_999] {
            let n = u32::try_from(moments.len()).unwrap();
            moments.insert(at(second) + time::Duration::microseconds(micros), n);
        }
    }
    let rows = moments.clone();
    store
        .write(move |c| {
            for (moment, n) in &rows {
                permissions::ensure(c, &person(*n), *moment)?;
                permissions::change(
                    c,
                    &person(*n),
                    &[State::Unasked],
                    &Change::to(State::Suspect),
                    *moment,
                )?;
            }
            Ok(())
        })
        .await
        .unwrap();
    let all = moments.len();
    for (earlier, moment) in moments.keys().enumerate() {
        let moment = *moment;
        let since = store
            .read(move |c| permissions::count_suspects(c, moment))
            .await
            .unwrap();
        assert_eq!(usize::try_from(since).unwrap(), all - earlier, "{moment}");
    }
}

async fn a_second_environment_is_refused(db: &TestDb) {
    let store = db.store().clone();
    for _ in 0..2 {
        store
            .write(|c| migrate::claim_environment(c, "https://sandbox.orcid.org"))
            .await
            .unwrap();
    }
    let other = store
        .write(|c| migrate::claim_environment(c, "https://orcid.org"))
        .await
        .unwrap_err();
    assert!(
        matches!(&other, StoreError::OtherEnvironment { found, wanted }
            if found == "https://sandbox.orcid.org" && wanted == "https://orcid.org"),
        "{other}"
    );
}

async fn nodes_may_claim_the_environment_at_once(db: &TestDb) {
    db.store();
    // On SQLite a transaction begins when the one before has ended.
    let together = if db.settings().is_postgres() { 4 } else { 1 };
    let meet = Arc::new(Barrier::new(together));
    let claims: Vec<_> = (0..4)
        .map(|_| {
            let (node, meet) = (db.another_node(), meet.clone());
            tokio::spawn(async move {
                node.write(move |c| {
                    meet.wait();
                    migrate::claim_environment(c, "https://orcid.org")
                })
                .await
            })
        })
        .collect();
    for claim in claims {
        claim.await.unwrap().unwrap();
    }
}
