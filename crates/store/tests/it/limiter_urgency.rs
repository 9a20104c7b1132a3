//! The shared limiter as ORCID's limit is configured: what is urgent goes first, and a wrong clock
//! stops nobody.

use crate::limiter::{ask, reserve, slow_down, wait, waits};
use crate::sample::{at, noon};
use store::Clock;
use store::limiter::{Pace, Turn, Urgency};
use store::testing::TestDb;
use time::Duration;

store::on_both_databases!(
    bulk_work_leaves_a_short_queue,
    background_work_leaves_half_of_the_burst,
    exchanges_wait_longer_than_others,
    a_row_of_a_wrong_clock_stops_nobody,
    a_node_that_is_an_hour_ahead_stops_nobody,
    nodes_whose_clocks_are_apart_share_the_budget,
);

/// As ORCID's limit is configured.
fn orcids() -> Pace {
    Pace {
        per_second: 24.0,
        burst: 20,
        max_wait: Duration::seconds(5),
        exchange_wait: Duration::seconds(45),
    }
}

async fn bulk_work_leaves_a_short_queue(db: &TestDb) {
    let store = db.store();
    let mut now = noon();
    let (mut interactive, mut bulk) = (0, 0);
    for step in 0..1000 {
        // Bulk work takes all that it gets, at any time.
        while let Turn::In(wait) = ask(store, orcids(), Urgency::Bulk, now).await {
            assert!(wait <= Duration::milliseconds(250), "{wait}");
            bulk += 1;
        }
        // Two calls come together from time to time; the second waits for the first only.
        if step % 20 == 0 {
            for queued in 0..2 {
                let wait = reserve(store, orcids(), now).await.unwrap();
                let longest = Duration::milliseconds(250 + 42 * (queued + 1));
                assert!(wait <= longest, "{wait} behind {queued}");
                interactive += 1;
            }
        }
        now += Duration::milliseconds(10);
    }
    // Ten seconds: the burst, the rate, and what is reserved ahead. All of it is used.
    let calls = bulk + interactive;
    assert!((20 + 240..=20 + 240 + 10).contains(&calls), "{calls}");
}

async fn background_work_leaves_half_of_the_burst(db: &TestDb) {
    let store = db.store();
    let mut calls = 0;
    while let Turn::In(wait) = ask(store, orcids(), Urgency::Background, noon()).await {
        assert_eq!(wait, Duration::ZERO);
        calls += 1;
    }
    assert_eq!(calls, 10);
    for _ in 0..10 {
        assert_eq!(reserve(store, orcids(), noon()).await, Some(Duration::ZERO));
    }
    // A second later 24 calls have become free again, so half of the burst is there.
    let later = ask(store, orcids(), Urgency::Background, at(1)).await;
    assert_eq!(later, Turn::In(Duration::ZERO));
}

async fn exchanges_wait_longer_than_others(db: &TestDb) {
    let store = db.store();
    let mut now = noon();
    // Down to the slowest.
    for _ in 0..8 {
        slow_down(store, orcids(), now).await;
        now += Duration::SECOND;
    }
    for exchange in 0..25 {
        let turn = ask(store, orcids(), Urgency::Exchange, now).await;
        assert!(wait(turn).is_some(), "exchange {exchange}");
    }
    assert_eq!(reserve(store, orcids(), now).await, None);
}

async fn a_row_of_a_wrong_clock_stops_nobody(db: &TestDb) {
    let store = db.store();
    for ahead in [Duration::minutes(2), Duration::HOUR, Duration::DAY] {
        let wrong = noon() + ahead;
        slow_down(store, orcids(), wrong).await;
        for _ in 0..50 {
            reserve(store, orcids(), wrong).await;
        }
        // The burst may be used up, but calls go on at once and at the rate.
        let first = reserve(store, orcids(), noon()).await.unwrap();
        assert_eq!(first, Duration::ZERO);
        for _ in 0..10 {
            reserve(store, orcids(), noon()).await.unwrap();
        }
        // The pace recovers by the right clock.
        let later = waits(store, orcids(), at(60), 21).await;
        assert!((later[20] - 1.0 / 24.0).abs() < 0.001, "{later:?}");
        // And the next refusal counts.
        slow_down(store, orcids(), at(60)).await;
        let held = reserve(store, orcids(), at(60)).await.unwrap();
        assert!(held >= Duration::SECOND, "{held}");
    }
}

async fn a_node_that_is_an_hour_ahead_stops_nobody(db: &TestDb) {
    db.store();
    let wrong = db.node_with(Clock::system_off_by(Duration::HOUR));
    let right = db.node_with(Clock::system());
    for _ in 0..50 {
        reserve(&wrong, orcids(), wrong.clock().now()).await;
    }
    drop(wrong);
    let first = reserve(&right, orcids(), right.clock().now()).await;
    let first = first.expect("a turn");
    assert!(first <= Duration::seconds(2), "{first}");
}

async fn nodes_whose_clocks_are_apart_share_the_budget(db: &TestDb) {
    db.store();
    // On SQLite all nodes are on one machine, with one clock.
    let skew = if db.settings().is_postgres() { 8 } else { 0 };
    let ahead = db.node_with(Clock::system_off_by(Duration::seconds(skew)));
    let behind = db.node_with(Clock::system_off_by(Duration::seconds(-skew)));
    for _ in 0..30 {
        for node in [&ahead, &behind] {
            let wait = reserve(node, orcids(), node.clock().now()).await;
            let wait = wait.expect("a turn");
            // Sixty calls, of which the burst goes at once.
            assert!(wait <= Duration::seconds(3), "{wait}");
        }
    }
}
