//! The shared limiter: never more than the pace allows, whoever asks.

use crate::sample::{at, noon};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::sync::{Arc, Barrier};
use store::limiter::{self, Pace, Turn, Urgency};
use store::testing::TestDb;
use store::{Store, Timestamp};
use time::Duration;

store::on_both_databases!(
    no_window_holds_more_than_the_pace,
    the_long_run_is_no_faster_than_the_rate,
    a_wait_too_long_reserves_nothing,
    a_refusal_halves_the_pace_and_it_comes_back,
    many_refusals_at_once_are_one,
    everybody_is_held_back_for_a_second_and_no_longer,
    a_slow_pace_is_kept,
    two_nodes_share_one_budget,
    two_nodes_share_the_first_call,
    names_are_apart,
);

const LONG: Duration = Duration::hours(1);

fn pace(per_second: f64, burst: u32) -> Pace {
    Pace {
        per_second,
        burst,
        max_wait: LONG,
        exchange_wait: LONG,
    }
}

const URGENCIES: [Urgency; 4] = [
    Urgency::Exchange,
    Urgency::Interactive,
    Urgency::Bulk,
    Urgency::Background,
];

/// The wait for a reserved turn; none when nothing was reserved.
pub fn wait(turn: Turn) -> Option<Duration> {
    match turn {
        Turn::In(wait) => Some(wait),
        Turn::NotYet(missing) => {
            assert!(missing > Duration::ZERO, "{missing}");
            None
        }
    }
}

pub async fn reserve(store: &Store, pace: Pace, now: Timestamp) -> Option<Duration> {
    wait(ask(store, pace, Urgency::Interactive, now).await)
}

pub async fn ask(store: &Store, pace: Pace, urgency: Urgency, now: Timestamp) -> Turn {
    store
        .write(move |c| limiter::reserve(c, "orcid", &pace, urgency, now))
        .await
        .unwrap()
}

pub async fn slow_down(store: &Store, pace: Pace, now: Timestamp) {
    store
        .write(move |c| limiter::slow_down(c, "orcid", &pace, now))
        .await
        .unwrap();
}

/// When each of `n` calls goes that ask at `now`, in seconds after it.
pub async fn waits(store: &Store, pace: Pace, now: Timestamp, n: usize) -> Vec<f64> {
    let mut all = Vec::new();
    for _ in 0..n {
        all.push(reserve(store, pace, now).await.unwrap().as_seconds_f64());
    }
    all
}

#[derive(Debug, Clone)]
enum Step {
    Wait(i64),
    Calls(Urgency, usize),
    Refusal,
}

fn steps() -> impl Strategy<Value = (f64, u32, i64, Vec<Step>)> {
    let step = prop_oneof![
        5 => (0..300_000i64).prop_map(Step::Wait),
        1 => (0..20_000_000i64).prop_map(Step::Wait),
        6 => (proptest::sample::select(&URGENCIES[..]), 1..12usize)
            .prop_map(|(urgency, n)| Step::Calls(urgency, n)),
        1 => Just(Step::Refusal),
    ];
    let steps = proptest::collection::vec(step, 1..60);
    (0.5..50f64, 1..40u32, 0..30i64, steps)
}

