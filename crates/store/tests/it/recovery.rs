//! Tasks that wait for ORCID: one is tried now and then, and the first success wakes them all.

use crate::sample::{at, handle, person};
use store::tasks::{self, Cause, Kind, Lane, NewTask, Room, Settle, Task, Work};
use store::testing::TestDb;
use store::{Store, Timestamp};
use time::Duration;

store::on_both_databases!(
    one_success_wakes_all_that_wait,
    other_failures_keep_their_wait,
    one_at_a_time_is_tried,
    a_try_costs_no_attempt,
    a_clock_that_was_ahead_stops_nothing,
    recoveries_in_a_row_slow_down,
    nothing_waits_nothing_happens,
);

const EVERY: Duration = Duration::seconds(5);
const DAY: i64 = 86_400;

async fn enqueue(store: &Store, n: u32) {
    let task = NewTask {
        work: Work::Membership(person(n), handle(1)),
        lane: Lane::Bulk,
        due_at: at(0),
        at: at(0),
    };
    store
        .write(move |c| tasks::enqueue(c, std::slice::from_ref(&task)))
        .await
        .unwrap();
}

async fn claim(store: &Store, now: Timestamp) -> Vec<Task> {
    let until = now + Duration::MINUTE;
    store
        .write(move |c| tasks::claim(c, "a", Kind::ALL, Room::any(1000), now, until))
        .await
        .unwrap()
}

async fn settle(store: &Store, held: Task, end: Settle, now: Timestamp) {
    store
        .write(move |c| tasks::settle(c, "a", &held, &end, now))
        .await
        .unwrap();
}

fn failed(at: Timestamp, cause: Cause) -> Settle {
    Settle::Retry {
        at,
        error: "failed".into(),
        cause,
    }
}

/// `count` tasks that fail and are tried again a day later, each a second after the one before.
async fn fail(store: &Store, people: std::ops::Range<u32>, cause: Cause) {
    for n in people.clone() {
        enqueue(store, n).await;
    }
    let held = claim(store, at(0)).await;
    assert_eq!(held.len(), people.len());
    for (held, seconds) in held.into_iter().zip(DAY..) {
        settle(store, held, failed(at(seconds), cause), at(1)).await;
    }
}

async fn probe(store: &Store, now: Timestamp) -> bool {
    store
        .write(move |c| tasks::probe(c, now, EVERY))
        .await
        .unwrap()
}

/// What a worker does after a success: how many tasks it brought forward.
async fn succeed(store: &Store, now: Timestamp, batch: i64) -> Option<usize> {
    let begin = store.write(move |c| tasks::begin_recovery(c, now));
    if !begin.await.unwrap() {
        return None;
    }
    let mut all = 0;
    loop {
        let done = all;
        let next = store.write(move |c| tasks::bring_forward(c, now, done, batch));
        let count = next.await.unwrap();
        all += count;
        if i64::try_from(count).unwrap() < batch {
            return Some(all);
        }
    }
}

async fn one_success_wakes_all_that_wait(db: &TestDb) {
    let store = db.store();
    fail(store, 0..177, Cause::Outage).await;
    let back = at(3 * 3600);
    assert!(claim(store, back).await.is_empty());
    let other = db.another_node();
    assert_eq!(succeed(&other, back, 50).await, Some(177));
    assert!(!store.read(tasks::waiting).await.unwrap());
    // Paced as ORCID's limit is: a few at once, the others within seconds.
    let first = claim(store, back).await;
    assert_eq!(first.len(), 8);
    let rest = claim(store, back + Duration::seconds(8)).await;
    assert_eq!(first.len() + rest.len(), 177);
    assert!(
        rest.iter().all(|task| task.attempts == 1),
        "failures count no more"
    );
}

async fn other_failures_keep_their_wait(db: &TestDb) {
    let store = db.store();
    fail(store, 0..3, Cause::Other).await;
    fail(store, 3..5, Cause::Outage).await;
    assert_eq!(succeed(store, at(10), 500).await, Some(2));
    let held = claim(store, at(60)).await;
    let mut subjects: Vec<_> = held.iter().map(|task| task.work.subject()).collect();
    subjects.sort();
    assert_eq!(subjects, [person(3).to_string(), person(4).to_string()]);
    assert_eq!(
        claim(store, at(2 * DAY)).await.len(),
        5,
        "all have their time"
    );
}

async fn one_at_a_time_is_tried(db: &TestDb) {
    let store = db.store();
    let other = db.another_node();
    fail(store, 0..20, Cause::Outage).await;
    let mut now = at(100);
    for round in 0..5i64 {
        let (one, two) = tokio::join!(probe(store, now), probe(&other, now));
        assert!(one ^ two, "one process tries one");
        let held = claim(store, now).await;
        assert_eq!(held.len(), 1);
        // It takes longer than the interval, and meanwhile no other one is tried.
        now += EVERY * 2;
        assert!(!probe(store, now).await);
        assert!(claim(store, now).await.is_empty());
        for task in held {
            let again = failed(at(2 * DAY + round), Cause::Outage);
            settle(store, task, again, now).await;
        }
        now += EVERY;
    }
}

async fn a_try_costs_no_attempt(db: &TestDb) {
    let store = db.store();
    fail(store, 0..1, Cause::Outage).await;
    for n in 1..30 {
        let now = at(n * 10);
        assert!(probe(store, now).await);
        let mut held = claim(store, now).await;
        assert_eq!(held[0].attempts, 1);
        settle(store, held.remove(0), failed(at(DAY), Cause::Outage), now).await;
    }
}

async fn a_clock_that_was_ahead_stops_nothing(db: &TestDb) {
    let store = db.store();
    fail(store, 0..4, Cause::Outage).await;
    let ahead = at(3600);
    assert!(probe(store, ahead).await);
    assert_eq!(succeed(store, ahead, 500).await, Some(4));
    assert_eq!(claim(store, ahead).await.len(), 4);
    fail(store, 10..14, Cause::Outage).await;
    assert!(probe(store, at(5)).await);
    assert_eq!(succeed(store, at(6), 500).await, Some(4));
}

/// ORCID answers some calls and fails others: the failures are not tried in a tight loop.
async fn recoveries_in_a_row_slow_down(db: &TestDb) {
    let store = db.store();
    fail(store, 0..1, Cause::Outage).await;
    let mut moments = Vec::new();
    for second in 10..3600 {
        let now = at(second);
        if succeed(store, now, 500).await.is_some() {
            moments.push(second);
            let mut held = claim(store, now).await;
            settle(store, held.remove(0), failed(at(DAY), Cause::Outage), now).await;
        }
    }
    assert_eq!(moments, [10, 20, 50, 140, 410, 1220]);
    // After a long time without, it is as at first.
    assert!(succeed(store, at(3 * DAY), 500).await.is_some());
    assert_eq!(claim(store, at(3 * DAY)).await.len(), 1);
    fail(store, 10..11, Cause::Outage).await;
    assert!(succeed(store, at(3 * DAY + 10), 500).await.is_some());
}

async fn nothing_waits_nothing_happens(db: &TestDb) {
    let store = db.store();
    assert!(!probe(store, at(0)).await);
    assert_eq!(succeed(store, at(0), 500).await, None);
    fail(store, 0..1, Cause::Other).await;
    assert!(!store.read(tasks::waiting).await.unwrap());
    assert!(!probe(store, at(10)).await);
    assert_eq!(succeed(store, at(10), 500).await, None);
}
