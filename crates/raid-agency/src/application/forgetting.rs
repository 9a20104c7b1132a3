//! Deletes what is kept only for a time: old rows of the log of calls to ORCID, and the addresses of
//! invitations that have expired, hashes of addresses that were mailed on earlier days. Nodes that do so at once do not disturb each other.

use std::time::Duration;
use store::{Store, StoreError, Timestamp, calls, invitations, mail_quotas};
use tokio::sync::watch;

/// Rows of one transaction: few, as nobody else writes to SQLite meanwhile.
const BATCH: i64 = 500;
/// The pause between two batches, so that a backlog of years holds nobody up.
const PAUSE: Duration = Duration::from_millis(100);
/// How often to look for more.
const EVERY: Duration = Duration::from_mins(10);

/// How long calls to ORCID are kept.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept {
    /// Those that ORCID carried out.
    pub(super) calls: Duration,
    /// Those that failed.
    pub(super) failed_calls: Duration,
}

/// Deletes now and from time to time, until the process stops.
pub(super) async fn run(store: Store, kept: Kept, mut stopped: watch::Receiver<bool>) {
    loop {
        match forget(&store, kept, &mut stopped).await {
            Ok((0, 0)) => {}
            Ok((calls, addresses)) => {
                tracing::info!(calls, addresses, "what was kept long enough is deleted");
            }
            Err(error) => {
                tracing::warn!(%error, "old rows could not be deleted; this is tried again");
            }
        }
        if *stopped.borrow() || tokio::time::timeout(EVERY, stopped.changed()).await.is_ok() {
            return;
        }
    }
}

/// Gives how many calls and how many addresses were deleted.
async fn forget(
    store: &Store,
    kept: Kept,
    stopped: &mut watch::Receiver<bool>,
) -> Result<(usize, usize), StoreError> {
    let now = store.clock().now();
    let mut calls = 0;
    let failed = calls::FAILED.map(|outcome| (outcome, kept.failed_calls));
    for (outcome, kept) in failed.into_iter().chain([(calls::DONE, kept.calls)]) {
        let before = earlier(now, kept);
        let delete = move |c: &mut store::Conn| calls::delete_before(c, outcome, before, BATCH);
        calls += in_batches(store, stopped, delete).await?;
    }
    let forget = move |c: &mut store::Conn| invitations::forget_expired(c, now, BATCH);
    let mut addresses = in_batches(store, stopped, forget).await?;
    let today = now.date();
    let forget = move |c: &mut store::Conn| mail_quotas::forget_before(c, today, BATCH);
    addresses += in_batches(store, stopped, forget).await?;
    Ok((calls, addresses))
}

fn earlier(now: Timestamp, by: Duration) -> Timestamp {
    now.saturating_sub(time::Duration::try_from(by).unwrap_or(time::Duration::MAX))
}

/// Repeats `delete` until a batch is not full or the process stops. Gives how many rows there were.
async fn in_batches(
    store: &Store,
    stopped: &mut watch::Receiver<bool>,
    delete: impl Fn(&mut store::Conn) -> Result<usize, StoreError> + Copy + Send + 'static,
) -> Result<usize, StoreError> {
    let mut deleted = 0;
    while !*stopped.borrow() {
        let batch = store.write(delete).await?;
        deleted += batch;
        if i64::try_from(batch).is_ok_and(|batch| batch < BATCH) {
            break;
        }
        // Ends early when the process stops.
        let _ = tokio::time::timeout(PAUSE, stopped.changed()).await;
    }
    Ok(deleted)
}
