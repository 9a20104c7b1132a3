//! The feed of changes while many write: each version once, in the order of the RAiD's versions, and
//! nothing behind a reader.

use crate::changes::{amend, next, read_all, told};
use crate::sample::{self, handle, raid};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;
use store::changes::{self, Change};
use store::raids::{self, Sight};
use store::testing::TestDb;
use store::{Store, StoreError};

store::on_both_databases!(each_version_is_read_once_while_many_write);

const WRITERS: u32 = 8;
const READERS: usize = 3;
const EDITS: i32 = 30;

/// How many pages were read: slow transactions stay open until the readers have gone on.
#[derive(Clone, Default)]
struct Pages(Arc<(Mutex<u64>, Condvar)>);

impl Pages {
    fn turn(&self) {
        *self.0.0.lock().unwrap() += 1;
        self.0.1.notify_all();
    }

    /// Blocks until `count` more pages were read.
    fn wait(&self, count: u64) {
        let read = self.0.0.lock().unwrap();
        let enough = *read + count;
        let limit = Duration::from_secs(10);
        let waited = self.0.1.wait_timeout_while(read, limit, |n| *n < enough);
        assert!(!waited.unwrap().1.timed_out(), "nobody reads");
    }
}

/// Mints RAiDs and writes versions of them, some in transactions that stay open for a while.
async fn write(store: Store, writer: u32, pages: Pages, mut rng: StdRng) -> BTreeMap<String, i32> {
    let mut versions: BTreeMap<u32, i32> = BTreeMap::new();
    for _ in 0..EDITS {
        let n = writer * 100 + rng.random_range(0..4);
        let Some(version) = versions.get(&n).copied() else {
            store.mint(raid(n, &[])).await.unwrap();
            versions.insert(n, 1);
            continue;
        };
        let write = next(n, version + 1);
        if rng.random_ratio(1, 4) {
            let (pages, count) = (pages.clone(), rng.random_range(1..6));
            let gives_up = rng.random_ratio(1, 4);
            let slow = store.write(move |c| {
                raids::amend(c, &write)?;
                pages.wait(count);
                if gives_up {
                    return Err(StoreError::NotFound);
                }
                Ok(())
            });
            if slow.await.is_err() {
                continue;
            }
        } else {
            amend(&store, write).await.unwrap();
        }
        versions.insert(n, version + 1);
    }
    let name = |(n, version)| (handle(n).to_string(), version);
    versions.into_iter().map(name).collect()
}

/// Reads page after page, and goes on until nothing follows after the last writer ended.
async fn follow(
    store: Store,
    pages: Pages,
    ended: tokio::sync::watch::Receiver<bool>,
    mut rng: StdRng,
) -> Vec<Change> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        let had_ended = *ended.borrow();
        let reach = store.changes_reach().await.unwrap();
        let limit = rng.random_range(1..9);
        let page = store
            .read(move |c| changes::page(c, &Sight::everything(), after, limit))
            .await
            .unwrap();
        pages.turn();
        all.extend(page.changes);
        match page.last {
            Some(last) => after = last,
            None if had_ended && !reach.more => return all,
            None => tokio::task::yield_now().await,
        }
    }
}

async fn each_version_is_read_once_while_many_write(db: &TestDb) {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let store = sample::store(db).await;
    let nodes: Vec<Store> = (0..3)
        .map(|_| {
            // Of SQLite's writers, each process has its own.
            if db.settings().is_postgres() {
                db.another_node()
            } else {
                store.clone()
            }
        })
        .collect();
    let pages = Pages::default();
    let (end, ended) = tokio::sync::watch::channel(false);
    let node = |n: usize| nodes[n % nodes.len()].clone();
    let readers: Vec<_> = (0..READERS)
        .map(|n| {
            let rng = StdRng::seed_from_u64(seed ^ (100 + n as u64));
            tokio::spawn(follow(node(n), pages.clone(), ended.clone(), rng))
        })
        .collect();
    let writers: Vec<_> = (0..WRITERS)
        .map(|n| {
            let rng = StdRng::seed_from_u64(seed ^ u64::from(n));
            tokio::spawn(write(node(n as usize), n, pages.clone(), rng))
        })
        .collect();
    let mut written = BTreeMap::new();
    for writer in writers {
        written.extend(writer.await.unwrap());
    }
    end.send(true).unwrap();
    let afterwards = told(&read_all(&store, 1000).await);
    for reader in readers {
        // What was read on the way is what stands there now: nothing came behind the reader.
        assert_eq!(told(&reader.await.unwrap()), afterwards);
    }
    let positions: Vec<_> = afterwards.iter().map(|(position, ..)| *position).collect();
    let count: i32 = written.values().sum();
    assert_eq!(positions, (1..=i64::from(count)).collect::<Vec<_>>());
    let mut read: BTreeMap<String, i32> = BTreeMap::new();
    for (_, handle, version) in afterwards {
        let before = read.insert(handle, version);
        assert_eq!(version, before.unwrap_or(0) + 1);
    }
    assert_eq!(read, written);
}
