//! Collisions between transactions, connections that die, and URLs that are wrong.

use crate::sample::{self, at, noon, person};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Barrier};
use std::time::Duration;
use store::permissions::{self, Change, State};
use store::testing::TestDb;
use store::{Conn, Settings, Store, StoreError, migrate};

fn note(c: &mut Conn, n: u32) -> Result<(), StoreError> {
    permissions::ensure(c, &person(n), noon())
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
