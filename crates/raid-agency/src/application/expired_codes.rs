//! Forgets the codes of people who did not try again.

use std::time::Duration;
use store::{Store, visits};
use tokio::sync::watch;

const EVERY: Duration = Duration::from_mins(1);

/// Forgets codes from time to time, until the process stops.
pub(super) async fn run(store: Store, mut stopped: watch::Receiver<bool>) {
    while tokio::time::timeout(EVERY, stopped.changed())
        .await
        .is_err()
    {
        let now = store.clock().now();
        let forgotten = store.write(move |c| visits::forget_codes(c, now)).await;
        if let Err(error) = forgotten {
            tracing::warn!(%error, "expired codes could not be forgotten; this is tried again");
        }
    }
}
