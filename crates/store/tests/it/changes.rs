//! The feed of changes: positions, order, and what was there before the feed.

use crate::sample::{self, at, handle, raid};
use diesel::connection::SimpleConnection as _;
use diesel::prelude::*;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness as _, embed_migrations};
use std::sync::{Mutex, mpsc};
use std::time::Duration;
use store::changes::{self, Change, Reach, Shown};
use store::raids::{self, Access, RaidWrite, Sight};
use store::testing::TestDb;
use store::{Conn, Store, StoreError};

store::on_both_databases!(
    versions_come_in_the_order_of_commits,
    a_page_ends_where_the_next_begins,
    what_fails_leaves_no_trace,
    the_clocks_of_nodes_do_not_matter,
    what_was_there_before_the_feed_is_in_it,
);

/// The version of the `n`th RAiD after `version - 1`.
pub fn next(n: u32, version: i32) -> RaidWrite {
    RaidWrite {
        version,
        at: at(i64::from(version)),
        ..raid(n, &[])
    }
}

pub async fn amend(store: &Store, write: RaidWrite) -> Result<(), StoreError> {
    store.write(move |c| raids::amend(c, &write)).await
}

/// The whole feed as somebody with the right to all reads it, `limit` positions at a time.
pub async fn read_all(store: &Store, limit: i64) -> Vec<Change> {
    let mut all: Vec<Change> = Vec::new();
    let mut after = 0;
    loop {
        let reach = store.changes_reach().await.unwrap();
        let page = store
            .read(move |c| changes::page(c, &Sight::everything(), after, limit))
            .await
            .unwrap();
        all.extend(page.changes);
        match page.last {
            Some(last) => after = last,
            None if reach.more => {}
            None => return all,
        }
    }
}

/// Which versions of which RAiDs, at which positions.
pub fn told(changes: &[Change]) -> Vec<(i64, String, i32)> {
    let line = |c: &Change| (c.position, c.handle.to_string(), c.version);
    changes.iter().map(line).collect()
}

fn line(position: i64, n: u32, version: i32) -> (i64, String, i32) {
    (position, handle(n).to_string(), version)
}

async fn versions_come_in_the_order_of_commits(db: &TestDb) {
    let store = sample::store(db).await;
    let nothing = Reach {
        end: 0,
        more: false,
    };
    assert_eq!(store.changes_reach().await.unwrap(), nothing);
    store.mint(raid(2, &[])).await.unwrap();
    store.mint(raid(1, &[])).await.unwrap();
    amend(&store, next(2, 2)).await.unwrap();
    let reach = store.changes_reach().await.unwrap();
    assert_eq!((reach.end, reach.more), (3, false));
    amend(&store, next(1, 2)).await.unwrap();
    let last = next(2, 3);
    store
        .write(move |c| raids::withdraw(c, &last, "a mistake"))
        .await
        .unwrap();
    let all = read_all(&store, 100).await;
    // One entry says that a RAiD was withdrawn.
    let expected = [(2, 1, 1), (4, 1, 2), (5, 2, 3)];
    assert_eq!(told(&all), expected.map(|(p, n, v)| line(p, n, v)));
    let shown: Vec<_> = all.iter().map(|c| c.shown).collect();
    let expected = [Shown::Superseded, Shown::Current, Shown::Withdrawn];
    assert_eq!(shown, expected);
    assert_eq!(all[1].at, at(2));
}

async fn a_page_ends_where_the_next_begins(db: &TestDb) {
    let store = sample::store(db).await;
    for n in 0..20 {
        store.mint(raid(n, &[])).await.unwrap();
    }
    let whole = read_all(&store, 1000).await;
    assert_eq!(whole.len(), 20);
    for limit in [1, 3, 7, 19, 20] {
        assert_eq!(read_all(&store, limit).await, whole, "{limit}");
    }
    // Others who read the same see the same positions.
    let node = db.another_node();
    assert_eq!(read_all(&node, 6).await, whole);
}

async fn what_fails_leaves_no_trace(db: &TestDb) {
    let store = sample::store(db).await;
    store.mint(raid(1, &[])).await.unwrap();
    assert!(store.mint(raid(1, &[])).await.is_err());
    assert!(amend(&store, next(1, 7)).await.is_err());
    let (write, other) = (next(1, 2), raid(2, &[]));
    let failed: Result<(), _> = store
        .write(move |c| {
            raids::amend(c, &write)?;
            Err(StoreError::NotFound)
        })
        .await;
    failed.unwrap_err();
    store.mint(other).await.unwrap();
    let all = read_all(&store, 100).await;
    assert_eq!(told(&all), [line(1, 1, 1), line(2, 2, 1)]);
}

/// A node whose clock is behind writes the later version: it comes later.
async fn the_clocks_of_nodes_do_not_matter(db: &TestDb) {
    let store = sample::store(db).await;
    let late = |write: RaidWrite, seconds| RaidWrite {
        at: at(seconds),
        ..write
    };
    store.mint(late(raid(1, &[]), 9)).await.unwrap();
    amend(&store, late(next(1, 2), 5)).await.unwrap();
    store.mint(late(raid(2, &[]), 1)).await.unwrap();
    let all = read_all(&store, 100).await;
    assert_eq!(told(&all), [line(1, 1, 1), line(2, 1, 2), line(3, 2, 1)]);
}

