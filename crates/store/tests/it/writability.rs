//! A database that takes no writes: nobody is left in doubt, reads go on, and it heals by itself.

use crate::sample::{noon, person};
use diesel::connection::{Connection as _, SimpleConnection as _};
use store::testing::TestDb;
use store::{Conn, Settings, Store, StoreError, permissions};

fn note(c: &mut Conn, n: u32) -> Result<(), StoreError> {
    permissions::ensure(c, &person(n), noon())
}

async fn known(store: &Store, n: u32) -> bool {
    let found = store.read(move |c| permissions::find(c, &person(n))).await;
    found.unwrap().is_some()
}

#[test]
fn a_full_disk_refuses_writes_and_heals() {
    TestDb::sqlite().run(async |db| {
        let store = db.store().clone();
        store
            .write(|c| {
                c.batch_execute("CREATE TABLE ballast (content BLOB)")?;
                note(c, 1)
            })
            .await
            .unwrap();
        // The file may not grow: then SQLite says what it says on a full disk. It is the bound of one
        // connection, and the fresh one after the failure has none.
        let bound = |c: &mut Conn| Ok(c.batch_execute("PRAGMA max_page_count = 1")?);
        store.write(bound).await.unwrap();
        let large = || {
            store.write(|c| {
                note(c, 2)?;
                Ok(c.batch_execute("INSERT INTO ballast VALUES (randomblob(200000))")?)
            })
        };
        let refused = large().await.unwrap_err();
        assert!(matches!(refused, StoreError::NotWritable(_)), "{refused:?}");
        assert!(!known(&store, 2).await && known(&store, 1).await);
        store.prove_writable().await.unwrap();
        large().await.unwrap();
        assert!(known(&store, 2).await);
    });
}

/// The readiness of a node whose mints were refused counts again when there is room for a mint.
#[test]
fn after_a_refusal_the_proof_is_as_large_as_a_request() {
    TestDb::sqlite().run(async |db| {
        let store = db.store().clone();
        let size = |store: &Store| {
            let url = db.settings().url.clone();
            let store = store.clone();
            async move {
                store.prove_writable().await.unwrap();
                let mut c = diesel::SqliteConnection::establish(&url).unwrap();
                c.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
                std::fs::metadata(&url).unwrap().len()
            }
        };
        // No pages are left that migrations have freed.
        let mut c = diesel::SqliteConnection::establish(&db.settings().url).unwrap();
        c.batch_execute("VACUUM").unwrap();
        drop(c);
        let before = size(&store).await;
        assert_eq!(size(&store).await, before, "the usual proof needs no room");
        let refused = store
            .write(|_| -> Result<(), _> { Err(StoreError::NotWritable("said a test".to_owned())) });
        refused.await.unwrap_err();
        assert!(size(&store).await >= before + 1024 * 1024);
    });
}

/// One that finds the disk full ends its group, and all of it learns that nothing was written.
#[test]
fn neighbours_of_a_refused_write_are_not_left_in_doubt() {
    TestDb::sqlite().run(async |db| {
        let store = db.store().clone();
        let jobs: Vec<_> = (0..20)
            .map(|n| {
                let store = store.clone();
                tokio::spawn(async move {
                    store
                        .write(move |c| {
                            note(c, n)?;
                            if n % 7 == 3 {
                                // As SQLite does at times where the disk is full.
                                c.batch_execute("ROLLBACK")?;
                                return Err(StoreError::NotWritable("full".to_owned()));
                            }
                            Ok(())
                        })
                        .await
                })
            })
            .collect();
        for (n, job) in (0..).zip(jobs) {
            match job.await.unwrap() {
                Ok(()) => assert!(known(&store, n).await, "{n} was promised"),
                Err(StoreError::NotWritable(_)) => assert!(!known(&store, n).await, "{n}"),
                Err(other) => panic!("{n}: {other:?}"),
            }
        }
    });
}

/// A disk that fails in the middle leaves the first in doubt, and nobody after that.
#[test]
fn a_failed_commit_is_followed_by_a_proof() {
    TestDb::sqlite().run(async |db| {
        let store = db.store().clone();
        store.write(|c| note(c, 1)).await.unwrap();
        let broken = store.write(|c| {
            // A foreign key that is checked at the commit alone.
            c.batch_execute(
                "CREATE TABLE one (id INTEGER PRIMARY KEY);
                 CREATE TABLE two (id INTEGER REFERENCES one (id) DEFERRABLE INITIALLY DEFERRED);
                 INSERT INTO two VALUES (7)",
            )?;
            Ok(())
        });
        let broken = broken.await.unwrap_err();
        assert!(matches!(broken, StoreError::Commit(_)), "{broken:?}");
        let mut other = diesel::SqliteConnection::establish(&db.settings().url).unwrap();
        other.batch_execute("BEGIN IMMEDIATE").unwrap();
        let refused = store.write(|c| note(c, 2)).await.unwrap_err();
        assert!(matches!(refused, StoreError::NotWritable(_)), "{refused:?}");
        other.batch_execute("ROLLBACK").unwrap();
        store.write(|c| note(c, 2)).await.unwrap();
        assert!(known(&store, 2).await);
    });
}

/// As a standby does, or a server that an operator made read-only.
#[test]
fn a_read_only_postgres_refuses_writes_and_heals() {
    TestDb::postgres().run(async |db| {
        db.store();
        let (server, own) = db.settings().url.split_once('?').unwrap();
        let role = format!("writer_{}", uuid::Uuid::new_v4().simple());
        let mut admin = diesel::PgConnection::establish(server).unwrap();
        let schema = own.rsplit_once("search_path%3D").unwrap().1;
        admin
            .batch_execute(&format!(
                "CREATE ROLE {role} LOGIN PASSWORD 'writer'; GRANT USAGE ON SCHEMA {schema} TO {role};
                 GRANT ALL ON ALL TABLES IN SCHEMA {schema} TO {role}"
            ))
            .unwrap();
        let (credentials, rest) = server.split_once('@').unwrap();
        assert!(credentials.starts_with("postgres://"));
        let settings = Settings {
            url: format!("postgres://{role}:writer@{rest}?{own}"),
            ..db.settings().clone()
        };
        let store = Store::open(&settings, db.clock().clone(), TestDb::keys()).unwrap();
        store.write(|c| note(c, 1)).await.unwrap();
        let mut reconnect_as = |value: &str| {
            admin
                .batch_execute(&format!(
                    "ALTER ROLE {role} SET default_transaction_read_only = {value}"
                ))
                .unwrap();
        };
        reconnect_as("on");
        store
            .write(|c| Ok(c.batch_execute("SET default_transaction_read_only = on")?))
            .await
            .unwrap();
        let refused = store.write(|c| note(c, 2)).await;
        assert!(matches!(refused, Err(StoreError::NotWritable(_))), "{refused:?}");
        let proof = store.prove_writable().await;
        assert!(matches!(proof, Err(StoreError::NotWritable(_))), "{proof:?}");
        assert!(known(&store, 1).await && !known(&store, 2).await);
        reconnect_as("off");
        // Connections from the time when it was read-only stay so, and are given up one by one.
        let mut refusals = 0;
        while store.prove_writable().await.is_err() {
            refusals += 1;
            assert!(refusals < 20, "it does not heal");
        }
        store.write(|c| note(c, 2)).await.unwrap();
        drop(store);
        admin
            .batch_execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"))
            .unwrap();
    });
}