async fn no_window_holds_more_than_the_pace(db: &TestDb) {
    let store = db.store();
    let config = Config {
        cases: 48,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..Config::default()
    };
    let check = |(per_second, burst, max_wait, steps): (f64, u32, i64, Vec<Step>)| async move {
        let pace = Pace {
            per_second,
            burst,
            max_wait: Duration::seconds(max_wait),
            exchange_wait: Duration::seconds(max_wait * 2),
        };
        let mut gone = store
            .write(move |c| {
                // A limiter of its own for each case.
                let name = format!("{per_second} {burst} {steps:?}");
                let mut now = noon();
                let mut gone = Vec::new();
                for step in &steps {
                    match step {
                        Step::Wait(micros) => now += Duration::microseconds(*micros),
                        Step::Refusal => limiter::slow_down(c, &name, &pace, now)?,
                        Step::Calls(urgency, n) => {
                            for _ in 0..*n {
                                let turn = limiter::reserve(c, &name, &pace, *urgency, now)?;
                                let wait = wait(turn);
                                assert!(wait.is_none_or(|w| w <= pace.longest_queue(*urgency)));
                                gone.extend(wait.map(|w| now + w));
                            }
                        }
                    }
                }
                Ok(gone)
            })
            .await
            .unwrap();
        gone.sort();
        for (first, start) in gone.iter().enumerate() {
            for (last, end) in gone.iter().enumerate().skip(first) {
                let calls = u32::try_from(last - first + 1).unwrap();
                let allowed = f64::from(burst) + per_second * (*end - *start).as_seconds_f64();
                assert!(
                    f64::from(calls) <= allowed + 1e-6,
                    "{calls} calls from {start} to {end}, {allowed} allowed"
                );
            }
        }
    };
    tokio::task::block_in_place(|| {
        let runtime = tokio::runtime::Handle::current();
        TestRunner::new(config)
            .run(&steps(), |case| {
                runtime.block_on(check(case));
                Ok(())
            })
            .unwrap();
    });
}

async fn the_long_run_is_no_faster_than_the_rate(db: &TestDb) {
    let store = db.store();
    // A third of a second is no whole number of microseconds, nor of nanoseconds.
    let pace = pace(3.0, 1);
    let last = store
        .write(move |c| {
            let mut last = Duration::ZERO;
            for _ in 0..=3000 {
                let turn = limiter::reserve(c, "orcid", &pace, Urgency::Interactive, noon())?;
                last = wait(turn).unwrap();
            }
            Ok(last)
        })
        .await
        .unwrap();
    assert!(last >= Duration::seconds(1000), "{last}");
    assert!(last < Duration::seconds(1001), "{last}");
}

async fn a_wait_too_long_reserves_nothing(db: &TestDb) {
    let store = db.store();
    let pace = Pace {
        per_second: 10.0,
        burst: 2,
        max_wait: Duration::milliseconds(250),
        exchange_wait: Duration::ZERO,
    };
    let mut got = Vec::new();
    for _ in 0..10 {
        got.extend(reserve(store, pace, noon()).await);
    }
    let wanted = [0, 0, 100, 200].map(Duration::milliseconds);
    assert_eq!(got, wanted);
    // The six that were told to come back did not push the next one out.
    let next = reserve(store, pace, noon() + Duration::milliseconds(300)).await;
    assert_eq!(next, Some(Duration::ZERO));
}

async fn a_refusal_halves_the_pace_and_it_comes_back(db: &TestDb) {
    let store = db.store();
    let pace = pace(24.0, 1);
    reserve(store, pace, noon()).await;
    slow_down(store, pace, at(10)).await;
    let slowed = waits(store, pace, at(10), 3).await;
    assert!((slowed[0] - 1.0).abs() < 0.001, "{slowed:?}");
    assert!(
        (slowed[1] - slowed[0] - 1.0 / 12.0).abs() < 0.001,
        "{slowed:?}"
    );
    // Half a call a second comes back each second: half the way after twelve.
    let later = waits(store, pace, at(22), 2).await;
    assert!(
        (later[1] - later[0] - 1.0 / 18.0).abs() < 0.001,
        "{later:?}"
    );
    let healed = waits(store, pace, at(60), 2).await;
    assert!(
        (healed[1] - healed[0] - 1.0 / 24.0).abs() < 0.001,
        "{healed:?}"
    );
    let long_after = waits(store, pace, at(6000), 2).await;
    assert!((long_after[1] - 1.0 / 24.0).abs() < 0.001, "{long_after:?}");
}

