//! Lanes and turns: nobody waits behind somebody who has more, or behind what can wait.

use crate::sample::{self, at, handle, person, raid};
use std::collections::BTreeMap;
use store::tasks::{self, Kind, Lane, NewTask, Room, Settle, Task, Work};
use store::testing::TestDb;
use store::{Store, Timestamp};
use time::Duration;

store::on_both_databases!(
    who_has_much_is_overtaken,
    people_take_turns,
    many_contributors_are_overtaken,
    minted_contributors_are_spread_out_too,
    the_lane_follows_the_verdict_or_the_news,
    room_is_kept_for_who_waits,
    new_kinds_are_kept,
);

const ALL: &[Kind] = Kind::ALL;

fn entry(n: u32, raid: u32) -> Work {
    Work::Membership(person(n), handle(raid))
}

fn new(work: Work, lane: Lane, due_at: Timestamp) -> NewTask {
    NewTask {
        work,
        lane,
        due_at,
        at: at(0),
    }
}

async fn enqueue(store: &Store, tasks: Vec<NewTask>) {
    store
        .write(move |c| tasks::enqueue(c, &tasks))
        .await
        .unwrap();
}

async fn claim(store: &Store, room: Room, now: Timestamp) -> Vec<Task> {
    let until = now + Duration::MINUTE;
    store
        .write(move |c| tasks::claim(c, "a", ALL, room, now, until))
        .await
        .unwrap()
}

async fn settle(store: &Store, held: Task, end: Settle, now: Timestamp) {
    store
        .write(move |c| tasks::settle(c, "a", &held, &end, now))
        .await
        .unwrap();
}

/// Works everything off, one task after another, each of which takes `each`; gives the order.
async fn work_off(store: &Store, start: Timestamp, each: Duration) -> Vec<Work> {
    let (mut now, mut order) = (start, Vec::new());
    while !store.read(tasks::counts).await.unwrap().is_empty() {
        for held in claim(store, Room::any(1), now).await {
            order.push(held.work.clone());
            settle(store, held, Settle::Done, now + each / 2).await;
        }
        now += each;
    }
    order
}

fn place(order: &[Work], work: &Work) -> usize {
    order.iter().position(|w| w == work).unwrap()
}

async fn who_has_much_is_overtaken(db: &TestDb) {
    let store = db.store();
    let soon = at(0) + Duration::milliseconds(10);
    let other = new(entry(2, 1), Lane::Interactive, soon);
    let all = || (0..300).map(|n| new(entry(1, n), Lane::Interactive, at(0)));
    // By one call, as after a grant.
    enqueue(store, all().collect()).await;
    enqueue(store, vec![other.clone()]).await;
    let order = work_off(store, at(1), Duration::milliseconds(50)).await;
    assert_eq!(order.len(), 301);
    assert!(place(&order, &other.work) < 10, "{order:?}");
    // By 300 calls, as after an import: the first claim passes all of them.
    for task in all() {
        enqueue(store, vec![task]).await;
    }
    enqueue(store, vec![other.clone()]).await;
    let held = claim(store, Room::any(16), at(1)).await;
    let works: Vec<_> = held.iter().map(|t| t.work.clone()).collect();
    assert_eq!(works.len(), 2, "{works:?}");
    assert!(works.contains(&other.work), "{works:?}");
}

/// One slot, and five people with 30 tasks each: each person is served every few tasks.
async fn people_take_turns(db: &TestDb) {
    let store = db.store();
    for person in 0..5 {
        for raid in 0..30 {
            enqueue(store, vec![new(entry(person, raid), Lane::Bulk, at(0))]).await;
        }
    }
    let order = work_off(store, at(1), Duration::milliseconds(40)).await;
    assert_eq!(order.len(), 150);
    let mut last = BTreeMap::new();
    for (n, work) in order.iter().take(120).enumerate() {
        let before = last.insert(work.subject(), n).unwrap_or(0);
        assert!(
            n - before <= 12,
            "{} waited from {before} to {n}",
            work.subject()
        );
    }
    assert_eq!(last.len(), 5);
}

async fn many_contributors_are_overtaken(db: &TestDb) {
    let store = db.store();
    let many = (0..2000).map(|n| new(entry(n, 1), Lane::Interactive, at(0)));
    enqueue(store, many.collect()).await;
    let soon = at(0) + Duration::milliseconds(10);
    let other = new(entry(9000, 2), Lane::Interactive, soon);
    enqueue(store, vec![other.clone()]).await;
    let first = claim(store, Room::any(16), at(0) + Duration::milliseconds(50)).await;
    assert!(first.iter().any(|t| t.work == other.work), "{first:?}");
    // A few of them are due at once, and nobody has to wait longer than ORCID's limit demands.
    assert!(first.len() >= 9, "{first:?}");
    let all = claim(store, Room::any(5000), at(0) + Duration::seconds(80)).await;
    assert_eq!(all.len(), 2001, "by then the first leases are over");
}

