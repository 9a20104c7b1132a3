//! Calls that wait for their turn.

#![expect(clippy::unwrap_used, reason = "a test may panic, its parts too")]

use futures::future::join_all;
use reconciler::{Busy, SharedLimiter};
use store::limiter::{Pace, Urgency};
use store::testing::TestDb;
use time::Duration;

store::on_both_databases!(
    what_is_not_urgent_waits_here,
    nobody_waits_longer_than_allowed,
);

fn limiter(db: &TestDb, per_second: f64, max_wait: Duration) -> SharedLimiter {
    let pace = Pace {
        per_second,
        burst: 1,
        max_wait,
        exchange_wait: max_wait,
    };
    SharedLimiter::new(db.store().clone(), "orcid", pace)
}

async fn what_is_not_urgent_waits_here(db: &TestDb) {
    let limiter = limiter(db, 40.0, Duration::seconds(20));
    for urgency in [Urgency::Bulk, Urgency::Background] {
        // Many times the queue that each may fill.
        let calls = (0..30).map(|_| limiter.acquire(urgency));
        for call in join_all(calls).await {
            call.unwrap();
        }
    }
}

async fn nobody_waits_longer_than_allowed(db: &TestDb) {
    let limiter = limiter(db, 0.1, Duration::milliseconds(300));
    limiter.acquire(Urgency::Interactive).await.unwrap();
    // The next turn comes in ten seconds.
    for urgency in [
        Urgency::Exchange,
        Urgency::Interactive,
        Urgency::Bulk,
        Urgency::Background,
    ] {
        let calls = (0..3).map(|_| limiter.acquire(urgency));
        for call in join_all(calls).await {
            assert!(matches!(call, Err(Busy::Full)), "{urgency:?}: {call:?}");
        }
    }
}