async fn many_refusals_at_once_are_one(db: &TestDb) {
    let store = db.store();
    let pace = pace(24.0, 1);
    for n in 0..20 {
        slow_down(store, pace, noon() + Duration::milliseconds(n * 40)).await;
    }
    let after = waits(store, pace, noon(), 2).await;
    assert!(
        (after[1] - after[0] - 1.0 / 12.0).abs() < 0.001,
        "{after:?}"
    );
    // A second later it is another overload.
    slow_down(store, pace, at(1)).await;
    let after = waits(store, pace, at(1), 2).await;
    assert!(
        (after[1] - after[0] - 1.0 / 6.25).abs() < 0.001,
        "{after:?}"
    );
}

async fn everybody_is_held_back_for_a_second_and_no_longer(db: &TestDb) {
    let store = db.store();
    let pace = pace(24.0, 40);
    let mut now = noon();
    // Down to the slowest.
    for _ in 0..8 {
        slow_down(store, pace, now).await;
        let wait = reserve(store, pace, now).await.unwrap();
        assert_eq!(wait, Duration::SECOND);
        now += Duration::SECOND;
    }
    // As the pace comes back, callers never wait longer than a call takes at that pace.
    for _ in 0..200 {
        let wait = reserve(store, pace, now).await.unwrap();
        assert!(wait <= Duration::SECOND, "{wait} at {now}");
        now += wait;
    }
}

async fn a_slow_pace_is_kept(db: &TestDb) {
    let store = db.store();
    let pace = pace(0.2, 1);
    assert_eq!(waits(store, pace, noon(), 3).await, [0.0, 5.0, 10.0]);
    slow_down(store, pace, at(100)).await;
    let slowed = waits(store, pace, at(100), 2).await;
    assert!(slowed[0] >= 1.0, "{slowed:?}");
    assert!(slowed[1] - slowed[0] >= 5.0, "{slowed:?}");
}

/// Reserves from two nodes at the same moment and gives all waits, sorted.
async fn from_two_nodes(db: &TestDb, pace: Pace, each: usize) -> Vec<Duration> {
    let tasks: Vec<_> = [db.another_node(), db.another_node()]
        .into_iter()
        .flat_map(|node| [node.clone(), node])
        .map(|node| {
            tokio::spawn(async move {
                let mut waits = Vec::new();
                for _ in 0..each {
                    waits.push(reserve(&node, pace, noon()).await.unwrap());
                }
                waits
            })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    all.sort();
    all
}

async fn two_nodes_share_one_budget(db: &TestDb) {
    db.store();
    let waits = from_two_nodes(db, pace(10.0, 5), 20).await;
    let wanted: Vec<_> = (0..80)
        .map(|n| Duration::milliseconds(100 * (n - 4).max(0)))
        .collect();
    assert_eq!(waits, wanted);
}

async fn two_nodes_share_the_first_call(db: &TestDb) {
    db.store();
    // On SQLite a transaction begins when the one before has ended.
    let together = if db.settings().is_postgres() { 4 } else { 1 };
    let meet = Arc::new(Barrier::new(together));
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let (node, meet) = (db.another_node(), meet.clone());
            tokio::spawn(async move {
                node.write(move |c| {
                    meet.wait();
                    limiter::reserve(c, "orcid", &pace(1.0, 1), Urgency::Interactive, noon())
                })
                .await
            })
        })
        .collect();
    let mut waits = Vec::new();
    for call in calls {
        waits.push(wait(call.await.unwrap().unwrap()).unwrap());
    }
    waits.sort();
    assert_eq!(waits, [0, 1, 2, 3].map(Duration::seconds));
}

async fn names_are_apart(db: &TestDb) {
    let store = db.store();
    let one = pace(1.0, 1);
    assert_eq!(waits(store, one, noon(), 2).await, [0.0, 1.0]);
    let other =
        store.write(move |c| limiter::reserve(c, "datacite", &one, Urgency::Interactive, noon()));
    assert_eq!(other.await.unwrap(), Turn::In(Duration::ZERO));
}
