//! Workers of several nodes at once, some of which die: never two on one person, no news lost.

use crate::sample::{handle, person};
use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use store::tasks::{self, Cause, Kind, Lane, NewTask, Room, Settle, Task, Work};
use store::testing::TestDb;
use store::{Conn, Store, StoreError, Timestamp};

store::on_both_databases!(all_news_arrive_and_nobody_meets);

const KINDS: [Kind; 2] = [Kind::Permission, Kind::Membership];
const EDITS: u32 = 40;

/// What should be and what is, for every task; and whose record is being written right now.
#[derive(Default)]
struct World {
    desired: BTreeMap<Work, u32>,
    actual: BTreeMap<Work, u32>,
    in_flight: BTreeSet<String>,
    writes: u32,
}

type Shared = Arc<Mutex<World>>;

async fn all_news_arrive_and_nobody_meets(db: &TestDb) {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    db.store();
    let world = Shared::default();
    let nodes = [db.another_node(), db.another_node(), db.another_node()];
    let editors: Vec<_> = (0..4u64)
        .map(|n| {
            let rng = StdRng::seed_from_u64(seed ^ n);
            tokio::spawn(edit(db.store().clone(), world.clone(), rng))
        })
        .collect();
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let workers: Vec<_> = (0..9u64)
        .map(|n| {
            let rng = StdRng::seed_from_u64(seed ^ (100 + n));
            // Three workers a node, under the node's name.
            let node = usize::try_from(n % 3).unwrap();
            let owner = ["node-0", "node-1", "node-2"][node];
            let work = work(
                nodes[node].clone(),
                owner,
                world.clone(),
                rng,
                stopped.clone(),
            );
            tokio::spawn(work)
        })
        .collect();
    for editor in editors {
        editor.await.unwrap();
    }
    let drained = async {
        while !db.store().read(tasks::counts).await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(90), drained)
        .await
        .expect("all tasks to be done");
    stop.send_replace(true);
    for worker in workers {
        worker.await.unwrap();
    }
    let world = world.lock().unwrap();
    assert_eq!(world.desired, world.actual);
    assert!(world.in_flight.is_empty());
    assert!(world.writes >= u32::try_from(world.desired.len()).unwrap());
}

async fn edit(store: Store, world: Shared, mut rng: StdRng) {
    for _ in 0..EDITS {
        let (person, raid) = (
            person(rng.random_range(0..4)),
            handle(rng.random_range(0..3)),
        );
        let mut works = vec![Work::Membership(person, raid)];
        if rng.random_bool(0.3) {
            works.push(Work::Permission(person));
        }
        let clock = store.clock().clone();
        let world = world.clone();
        let edited = store.write(move |c| {
            let now = clock.now();
            let new: Vec<_> = works
                .iter()
                .map(|work| NewTask {
                    work: work.clone(),
                    lane: Lane::Bulk,
                    due_at: now - LEASE * 2,
                    at: now,
                })
                .collect();
            // What is desired changes before the task is seen, as in one transaction.
            let mut world = world.lock().unwrap();
            for work in &works {
                *world.desired.entry(work.clone()).or_default() += 1;
            }
            drop(world);
            tasks::enqueue(c, &new)
        });
        edited.await.unwrap();
    }
}

const LEASE: time::Duration = time::Duration::seconds(600);

async fn work(
    store: Store,
    owner: &'static str,
    world: Shared,
    mut rng: StdRng,
    stopped: tokio::sync::watch::Receiver<bool>,
) {
    let clock = store.clock().clone();
    while !*stopped.borrow() {
        // One that dies soon holds its claim for no time at all: its lease began long ago.
        let dies = rng.random_bool(0.15);
        let began = if dies { LEASE } else { time::Duration::ZERO };
        let (n, now) = (rng.random_range(1..4), clock.now() - began);
        let until = now + LEASE + time::Duration::MICROSECOND;
        let claimed = store
            .write(move |c| tasks::claim(c, owner, &KINDS, Room::any(n), now, until))
            .await
            .unwrap();
        for held in claimed {
            if dies {
                late(&store, owner, held, &mut rng).await;
            } else {
                write(&store, owner, &world, held, &mut rng).await;
            }
        }
        tokio::task::yield_now().await;
    }
}