async fn minted_contributors_are_spread_out_too(db: &TestDb) {
    let store = &sample::store(db).await;
    let (many, one): (Vec<_>, Vec<_>) = ((0..500).map(person).collect(), vec![person(9000)]);
    let writes = [raid(1, &many), raid(2, &one)];
    let now = writes[0].due_at;
    for write in writes {
        store.mint(write).await.unwrap();
    }
    let held = claim(store, Room::any(5000), now).await;
    assert_eq!(held.len(), 9, "{held:?}");
    let held = claim(store, Room::any(5000), now + Duration::seconds(20)).await;
    assert_eq!(held.len(), 492);
}

async fn the_lane_follows_the_verdict_or_the_news(db: &TestDb) {
    let store = db.store();
    let now = at(0);
    let lane_of = async |now: Timestamp| {
        let mut held = claim(store, Room::any(1), now).await;
        let held = held.remove(0);
        (held.lane, held)
    };
    enqueue(store, vec![new(entry(1, 1), Lane::Bulk, now)]).await;
    let (lane, mut held) = lane_of(now).await;
    assert_eq!(lane, Lane::Bulk);
    held.lane = Lane::Background;
    settle(store, held, Settle::Again(now), now).await;
    let (lane, held) = lane_of(now).await;
    assert_eq!(lane, Lane::Background);
    // News is more urgent than what the worker thought.
    enqueue(store, vec![new(entry(1, 1), Lane::Interactive, now)]).await;
    settle(store, held, Settle::Again(now), now).await;
    let (lane, mut held) = lane_of(now).await;
    assert_eq!(lane, Lane::Interactive);
    enqueue(store, vec![new(entry(1, 1), Lane::Bulk, now)]).await;
    held.lane = Lane::Background;
    settle(store, held, Settle::Again(now), now).await;
    let (lane, held) = lane_of(now).await;
    assert_eq!(lane, Lane::Interactive, "the news kept its lane");
    // Without a word the lane stays.
    settle(store, held, Settle::Again(now), now).await;
    assert_eq!(lane_of(now).await.0, Lane::Interactive);
}

async fn room_is_kept_for_who_waits(db: &TestDb) {
    let store = db.store();
    let lanes = |held: &[Task]| held.iter().map(|t| t.lane).collect::<Vec<_>>();
    let of_lane = |lane, people: std::ops::Range<u32>| async move {
        for n in people {
            enqueue(store, vec![new(entry(n, 1), lane, at(0))]).await;
        }
    };
    of_lane(Lane::Background, 0..20).await;
    of_lane(Lane::Bulk, 100..120).await;
    let held = claim(store, Room::free(16, []), at(1)).await;
    assert_eq!(lanes(&held), [Lane::Bulk; 12]);
    let room = Room::free(16, lanes(&held));
    assert!(claim(store, room, at(1)).await.is_empty());
    of_lane(Lane::Interactive, 200..203).await;
    let arrived = claim(store, room, at(1)).await;
    assert_eq!(lanes(&arrived), [Lane::Interactive; 3]);
    // Once the bulk is done, background work takes its part and no more.
    for task in held {
        settle(store, task, Settle::Done, at(2)).await;
    }
    let rest = claim(store, Room::any(8), at(2)).await;
    assert_eq!(lanes(&rest), [Lane::Bulk; 8]);
    let room = Room::free(16, lanes(&rest).into_iter().chain(lanes(&arrived)));
    let last = claim(store, room, at(2)).await;
    assert_eq!(lanes(&last), [Lane::Background; 4]);
}

/// A scan, and the day on which a RAiD changes, which is not the work of its embargo.
async fn new_kinds_are_kept(db: &TestDb) {
    let store = db.store();
    let works = [
        Work::Sweep,
        Work::Boundary(handle(1)),
        Work::Embargo(handle(1)),
    ];
    let tasks = works
        .iter()
        .map(|work| new(work.clone(), Lane::Background, at(0)));
    enqueue(store, tasks.collect()).await;
    let mut held: Vec<_> = claim(store, Room::any(9), at(1))
        .await
        .into_iter()
        .map(|task| task.work)
        .collect();
    held.sort();
    let mut expected = works.to_vec();
    expected.sort();
    assert_eq!(held, expected);
    assert_eq!(Work::Sweep.key(), "all");
    assert_eq!(
        Work::Boundary(handle(1)).subject(),
        format!("boundary {}", handle(1))
    );
}