/// On PostgreSQL a transaction that began early may commit late. A position that was given at its
/// insert would lie behind readers by then.
#[test]
fn who_commits_late_comes_late() {
    TestDb::postgres().run(async |db: &TestDb| {
        let store = sample::store(db).await;
        store.mint(raid(1, &[])).await.unwrap();
        let (release, held) = mpsc::channel::<()>();
        let (written, is_written) = tokio::sync::oneshot::channel();
        let (held, written) = (Mutex::new(held), Mutex::new(Some(written)));
        let slow = tokio::spawn({
            let store = db.another_node();
            async move {
                let write = move |c: &mut Conn| {
                    raids::amend(c, &next(1, 2))?;
                    if let Some(written) = written.lock().unwrap().take() {
                        written.send(()).unwrap();
                    }
                    let _ = held.lock().unwrap().recv_timeout(Duration::from_secs(30));
                    Ok(())
                };
                store.write(write).await
            }
        });
        is_written.await.unwrap();
        store.mint(raid(2, &[])).await.unwrap();
        let before = read_all(&store, 100).await;
        assert_eq!(told(&before), [line(1, 1, 1), line(2, 2, 1)]);
        store.mint(raid(3, &[])).await.unwrap();
        release.send(()).unwrap();
        slow.await.unwrap().unwrap();
        let all = read_all(&store, 100).await;
        assert_eq!(told(&all)[..2], told(&before));
        let later: Vec<_> = all[2..].iter().map(|c| (c.position, c.version)).collect();
        // Version 2 was entered before the third RAiD, and neither had been numbered.
        assert_eq!(later, [(3, 2), (4, 1)]);
    });
}

#[test]
fn more_than_one_batch_is_numbered_batch_by_batch() {
    TestDb::postgres().run(async |db: &TestDb| {
        let store = sample::store(db).await;
        store.mint(raid(0, &[])).await.unwrap();
        let many = |c: &mut Conn| {
            let sql = "INSERT INTO change_pending (handle, version, access, service_point_id, at) \
                       SELECT '10.82210/00000000', n, 'open', 1, '2026-03-01 12:00:00' \
                       FROM generate_series(2, 2500) AS n";
            Ok(c.batch_execute(sql)?)
        };
        store.write(many).await.unwrap();
        for (end, more) in [(1000, true), (2000, true), (2500, false), (2500, false)] {
            let reach = store.changes_reach().await.unwrap();
            assert_eq!(reach, Reach { end, more });
        }
        let versions: Vec<_> = read_all(&store, 1000).await;
        assert!(versions.iter().map(|c| c.version).eq(1..=2500));
    });
}

const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");

/// Takes the feed, and what came after it, from the schema.
fn before_the_feed(db: &TestDb) -> Conn {
    let url = &db.settings().url;
    let mut c = if db.settings().is_postgres() {
        Conn::Postgres(PgConnection::establish(url).unwrap())
    } else {
        Conn::Sqlite(SqliteConnection::establish(url).unwrap())
    };
    loop {
        let reverted = match &mut c {
            Conn::Postgres(c) => c.revert_last_migration(POSTGRES).unwrap(),
            Conn::Sqlite(c) => c.revert_last_migration(SQLITE).unwrap(),
        };
        if reverted.to_string() == "0035" {
            return c;
        }
    }
}

/// Versions of another time come first, as if they had been in the feed always: in the order of
/// their times, versions of a RAiD in their own, with the access that their documents say.
async fn what_was_there_before_the_feed_is_in_it(db: &TestDb) {
    let store = sample::store(db).await;
    let document = |kind: &str| {
        let id = format!("https://vocabularies.coar-repositories.org/access_rights/{kind}/");
        let document = serde_json::json!({"access": {"type": {"id": id}}});
        store::Json(document.to_string())
    };
    let (open, embargoed) = (document("c_abf2"), document("c_f1cf"));
    let version = |n: u32, version: i32, seconds: i64, access: Access| RaidWrite {
        version,
        at: at(seconds),
        access,
        document: match access {
            Access::Open => open.clone(),
            Access::Embargoed => embargoed.clone(),
        },
        ..raid(n, &[])
    };
    let minted = [
        version(1, 1, 10, Access::Open),
        version(2, 1, 20, Access::Embargoed),
        version(3, 1, 30, Access::Embargoed),
    ];
    for mint in minted {
        store.mint(mint).await.unwrap();
    }
    let amended = [
        version(1, 2, 25, Access::Embargoed),
        // A clock that was behind.
        version(3, 2, 5, Access::Open),
        version(3, 3, 40, Access::Embargoed),
    ];
    for write in amended {
        amend(&store, write).await.unwrap();
    }
    drop(before_the_feed(db));
    store::migrate::migrate(db.settings()).unwrap();
    // Connections that were open remember plans for tables that are gone.
    let store = db.another_node();
    store.mint(raid(4, &[])).await.unwrap();
    let all = read_all(&store, 2).await;
    let expected = [
        (1, 1),
        (2, 1),
        (1, 2),
        (3, 1),
        (3, 2),
        (3, 3),
        (4, 1), // Minted with the feed.
    ];
    let expected: Vec<_> = (1..)
        .zip(expected)
        .map(|(position, (n, version))| line(position, n, version))
        .collect();
    assert_eq!(told(&all), expected);
    // The second RAiD never was open: nobody without a right is told of it.
    let public = store.read(|c| changes::page(c, &Sight::default(), 0, 100));
    let public: Vec<_> = public.await.unwrap().changes;
    let shown: Vec<_> = public.iter().map(|c| (c.position, c.shown)).collect();
    let expected = [3, 6]
        .map(|position| (position, Shown::Hidden))
        .into_iter()
        .chain([(7, Shown::Current)]);
    assert_eq!(shown, expected.collect::<Vec<_>>());
}