/// Its lease is over: it says nothing, or that it failed, and may be fenced out.
async fn late(store: &Store, owner: &'static str, held: Task, rng: &mut StdRng) {
    if rng.random_bool(0.5) {
        return;
    }
    let now = store.clock().now();
    let settled = store
        .write(move |c| tasks::settle(c, owner, &held, &retry(now, "late"), now))
        .await;
    assert!(
        matches!(settled, Ok(()) | Err(StoreError::LeaseLost)),
        "{settled:?}"
    );
}

fn retry(at: Timestamp, error: &str) -> Settle {
    Settle::Retry {
        at,
        error: error.to_owned(),
        cause: Cause::Other,
    }
}

async fn write(store: &Store, owner: &'static str, world: &Shared, held: Task, rng: &mut StdRng) {
    let subject = held.work.subject();
    let seen = {
        let mut world = world.lock().unwrap();
        assert!(
            world.in_flight.insert(subject.clone()),
            "two workers are on {subject}"
        );
        world.desired[&held.work]
    };
    // The call to the outside, during which others come and go.
    for _ in 0..rng.random_range(0..20) {
        tokio::task::yield_now().await;
    }
    let now = store.clock().now();
    let end = {
        let mut world = world.lock().unwrap();
        assert!(world.in_flight.remove(&subject));
        if rng.random_bool(0.2) {
            retry(now, "down")
        } else {
            world.actual.insert(held.work.clone(), seen);
            world.writes += 1;
            if rng.random_bool(0.2) {
                Settle::Again(now)
            } else {
                Settle::Done
            }
        }
    };
    store
        .write(move |c| tasks::settle(c, owner, &held, &end, now))
        .await
        .unwrap();
}

/// News that another transaction is just writing: settling waits for it and takes note.
#[test]
fn postgres_news_not_yet_committed_is_not_lost() {
    TestDb::postgres().run(async |db| {
        let store = db.store().clone();
        let now = db.clock().now();
        let news = [NewTask {
            work: Work::Permission(person(1)),
            lane: Lane::Bulk,
            due_at: now,
            at: now,
        }];
        let again = news.clone();
        let until = now + time::Duration::MINUTE;
        let held = store
            .write(move |c| {
                tasks::enqueue(c, &news)?;
                tasks::claim(c, "a", &KINDS, Room::any(1), now, until)
            })
            .await
            .unwrap()
            .remove(0);
        let (commit, wait) = std::sync::mpsc::channel::<()>();
        let wait = Mutex::new(wait);
        let (begun, wait_begun) = tokio::sync::mpsc::unbounded_channel();
        let writer = {
            let store = store.clone();
            tokio::spawn(async move {
                store
                    .write(move |c| {
                        tasks::enqueue(c, &again)?;
                        begun.send(()).unwrap();
                        let _ = wait.lock().unwrap().recv();
                        Ok(())
                    })
                    .await
            })
        };
        let mut wait_begun = wait_begun;
        wait_begun.recv().await.unwrap();
        let settler = {
            let store = store.clone();
            let end = Settle::Done;
            tokio::spawn(async move {
                store
                    .write(move |c| tasks::settle(c, "a", &held, &end, now))
                    .await
            })
        };
        let blocked = async {
            while !somebody_waits_for_a_lock(&store, db).await {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), blocked)
            .await
            .expect("settling to wait for the news");
        drop(commit);
        writer.await.unwrap().unwrap();
        settler.await.unwrap().unwrap();
        let due = store.read(tasks::counts).await.unwrap();
        assert_eq!(due, [(Kind::Permission, tasks::State::Due, 1)]);
    });
}

#[derive(QueryableByName)]
struct Waiting {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    waiting: i64,
}

async fn somebody_waits_for_a_lock(store: &Store, db: &TestDb) -> bool {
    // Connections carry the name of the test's schema.
    let schema = db.settings().url.rsplit_once("%3D").unwrap().1;
    let query = format!(
        "SELECT count(*) AS waiting FROM pg_stat_activity \
         WHERE application_name = '{schema}' AND wait_event_type = 'Lock'"
    );
    let found = store.read(move |c| {
        let Conn::Postgres(c) = c else {
            return Ok(Waiting { waiting: 0 });
        };
        Ok(diesel::sql_query(query.as_str()).get_result(c)?)
    });
    found.await.unwrap().waiting > 0
}
