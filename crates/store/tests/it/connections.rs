//! Collisions between transactions, connections that die, and URLs that are wrong.

use crate::sample::{self, at, noon, person};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use raid_model::permission::{PermissionChange, PermissionEvent};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;
use store::permissions;
use store::testing::TestDb;
use store::{Conn, Settings, Store, StoreError, migrate};

fn note(c: &mut Conn, n: u32) -> Result<(), StoreError> {
    permissions::ensure(c, &person(n), noon())
}

/// Counts in a person's row: what it writes depends on what it read.
fn count(c: &mut Conn, n: u32) -> Result<bool, StoreError> {
    let known = permissions::find(c, &person(n))?.unwrap();
    let more = format!("{}x", known.reason.clone().unwrap_or_default());
    let change = PermissionChange::because(PermissionEvent::Granted, more);
    permissions::apply(c, &known, &change, at(1))
}

async fn counted(store: &Store, n: u32) -> Option<String> {
    let found = store.read(move |c| permissions::find(c, &person(n))).await;
    found.unwrap().unwrap().reason
}

/// A process that stands still within a transaction loses it, so that the others can go on.
#[test]
fn postgres_takes_locks_from_one_that_stands_still() {
    TestDb::postgres().run(async |db| {
        let store = db.store().clone();
        store.write(|c| note(c, 1)).await.unwrap();
        let (holding, held) = std::sync::mpsc::channel();
        let (go_on, waits) = std::sync::mpsc::channel::<()>();
        let waits = std::sync::Mutex::new(waits);
        let standing_still = tokio::spawn({
            let store = store.clone();
            async move {
                store
                    .write(move |c| {
                        count(c, 1)?;
                        holding.send(()).unwrap();
                        waits.lock().unwrap().recv().unwrap();
                        count(c, 1)
                    })
                    .await
            }
        });
        tokio::task::spawn_blocking(move || held.recv().unwrap())
            .await
            .unwrap();
        let another = db.another_node();
        let other = another.write(|c| count(c, 1));
        let other = tokio::time::timeout(Duration::from_secs(30), other).await;
        go_on.send(()).unwrap();
        let lost = standing_still.await.unwrap();
        assert!(other.unwrap().unwrap(), "the other went on");
        assert!(matches!(lost, Err(StoreError::Database(_))), "{lost:?}");
        assert_eq!(counted(&store, 1).await.as_deref(), Some("x"));
    });
}

/// Two transactions take two rows crosswise: one of them is thrown out.
#[test]
fn postgres_deadlocks_are_tried_again() {
    TestDb::postgres().run(async |db| {
        let store = db.store().clone();
        let both = |c: &mut Conn| note(c, 1).and_then(|()| note(c, 2));
        store.write(both).await.unwrap();
        let tries = Arc::new(AtomicU32::new(0));
        let meet = Arc::new(Barrier::new(2));
        let cross = |first: u32, second: u32| {
            let (store, tries, meet) = (store.clone(), tries.clone(), meet.clone());
            let own_tries = AtomicU32::new(0);
            tokio::spawn(async move {
                store
                    .write(move |c| {
                        tries.fetch_add(1, Ordering::SeqCst);
                        count(c, first)?;
                        // Only the first tries meet; a later one goes its way alone.
                        if own_tries.fetch_add(1, Ordering::SeqCst) == 0 {
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
        assert_eq!(tries.load(Ordering::SeqCst), 3, "they collided once");
    });
}

/// A transaction with a view of its own finds a row changed that it has read.
#[test]
fn postgres_serialization_failures_are_tried_again() {
    TestDb::postgres().run(async |db| {
        let store = db.store().clone();
        store.write(|c| note(c, 1)).await.unwrap();
        let tries = Arc::new(AtomicU32::new(0));
        let meet = Arc::new(Barrier::new(2));
        let (done, other_is_done) = std::sync::mpsc::channel();
        let other_is_done = std::sync::Mutex::new(other_is_done);
        let slow = {
            let (store, tries, meet) = (store.clone(), tries.clone(), meet.clone());
            tokio::spawn(async move {
                store
                    .write(move |c| {
                        c.batch_execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")?;
                        permissions::find(c, &person(1))?;
                        if tries.fetch_add(1, Ordering::SeqCst) == 0 {
                            meet.wait();
                            other_is_done.lock().unwrap().recv().unwrap();
                        }
                        count(c, 1)
                    })
                    .await
            })
        };
        tokio::task::block_in_place(|| meet.wait());
        store.write(|c| count(c, 1)).await.unwrap();
        done.send(()).unwrap();
        slow.await.unwrap().unwrap();
        assert_eq!(tries.load(Ordering::SeqCst), 2, "they collided once");
        assert_eq!(counted(&store, 1).await.as_deref(), Some("xx"));
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
                    long_connections: 1,
                    long_deadline: Duration::from_secs(1),
                    page_cache: 1 << 20,
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
